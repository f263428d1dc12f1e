//go:build unix

package warm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestNothingIsUndeletable nests folders deeper than a path may be long, takes the rights to them away, and
// lays links out of them; an ordinary user's worker has to be rid of them as well as root's.
func TestNothingIsUndeletable(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "mine")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const depth = 250
	name := strings.Repeat("d", 20)
	for what, wipe := range map[string]func(string) error{"all": Wipe, "flattened": func(dir string) error {
		if err := flatten(dir); err != nil {
			return err
		}
		return os.Remove(dir)
	}} {
		dir := filepath.Join(t.TempDir(), "scratch")
		if err := os.MkdirAll(filepath.Join(dir, ".wipe-1", "taken"), 0o700); err != nil {
			t.Fatal(err)
		}
		at, err := unix.Open(dir, unix.O_DIRECTORY, 0)
		if err != nil {
			t.Fatal(err)
		}
		folders := []int{at}
		for range depth {
			if err := unix.Mkdirat(at, name, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := unix.Symlinkat(filepath.Dir(outside), at, "link"); err != nil {
				t.Fatal(err)
			}
			if at, err = unix.Openat(at, name, unix.O_DIRECTORY, 0); err != nil {
				t.Fatal(err)
			}
			folders = append(folders, at)
		}
		for _, folder := range folders {
			if err := unix.Fchmod(folder, 0); err != nil {
				t.Fatal(err)
			}
			unix.Close(folder)
		}
		if err := wipe(dir); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Lstat(dir); err == nil {
			t.Errorf("%s: it is still there", what)
		}
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("a file outside is gone: %v", err)
	}
}
