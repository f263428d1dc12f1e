package depot

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ulikunitz/xz"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// network is a Source in memory.
type network struct {
	mu       sync.Mutex
	archives []wire.Archive
	bytes    map[string][]byte
	opened   int
}

func (n *network) All(context.Context) ([]wire.Archive, error) { return n.archives, nil }

func (n *network) Open(_ context.Context, a wire.Archive) (io.ReadCloser, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.opened++
	return io.NopCloser(bytes.NewReader(n.bytes[a.Digest])), nil
}

// put adds an archive of a program "blender" in a folder "blender-4".
func (n *network) put(name, version string, data []byte) wire.Archive {
	sum := sha256.Sum256(data)
	a := wire.Archive{
		Renderer: "blender", Version: version, OS: "linux", Arch: "amd64", Name: name,
		Digest: hex.EncodeToString(sum[:]), Size: int64(len(data)), Root: "blender-4", Executable: "blender",
	}
	if n.bytes == nil {
		n.bytes = map[string][]byte{}
	}
	n.archives, n.bytes[a.Digest] = append(n.archives, a), data
	return a
}

type entry struct {
	name, text string
	mode       fs.FileMode // a symlink's text is its target
	kind       byte        // of a tar entry, when it isn't what the mode says
}

var good = []entry{
	{name: "blender-4/", mode: fs.ModeDir | 0o755},
	{name: "blender-4/lib/libx.so.1", text: "library", mode: 0o644},
	{name: "blender-4/lib/libx.so", text: "libx.so.1", mode: fs.ModeSymlink | 0o777},
	{name: "blender-4/blender", text: "#!/bin/sh\necho hello\n", mode: 0o755 | fs.ModeSetuid},
}

func tarred(t testing.TB, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: int64(e.mode.Perm()), Typeflag: tar.TypeReg, Size: int64(len(e.text))}
		if e.mode&fs.ModeSetuid != 0 {
			h.Mode |= 0o4000
		}
		switch {
		case e.kind != 0:
			h.Typeflag, h.Linkname, h.Size = e.kind, e.text, 0
		case e.mode.IsDir():
			h.Typeflag, h.Size = tar.TypeDir, 0
		case e.mode.Type() == fs.ModeSymlink:
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, e.text, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, e.text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t testing.TB, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if !e.mode.IsDir() {
			if _, err := io.WriteString(f, e.text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func packed(t testing.TB, data []byte, over func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := over(&b)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func xzed(t testing.TB, data []byte) []byte {
	return packed(t, data, func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) })
}

func gzipped(t testing.TB, data []byte) []byte {
	return packed(t, data, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
}

func open(t testing.TB, n *network, limits Limits) *Depot {
	t.Helper()
	d, err := New(Options{Folder: filepath.Join(t.TempDir(), "depot"), Source: n, Limits: limits, OS: "linux", Arch: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEveryKindIsUnpacked(t *testing.T) {
	for name, data := range map[string][]byte{
		"blender-4.tar.xz": xzed(t, tarred(t, good)), "blender-4.tar.gz": gzipped(t, tarred(t, good)), "blender-4.zip": zipped(t, good),
	} {
		n := &network{}
		a := n.put(name, "4.2.1", data)
		d := open(t, n, Limits{})
		for range 2 {
			in, err := d.Get(t.Context(), "blender", "4.2.1")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			info, err := os.Stat(in.Path)
			if err != nil || info.Mode() != 0o755 {
				t.Errorf("%s: the program is %v, %v", name, info, err)
			}
			library, err := os.ReadFile(filepath.Join(filepath.Dir(in.Path), "lib", "libx.so"))
			if err != nil || string(library) != "library" {
				t.Errorf("%s: %q, %v", name, library, err)
			}
		}
		if n.opened != 1 {
			t.Errorf("%s: fetched %d times", name, n.opened)
		}
		if got := d.Programs("blender"); len(got) != 1 {
			t.Errorf("%s: programs %v", name, got)
		}
		if err := d.Remove(a.Digest); err != nil || len(d.Installed()) != 0 {
			t.Errorf("%s: removed: %v, %v", name, err, d.Installed())
		}
	}
}

func TestHostileArchives(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	with := func(more ...entry) []entry { return append(append([]entry{}, good...), more...) }
	for name, c := range map[string]struct {
		entries []entry
		limits  Limits
		err     error
		tarOnly bool
	}{
		"a path upwards":        {with(entry{name: "blender-4/../../x", text: "x", mode: 0o644}), Limits{}, ErrArchive, false},
		"an absolute path":      {with(entry{name: outside, text: "x", mode: 0o644}), Limits{}, ErrArchive, false},
		"a link upwards":        {with(entry{name: "blender-4/l", text: "../../x", mode: fs.ModeSymlink}), Limits{}, ErrArchive, false},
		"an absolute link":      {with(entry{name: "blender-4/l", text: outside, mode: fs.ModeSymlink}), Limits{}, ErrArchive, false},
		"a link to nothing":     {with(entry{name: "blender-4/l", text: "nothing", mode: fs.ModeSymlink}), Limits{}, ErrArchive, false},
		"a link in a circle":    {with(entry{name: "blender-4/l", text: "l", mode: fs.ModeSymlink}), Limits{}, ErrArchive, false},
		"links over links":      {with(entry{name: "a/b/c/up", text: "../../..", mode: fs.ModeSymlink}, entry{name: "a/b/c/out", text: "up/../../x", mode: fs.ModeSymlink}), Limits{}, ErrArchive, false},
		"a file over a link":    {with(entry{name: "blender-4/l", text: "lib", mode: fs.ModeSymlink}, entry{name: "blender-4/l", text: "x", mode: 0o644}), Limits{}, ErrArchive, false},
		"a file twice":          {with(entry{name: "blender-4/blender", text: "x", mode: 0o755}), Limits{}, ErrArchive, false},
		"a file as folder":      {with(entry{name: "blender-4/blender/x", text: "x", mode: 0o755}), Limits{}, nil, false},
		"a backslash":           {with(entry{name: `blender-4\..\..\x`, text: "x", mode: 0o644}), Limits{}, ErrArchive, false},
		"a hard link":           {with(entry{name: "blender-4/h", text: "/etc/passwd", kind: tar.TypeLink}), Limits{}, ErrArchive, true},
		"a device":              {with(entry{name: "blender-4/d", kind: tar.TypeChar}), Limits{}, ErrArchive, true},
		"a pipe":                {with(entry{name: "blender-4/p", kind: tar.TypeFifo}), Limits{}, ErrArchive, true},
		"no program":            {good[:3], Limits{}, ErrArchive, false},
		"a program that's none": {append(good[:3:3], entry{name: "blender-4/blender", mode: fs.ModeDir | 0o755}), Limits{}, ErrArchive, false},
		"too many files":        {good, Limits{Files: 3}, ErrLimit, false},
		"a file too large":      {with(entry{name: "blender-4/big", text: strings.Repeat("0", 5000), mode: 0o644}), Limits{File: 4999}, ErrLimit, false},
		"too much of it":        {with(entry{name: "a", text: strings.Repeat("0", 5000), mode: 0o644}, entry{name: "b", text: strings.Repeat("0", 5000), mode: 0o644}), Limits{Total: 9000}, ErrLimit, false},
		"too large to fetch":    {good, Limits{Packed: 10}, ErrLimit, false},
		"a path too long":       {with(entry{name: strings.Repeat("a/", 600) + "x", text: "x", mode: 0o644}), Limits{}, ErrArchive, false},
	} {
		t.Run(name, func(t *testing.T) {
			kinds := map[string][]byte{"a.tar.gz": gzipped(t, tarred(t, c.entries))}
			if !c.tarOnly {
				kinds["a.zip"] = zipped(t, c.entries)
			}
			for kind, data := range kinds {
				n := &network{}
				a := n.put(kind, "1", data)
				d := open(t, n, c.limits)
				_, err := d.Install(t.Context(), a)
				if err == nil || c.err != nil && !errors.Is(err, c.err) {
					t.Errorf("%s: %v", kind, err)
				}
				if _, err := os.Lstat(outside); err == nil {
					t.Errorf("%s: a file got out", kind)
				}
				left, err := os.ReadDir(d.o.Folder)
				if err != nil || len(left) > 1 || len(d.Installed()) != 0 {
					t.Errorf("%s: left behind: %v, %v", kind, left, err)
				}
			}
		})
	}
}

// TestABombEnds has a few bytes that would become many.
func TestABombEnds(t *testing.T) {
	zeros := entry{name: "blender-4/zeros", text: strings.Repeat("\x00", 16<<20), mode: 0o644}
	for name, data := range map[string][]byte{"a.tar.xz": xzed(t, tarred(t, []entry{zeros})), "a.zip": zipped(t, []entry{zeros})} {
		n := &network{}
		a := n.put(name, "1", data)
		if _, err := open(t, n, Limits{Total: 1 << 20}).Install(t.Context(), a); !errors.Is(err, ErrLimit) || len(data) > 100_000 {
			t.Errorf("%s of %d bytes: %v", name, len(data), err)
		}
	}
}

func TestWrongBytes(t *testing.T) {
	n := &network{}
	a := n.put("a.zip", "1", zipped(t, good))
	whole := n.bytes[a.Digest]
	d := open(t, n, Limits{})
	for name, data := range map[string][]byte{"other": append([]byte{1}, whole[1:]...), "short": whole[:len(whole)-1], "long": append(whole[:len(whole):len(whole)], 0), "none": nil} {
		n.bytes[a.Digest] = data
		if _, err := d.Install(t.Context(), a); !errors.Is(err, ErrDigest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongDescriptions(t *testing.T) {
	n := &network{}
	right := n.put("a.zip", "1", zipped(t, good))
	d := open(t, n, Limits{})
	for i, change := range []func(*wire.Archive){
		func(a *wire.Archive) { a.Root = "../x" }, func(a *wire.Archive) { a.Root = "/" }, func(a *wire.Archive) { a.Executable = "" },
		func(a *wire.Archive) { a.Executable = "../../bin/sh" }, func(a *wire.Archive) { a.Executable = "/bin/sh" }, func(a *wire.Archive) { a.Digest = "../" + a.Digest[3:] },
		func(a *wire.Archive) { a.Size = -1 }, func(a *wire.Archive) { a.Name = "a.rar" }, func(a *wire.Archive) { a.Renderer = "../b" }, func(a *wire.Archive) { a.Version = "" },
	} {
		a := right
		change(&a)
		if _, err := d.Install(t.Context(), a); !errors.Is(err, ErrDescribe) {
			t.Errorf("change %d: %v", i, err)
		}
	}
}

// TestSeveralAtOnce installs from many goroutines and a second depot over the same folder.
func TestSeveralAtOnce(t *testing.T) {
	n := &network{}
	n.put("a.tar.gz", "1", gzipped(t, tarred(t, good)))
	n.put("b.zip", "2", zipped(t, good))
	foreign := n.put("c.zip", "3", zipped(t, good[1:]))
	for i := range n.archives {
		if n.archives[i].Digest == foreign.Digest {
			n.archives[i].OS = "windows"
		}
	}
	d := open(t, n, Limits{})
	second, err := New(d.o)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for i := range 8 {
		each := []*Depot{d, second}[i%2]
		wait.Go(func() {
			if _, err := each.Sync(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := d.Programs("blender"); len(got) != 2 || n.opened != 2 {
		t.Errorf("programs %v, fetched %d times", got, n.opened)
	}
	if changed, err := d.Sync(t.Context()); changed || err != nil {
		t.Errorf("again: %v, %v", changed, err)
	}
	if _, err := d.Get(t.Context(), "blender", "3"); !errors.Is(err, ErrNone) {
		t.Errorf("another system's: %v", err)
	}
}

func TestLeftoversAreCleared(t *testing.T) {
	n := &network{}
	a := n.put("a.zip", "1", zipped(t, good))
	d := open(t, n, Limits{})
	half := filepath.Join(d.o.Folder, a.Digest, tree)
	part := filepath.Join(d.o.Folder, partPrefix+"x")
	for _, folder := range []string{half, part} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	again, err := New(d.o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(part); !errors.Is(err, fs.ErrNotExist) || len(again.Installed()) != 0 {
		t.Errorf("%v, installed %v", err, again.Installed())
	}
	if _, err := again.Install(t.Context(), a); err != nil {
		t.Errorf("over a half folder: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	other := n.put("b.zip", "2", zipped(t, good[1:]))
	if _, err := again.Install(ctx, other); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add("a.tar.gz", gzipped(f, tarred(f, good)))
	f.Add("a.tar.xz", xzed(f, tarred(f, good)))
	f.Add("a.zip", zipped(f, good))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if kindOf(name) == nil || len(data) == 0 {
			return
		}
		n := &network{}
		a := n.put(name, "1", data)
		d := open(t, n, Limits{Packed: 1 << 20, Total: 1 << 20, File: 1 << 20, Files: 100})
		if _, err := d.Install(t.Context(), a); err != nil && fmt.Sprint(err) == "" {
			t.Error("an error without words")
		}
	})
}
