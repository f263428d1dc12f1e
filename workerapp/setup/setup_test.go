package setup

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/heliostat-render/heliostat/workerapp/rules"
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
