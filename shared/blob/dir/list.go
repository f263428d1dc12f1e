package dir

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/heliostat-render/heliostat/shared/blob"
)

// List implements blob.Store.
func (s *Store) List(ctx context.Context, prefix string, fn func(blob.Object) error) error {
	if err := blob.CheckPrefix(prefix); err != nil {
		return err
	}
	if err := s.hold(); err != nil {
		return err
	}
	s.leave() // fn may take long, and may call the store
	return s.walk(ctx, prefix, fn)
}

// walk goes through folders in the order of the keys below them, which is not quite that of
// their names: "a-b" comes before "a/b".
func (s *Store) walk(ctx context.Context, prefix string, fn func(blob.Object) error) error {
	start := ""
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		start = prefix[:i+1]
		for part := range strings.SplitSeq(prefix[:i], "/") {
			if part == "" || part == "." || part == ".." {
				return nil // no key is like that
			}
		}
	}
	return s.walkFolder(ctx, start, prefix, fn)
}

func (s *Store) walkFolder(ctx context.Context, rel, prefix string, fn func(blob.Object) error) error {
	entries, err := os.ReadDir(filepath.Join(s.objects(), filepath.FromSlash(rel)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list %q: %w", prefix, err)
	}
	keys := make([]string, 0, len(entries))
	for _, e := range entries {
		k := rel + e.Name()
		if e.IsDir() {
			k += "/"
		}
		n := min(len(k), len(prefix))
		if k[:n] == prefix[:n] {
			keys = append(keys, k)
		}
	}
	sort.Slice(keys, func(i, j int) bool { return strings.TrimSuffix(keys[i], suffix) < strings.TrimSuffix(keys[j], suffix) })
	for _, k := range keys {
		if err := ctx.Err(); err != nil {
			return err
		}
		if strings.HasSuffix(k, "/") {
			if err := s.walkFolder(ctx, k, prefix, fn); err != nil {
				return err
			}
			continue
		}
		key, ok := strings.CutSuffix(k, suffix)
		if !ok || !strings.HasPrefix(key, prefix) {
			continue
		}
		o, err := s.stat(key)
		switch {
		case errors.Is(err, blob.ErrNotFound):
			continue // deleted meanwhile
		case errors.Is(err, ErrDamaged):
			continue // Scrub reports it
		case err != nil:
			return err
		}
		if err := fn(o); err != nil {
			return err
		}
	}
	return nil
}

// Scrub reads every object and calls bad for each that is not as it was stored. With remove,
// such objects are deleted, so that they can be put again. It returns how many it read.
func (s *Store) Scrub(ctx context.Context, remove bool, bad func(key string, err error)) (int, error) {
	if err := s.hold(); err != nil {
		return 0, err
	}
	s.leave()
	n := 0
	err := filepath.WalkDir(s.objects(), func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(s.objects(), p)
		if err != nil {
			return err
		}
		key, ok := strings.CutSuffix(filepath.ToSlash(rel), suffix)
		if !ok || blob.CheckKey(key) != nil {
			return nil
		}
		n++
		if err := s.check(ctx, key); err != nil {
			if errors.Is(err, blob.ErrNotFound) {
				return nil
			}
			if cerr := ctx.Err(); cerr != nil {
				return cerr
			}
			bad(key, err)
			if remove {
				return s.Delete(ctx, key)
			}
		}
		return nil
	})
	if err != nil {
		return n, fmt.Errorf("scrub: %w", err)
	}
	return n, nil
}

func (s *Store) check(ctx context.Context, key string) error {
	f, o, err := s.open(key)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, &contextReader{ctx, io.NewSectionReader(f, 0, o.Size)}); err != nil {
		return err
	}
	if [32]byte(h.Sum(nil)) != o.Digest {
		return blob.ErrDigest
	}
	return nil
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
