package dir

import (
	"errors"
	"os"
	"syscall"
)

// allocate makes a file of so many bytes that really has its room.
func allocate(f *os.File, size int64) error {
	err := syscall.Fallocate(int(f.Fd()), 0, 0, size)
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		return fillUp(f, size)
	}
	return err
}
