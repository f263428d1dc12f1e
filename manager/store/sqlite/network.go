package sqlite

import (
	"context"

	"github.com/heliostat-render/heliostat/manager/store"
)

// Signal has nobody to tell: a SQLite file has one manager.
func (s *Store) Signal(context.Context, store.Signal) error { return nil }

// Signals delivers nothing.
func (s *Store) Signals(ctx context.Context) (<-chan store.Signal, error) {
	never := make(chan store.Signal)
	context.AfterFunc(ctx, func() { close(never) })
	return never, nil
}

// Lead is granted at once: a SQLite file has one manager.
func (s *Store) Lead(ctx context.Context, _ string) (context.Context, error) {
	return ctx, context.Cause(ctx)
}
