package dir

import (
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/shared/blob"
	"golang.org/x/sys/windows"
)

// syncDir does nothing: NTFS journals names, and folders can't be flushed.
func syncDir(string) error { return nil }

// full marks errors of a full disk.
func full(err error) error {
	if errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) {
		return fmt.Errorf("%w: %w", blob.ErrFull, err)
	}
	return err
}
