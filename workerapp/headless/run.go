package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp"
	"github.com/heliostat-render/heliostat/workerapp/rules"
	"github.com/heliostat-render/heliostat/workerapp/sandbox"
)

// statusFile is where a running worker leaves its state for `heliostat-worker status`.
const statusFile = "status.json"

type runFlags struct {
	manager, data, name, device, sandbox, log string
	threads                                   int
	price                                     float64
	cacheGB, minFreeMB                        int64
	memoryGB                                  float64
	blenders                                  []string
	claimEvery, connectTimeout, idle          time.Duration
	paused                                    string
	verbose                                   bool
}

func runCommand() *cobra.Command {
	var f runFlags
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
	flags.StringVar(&f.manager, "manager", client.DefaultManager, "the manager's `URL`")
	flags.StringVar(&f.data, "data", "heliostat-worker", "data `folder`, one worker at a time")
	flags.StringVar(&f.name, "name", "", "name shown to people (default: this machine's)")
	flags.StringVar(&f.device, "device", "cpu", "cpu, auto (a GPU where one can be used), optix, cuda, hip, oneapi or metal")
	flags.IntVar(&f.threads, "threads", 0, "threads of a renderer (default: all)")
	flags.StringVar(&f.sandbox, "sandbox", "auto", "auto or bwrap confine scenes; none runs them with your rights")
	flags.Float64Var(&f.price, "price", 0, "least price of a work unit, in tokens")
	flags.Int64Var(&f.cacheGB, "cache", 20, "size of the chunk cache, in `GiB`")
	flags.Int64Var(&f.minFreeMB, "min-free", 512, "take no work with less free disk, in `MiB`")
	flags.Float64Var(&f.memoryGB, "memory", 0, "memory that a renderer may map, in `GiB` (default: the machine's)")
	flags.StringArrayVar(&f.blenders, "blender", nil, "`path` of a Blender to use, repeatable (default: those that are installed)")
	flags.DurationVar(&f.claimEvery, "claim-every", time.Minute, "how often settled earnings are withdrawn")
	flags.DurationVar(&f.connectTimeout, "connect-timeout", 30*time.Second, "give up when the first sign-in takes longer; 0 tries for ever")
	flags.DurationVar(&f.idle, "idle", 10*time.Minute, "close a renderer that wasn't used for so long")
	flags.StringVar(&f.paused, "paused", "", "start paused, with this `reason`")
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
	if f.price < 0 || f.cacheGB < 1 || f.minFreeMB < 0 || f.memoryGB < 0 {
		return errors.New("--price, --cache, --min-free and --memory can't be negative, and --cache is at least 1")
	}
	if f.sandbox == "bwrap" {
		f.sandbox = "bubblewrap"
	}
	box, err := sandbox.Choose(f.sandbox)
	if err != nil {
		return err
	}
	if _, none := box.(render.NoSandbox); none {
		log.Warn("scenes run WITHOUT a sandbox, with all of your rights: use this only with scenes that you trust")
	}
	if err := warm.CheckPrograms(f.blenders); err != nil {
		return err
	}
	renderers, err := cheat([]render.Renderer{blender.New(blender.Config{Paths: f.blenders})})
	if err != nil {
		return err
	}
	id, err := identity.Open(f.data, []byte(os.Getenv("HELIOSTAT_PASSPHRASE")))
	if err != nil {
		return err
	}
	engine, err := workerapp.New(workerapp.Options{
		Manager: f.manager, DataDir: f.data, Identity: id, Name: f.name, Device: f.device, Threads: f.threads,
		Floor: job.Amount(f.price * float64(job.Token)), Software: "heliostat-worker " + version,
		CacheBytes: f.cacheGB << 30, MinFree: f.minFreeMB << 20, MemoryLimit: int64(f.memoryGB * (1 << 30)),
		Renderers: renderers, Sandbox: box, Idle: f.idle, ClaimEvery: f.claimEvery, ConnectTimeout: f.connectTimeout,
		OnReady: func(wire.Welcome) {
			service.Ready(c.OutOrStdout(), "id", id.Address(), "manager", f.manager)
		},
		Log: log,
	})
	if err != nil {
		return err
	}
	if f.paused != "" {
		engine.Pause(rules.Now, f.paused)
	}
	stop := engine.Watch(statusWriter(f.data, log))
	defer stop()
	return engine.Run(c.Context())
}

// statusWriter leaves the engine's state in the data folder, at most once a second.
func statusWriter(dir string, log *slog.Logger) func(workerapp.Status) {
	var last time.Time
	var state workerapp.State
	return func(s workerapp.Status) {
		if s.State == state && time.Since(last) < time.Second {
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
