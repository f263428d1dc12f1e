package main

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/known"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp"
	"github.com/heliostat-render/heliostat/workerapp/rules"
	"github.com/heliostat-render/heliostat/workerapp/sandbox"
)

// workerFlags are the owner's rules, from the command line or the settings.
type workerFlags struct {
	name, device, sandbox string
	threads               int
	price                 float64 // tokens a work unit
	cacheGB, minFreeMB    int64
	memoryGB              float64
	blenders              []string
	claimEvery, idle      time.Duration
	connect               time.Duration // until the first sign-in has to work; 0 tries for ever
	paused                string        // begin paused, with this reason
}

// workerDefaults are heliostat-worker's own.
func workerDefaults() workerFlags {
	return workerFlags{device: "cpu", sandbox: "auto", cacheGB: 20, minFreeMB: 512, claimEvery: time.Minute, idle: 10 * time.Minute, connect: 30 * time.Second}
}

func (f *workerFlags) check() error {
	switch {
	case f.threads < 0 || f.threads > 1024:
		return usagef("--threads %d is out of range; use 0 for all or up to 1024", f.threads)
	case !(f.price >= 0 && f.price <= 1e9):
		return usagef("--price %v is out of range; use tokens a work unit, 0 for any", f.price)
	case f.cacheGB < 1 || f.cacheGB > 1<<20:
		return usagef("--cache %d is out of range; use GiB, at least 1", f.cacheGB)
	case f.minFreeMB < 0 || !(f.memoryGB >= 0 && f.memoryGB <= 1<<20):
		return usagef("--min-free and --memory can't be negative")
	}
	return nil
}

// newEngine makes a worker that keeps everything, its own key included, in dir.
func newEngine(manager, dir string, f workerFlags, log *slog.Logger, ready func(wire.Welcome)) (*workerapp.Engine, *identity.Identity, error) {
	if err := f.check(); err != nil {
		return nil, nil, err
	}
	box, err := sandbox.Choose(f.sandbox)
	if err != nil {
		return nil, nil, err
	}
	if _, none := box.(render.NoSandbox); none {
		log.Warn("scenes run WITHOUT a sandbox, with all of your rights: use this only with scenes that you trust")
	}
	id, err := identity.Open(dir, passphrase())
	if err != nil {
		return nil, nil, fmt.Errorf("the worker's identity in %s can't be used: %w", dir, err)
	}
	renderers, err := known.Renderers(known.Config{Blender: f.blenders, Log: log})
	if err != nil {
		return nil, nil, err
	}
	engine, err := workerapp.New(workerapp.Options{
		Manager: manager, DataDir: dir, Identity: id, Name: f.name, Device: f.device, Threads: f.threads,
		Floor: job.Amount(f.price * float64(job.Token)), Software: "heliostat " + version,
		CacheBytes: f.cacheGB << 30, MinFree: f.minFreeMB << 20, MemoryLimit: int64(f.memoryGB * (1 << 30)),
		Renderers: renderers, Sandbox: box,
		// Somebody works at this machine: renderers take what other programs leave.
		RulesFile: filepath.Join(dir, "rules.toml"), Priority: rules.Low,
		Idle: f.idle, ClaimEvery: f.claimEvery, ConnectTimeout: f.connect, OnReady: ready, Log: log,
	})
	return engine, id, err
}
