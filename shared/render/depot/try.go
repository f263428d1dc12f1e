package depot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// maxTops bounds the names that an error lists.
const maxTops = 5

// Try unpacks an archive as a worker will, into a temporary folder, and looks for its program. Limits are a worker's.
// It returns ErrDescribe where the program isn't at the described place, ErrArchive or ErrLimit where
// no worker would take the archive.
func Try(ctx context.Context, packed *os.File, a wire.Archive) (err error) {
	if err := check(a); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "heliostat-depot-")
	if err != nil {
		return fmt.Errorf("make room to try the archive: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := unpack(ctx, packed, a, folder, Limits{}.orDefaults()); err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(folder, filepath.FromSlash(path.Join(a.Root, a.Executable))))
	switch {
	case err == nil && info.Mode().IsRegular():
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return fmt.Errorf("%w: it has no program %s; %s", ErrDescribe, path.Join(a.Root, a.Executable), tops(folder, a.Executable))
}

// tops tells where an executable is, or else what is at the top of a folder.
func tops(folder, executable string) string {
	if at, err := filepath.Glob(filepath.Join(folder, "*", filepath.FromSlash(executable))); err == nil && len(at) > 0 {
		return fmt.Sprintf("it has one in the folder %s", filepath.Base(strings.TrimSuffix(at[0], filepath.FromSlash("/"+executable))))
	}
	list, err := os.ReadDir(folder)
	if err != nil || len(list) == 0 {
		return "it is empty"
	}
	var names []string
	for _, e := range list[:min(len(list), maxTops)] {
		names = append(names, e.Name())
	}
	if len(list) > maxTops {
		names = append(names, "…")
	}
	return "at its top are " + strings.Join(names, ", ")
}
