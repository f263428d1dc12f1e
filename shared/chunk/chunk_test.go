package chunk

import (
	"bytes"
	"errors"
	"io"
	"math/rand"
	"testing"
	"testing/iotest"
)

func cut(t testing.TB, key [32]byte, data []byte) []ID {
	t.Helper()
	c, err := NewCutter(key)
	if err != nil {
		t.Fatal(err)
	}
	var ids []ID
	var joined []byte
	err = c.Cut(bytes.NewReader(data), func(off int64, b []byte) error {
		if off != int64(len(joined)) || len(b) == 0 || len(b) > Max {
			t.Fatalf("chunk of %d bytes at %d, after %d", len(b), off, len(joined))
		}
		joined = append(joined, b...)
		ids = append(ids, IDOf([32]byte{1}, b))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(joined, data) {
		t.Fatal("the chunks are not the stream")
	}
	return ids
}

func random(seed int64, n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(seed)).Read(b)
	return b
}

func TestInsertionChangesFewChunks(t *testing.T) {
	data := random(1, 48<<20)
	before := map[ID]bool{}
	for _, id := range cut(t, [32]byte{9}, data) {
		before[id] = true
	}
	if n := len(before); n < 20 || n > 120 {
		t.Fatalf("%d chunks of 48 MiB", n)
	}
	at := 11 << 20
	edited := append(append(append([]byte{}, data[:at]...), random(2, 70001)...), data[at:]...)
	fresh := 0
	for _, id := range cut(t, [32]byte{9}, edited) {
		if !before[id] {
			fresh++
		}
	}
	if fresh == 0 || fresh > 6 {
		t.Fatalf("an insertion made %d new chunks", fresh)
	}
}

func TestCutDependsOnKeyAndNotOnReader(t *testing.T) {
	data := random(3, 6<<20)
	a, b := cut(t, [32]byte{1}, data), cut(t, [32]byte{2}, data)
	if len(a) == len(b) && a[0] == b[0] {
		t.Fatal("two keys cut at the same place")
	}
	c, _ := NewCutter([32]byte{1})
	for round := range 2 { // the second round proves that a Cutter can be used again
		var ids []ID
		if err := c.Cut(iotest.HalfReader(bytes.NewReader(data)), func(_ int64, d []byte) error {
			ids = append(ids, IDOf([32]byte{1}, d))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(ids) != len(a) || ids[0] != a[0] || ids[len(ids)-1] != a[len(a)-1] {
			t.Fatalf("round %d: cut differently through a slow reader", round)
		}
	}
}

func TestCutEdges(t *testing.T) {
	for _, n := range []int{0, 1, Min - 1, Min, Min + 1, Max, Max + 1} {
		cut(t, [32]byte{}, make([]byte, n))
	}
	c, _ := NewCutter([32]byte{})
	boom := errors.New("boom")
	err := c.Cut(io.MultiReader(bytes.NewReader(random(1, 300<<10)), iotest.ErrReader(boom)), func(int64, []byte) error { return nil })
	if !errors.Is(err, boom) {
		t.Fatalf("a reader's error came back as %v", err)
	}
	if err := c.Cut(bytes.NewReader([]byte("x")), func(int64, []byte) error { return boom }); !errors.Is(err, boom) {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(ID{1, 2}.String())
	f.Add("")
	f.Add("AA")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := Parse(s)
		if err != nil {
			if !errors.Is(err, ErrID) {
				t.Fatal(err)
			}
			return
		}
		if id.String() != s {
			t.Fatalf("%q reads as %s", s, id)
		}
	})
}
