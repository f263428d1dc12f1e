package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/known"
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
	boards, tags                              []string
	slots, ahead                              int
	rules, priority, region, descriptions     string
	frameLimit                                time.Duration
	verbose, depot                            bool
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
	flags.StringArrayVar(&f.boards, "gpu", nil, "`id` or number of a GPU to use, repeatable; `heliostat-worker devices` lists them (default: all of the first's kind)")
	flags.IntVar(&f.slots, "slots", 0, "tasks that render at the same time (default: one for each GPU, one for the CPU)")
	flags.IntVar(&f.ahead, "ahead", 1, "tasks held beside them, whose scenes are fetched meanwhile; -1 for none")
	flags.StringVar(&f.rules, "rules", "", "the owner's rules, a TOML `file` (default: rules.toml in the data folder); what it says wins over the flags")
	flags.StringVar(&f.priority, "priority", rules.Normal, "normal, or low: renderers take what other programs leave")
	flags.StringVar(&f.region, "region", "", "region stated to the network, such as eu-north")
	flags.StringArrayVar(&f.tags, "tag", nil, "`word` stated to the network, repeatable; jobs can ask for it")
	flags.DurationVar(&f.frameLimit, "frame-limit", 12*time.Hour, "give up a frame that takes longer")
	flags.IntVar(&f.threads, "threads", 0, "threads of a renderer (default: all)")
	flags.StringVar(&f.sandbox, "sandbox", "auto", "auto, bubblewrap or landlock confine scenes; none runs them with your rights")
	flags.Float64Var(&f.price, "price", 0, "least price of a work unit, in tokens")
	flags.Int64Var(&f.cacheGB, "cache", 20, "size of the chunk cache, in `GiB`")
	flags.Int64Var(&f.minFreeMB, "min-free", 512, "take no work with less free disk, in `MiB`")
	flags.Float64Var(&f.memoryGB, "memory", 0, "memory that a renderer may map, in `GiB` (default: the machine's)")
	flags.StringArrayVar(&f.blenders, "blender", nil, "`path` of a Blender to use, repeatable (default: those that are installed)")
	flags.BoolVar(&f.depot, "depot", false, "fetch and use the renderers that the network's operator offers; their programs also run outside of the sandbox, to tell their version")
	flags.StringVar(&f.descriptions, "renderers", "", "`folder` with descriptions of further batch renderers (*.toml)")
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
	if f.slots < 0 || f.slots > 64 || f.ahead > 16 || f.frameLimit < time.Second {
		return errors.New("--slots is 1 to 64, --ahead at most 16, --frame-limit at least a second")
	}
	if f.priority != rules.Low && f.priority != rules.Normal {
		return fmt.Errorf("--priority %s is unknown; use low or normal", f.priority)
	}
	if len(f.tags) > 32 {
		return errors.New("--tag may be given 32 times")
	}
	if f.ahead <= 0 {
		f.ahead = -1
	}
	if f.rules == "" {
		f.rules = filepath.Join(f.data, "rules.toml")
	} else if _, err := os.Stat(f.rules); err != nil {
		return fmt.Errorf("the owner's rules: %w; check --rules", err)
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
	renderers, err := known.Renderers(known.Config{Blender: f.blenders, Descriptions: f.descriptions, Log: log})
	if err != nil {
		return err
	}
	renderers, err = cheat(renderers)
	if err != nil {
		return err
	}
	id, err := identity.Open(f.data, []byte(os.Getenv("HELIOSTAT_PASSPHRASE")))
	if err != nil {
		return err
	}
	var fromDepot func([]string) []render.Renderer
	if f.depot {
		fromDepot = func(programs []string) []render.Renderer {
			if len(programs) == 0 {
				return nil // no paths would mean: look for installed ones
			}
			return []render.Renderer{blender.New(blender.Config{Paths: programs, Log: log})}
		}
	}
	engine, err := workerapp.New(workerapp.Options{
		Manager: f.manager, DataDir: f.data, Identity: id, Name: f.name, Device: f.device, Threads: f.threads,
		Floor: job.Amount(f.price * float64(job.Token)), Software: "heliostat-worker " + version,
		CacheBytes: f.cacheGB << 30, MinFree: f.minFreeMB << 20, MemoryLimit: int64(f.memoryGB * (1 << 30)),
		Boards: f.boards, Slots: f.slots, Ahead: f.ahead, RulesFile: f.rules, Priority: f.priority, Region: f.region, Tags: f.tags, FrameLimit: f.frameLimit,
		FromDepot: fromDepot,
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
