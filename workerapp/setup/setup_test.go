package setup

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/workerapp/rules"
	"github.com/heliostat-render/heliostat/workerapp/sandbox"
)

func parse(t *testing.T, args ...string) Setup {
	t.Helper()
	s := Default(rules.Normal)
	flags := pflag.NewFlagSet("worker", pflag.ContinueOnError)
	s.Flags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFlagsThatMakeNoSenseAreNamed(t *testing.T) {
	s := parse(t)
	if err := s.Check(); err != nil {
		t.Fatalf("the defaults: %v", err)
	}
	for args, want := range map[string]string{
		"--threads -1": "--threads", "--price NaN": "--price", "--cache 0": "--cache", "--memory -1": "--memory", "--min-free -1": "--min-free",
		"--slots 65": "--slots", "--ahead 17": "--ahead", "--frame-limit 1ms": "--frame-limit", "--hang-limit -1s": "--hang-limit", "--priority urgent": "--priority",
		"--gpu 0": "--device auto", "--gpu 0 --device CPU": "--gpu 0", "--renderers /nowhere": "--renderers",
		"--rules /nowhere/rules.toml": "--rules", "--tag" + strings.Repeat(" x --tag", 32) + " x": "--tag",
	} {
		s := parse(t, strings.Fields(args)...)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestAnEngineIsMade(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "blender")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := parse(t, "--sandbox", "none", "--blender", program, "--name", "attic", "--paused", "not yet")
	engine, id, err := s.Engine(Program{Manager: "http://127.0.0.1:1", Data: dir, Software: "a test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if status := engine.Status(); status.Name != "attic" || status.Address != id.Address() || status.Reason != "not yet" {
		t.Fatalf("got %+v", status)
	}
	s.Blenders = []string{filepath.Join(dir, "missing")}
	if _, _, err := s.Engine(Program{Manager: "http://127.0.0.1:1", Data: dir, Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Fatal("a Blender that isn't there was taken")
	}
}

// TestOfferedProgramsAreConfined has a manager offer a program that attacks when it is asked what it is, and
// asks a real Blender in the same way.
func TestOfferedProgramsAreConfined(t *testing.T) {
	box, err := sandbox.Choose("auto")
	if err != nil {
		t.Fatal(err)
	}
	outside, tree := t.TempDir(), t.TempDir()
	key, loot := filepath.Join(outside, "identity.json"), filepath.Join(outside, "loot")
	program := filepath.Join(tree, "blender")
	script := "#!/bin/sh\ncp " + key + " " + loot + "\necho\necho 'HELIOSTAT {\"version\": \"9.9.9\", \"build\": \"'$(cat " + key + ")'\", \"engines\": [\"CYCLES\"]}'\nhead -c 9000000 /dev/zero\n"
	if err := errors.Join(os.WriteFile(key, []byte("SECRET"), 0o600), os.WriteFile(program, []byte(script), 0o755)); err != nil {
		t.Fatal(err)
	}
	s := Default("normal")
	s.Depot = true
	offered := s.fromDepot(box, slog.New(slog.DiscardHandler))
	found, err := offered([]string{program})[0].Find(t.Context())
	if err != nil || len(found) != 1 || found[0].Version != "9.9.9" || found[0].BuildHash != "" {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := os.Stat(loot); err == nil {
		t.Error("it wrote outside")
	}
	own, err := blender.New(blender.Config{}).Find(t.Context())
	if err != nil || len(own) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	confined, err := offered([]string{own[0].Path})[0].Find(t.Context())
	if err != nil || len(confined) != 1 || !reflect.DeepEqual(confined[0], own[0]) {
		t.Errorf("%+v isn't %+v, %v", confined, own[0], err)
	}
}
