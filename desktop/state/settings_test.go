package state_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/desktop/state"
)

func TestSettingsSurviveAndKeepTheirDefaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "desktop.toml")
	settings, err := state.LoadSettings(path)
	if err != nil || settings.Manager != state.DefaultManager || settings.Worker.Device != "auto" {
		t.Fatalf("defaults: %+v, %v", settings, err)
	}
	settings.Manager, settings.Worker.GPUs, settings.Theme = "https://farm.example", []string{"GPU-1"}, "dark"
	if err := settings.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := state.LoadSettings(path)
	if err != nil || !reflect.DeepEqual(again, settings) {
		t.Fatalf("read back %+v, %v", again, err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Fatalf("saving left %v", left)
	}
}

func TestBadSettingsNameTheFileAndTheNextStep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desktop.toml")
	for text, want := range map[string]string{
		"manager = 3":                    "can't be read",
		"manager = \"ftp://x\"":          "isn't spoken",
		"theme = \"pink\"":               "theme",
		"[worker]\nslots = -1":           "same time",
		"[worker]\ndevice = \"abacus\"":  "device",
		"[worker]\nregion = \"\\u0007\"": "region",
		strings.Repeat("# x\n", 20000):   "larger",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := state.LoadSettings(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "remove it") {
			t.Errorf("%.30q: %v", text, err)
		}
	}
}

func TestManagerAddresses(t *testing.T) {
	for address, want := range map[string]string{
		" http://10.0.0.1:7777/ ": "http://10.0.0.1:7777", "render.lan:7777": "http://render.lan:7777", "wss://farm.example": "wss://farm.example",
		"a.lan:7777 , https://b.lan/": "http://a.lan:7777,https://b.lan",
	} {
		if got, err := state.CheckManager(address); err != nil || got != want {
			t.Errorf("CheckManager(%q) = %q, %v", address, got, err)
		}
	}
	for _, bad := range []string{"", "http://", "ftp://x", "http://user:secret@x", "http://[::1", "javascript:alert(1)", "a.lan,,b.lan", "a.lan,ftp://b.lan", "a.lan,http://A.lan"} {
		if got, err := state.CheckManager(bad); err == nil {
			t.Errorf("CheckManager(%q) = %q", bad, got)
		}
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add([]byte("manager = \"http://x:1\"\n[worker]\nthreads = 4"))
	f.Add([]byte("theme = \"dark\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		settings, err := state.ParseSettings(data)
		if err == nil && settings.Check() != nil {
			t.Fatalf("settings that don't hold were taken: %+v", settings)
		}
	})
}
