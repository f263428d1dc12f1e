package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/zeebo/blake3"
)

func sample() *Manifest {
	d := blake3.Sum256(nil)
	return &Manifest{
		Chunks: []Chunk{
			{ID: chunk.ID{1}, Key: seal.ChunkKey{11}, Plain: 300, Stored: 200},
			{ID: chunk.ID{2}, Key: seal.ChunkKey{12}, Plain: chunk.Max, Stored: seal.MaxStored},
		},
		Files: []File{
			{Path: "a/empty", Digest: d},
			{Path: "a/run.sh", Exec: true, Size: 100, Parts: []Part{{0, 0, 100}}},
			{Path: "scene.blend", Size: chunk.Max, Parts: []Part{{1, 0, chunk.Max}}},
			{Path: "tex/ü.png", Size: 200, Parts: []Part{{0, 100, 200}}},
		},
		Main: 2,
	}
}

func TestManifestRoundTrip(t *testing.T) {
	m := sample()
	got, err := ParseManifest(m.Marshal(), Limits{})
	if err != nil || !reflect.DeepEqual(got, m) {
		t.Fatalf("%v\n%+v\n%+v", err, got, m)
	}
	key := seal.NewJobKey()
	sealed, err := m.Seal(key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err = OpenManifest(sealed, key, Limits{}); err != nil || !reflect.DeepEqual(got, m) {
		t.Fatal(err)
	}
	if _, err := OpenManifest(sealed, seal.NewJobKey(), Limits{}); !errors.Is(err, seal.ErrOpen) {
		t.Fatal(err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := OpenManifest(bad, key, Limits{}); !errors.Is(err, seal.ErrOpen) && !errors.Is(err, ErrManifest) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := OpenManifest(sealed[:i], key, Limits{}); err == nil {
			t.Fatalf("cut to %d bytes and it opened", i)
		}
	}
	if _, err := OpenManifest(sealed, key, Limits{ManifestBytes: 50}); !errors.Is(err, ErrLimit) {
		t.Fatal(err)
	}
}

func TestReservedAndExtension(t *testing.T) {
	b := sample().Marshal()
	ext := append(bytes.Clone(b[:len(b)-1]), 3, 'n', 'e', 'w')
	if _, err := ParseManifest(ext, Limits{}); err != nil {
		t.Fatalf("an extension must be skipped: %v", err)
	}
	for name, bad := range map[string][]byte{
		"trailing byte": append(bytes.Clone(b), 0),
		"flags":         append([]byte("HELM\x01\x01"), b[6:]...),
		"version":       append([]byte("HELM\x02\x00"), b[6:]...),
		"long number":   append(append([]byte("HELM\x01\x00"), 0x82, 0x00), b[7:]...),
		"huge count":    binary.AppendUvarint([]byte("HELM\x01\x00"), 1<<40),
		"mode bits":     bytes.Replace(b, []byte("run.sh\x01"), []byte("run.sh\x03"), 1),
	} {
		if _, err := ParseManifest(bad, Limits{}); !errors.Is(err, ErrManifest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHostileManifests(t *testing.T) {
	for name, c := range map[string]struct {
		do func(*Manifest)
		is error
	}{
		"traversal":      {func(m *Manifest) { m.Files[0].Path = "../x" }, ErrPath},
		"absolute":       {func(m *Manifest) { m.Files[0].Path = "/etc/x" }, ErrPath},
		"backslash":      {func(m *Manifest) { m.Files[0].Path = "a\\b" }, ErrPath},
		"NUL":            {func(m *Manifest) { m.Files[0].Path = "a\x00b" }, ErrPath},
		"device":         {func(m *Manifest) { m.Files[0].Path = "a/nul.txt" }, ErrPath},
		"drive":          {func(m *Manifest) { m.Files[0].Path = "C:x" }, ErrPath},
		"overlong":       {func(m *Manifest) { m.Files[0].Path = strings.Repeat("a/", 511) + "aaaaa" }, ErrManifest},
		"our own folder": {func(m *Manifest) { m.Files[0].Path = ".Heliostat-Part/1" }, ErrPath},
		"duplicate":      {func(m *Manifest) { m.Files[1].Path = "a/empty" }, ErrManifest},
		"out of order":   {func(m *Manifest) { m.Files[0].Path = "z" }, ErrManifest},
		"case":           {func(m *Manifest) { m.Files[0].Path = "A/RUN.sh" }, ErrPath},
		"unicode case":   {func(m *Manifest) { m.Files[0].Path = "TEX/U\u0308.png" }, ErrPath},
		"file is folder": {func(m *Manifest) { m.Files[0].Path = "TEX" }, ErrPath},
		"main":           {func(m *Manifest) { m.Main = 4 }, ErrManifest},
		"part outside":   {func(m *Manifest) { m.Files[3].Parts[0].Offset = 101 }, ErrManifest},
		"no such chunk":  {func(m *Manifest) { m.Files[3].Parts[0].Chunk = 2 }, ErrManifest},
		"size":           {func(m *Manifest) { m.Files[3].Size++ }, ErrManifest},
		"unused chunk":   {func(m *Manifest) { m.Chunks = append(m.Chunks, Chunk{ID: chunk.ID{3}, Plain: 1, Stored: 1}) }, ErrManifest},
		"chunk twice":    {func(m *Manifest) { m.Chunks[1].ID = m.Chunks[0].ID }, ErrManifest},
		"empty part":     {func(m *Manifest) { m.Files[0].Parts = []Part{{0, 0, 0}} }, ErrManifest},
		"fat chunk":      {func(m *Manifest) { m.Chunks[1].Plain = chunk.Max + 1 }, ErrManifest},
		"opens for nothing": {func(m *Manifest) {
			m.Files[3].Parts = nil
			for i := range 100 {
				m.Files[3].Parts = append(m.Files[3].Parts, Part{1 - i%2, i, 1})
			}
			m.Files[3].Parts = append(m.Files[3].Parts, Part{0, 0, 100})
		}, ErrManifest},
		"many files": {func(m *Manifest) {
			m.Files = m.Files[:0]
			for i := range 300_000 {
				m.Files = append(m.Files, File{Path: fmt.Sprintf("%08d", i)})
			}
		}, ErrLimit},
		"bomb": {func(m *Manifest) {
			m.Files[2].Parts = nil
			for range 40000 {
				m.Files[2].Parts = append(m.Files[2].Parts, Part{0, 0, 300}, Part{1, 0, chunk.Max})
			}
			m.Files[2].Size = 40000 * (300 + chunk.Max)
			m.Chunks[1].Stored = 40
		}, ErrLimit},
		"huge": {func(m *Manifest) { m.Files[2].Size = 1 << 62 }, ErrLimit},
	} {
		m := sample()
		c.do(m)
		if _, err := ParseManifest(m.Marshal(), Limits{Expansion: 1000}); !errors.Is(err, c.is) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPaths(t *testing.T) {
	for _, p := range []string{"a", "a b/c.d", "_ext/C_/x.png", "ü/☀.exr", "..a/b..c", ".hidden", "console.txt", "com10", strings.Repeat("x", 255)} {
		if err := CheckPath(p); err != nil {
			t.Error(err)
		}
	}
	for _, p := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "a/..", "a/./b", "a\\b", "a:b", "a\nb", "a\x7f", "\xff", "CON", "con.txt", "x/Aux", "LPT1.png", "com¹", "COM0", "nul .x",
		"conin$", "a.", "a /b", strings.Repeat("x", 256), strings.Repeat("x/", 512) + "x", "a?b", "a*b", "a|b", "a<b", "a\"b", ".heliostat-part/x",
	} {
		if err := CheckPath(p); !errors.Is(err, ErrPath) {
			t.Errorf("%q: %v", p, err)
		}
	}
}

func FuzzSafeName(f *testing.F) {
	for _, s := range []string{"", "con", "a:b", "x. ", "\xff", strings.Repeat("ü", 200), ".heliostat-part"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := SafeName(s)
		if err := CheckPath(got); err != nil || strings.Contains(got, "/") {
			t.Fatalf("%q became %q: %v", s, got, err)
		}
		if CheckPath(s) == nil && !strings.Contains(s, "/") && len(s) < maxComponent && got != s {
			t.Fatalf("%q was fine, and became %q", s, got)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add(sample().Marshal())
	f.Add([]byte("HELM\x01\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseManifest(b, Limits{})
		if err != nil {
			if !errors.Is(err, ErrManifest) && !errors.Is(err, ErrLimit) {
				t.Fatal(err)
			}
			return
		}
		for i := range m.Files {
			if err := CheckPath(m.Files[i].Path); err != nil {
				t.Fatal(err)
			}
		}
		again := m.Marshal()
		if back, err := ParseManifest(again, Limits{}); err != nil || !reflect.DeepEqual(back, m) {
			t.Fatalf("does not survive a round trip: %v", err)
		}
	})
}
