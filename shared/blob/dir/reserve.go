package dir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// reserve is room on the disk that is kept so that objects can be deleted when it is full: SQLite writes to its log
// first, and what is in the log already has to fit into the file.
type reserve struct {
	path     string
	held     bool // it is known to be there
	released bool // it was given away, and is to be had again
}

const (
	reserveSuffix = "-reserve"
	// reserveBytes is more than the log can come to before the disk is full: twice the bytes at which it is carried over,
	// and the largest group.
	reserveBytes = 3 * checkpointBytes
)

// hold sees that the room is there; blob.ErrFull if the disk hasn't got it.
func (r *reserve) hold() error {
	if r.held {
		return nil
	}
	if info, err := os.Stat(r.path); err == nil && info.Size() == reserveBytes {
		r.held, r.released = true, false
		return nil
	}
	f, err := os.OpenFile(r.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return full(err)
	}
	if err := errors.Join(allocate(f, reserveBytes), f.Close()); err != nil {
		_ = os.Remove(r.path)
		return fmt.Errorf("keep %d MiB for deletions: %w", reserveBytes>>20, full(err))
	}
	r.held, r.released = true, false
	return nil
}

// release gives the room away, and says whether there was any.
func (r *reserve) release() bool {
	r.held = false
	if err := os.Remove(r.path); errors.Is(err, fs.ErrNotExist) {
		return false
	}
	r.released = true
	return true
}

// fillUp writes zeros, where no system call allocates.
func fillUp(f *os.File, size int64) error {
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at); err != nil {
			return err
		}
	}
	return nil
}
