// Command zip builds the installable Blender add-on: the add-on's own files, the heliostat
// Python package and the library libheliostat, in one file that Blender's preferences
// install. The same input gives the same bytes.
//
//	go run ./plugins/blender/zip [-library FILE] OUT.zip
//
// It is not the place for other platforms' libraries: name one that is built elsewhere.
//
// Receives: the files of plugins/blender and plugins/python, a library.
// Hands on: a zip to the artist's Blender.
package main

import (
	"archive/zip"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"time"

	"github.com/heliostat-render/heliostat/plugins/blender"
	"github.com/heliostat-render/heliostat/plugins/python"
)

// made is every entry's time, so that equal input gives equal bytes.
var made = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

const bridge = "github.com/heliostat-render/heliostat/plugins/bridge"

func main() {
	library := flag.String("library", "", "the built library; without it, it is built for this system")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: go run ./plugins/blender/zip [-library FILE] OUT.zip")
		os.Exit(2)
	}
	if err := run(*library, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "zip:", err)
		os.Exit(1)
	}
}

func run(library, out string) error {
	if library == "" {
		dir, err := os.MkdirTemp("", "heliostat-zip-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		library = filepath.Join(dir, "libheliostat.so")
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-buildmode=c-shared", "-o", library, bridge)
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build the library: %w; install gcc, or name a built one with -library", err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	part := out + ".part"
	defer os.Remove(part)
	file, err := os.Create(part)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(zip.NewWriter(file), library), file.Close()); err != nil {
		return err
	}
	return os.Rename(part, out)
}

func fill(w *zip.Writer, library string) error {
	if err := addTree(w, blender.Scripts(), ""); err != nil {
		return err
	}
	if err := addTree(w, python.Files(), blender.Package); err != nil {
		return err
	}
	if err := add(w, path.Join(blender.Package, "LICENSE"), blender.License); err != nil {
		return err
	}
	raw, err := os.ReadFile(library)
	if err != nil {
		return err
	}
	if err := add(w, path.Join(blender.Package, "heliostat", filepath.Base(library)), raw); err != nil {
		return err
	}
	return w.Close()
}

func addTree(w *zip.Writer, tree fs.FS, under string) error {
	return fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		return add(w, path.Join(under, name), raw)
	})
}

func add(w *zip.Writer, name string, raw []byte) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: made}
	header.SetMode(0o644)
	entry, err := w.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = entry.Write(raw)
	return err
}
