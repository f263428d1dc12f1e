package blob

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// statsAtOnce is how many objects are asked for side by side: as many as an S3 client keeps connections for.
const statsAtOnce = 16

// Stats describes several objects, in the order of keys; one that isn't there is nil. They are asked for side by
// side, since a server across a network takes some milliseconds for each.
func Stats(ctx context.Context, s Store, keys []string) ([]*Object, error) {
	objects := make([]*Object, len(keys))
	stat := func(ctx context.Context, i int) error {
		o, err := s.Stat(ctx, keys[i])
		switch {
		case err == nil:
			objects[i] = &o
		case !errors.Is(err, ErrNotFound):
			return fmt.Errorf("look up %s: %w", keys[i], err)
		}
		return nil
	}
	if len(keys) <= 2 { // a frame's, at the store that needs no time for them
		for i := range keys {
			if err := stat(ctx, i); err != nil {
				return nil, err
			}
		}
		return objects, nil
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(statsAtOnce)
	for i := range keys {
		if gctx.Err() != nil {
			break
		}
		group.Go(func() error { return stat(gctx, i) })
	}
	err := group.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	return objects, nil
}
