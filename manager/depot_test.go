package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// FuzzCheckArchive: what is taken stays inside the folder into which a worker unpacks it.
func FuzzCheckArchive(f *testing.F) {
	f.Add("blender", "4.2.1", "linux", "amd64", "blender-4.2.1-linux-x64.tar.xz", "blender-4.2.1-linux-x64", "blender", int64(1))
	f.Add("blender", "..", "linux", "amd64", "../a.zip", "../..", "/bin/sh", int64(-1))
	f.Add("b", "1", "windows", "arm64", "a\\b.zip", "a/../..", "c:\\x", int64(1))
	f.Fuzz(func(t *testing.T, renderer, version, system, arch, name, root, executable string, size int64) {
		a := wire.Archive{Renderer: renderer, Version: version, OS: system, Arch: arch, Name: name, Root: root, Executable: executable, Size: size, Digest: strings.Repeat("0a", 32)}
		if checkArchive(a) != nil {
			return
		}
		for _, word := range []string{renderer, version, system, arch, name} {
			if word == "" || word == "." || word == ".." || strings.ContainsAny(word, "/\\\x00") {
				t.Errorf("%q is taken for one name of a path", word)
			}
		}
		const home = "/home/unpacked"
		for _, path := range []string{root, filepath.Join(root, executable)} {
			at := filepath.Join(home, filepath.FromSlash(path))
			if rel, err := filepath.Rel(home, at); err != nil || slices.Contains(strings.Split(rel, "/"), "..") {
				t.Errorf("%q leads out of the folder, to %s", path, at)
			}
		}
	})
}
