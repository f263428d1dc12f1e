package warm

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
)

// Wipe removes a folder with all that a renderer left in it: it may have taken away its own rights to
// folders, and nested them deeper than a path may be long. It never follows a link.
func Wipe(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return err
	}
	return errors.Join(flatten(dir), os.RemoveAll(dir))
}

// flatten empties the folders of dir, as deep as they are, by moving each up to the first level in its turn.
func flatten(dir string) error {
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	next := 0
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		found := false
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			if !entry.IsDir() { // a link counts as none
				if err := os.Remove(path); err != nil {
					return err
				}
				continue
			}
			found = true
			if err := lift(dir, path, &next); err != nil {
				return err
			}
		}
		if !found {
			return nil
		}
	}
}

// lift moves what is in a folder to dir and removes it.
func lift(dir, folder string, next *int) error {
	if err := os.Chmod(folder, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if !entry.IsDir() {
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		// A folder that is moved has to be writable itself: it names its parent.
		if err := os.Chmod(path, 0o700); err != nil {
			return err
		}
		for {
			*next++
			err := os.Rename(path, filepath.Join(dir, ".wipe-"+strconv.Itoa(*next)))
			if err == nil {
				break
			}
			if !errors.Is(err, os.ErrExist) {
				return err
			}
		}
	}
	return os.Remove(folder)
}
