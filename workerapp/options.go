package workerapp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"time"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
	"github.com/heliostat-render/heliostat/workerapp/rules"
)

// What a worker does when its owner says nothing else.
const (
	defaultCache   = 20 << 30
	defaultMinFree = 512 << 20
	leastMemory    = 8 << 30
	defaultFrame   = 12 * time.Hour
)

// Options configure an engine.
type Options struct {
	Manager  string // http(s) address
	DataDir  string // one worker at a time
	Identity *identity.Identity
	Name     string     // shown to people; "" takes the machine's
	Device   string     // "cpu", "auto", or a GPU backend: "optix", "cuda", "hip", "oneapi", "metal"; "" is cpu
	Boards   []string   // ids or numbers of the GPUs to use; nil uses every one of the first's kind
	Region   string     // stated to the network, "eu-north"
	Tags     []string   // stated to the network
	Threads  int        // 0 uses all processors
	Slots    int        // tasks that render at the same time; 0 is one for the CPU, or one for each GPU
	Ahead    int        // tasks held beside them, whose packages are fetched meanwhile; 0 is one, less than 0 none
	Floor    job.Amount // least price per work unit
	Software string     // "heliostat-worker 0.1.0"

	CacheBytes  int64 // bound of the chunk cache; 0 is 20 GiB
	MinFree     int64 // with less room on the disk no work is taken, in bytes; 0 is 512 MiB
	MemoryLimit int64 // bytes that a renderer may map; 0 is the machine's memory, at least 8 GiB

	RulesFile string        // the owner's rules, RULES.md of package rules; "" has none. What it says wins over these options
	Priority  string        // of renderers: rules.Low or rules.Normal; "" is normal
	Machine   rules.Machine // what the rules are held against; nil is this computer

	Renderers []render.Renderer
	// FromDepot makes renderers of programs that the network's operator offers; they are
	// fetched, verified by digest and used. Nil fetches none. They are a stranger's: what is made of them
	// has to run them in the sandbox, also to ask for their version.
	FromDepot func(programs []string) []render.Renderer
	Sandbox   render.Sandbox // required: render.NoSandbox must be chosen on purpose
	GPUs      []gpu.Library  // nil asks NVIDIA's

	Idle           time.Duration // a warm renderer that isn't used for so long is closed; 0 is ten minutes
	ClaimEvery     time.Duration // between looks at the earnings; 0 is a minute
	FrameLimit     time.Duration // a frame that takes longer is given up, or much longer than others of its scene; 0 is twelve hours
	HangLimit      time.Duration // a renderer that says nothing and does nothing for so long hangs; 0 is two minutes, ten on a GPU
	ConnectTimeout time.Duration // Run fails when the first sign-in takes longer; 0 tries for ever

	// Bench gives the score in work units per minute; nil measures this machine once.
	Bench func(ctx context.Context) (float64, error)
	// OnReady is called after the first sign-in, with the address of the manager. It may be nil.
	OnReady func(manager string)
	// FreeBytes measures the disk; nil is the real one. Tests fill the disk with it.
	FreeBytes func(path string) (int64, error)
	// Backoff paces tries of a delivery; nil is the outbox's own.
	Backoff func(n int) time.Duration
	Log     *slog.Logger
}

func (o *Options) complete() error {
	switch {
	case o.Identity == nil:
		return errors.New("a worker needs an identity")
	case o.DataDir == "":
		return errors.New("a worker needs a data folder")
	case o.Sandbox == nil:
		return errors.New("a worker needs a sandbox; choose none on purpose if you trust every scene")
	case len(o.Renderers) == 0:
		return errors.New("a worker needs a renderer")
	case o.Threads < 0 || o.Slots < 0 || o.CacheBytes < 0 || o.MinFree < 0 || o.Floor < 0 || o.MemoryLimit < 0 || o.HangLimit < 0:
		return errors.New("threads, slots, sizes and prices can't be negative")
	}
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return fmt.Errorf("data folder %s: %w", o.DataDir, err)
	}
	o.DataDir = dir
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.FrameLimit == 0 {
		o.FrameLimit = defaultFrame
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = defaultCache
	}
	if o.MinFree == 0 {
		o.MinFree = defaultMinFree
	}
	if o.Machine == nil {
		o.Machine = rules.This()
	}
	if o.GPUs == nil {
		o.GPUs = []gpu.Library{gpu.NVIDIA()}
	}
	if o.Software == "" {
		o.Software = "heliostat-worker"
	}
	return nil
}

func (o *Options) ahead() int {
	if o.Ahead == 0 {
		return 1
	}
	return max(0, o.Ahead)
}

func (o *Options) threads() int {
	if o.Threads > 0 {
		return o.Threads
	}
	return runtime.NumCPU()
}
