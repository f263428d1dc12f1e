package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/blob/chunkcache"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/pack/fetch"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/known"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/verifier/audit"
	"github.com/heliostat-render/heliostat/workerapp/bench"
	"github.com/heliostat-render/heliostat/workerapp/earn"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
	"github.com/heliostat-render/heliostat/workerapp/sandbox"
	"github.com/heliostat-render/heliostat/workerapp/store"
	"github.com/heliostat-render/heliostat/workerapp/workspace"
)

// leastMemory is the least memory limit of a renderer when none is given, in bytes.
const leastMemory = 8 << 30

type runFlags struct {
	manager, data, name, sandbox, log string
	threads                           int
	cacheGB                           int64
	blenders                          []string
	claimEvery, connectTimeout, idle  time.Duration
	verbose                           bool
}

func runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run",
		Short: "Connect to a manager and verify until stopped",
		Long: `Connect to a manager and verify until stopped.

The data folder holds the verifier's key, its cache and audits in hand; back up identity.json. Set
HELIOSTAT_PASSPHRASE to keep the key encrypted. SIGTERM gives the audit in hand back, unless its
pixels are committed to already, and stops within seconds.`,
		Example: `  heliostat-verifier run --manager http://127.0.0.1:7777 --data ./verifier
  heliostat-verifier run --manager https://farm.example --data /var/lib/heliostat-verifier --threads 2 --log json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return run(c, f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.manager, "manager", client.DefaultManager, "the manager's `URL`; of several managers their URLs with commas between")
	flags.StringVar(&f.data, "data", "heliostat-verifier", "data `folder`, one verifier at a time")
	flags.StringVar(&f.name, "name", "", "name shown to people (default: this machine's)")
	flags.IntVar(&f.threads, "threads", 1, "threads of a renderer, 0 for all; tiles need few, and with one thread Blender's geometry is exact")
	flags.StringVar(&f.sandbox, "sandbox", "auto", "auto or bwrap confine scenes; none runs them with your rights")
	flags.Int64Var(&f.cacheGB, "cache", 20, "size of the chunk cache, in `GiB`")
	flags.StringArrayVar(&f.blenders, "blender", nil, "`path` of a Blender to use, repeatable (default: those that are installed)")
	flags.DurationVar(&f.claimEvery, "claim-every", time.Minute, "how often settled earnings are withdrawn")
	flags.DurationVar(&f.connectTimeout, "connect-timeout", 30*time.Second, "give up when the first sign-in takes longer; 0 tries for ever")
	flags.DurationVar(&f.idle, "idle", 10*time.Minute, "close a renderer that wasn't used for so long")
	flags.StringVar(&f.log, "log", "text", "log format on standard error: text or json")
	flags.BoolVar(&f.verbose, "verbose", false, "log what the renderers say too")
	return c
}

func run(c *cobra.Command, f runFlags) (err error) {
	ctx := c.Context()
	level := slog.LevelInfo
	if f.verbose {
		level = slog.LevelDebug
	}
	log, err := service.Logger(c.ErrOrStderr(), f.log, level)
	if err != nil {
		return err
	}
	if f.cacheGB < 1 || f.threads < 0 {
		return errors.New("--cache is at least 1 and --threads can't be negative")
	}
	box, err := chooseSandbox(f.sandbox, log)
	if err != nil {
		return err
	}
	if err := warm.CheckPrograms(f.blenders); err != nil {
		return err
	}
	objects, err := store.New(f.manager)
	if err != nil {
		return err
	}
	space, err := workspace.Open(f.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, space.Close()) }()
	id, err := identity.Open(space.Dir(), []byte(os.Getenv("HELIOSTAT_PASSPHRASE")))
	if err != nil {
		return err
	}
	found, capabilities, err := survey(ctx, f, space.Dir(), log)
	if err != nil {
		return err
	}
	pool, err := warm.New(warm.Options{
		Root: space.Scratch(), Sandbox: box, Threads: f.threads, Device: gpu.CPU,
		MemoryLimit: max(capabilities.Memory, leastMemory), Idle: f.idle, Log: log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	cache, err := chunkcache.Open(chunkcache.Options{Dir: space.Cache(), MaxBytes: f.cacheGB << 30})
	if err != nil {
		return err
	}
	v, err := audit.New(audit.Options{
		Manager: f.manager, Identity: id, Software: "heliostat-verifier " + version,
		Dir: filepath.Join(space.Dir(), "audits"), Manifests: filepath.Join(space.Dir(), "manifests"),
		Capabilities: capabilities, Found: found, Pool: pool, Cache: fetch.Chunks(cache), Store: objects,
		ConnectTimeout: f.connectTimeout,
		OnReady: func(manager string) {
			service.Ready(c.OutOrStdout(), "id", id.Address(), "manager", manager)
		},
		Beside: func(ctx context.Context, conn *link.Conn) error {
			return collect(ctx, conn, id.Address(), f.claimEvery, log)
		},
		Log: log,
	})
	if err != nil {
		return err
	}
	return v.Run(ctx)
}

func chooseSandbox(setting string, log *slog.Logger) (render.Sandbox, error) {
	if setting == "bwrap" {
		setting = "bubblewrap"
	}
	box, err := sandbox.Choose(setting)
	if _, none := box.(render.NoSandbox); none {
		log.Warn("scenes run WITHOUT a sandbox, with all of your rights: use this only with scenes that you trust")
	}
	return box, err
}

// survey finds out what this machine can render, and how fast.
func survey(ctx context.Context, f runFlags, dir string, log *slog.Logger) ([]warm.Found, job.Capabilities, error) {
	renderers, err := known.Renderers(known.Config{Blender: f.blenders, Log: log})
	if err != nil {
		return nil, job.Capabilities{}, err
	}
	found, err := warm.Find(ctx, renderers)
	if ctx.Err() != nil {
		return nil, job.Capabilities{}, context.Cause(ctx)
	}
	if len(found) == 0 {
		return nil, job.Capabilities{}, errors.Join(errors.New("no renderer was found on this machine: install Blender (apt install blender), or name one with --blender"), err)
	}
	if err != nil {
		log.Warn("a renderer can't be probed", "err", err)
	}
	devices, err := gpu.List(ctx)
	if err != nil {
		return nil, job.Capabilities{}, err
	}
	threads := f.threads
	if threads == 0 {
		threads = runtime.NumCPU()
	}
	first := found[0].Install
	score, err := bench.Load(ctx, filepath.Join(dir, "bench.json"), devices[0].Name, first.Renderer+" "+first.Version, threads)
	if err != nil {
		return nil, job.Capabilities{}, fmt.Errorf("measure this machine: %w", err)
	}
	name := f.name
	if name == "" {
		if name, _ = os.Hostname(); name == "" {
			name = "verifier"
		}
	}
	return found, job.Capabilities{
		Name: name, Installs: warm.Installs(found), Device: gpu.CPU, Hardware: devices[0].Name, Class: first.Class,
		Threads: threads, Memory: devices[0].Memory, Slots: 1, Bench: score.Units,
	}, nil
}

// collect withdraws what the verifier has earned.
func collect(ctx context.Context, conn *link.Conn, address string, every time.Duration, log *slog.Logger) error {
	return earn.Watch(ctx, earn.Options{
		Manager: conn, Address: address, Every: every, Log: log,
		OnChain: func() bool {
			now, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			welcome, err := conn.Wait(now)
			return err == nil && welcome.Money.Settlement != "" && welcome.Money.Settlement != "off"
		},
	})
}
