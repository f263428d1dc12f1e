package blob

import (
	"context"
	"errors"
	"fmt"
	"time"
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
// what dst has is skipped. done, if not nil, is called after each object.
func Copy(ctx context.Context, dst, src Store, prefix string, done func(o Object, copied bool)) error {
	return src.List(ctx, prefix, func(listed Object) error {
		o, err := src.Stat(ctx, listed.Key) // a listing may lack the digest
		if errors.Is(err, ErrNotFound) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return fmt.Errorf("copy %s: %w", listed.Key, err)
		}
		if there, err := dst.Stat(ctx, o.Key); err == nil && there.Digest == o.Digest && there.Size == o.Size {
			if done != nil {
				done(o, false)
			}
			return nil
		}
		r, o, err := src.Get(ctx, o.Key)
		if errors.Is(err, ErrNotFound) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return fmt.Errorf("copy %s: %w", listed.Key, err)
		}
		err = dst.Put(ctx, o.Key, r, o.Size, o.Digest)
		_ = r.Close()
		if err != nil {
			return fmt.Errorf("copy %s: %w", o.Key, err)
		}
		if done != nil {
			done(o, true)
		}
		return nil
	})
}
