package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOneProcessHoldsTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "worker")
	first, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("a second process got in, or the error doesn't name the folder: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestOpenWipesWhatACrashLeft(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, "scratch", "seat-0", "scene")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(left, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(left, 0o500); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	entries, err := os.ReadDir(s.Scratch())
	if err != nil || len(entries) != 0 {
		t.Fatalf("the scratch folder isn't empty: %v, %v", entries, err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Fatalf("wiping followed a link: %v", err)
	}
	if free, err := s.Free(); err != nil || free <= 0 {
		t.Fatalf("free space: %d, %v", free, err)
	}
}
