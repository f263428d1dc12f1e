package dir

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/storetest"
	"github.com/heliostat-render/heliostat/shared/blob/transfer"
)

// The disk itself is full, whatever the store's own bound says.
func TestFullDisk(t *testing.T) {
	storetest.OnSmallDisk(t, 1<<20, func(t *testing.T, disk string) {
		root := filepath.Join(disk, "blobs")
		s := open(t, Options{Root: root})
		data := strings.Repeat("x", 300<<10)
		ctx := context.Background()
		var stored []string
		var err error
		for _, k := range []string{"a/1", "b/2", "c/3", "d/4", "e/5"} {
			if err = put(s, k, data+k); err != nil {
				break
			}
			stored = append(stored, k)
		}
		if !errors.Is(err, blob.ErrFull) || len(stored) == 0 {
			t.Fatalf("%d objects, then %v", len(stored), err)
		}
		if left, _ := os.ReadDir(filepath.Join(root, "tmp")); len(left) > 0 {
			t.Fatal("half an object stays and keeps the disk full")
		}
		big := data + data + data + data
		u, err := s.SignPut(ctx, "http", int64(len(big)), sha256.Sum256([]byte(big)), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		c := &transfer.Client{Bases: []*url.URL{serve(t, s)}}
		if err := c.PutBytes(ctx, u, []byte(big)); !errors.Is(err, blob.ErrFull) {
			t.Fatal("by URL:", err)
		}
		for _, k := range stored { // what was acknowledged is whole
			r, _, err := s.Get(ctx, k)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if r.Close(); err != nil || string(got) != data+k {
				t.Fatal(k, len(got), err)
			}
		}
		if err := s.Delete(ctx, stored[0]); err != nil {
			t.Fatal("nothing can be deleted from a full disk:", err)
		}
		if err := put(s, "f/6", data); err != nil {
			t.Fatal("the room is not free again:", err)
		}
		if n, err := s.Scrub(ctx, false, func(k string, err error) { t.Error(k, err) }); err != nil || n != len(stored) {
			t.Fatal(n, err)
		}
	})
}

// The same with small objects: SQLite has to write before it can delete.
func TestFullDiskOfSmallObjects(t *testing.T) {
	storetest.OnSmallDisk(t, reserveBytes+24<<20, func(t *testing.T, disk string) {
		root := filepath.Join(disk, "blobs")
		s := open(t, Options{Root: root})
		ctx := context.Background()
		data := strings.Repeat("x", maxPacked-10)
		fill := func(name string) (stored []string) {
			for i := range 1000 {
				k := fmt.Sprint(name, i)
				err := put(s, k, data+k)
				if errors.Is(err, blob.ErrFull) {
					return stored
				}
				if err != nil {
					t.Fatal(k, err)
				}
				stored = append(stored, k)
			}
			t.Fatal("the disk doesn't fill up")
			return nil
		}
		stored := fill("a/")
		// Nothing at all is left for the log.
		if err := os.WriteFile(filepath.Join(disk, "other"), make([]byte, 16<<20), 0o600); !errors.Is(full(err), blob.ErrFull) {
			t.Fatal(err)
		}
		check := func() {
			t.Helper()
			for _, k := range stored {
				if got, err := read(s, k); err != nil || got != data+k {
					t.Fatal(k, len(got), err)
				}
			}
		}
		check()
		if len(stored) < 64 {
			t.Fatalf("%d objects filled the disk", len(stored))
		}
		// A manager that is started on a full disk begins as well.
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(disk, "more"), make([]byte, 16<<20), 0o600); !errors.Is(full(err), blob.ErrFull) { // its log may have made room
			t.Fatal(err)
		}
		s = open(t, Options{Root: root})
		if err := put(s, "b", "x"); !errors.Is(err, blob.ErrFull) {
			t.Fatal("there is room after a new start:", err)
		}
		check()
		for _, k := range stored[:len(stored)/2] {
			if err := s.Delete(ctx, k); err != nil {
				t.Fatal("nothing can be deleted from a full disk:", err)
			}
		}
		stored = stored[len(stored)/2:]
		check()
		stored = append(stored, fill("c/")...)
		if len(stored) < 32 {
			t.Fatalf("%d objects fit after half of them were deleted", len(stored))
		}
		check()
		if n, err := s.Scrub(ctx, false, func(k string, err error) { t.Error(k, err) }); err != nil || n != len(stored) {
			t.Fatal(n, err)
		}
	})
}
