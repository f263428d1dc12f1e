// Package workspace owns a node's data folder on disk: one process at a time holds it, what
// a crash left in the scratch part is wiped at the start, and it knows how much room is
// left.
//
// It is not the place for frames that wait to be delivered (workerapp/outbox) and knows
// nothing of scenes: shared/render/warm fills the scratch folder.
//
// Receives: the path that the owner gave.
// Hands on: the folders that the other parts work in.
package workspace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/shirou/gopsutil/v4/disk"

	"github.com/heliostat-render/heliostat/shared/render/warm"
)

// ErrLocked is returned by Open where another process holds the folder.
var ErrLocked = errors.New("the data folder is in use")

// Space is one node's data folder.
type Space struct {
	dir  string
	lock *flock.Flock
	free func(path string) (int64, error)
}

// Open takes the folder for this process, creating it where it's missing, and wipes the
// scratch part. The error names the folder and the next step.
func Open(dir string) (*Space, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder %s can't be made: %w; choose another with --data", dir, err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("the data folder %s can't be locked: %w; make it writable or choose another with --data", dir, err)
	}
	if !got {
		return nil, fmt.Errorf("%w: %s belongs to a running node; stop that one or choose another folder with --data", ErrLocked, dir)
	}
	s := &Space{dir: dir, lock: lock, free: FreeBytes}
	if err := warm.Wipe(s.Scratch()); err != nil {
		lock.Unlock()
		return nil, err
	}
	if err := os.MkdirAll(s.Scratch(), 0o700); err != nil {
		lock.Unlock()
		return nil, fmt.Errorf("make the scratch folder: %w", err)
	}
	return s, nil
}

// Dir is the data folder.
func (s *Space) Dir() string { return s.dir }

// Scratch is where scenes are extracted and rendered; nothing in it outlives the process.
func (s *Space) Scratch() string { return filepath.Join(s.dir, "scratch") }

// Cache is the chunk cache's folder.
func (s *Space) Cache() string { return filepath.Join(s.dir, "cache") }

// Outbox is where finished frames wait for the manager.
func (s *Space) Outbox() string { return filepath.Join(s.dir, "outbox") }

// Free is the room left on the folder's disk, in bytes.
func (s *Space) Free() (int64, error) { return s.free(s.dir) }

// SetFree replaces the disk's measurement, so that tests can fill a disk without one.
func (s *Space) SetFree(free func(path string) (int64, error)) { s.free = free }

// Close wipes the scratch folder and lets the data folder go.
func (s *Space) Close() error {
	return errors.Join(warm.Wipe(s.Scratch()), s.lock.Unlock())
}

// FreeBytes is the room that an ordinary user has on the disk that holds path.
func FreeBytes(path string) (int64, error) {
	usage, err := disk.Usage(path)
	if err != nil {
		return 0, fmt.Errorf("read the free space of %s: %w", path, err)
	}
	return int64(usage.Free), nil
}
