package main

import (
	"log/slog"
	"path/filepath"
	"time"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/workerapp"
	"github.com/heliostat-render/heliostat/workerapp/rules"
	"github.com/heliostat-render/heliostat/workerapp/setup"
)

// workerDefaults are heliostat-worker's own, but for the priority: somebody works at this
// machine, and renderers take what other programs leave.
func workerDefaults() setup.Setup { return setup.Default(rules.Low) }

// workerDir is where this machine's worker keeps everything.
func (c *cli) workerDir() string { return filepath.Join(c.data, "worker") }

// newEngine makes a worker that keeps everything, its own key included, in dir.
func newEngine(manager, dir string, s setup.Setup, log *slog.Logger, ready func(manager string, id *identity.Identity)) (*workerapp.Engine, error) {
	engine, _, err := s.Engine(setup.Program{
		Manager: manager, Data: dir, Passphrase: passphrase(), Software: "heliostat " + version, OnReady: ready, Log: log,
	})
	return engine, err
}

// ruleFile is the owner's rules of the worker in a folder, as a screen edits them.
func ruleFile(dir string) state.RuleFile {
	return state.RuleFile{
		Path: filepath.Join(dir, "rules.toml"),
		Check: func(text []byte) error {
			_, err := rules.Parse(text, rules.Default())
			return err
		},
		Hours: func(line string) (func(time.Time) bool, error) {
			var h rules.Hours
			if err := h.UnmarshalText([]byte(line)); err != nil {
				return nil, err
			}
			return h.Contain, nil
		},
	}
}
