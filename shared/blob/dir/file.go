package dir

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"github.com/heliostat-render/heliostat/shared/blob"
)

var copyBuffers = sync.Pool{New: func() any {
	b := make([]byte, 256<<10)
	return &b
}}

// receive writes verified content and its trailer to a temporary file, durably. It takes
// the room that the object needs, and gives it back if it fails.
func (s *Store) receive(ctx context.Context, r io.Reader, size int64, digest [32]byte) (name string, err error) {
	if err := s.take(size); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			s.used.Add(-size)
		}
	}()
	f, err := os.CreateTemp(s.tmp(), "put-*")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	if _, err = io.CopyBuffer(struct{ io.Writer }{f}, blob.Verify(ctx, r, size, digest), *buf); err != nil {
		return "", err
	}
	if _, err = f.Write(trailer(size, digest)); err != nil {
		return "", err
	}
	if err = f.Sync(); err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// place renames a received file to its key and makes that durable.
func (s *Store) place(name, key string) error {
	target := s.path(key)
	made, err := s.folders(path.Dir(key))
	if err != nil {
		return err
	}
	err = os.Rename(name, target)
	if errors.Is(err, fs.ErrNotExist) {
		// Somebody else has tidied up: what is remembered of the folders isn't so any more.
		s.mu.Lock()
		clear(s.made)
		s.mu.Unlock()
		if made, err = s.folders(path.Dir(key)); err == nil {
			err = os.Rename(name, target)
		}
	}
	if err != nil {
		return err
	}
	if err := s.rounds.join(filepath.Dir(target)); err != nil {
		return err
	}
	for _, d := range made {
		if err := s.rounds.join(filepath.Dir(filepath.Join(s.objects(), filepath.FromSlash(d)))); err != nil {
			return err
		}
	}
	if len(made) > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.made)+len(made) > maxMade {
			clear(s.made)
		}
		for _, d := range made {
			s.made[d] = struct{}{}
		}
	}
	return nil
}

// folders makes a key's folders and returns those that aren't known to be durable: what is made
// here, or was just now by another Put that may not be done with it.
func (s *Store) folders(rel string) (made []string, err error) {
	for d := rel; d != "."; d = path.Dir(d) {
		s.mu.Lock()
		_, known := s.made[d]
		s.mu.Unlock()
		if known {
			break // and those that it is in
		}
		made = append(made, d)
	}
	slices.Reverse(made)
	for _, d := range made {
		if err := os.Mkdir(filepath.Join(s.objects(), filepath.FromSlash(d)), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	return made, nil
}

func trailer(size int64, digest [32]byte) []byte {
	b := make([]byte, 0, trailerSize)
	b = append(b, digest[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(size))
	return append(b, magic...)
}

// ErrDamaged means that an object is not as this package writes it.
var ErrDamaged = errors.New("the object is damaged on the disk; run a scrub")

func describe(f *os.File, key string) (blob.Object, error) {
	info, err := f.Stat()
	if err != nil {
		return blob.Object{}, err
	}
	var t [trailerSize]byte
	if info.Size() < trailerSize {
		return blob.Object{}, fmt.Errorf("%s: %w", key, ErrDamaged)
	}
	if _, err := f.ReadAt(t[:], info.Size()-trailerSize); err != nil {
		return blob.Object{}, err
	}
	o := blob.Object{Key: key, Size: info.Size() - trailerSize, Digest: [32]byte(t[:32]), Modified: info.ModTime()}
	if string(t[40:]) != magic || binary.LittleEndian.Uint64(t[32:]) != uint64(o.Size) {
		return blob.Object{}, fmt.Errorf("%s: %w", key, ErrDamaged)
	}
	return o, nil
}

func (s *Store) open(key string) (*os.File, blob.Object, error) {
	f, err := os.Open(s.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, blob.Object{}, blob.ErrNotFound // of this kind: nobody sees it
	}
	if err != nil {
		return nil, blob.Object{}, fmt.Errorf("open %s: %w", key, err)
	}
	o, err := describe(f, key)
	if err != nil {
		_ = f.Close()
		return nil, blob.Object{}, err
	}
	return f, o, nil
}

func (s *Store) statFile(key string) (blob.Object, error) {
	f, o, err := s.open(key)
	if err != nil {
		return blob.Object{}, err
	}
	return o, f.Close()
}

// content is an object without its trailer.
type content struct {
	*io.SectionReader
	f *os.File
}

func (c *content) Close() error { return c.f.Close() }
