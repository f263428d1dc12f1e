package chunkcache

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/heliostat-render/heliostat/shared/blob/storetest"
)

// The disk is smaller than the cache's bound: the render goes on, and what is kept is sound.
func TestFullDisk(t *testing.T) {
	storetest.OnSmallDisk(t, 1<<20, func(t *testing.T, disk string) {
		o := &origin{size: 100 << 10}
		c := open(t, filepath.Join(disk, "cache"), nil)
		f := c.Through(o)
		const chunks = 20 // twice what fits
		for i := range chunks {
			b, err := f.Chunk(context.Background(), idOf(i))
			if err != nil || !bytes.Equal(b, body(idOf(i), o.size)) {
				t.Fatal(i, err)
			}
		}
		if err := c.Put(context.Background(), idOf(100), body(idOf(100), o.size)); err == nil {
			t.Fatal("a chunk was kept on a full disk")
		}
		if left, _ := os.ReadDir(filepath.Join(disk, "cache", "tmp")); len(left) > 0 {
			t.Fatal("half a chunk stays and keeps the disk full")
		}
		kept := 0
		for i := range chunks {
			b, ok := c.Get(idOf(i))
			if ok && !bytes.Equal(b, body(idOf(i), o.size)) {
				t.Fatal("a damaged chunk was kept")
			}
			if ok {
				kept++
			}
		}
		if kept == 0 || kept == chunks {
			t.Fatalf("%d of %d chunks were kept", kept, chunks)
		}
		// It opens again, and works from what it has.
		again := open(t, filepath.Join(disk, "cache"), nil).Through(o)
		before := o.calls.Load()
		for i := range chunks {
			if _, err := again.Chunk(context.Background(), idOf(i)); err != nil {
				t.Fatal(err)
			}
		}
		if n := o.calls.Load() - before; int(n) > chunks-kept {
			t.Fatalf("%d chunks were fetched, %d were kept of %d", n, kept, chunks)
		}
	})
}
