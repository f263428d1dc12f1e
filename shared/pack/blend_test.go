package pack

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/heliostat-render/heliostat/shared/seal"
)

// saved is an uncompressed .blend with blocks of records, saved at some memory addresses.
func saved(addresses uint64, before []byte, arrays ...[]byte) []byte {
	b := []byte("BLENDER-v304")
	block := func(code string, data []byte, records int) {
		b = append(b, code...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
		addresses += 64
		b = binary.LittleEndian.AppendUint64(b, addresses)
		b = binary.LittleEndian.AppendUint32(b, 7)
		b = binary.LittleEndian.AppendUint32(b, uint32(records))
		b = append(b, data...)
	}
	block("OB\x00\x00", before, 1)
	for _, a := range arrays {
		block("DATA", a, len(a)/20)
	}
	block("ENDB", nil, 0)
	return b
}

func TestArraysKeepTheirChunksBetweenSaves(t *testing.T) {
	ctx, dir, store := context.Background(), t.TempDir(), newMemory()
	r := rand.NewChaCha8([32]byte{1})
	noise := func(n int) []byte {
		b := make([]byte, n)
		_, _ = r.Read(b)
		return b
	}
	arrays := [][]byte{noise(2 << 20 / 20 * 20), noise(3 << 20 / 20 * 20), noise(6 << 20 / 20 * 20)}
	var uploaded []int64
	for i, file := range [][]byte{
		saved(0x7f0000000000, noise(50_000), arrays...),
		saved(0x550000000000, noise(51_000), arrays...),
		saved(0x560000000000, noise(52_000), arrays[2], arrays[0]),
	} {
		p := filepath.Join(dir, "scene.blend")
		if err := os.WriteFile(p, file, 0o644); err != nil {
			t.Fatal(err)
		}
		built, err := Build(ctx, BuildOptions{
			Sources: []Source{{Name: "scene.blend", Path: p}}, Main: "scene.blend", TenantKey: seal.TenantKey{1}, Sink: store,
		})
		if err != nil {
			t.Fatal(err)
		}
		uploaded = append(uploaded, built.Uploaded)
		m, err := OpenManifest(built.Manifest, built.JobKey, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		out := t.TempDir()
		if err := Extract(ctx, ExtractOptions{Manifest: m, Dir: out, Fetch: store}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(out, "scene.blend")); err != nil || !bytes.Equal(got, file) {
			t.Fatalf("save %d came out otherwise: %v", i, err)
		}
	}
	if first := uploaded[0]; first < 11<<20-100 || slices.Max(uploaded[1:]) > 60_000 {
		t.Fatalf("uploaded %v", uploaded)
	}
}
