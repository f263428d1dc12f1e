package dir

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/heliostat-render/heliostat/shared/blob"
)

// What is remembered is what the file says, until it is deleted; what was refused isn't remembered.
func TestRecentObjects(t *testing.T) {
	ctx := context.Background()
	s := open(t, Options{MaxBytes: 150_000})
	s.recent.max = maxRecent
	for _, key := range []string{"a/one", "a/two"} {
		mustPut(t, s, key, filled(maxPacked, key))
	}
	if err := put(s, "a/three", filled(maxPacked, "")); !errors.Is(err, blob.ErrFull) {
		t.Fatal(err)
	}
	if err := put(s, "a/one", "other"); !errors.Is(err, blob.ErrExists) {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{"a/one": true, "a/two": true, "a/three": false} {
		known, ok := s.recent.find(key)
		if ok != want {
			t.Errorf("%s is remembered: %v", key, ok)
		}
		content, o, err := s.packed.get(ctx, key)
		if (err == nil) != want || string(content) != string(known.content) || err == nil && o != known.object {
			t.Errorf("%s is remembered as %+v and is %+v: %v", key, known.object, o, err)
		}
	}
	if err := s.Delete(ctx, "a/one"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stat(ctx, "a/one"); !errors.Is(err, blob.ErrNotFound) {
		t.Error(err)
	}
	if got, err := read(s, "a/one"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("%d bytes of a deleted object: %v", len(got), err)
	}
	mustPut(t, s, "a/one", "other")
	mustRead(t, s, "a/one", "other")
}

func TestRecentIsBounded(t *testing.T) {
	r := recent{max: 1000}
	held := func() (n int) {
		for _, half := range []map[string]small{r.young, r.old} {
			for key, s := range half {
				n += len(key) + len(s.content)
			}
		}
		return n
	}
	for i := range 500 {
		key := fmt.Sprint("k", i)
		r.keep(blob.Object{Key: key}, make([]byte, i))
		if held() > r.max {
			t.Fatalf("%d bytes are held", held())
		}
		if _, ok := r.find(key); ok != (len(key)+i <= r.max/2) {
			t.Fatalf("%s is remembered: %v", key, ok)
		}
		if _, ok := r.find(fmt.Sprint("k", i-1)); i > 0 && i < 200 && !ok {
			t.Fatalf("k%d is forgotten at once", i-1)
		}
	}
}
