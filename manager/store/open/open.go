// Package open opens the store that an operator names: a SQLite file, or a PostgreSQL database.
//
// It is not the place for what a store does; see manager/store.
//
// Receives: a path or a URL.
// Hands on: a store.Store.
package open

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/postgres"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
)

// Open opens the store at where: postgres://… names a PostgreSQL database, everything else is
// the path of a SQLite file, which is made when it is missing.
func Open(ctx context.Context, where string, log *slog.Logger) (store.Store, error) {
	if Shared(where) {
		s, err := postgres.Open(ctx, where, log)
		if err != nil {
			return nil, err // not a nil *Store in an interface
		}
		return s, nil
	}
	have, want, err := sqlite.Behind(ctx, where)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if have != 0 && have < want {
		log.Info("bringing the database up to date; a large one takes minutes, and the manager serves afterwards. Stopped meanwhile, it stays as it was", "schema", have, "to", want)
	}
	s, err := sqlite.Open(ctx, where)
	if err != nil {
		return nil, err
	}
	if have != 0 && have < want {
		log.Info("the database is up to date", "schema", want, "seconds", time.Since(begun).Seconds())
	}
	return s, nil
}

// Reading opens the store at where for View alone, beside managers that may be running on it.
func Reading(ctx context.Context, where string, log *slog.Logger) (store.Store, error) {
	if Shared(where) {
		s, err := postgres.Reading(ctx, where, log)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	s, err := sqlite.Reading(ctx, where)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Shared tells whether several managers can use the store at where.
func Shared(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}
