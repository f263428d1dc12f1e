//go:build !windows

package dir

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/heliostat-render/heliostat/shared/blob"
)

// syncDir makes renames and removals in a folder durable.
func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// full marks errors of a full disk.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", blob.ErrFull, err)
	}
	return err
}
