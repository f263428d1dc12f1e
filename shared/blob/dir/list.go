package dir

import (
	"cmp"
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
	return s.merge(ctx, prefix, fn)
}

// merge goes through both kinds of objects in the order of their keys. Where a manager of the time before the packed file
// has put a file under a packed key, the file counts, as in Get.
func (s *Store) merge(ctx context.Context, prefix string, fn func(blob.Object) error) error {
	small := &cursor{store: s, prefix: prefix, from: prefix}
	before := func(key string) error {
		for {
			o, err := small.first(ctx)
			if err != nil || o == nil || key != "" && o.Key > key {
				return err
			}
			small.page = small.page[1:]
			if o.Key != key && o.damage == nil { // of damage Scrub reports
				if err := fn(o.Object); err != nil {
					return err
				}
			}
		}
	}
	if err := s.walk(ctx, prefix, func(o blob.Object) error {
		if err := before(o.Key); err != nil {
			return err
		}
		return fn(o)
	}); err != nil {
		return err
	}
	return before("")
}

// cursor goes through the packed objects.
type cursor struct {
	store  *Store
	prefix string
	from   string // where the next page begins
	page   []listed
	ended  bool
}

// first returns the first object that is left, nil if none is.
func (c *cursor) first(ctx context.Context) (*listed, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(c.page) == 0 && !c.ended {
		if err := c.store.hold(); err != nil {
			return nil, err
		}
		var err error
		c.page, err = c.store.packed.page(ctx, c.from, c.prefix)
		c.store.leave()
		if err != nil {
			return nil, err
		}
		c.ended = len(c.page) < listPage
		if err := c.advance(); err != nil {
			return nil, err
		}
	}
	if len(c.page) == 0 {
		return nil, nil
	}
	return &c.page[0], nil
}

// advance moves the cursor behind its page. Damaged keys are out of order: it must not go round in circles.
func (c *cursor) advance() error {
	before := c.from
	for _, o := range c.page {
		if next := behind(o.Key); o.damage == nil && next > c.from {
			c.from = next
		}
	}
	if c.from == before && !c.ended {
		return c.store.packed.explain(ErrPackedDamaged)
	}
	return nil
}

// walk goes through the files, folder by folder, in the order of the keys below them, which is not quite that of
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
		o, err := s.statFile(key)
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
	var stay error // what can't be removed
	judge := func(key string, err error, del func(context.Context, string) error) error {
		switch {
		case err == nil, errors.Is(err, blob.ErrNotFound): // deleted meanwhile
			return nil
		case errors.Is(err, blob.ErrClosed), ctx.Err() != nil:
			return cmp.Or(ctx.Err(), err)
		}
		if bad(key, err); remove {
			stay = cmp.Or(stay, del(ctx, key))
		}
		return nil
	}
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
		return judge(key, s.check(ctx, key), s.Delete)
	})
	for small := (&cursor{store: s}); err == nil; {
		var o *listed
		if o, err = small.first(ctx); err != nil || o == nil {
			break
		}
		small.page = small.page[1:]
		n++
		if o.damage != nil {
			err = judge(o.Key, o.damage, s.deleteDamaged)
		} else {
			err = judge(o.Key, s.checkPacked(ctx, o.Key), s.Delete)
		}
	}
	if err = cmp.Or(err, stay); err != nil {
		return n, fmt.Errorf("scrub: %w", err)
	}
	return n, nil
}

// deleteDamaged deletes an object whose name is damaged, and so need not be a key any more. SQLite may not find what
// it has out of order.
func (s *Store) deleteDamaged(ctx context.Context, key string) error {
	if err := s.hold(); err != nil {
		return err
	}
	defer s.leave()
	defer s.alone(key)()
	s.recent.drop(key)
	there, size, err := s.packed.remove(ctx, key)
	if s.used.Add(-size); err != nil || there {
		return err
	}
	return s.packed.explain(fmt.Errorf("remove %q: %w", key, ErrPackedDamaged))
}

func (s *Store) checkPacked(ctx context.Context, key string) error {
	if err := s.hold(); err != nil {
		return err
	}
	defer s.leave()
	content, o, err := s.packed.get(ctx, key)
	if err == nil && sha256.Sum256(content) != o.Digest {
		err = blob.ErrDigest
	}
	return err
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
