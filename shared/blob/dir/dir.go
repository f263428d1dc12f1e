// Package dir is a blob.Store in a folder, which FOLDER.md specifies. Small objects share one SQLite file, and those that
// come together share its commits. Every other object is a file: written to a temporary name, fsynced, renamed, its
// folder fsynced, and only then acknowledged. Handler serves the store's signed URLs.
//
// It is not for several processes at once: a lock file keeps a second one out. Several
// managers need shared/blob/s3.
//
// Receives: objects by Put, or by a PUT to Handler.
// Hands on: objects by Get, or by a GET from Handler.
package dir

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/heliostat-render/heliostat/shared/blob"
)

// Options configure a Store.
type Options struct {
	Root     string           // folder; made if it isn't there
	BaseURL  string           // put before "/blob/…" in signed URLs; "" makes them relative to the manager's address
	Secret   []byte           // signs URLs, at least 32 bytes; nil makes one and keeps it in Root
	MaxBytes int64            // content bytes that the store takes before ErrFull; 0 is no bound but the disk's
	Now      func() time.Time // nil is time.Now
}

// Store is a blob.Store in a folder.
type Store struct {
	root   string
	base   string
	secret []byte
	max    int64
	now    func() time.Time
	lock   *flock.Flock
	used   atomic.Int64 // content bytes, kept only when there is a bound

	// life is read-locked by every call; Close takes it for good.
	life   sync.RWMutex
	closed bool

	// mu guards locks: one per key being changed, so that two Puts of a key take turns; and made:
	// folders that are there for good, below objects.
	mu    sync.Mutex
	locks map[string]*keyLock
	made  map[string]struct{}

	rounds  rounds
	packed  *packed
	recent  recent
	reading bool // opened by Reading
}

// maxMade bounds the folders that are remembered.
const maxMade = 1 << 14

type keyLock struct {
	sync.Mutex
	users int
}

var _ blob.Store = (*Store)(nil)

// ErrLocked means that another process has the folder.
var ErrLocked = errors.New("another manager is using this folder")

const (
	suffix      = "@" // not in any key, so that "a" and "a/b" can both be objects
	trailerSize = 48
	magic       = "HELBLOB1"
)

// Open opens or makes a store. It removes what an interrupted Put left.
func Open(o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{
		root: o.Root, base: strings.TrimRight(o.BaseURL, "/"), secret: o.Secret,
		max: o.MaxBytes, now: o.Now, locks: make(map[string]*keyLock), made: make(map[string]struct{}),
		rounds: rounds{sync: syncDir, folders: make(map[string]*folderRounds)}, recent: recent{max: maxRecent},
	}
	for _, d := range []string{s.root, s.objects(), s.tmp()} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("make the blob folder: %w", err)
		}
	}
	s.lock = flock.New(filepath.Join(s.root, "lock"))
	ok, err := take(s.lock)
	if err != nil {
		return nil, fmt.Errorf("lock the blob folder %s: %w", s.root, err)
	}
	if !ok {
		return nil, fmt.Errorf("%s: %w; stop it, or choose another folder", s.root, ErrLocked)
	}
	if err := s.start(); err != nil {
		if s.packed != nil {
			err = errors.Join(err, s.packed.close())
		}
		_ = s.lock.Unlock()
		return nil, err
	}
	return s, nil
}

// ErrReading means that the store was opened by Reading.
var ErrReading = errors.New("the blob folder was opened for reading only")

// Reading opens a store for Get, Stat, List and Scrub without removal. It works beside the process that has the folder, and changes nothing.
func Reading(root string) (*Store, error) {
	s := &Store{root: root, now: time.Now, reading: true}
	if info, err := os.Stat(s.objects()); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s is no blob folder: name the folder blobs inside a manager's --data", root)
	}
	var err error
	s.packed, err = readPacked(root)
	return s, err
}

func (s *Store) start() error {
	left, err := os.ReadDir(s.tmp())
	if err != nil {
		return fmt.Errorf("look for unfinished objects: %w", err)
	}
	for _, e := range left {
		if err := os.Remove(filepath.Join(s.tmp(), e.Name())); err != nil {
			return fmt.Errorf("remove an unfinished object: %w", err)
		}
	}
	if s.secret == nil {
		if s.secret, err = s.loadSecret(); err != nil {
			return err
		}
	}
	if len(s.secret) < 32 {
		return errors.New("the secret that signs URLs is shorter than 32 bytes")
	}
	if s.packed, err = openPacked(s.root); err != nil {
		return err
	}
	if s.max > 0 {
		return s.merge(context.Background(), "", func(o blob.Object) error {
			s.used.Add(o.Size)
			return nil
		})
	}
	return nil
}

func (s *Store) loadSecret() ([]byte, error) {
	name := filepath.Join(s.root, "secret")
	b, err := os.ReadFile(name)
	if err == nil && len(b) == 32 {
		return b, nil
	}
	if err == nil {
		return nil, fmt.Errorf("%s should hold 32 bytes; remove it to get a new one", name)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the secret that signs URLs: %w", err)
	}
	b = make([]byte, 32)
	_, _ = rand.Read(b)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		return nil, fmt.Errorf("write the secret that signs URLs: %w", err)
	}
	return b, nil
}

func (s *Store) objects() string { return filepath.Join(s.root, "objects") }
func (s *Store) tmp() string     { return filepath.Join(s.root, "tmp") }

func (s *Store) path(key string) string {
	return filepath.Join(s.objects(), filepath.FromSlash(key)+suffix)
}

// change is enter for calls that change something, or sign.
func (s *Store) change(ctx context.Context, key string) error {
	if s.reading {
		return ErrReading
	}
	return s.enter(ctx, key)
}

// enter lets a call begin; leave ends it.
func (s *Store) enter(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	return s.hold()
}

func (s *Store) hold() error {
	s.life.RLock()
	if s.closed {
		s.life.RUnlock()
		return blob.ErrClosed
	}
	return nil
}

func (s *Store) leave() { s.life.RUnlock() }

// alone makes changes of one key take turns.
func (s *Store) alone(key string) (release func()) {
	s.mu.Lock()
	l := s.locks[key]
	if l == nil {
		l = new(keyLock)
		s.locks[key] = l
	}
	l.users++
	s.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		s.mu.Lock()
		if l.users--; l.users == 0 {
			delete(s.locks, key)
		}
		s.mu.Unlock()
	}
}

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64, digest [32]byte) error {
	if err := s.change(ctx, key); err != nil {
		return err
	}
	defer s.leave()
	if err := blob.CheckSize(size); err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	if size <= maxPacked {
		if buf := s.packed.buffers.take(size); buf != nil {
			defer s.packed.buffers.give()
			content, err := fill(buf, blob.Verify(ctx, r, size, digest))
			if err != nil {
				return fmt.Errorf("put %s: %w", key, err)
			}
			return s.pack(ctx, blob.Object{Key: key, Size: size, Digest: digest, Modified: s.now()}, content)
		}
	}
	if there, err := s.same(ctx, key, size, digest); there || err != nil {
		return err
	}
	// The content is received before the key is locked: a slow sender holds up nobody.
	name, err := s.receive(ctx, r, size, digest)
	if err != nil {
		return fmt.Errorf("put %s: %w", key, full(err))
	}
	defer s.alone(key)()
	there, err := s.same(ctx, key, size, digest)
	if !there && err == nil {
		if err = s.place(name, key); err == nil {
			return nil
		}
		err = fmt.Errorf("put %s: %w", key, full(err))
	}
	s.used.Add(-size)
	_ = os.Remove(name) // the next start removes it too
	return err
}

// pack stores a small object that was received.
func (s *Store) pack(ctx context.Context, o blob.Object, content []byte) error {
	defer s.alone(o.Key)()
	if there, err := s.sameFile(o.Key, o.Size, o.Digest); there || err != nil {
		return err
	}
	if err := s.take(o.Size); err != nil {
		if there, e := s.same(ctx, o.Key, o.Size, o.Digest); there || e != nil {
			return e
		}
		return fmt.Errorf("put %s: %w", o.Key, err)
	}
	there, err := s.packed.put(ctx, o, content)
	if there || err != nil {
		s.used.Add(-o.Size)
	} else {
		s.recent.keep(o, content)
	}
	return err
}

// same says whether this very content is stored already; other content gives ErrExists.
func (s *Store) same(ctx context.Context, key string, size int64, digest [32]byte) (bool, error) {
	o, err := s.stat(ctx, key)
	return identical(o, err, key, size, digest)
}

// sameFile is same for what is a file.
func (s *Store) sameFile(key string, size int64, digest [32]byte) (bool, error) {
	o, err := s.statFile(key)
	return identical(o, err, key, size, digest)
}

func identical(o blob.Object, err error, key string, size int64, digest [32]byte) (bool, error) {
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case o.Size == size && o.Digest == digest:
		return true, nil
	}
	return false, fmt.Errorf("put %s: %w", key, blob.ErrExists)
}

// take takes the room for an object's content.
func (s *Store) take(size int64) error {
	if used := s.used.Add(size); s.max > 0 && used > s.max {
		s.used.Add(-size)
		return blob.ErrFull
	}
	return nil
}

// stat looks for a file first: where the packed file is damaged, large objects are still to be had.
func (s *Store) stat(ctx context.Context, key string) (blob.Object, error) {
	o, err := s.statFile(key)
	if errors.Is(err, blob.ErrNotFound) {
		return s.packed.stat(ctx, key)
	}
	return o, err
}

// Get implements blob.Store.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, blob.Object, error) {
	if err := s.enter(ctx, key); err != nil {
		return nil, blob.Object{}, err
	}
	defer s.leave()
	if known, ok := s.recent.find(key); ok {
		return memory{bytes.NewReader(known.content)}, known.object, nil
	}
	f, o, err := s.open(key)
	if errors.Is(err, blob.ErrNotFound) {
		small, o, err := s.packed.get(ctx, key)
		if err != nil {
			return nil, blob.Object{}, err
		}
		return memory{bytes.NewReader(small)}, o, nil
	}
	if err != nil {
		return nil, blob.Object{}, err
	}
	return &content{SectionReader: io.NewSectionReader(f, 0, o.Size), f: f}, o, nil
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Object, error) {
	if err := s.enter(ctx, key); err != nil {
		return blob.Object{}, err
	}
	defer s.leave()
	return s.stat(ctx, key)
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := s.change(ctx, key); err != nil {
		return err
	}
	defer s.leave()
	defer s.alone(key)()
	s.recent.drop(key)
	info, err := os.Stat(s.path(key))
	switch {
	case err == nil:
		if err := os.Remove(s.path(key)); err != nil {
			return fmt.Errorf("delete %s: %w", key, err)
		}
		s.used.Add(-max(info.Size()-trailerSize, 0))
		if err := syncDir(filepath.Dir(s.path(key))); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("delete %s: %w", key, err)
	}
	// Not instead of the file: a manager of the time before the packed file may have put one beside it.
	_, size, err := s.packed.remove(ctx, key)
	if err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	s.used.Add(-size)
	return nil
}

// Close implements blob.Store.
func (s *Store) Close() error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.packed.close()
	if s.lock != nil {
		err = errors.Join(err, s.lock.Unlock())
	}
	return err
}

// take locks a folder for writing, false where somebody else writes. Whoever only looks whether one does shares the lock for
// an instant, and is waited for.
func take(lock *flock.Flock) (ok bool, err error) {
	for range 200 {
		if ok, err = lock.TryLock(); ok || err != nil {
			return ok, err
		}
		if shared, err := lock.TryRLock(); !shared || err != nil {
			return false, err
		}
		if err := lock.Unlock(); err != nil {
			return false, err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return false, nil
}

// InUse tells whether a process has the folder open for writing, without disturbing it.
func InUse(root string) (bool, error) {
	path := filepath.Join(root, "lock")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if err != nil {
		return false, fmt.Errorf("look whether the blob folder %s is in use: %w", root, err)
	}
	return !free, lock.Close()
}
