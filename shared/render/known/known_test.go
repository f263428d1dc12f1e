package known

import (
	"os"
	"path/filepath"
	"testing"
)

func TestRenderers(t *testing.T) {
	shipped, err := Renderers(Config{})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, r := range shipped {
		names[r.Name()] = true
	}
	for _, want := range []string{"blender", "maya", "maya-batch", "povray", "husk", "hython", "cinema4d", "nuke"} {
		if !names[want] {
			t.Errorf("no %s", want)
		}
	}
	folder := t.TempDir()
	text, err := os.ReadFile("../command/renderers/povray.toml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "mine.toml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	own, err := Renderers(Config{Descriptions: folder})
	if err != nil || len(own) != len(shipped) {
		t.Errorf("an own description beside the shipped one: %d renderers, %v", len(own), err)
	}
	if err := os.WriteFile(filepath.Join(folder, "bad.toml"), []byte("renderer ="), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Renderers(Config{Descriptions: folder}); err == nil {
		t.Error("a wrong description was taken")
	}
}
