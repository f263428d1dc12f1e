package blob

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Sweep deletes the objects under prefix that keep says no to and that are older than
// before. The margin that before leaves protects objects whose reference is about to be written. It
// returns how many bytes and objects went.
func Sweep(ctx context.Context, s Store, prefix string, before time.Time, keep func(key string) (bool, error)) (objects int, bytes int64, err error) {
	err = s.List(ctx, prefix, func(o Object) error {
		if !o.Modified.Before(before) {
			return nil
		}
		stay, err := keep(o.Key)
		if err != nil || stay {
			return err
		}
		if err := s.Delete(ctx, o.Key); err != nil {
			return err
		}
		objects++
		bytes += o.Size
		return nil
	})
	if err != nil {
		return objects, bytes, fmt.Errorf("sweep %q: %w", prefix, err)
	}
	return objects, bytes, nil
}

// Copy puts every object of src under prefix into dst, verifying each. It can be repeated:
// what dst has is skipped. Objects go side by side, as Stats asks for them. done, if not nil, is called after each object, one call at a time.
func Copy(ctx context.Context, dst, src Store, prefix string, done func(o Object, copied bool)) error {
	var mu sync.Mutex // guards done
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(statsAtOnce)
	listed := src.List(gctx, prefix, func(o Object) error {
		group.Go(func() error {
			found, copied, err := copyOne(gctx, dst, src, o.Key)
			switch {
			case errors.Is(err, errGone):
				return nil
			case err != nil:
				return fmt.Errorf("copy %s: %w", o.Key, err)
			case done != nil:
				mu.Lock()
				defer mu.Unlock()
				done(found, copied)
			}
			return nil
		})
		return context.Cause(gctx)
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return listed
}

// errGone is of an object that src lists and has no more.
var errGone = errors.New("deleted meanwhile")

// copyOne copies an object unless dst has it.
func copyOne(ctx context.Context, dst, src Store, key string) (o Object, copied bool, err error) {
	gone := func(err error) error {
		if errors.Is(err, ErrNotFound) {
			return errGone
		}
		return err
	}
	if o, err = src.Stat(ctx, key); err != nil { // a listing may lack the digest
		return o, false, gone(err)
	}
	if there, err := dst.Stat(ctx, key); err == nil && there.Digest == o.Digest && there.Size == o.Size {
		return o, false, nil
	}
	r, o, err := src.Get(ctx, key)
	if err != nil {
		return o, false, gone(err)
	}
	err = dst.Put(ctx, key, r, o.Size, o.Digest)
	_ = r.Close()
	return o, true, err
}
