package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/workerapp"
	"github.com/heliostat-render/heliostat/workerapp/rules"
	"github.com/heliostat-render/heliostat/workerapp/setup"
)

// statusFile is where a running worker leaves its state for `heliostat-worker status`.
const statusFile = "status.json"

type runFlags struct {
	setup.Setup
	manager, data, log string
	verbose            bool
}

func runCommand() *cobra.Command {
	f := runFlags{Setup: setup.Default(rules.Normal)}
	c := &cobra.Command{
		Use:   "run",
		Short: "Connect to a manager and render until stopped",
		Long: `Connect to a manager and render until stopped.

The data folder holds the worker's key, its cache and frames that wait to be delivered; back up
identity.json. Set HELIOSTAT_PASSPHRASE to keep the key encrypted. SIGTERM gives the task in hand
back and stops within seconds.`,
		Example: `  heliostat-worker run --manager http://127.0.0.1:7777 --data ./worker
  heliostat-worker run --manager https://farm.example --data /var/lib/heliostat --threads 8 --price 0.05
  HELIOSTAT_PASSPHRASE=… heliostat-worker run --manager https://farm.example --data /var/lib/heliostat --log json`,
		Args: cobra.NoArgs,
	}
	flags := c.Flags()
	flags.StringVar(&f.manager, "manager", client.DefaultManager, "the manager's `URL`; of several managers their URLs with commas between")
	flags.StringVar(&f.data, "data", "heliostat-worker", "data `folder`, one worker at a time")
	f.Setup.Flags(flags)
	flags.StringVar(&f.log, "log", "text", "log format on standard error: text or json")
	flags.BoolVar(&f.verbose, "verbose", false, "log what the renderers say too")
	cheat := cheatFlag(flags)
	c.RunE = func(c *cobra.Command, _ []string) error { return run(c, f, cheat) }
	return c
}

func run(c *cobra.Command, f runFlags, cheat func([]render.Renderer) ([]render.Renderer, error)) error {
	level := slog.LevelInfo
	if f.verbose {
		level = slog.LevelDebug
	}
	log, err := service.Logger(c.ErrOrStderr(), f.log, level)
	if err != nil {
		return err
	}
	engine, _, err := f.Engine(setup.Program{
		Manager: f.manager, Data: f.data, Passphrase: []byte(os.Getenv("HELIOSTAT_PASSPHRASE")), Software: "heliostat-worker " + version,
		Change: cheat, Log: log,
		OnReady: func(manager string, id *identity.Identity) {
			service.Ready(c.OutOrStdout(), "id", id.Address(), "manager", manager)
		},
	})
	if err != nil {
		return err
	}
	stop := engine.Watch(statusWriter(f.data, log))
	defer stop()
	ctx, cancel := context.WithCancel(c.Context())
	var orders sync.WaitGroup
	orders.Go(func() { followOrders(ctx, engine, f.data, log) })
	defer orders.Wait()
	defer cancel()
	return engine.Run(c.Context())
}

// statusWriter leaves the engine's state in the data folder, at most once a second.
func statusWriter(dir string, log *slog.Logger) func(workerapp.Status) {
	var last time.Time
	var state workerapp.State
	return func(s workerapp.Status) {
		if !s.Holds || s.State == state && time.Since(last) < time.Second {
			return
		}
		last, state = time.Now(), s.State
		text, err := json.MarshalIndent(s, "", "  ")
		if err == nil {
			part := filepath.Join(dir, statusFile+".part")
			if err = os.WriteFile(part, text, 0o600); err == nil {
				err = os.Rename(part, filepath.Join(dir, statusFile))
			}
		}
		if err != nil {
			log.Debug("the status isn't kept", "err", fmt.Errorf("write %s: %w", statusFile, err))
		}
	}
}
