package appetite

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestPeaksAreRemembered(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "needs.json")
	s := Open(file)
	key := Key("p", "r")
	if err := s.Fits(key, 1); err != nil {
		t.Fatalf("an unknown scene: %v", err)
	}
	for _, device := range []int64{4 << 30, 6 << 30, 5 << 30} {
		if err := s.Saw(key, 1<<30, device); err != nil {
			t.Fatal(err)
		}
	}
	again := Open(file)
	if n := again.Of(key); n.Device != 6<<30 || n.Memory != 1<<30 {
		t.Fatalf("got %+v", n)
	}
	if again.Fits(key, 6<<30) != nil || again.Fits(key, 6<<30-1) == nil || again.Fits(key, 0) != nil {
		t.Fatal("the limit isn't held")
	}
	if again.Fits(Key("p", "other"), 1) != nil {
		t.Fatal("another recipe is refused")
	}
}

func TestWhatDidNotFit(t *testing.T) {
	s := Open(filepath.Join(t.TempDir(), "needs.json"))
	if err := s.DidNotFit("x", 8<<30); err != nil {
		t.Fatal(err)
	}
	if s.Fits("x", 8<<30) == nil || s.Fits("x", 12<<30) != nil {
		t.Fatal("the failure isn't held")
	}
	if err := s.Saw("x", 0, 9<<30); err != nil {
		t.Fatal(err)
	}
	if s.Of("x").Over != 0 {
		t.Fatal("a success doesn't outweigh an older failure")
	}
}

func TestItForgetsTheOldest(t *testing.T) {
	dir := t.TempDir()
	s := Open(filepath.Join(dir, "needs.json"))
	s.file = filepath.Join(dir, "sub", "needs.json")
	for i := range maxScenes + 10 {
		s.scenes = append(s.scenes, Need{Scene: fmt.Sprint(i)})
	}
	if err := s.Saw("last", 1, 1); err != nil {
		t.Fatal(err)
	}
	again := Open(s.file)
	if len(again.scenes) != maxScenes || again.Of("last").Memory != 1 || len(s.scenes) != maxScenes {
		t.Fatalf("%d scenes", len(again.scenes))
	}
}

func TestABrokenFileIsBegunAnew(t *testing.T) {
	for _, text := range []string{"junk", `[{"scene":"x","memory":-1}]`, `[{"memory":1}]`} {
		file := filepath.Join(t.TempDir(), "needs.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s := Open(file); len(s.scenes) != 0 {
			t.Errorf("%s: %+v", text, s.scenes)
		}
	}
}
