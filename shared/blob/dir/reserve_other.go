//go:build !linux

package dir

import "os"

// allocate makes a file of so many bytes that really has its room.
func allocate(f *os.File, size int64) error { return fillUp(f, size) }
