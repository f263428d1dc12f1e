package blender_test

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/depot"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// shelf is a Source with one archive on disk.
type shelf struct {
	path    string
	archive wire.Archive
}

func (s shelf) All(context.Context) ([]wire.Archive, error) { return []wire.Archive{s.archive}, nil }
func (s shelf) Open(context.Context, wire.Archive) (io.ReadCloser, error) {
	return os.Open(s.path)
}

// TestBlenderFromTheDepot packs the installed Blender as its makers pack theirs, the program
// beside a folder of its version, puts it through the depot and renders with what comes out.
func TestBlenderFromTheDepot(t *testing.T) {
	found, err := blender.New(blender.Config{}).Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	in := found[0]
	version := strings.Join(strings.Split(in.Version, ".")[:2], ".")
	data := filepath.Join(filepath.Dir(in.Path), version)
	if _, err := os.Stat(data); err != nil {
		data = "/usr/share/blender" // Debian's
	}
	s := shelf{path: filepath.Join(t.TempDir(), "b.zip"), archive: wire.Archive{
		Renderer: "blender", Version: in.Version, OS: runtime.GOOS, Arch: runtime.GOARCH, Name: "b.zip", Root: "blender-" + in.Version, Executable: "blender",
	}}
	s.archive.Digest, s.archive.Size = packBlender(t, s, in.Path, data, version)
	folder := t.TempDir()
	d, err := depot.New(depot.Options{Folder: folder, Source: s})
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := d.Sync(t.Context()); err != nil || !changed {
		t.Fatal(changed, err)
	}
	b := blender.New(blender.Config{More: d.Programs("blender")})
	found, err = b.Find(t.Context())
	if err != nil || len(found) < 2 {
		t.Fatalf("found %+v, %v", found, err)
	}
	own := found[len(found)-1]
	if own.Version != in.Version || own.Class != in.Class || !strings.HasPrefix(own.Path, folder) {
		t.Fatalf("%+v isn't %+v", own, in)
	}
	w := t.TempDir()
	rendertest.BlenderScene(t, own.Path, filepath.Join(w, render.SceneFolder), "")
	r := rendertest.Recipe(own.Version)
	r.Samples = 1
	session, err := b.Open(t.Context(), render.Options{Install: own, Workspace: w, Recipe: r, Sandbox: render.NoSandbox{}})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if f, err := session.Render(t.Context(), render.Request{Frame: 1, OutDir: w}, nil); err != nil || len(f.Files) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
}

// packBlender writes the archive, uncompressed, and returns its digest and size.
func packBlender(t *testing.T, s shelf, program, data, version string) (string, int64) {
	t.Helper()
	f, err := os.Create(s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	w := zip.NewWriter(io.MultiWriter(f, h))
	add := func(name, path string, mode fs.FileMode) error {
		header := &zip.FileHeader{Name: s.archive.Root + "/" + name, Method: zip.Store}
		header.SetMode(mode)
		to, err := w.CreateHeader(header)
		if err != nil {
			return err
		}
		from, err := os.Open(path)
		if err != nil {
			return err
		}
		defer from.Close()
		_, err = io.Copy(to, from)
		return err
	}
	err = add("blender", program, 0o755)
	if err == nil {
		err = filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
				return nil // Debian links some of its fonts to packages that may not be there
			}
			rel, err := filepath.Rel(data, path)
			if err != nil {
				return err
			}
			return add(version+"/"+filepath.ToSlash(rel), path, 0o644)
		})
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil)), info.Size()
}
