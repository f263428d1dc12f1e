// Package setup is what a worker's owner says on a command line or in a window's settings,
// for every program that holds a worker: one list of flags, one set of checks, one way to
// make an engine of them.
//
// It is not the place for the rules that hold while a worker runs: they are in package rules.
//
// Receives: the owner's words.
// Hands on: workerapp.Options.
package setup

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/known"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/workerapp"
	"github.com/heliostat-render/heliostat/workerapp/rules"
	"github.com/heliostat-render/heliostat/workerapp/sandbox"
)

// Setup is how a worker is set up. Begin with Default.
type Setup struct {
	Name       string
	Device     string   // "cpu", "auto" or a GPU backend
	Boards     []string // ids or numbers of the GPUs to use; none is all of the first's kind
	Slots      int      // 0 is one for each GPU, or one for the CPU
	Ahead      int      // 0 and less hold nothing ahead
	Rules      string   // "" is rules.toml in the data folder
	Priority   string   // rules.Low or rules.Normal
	Region     string
	Tags       []string
	FrameLimit time.Duration
	HangLimit  time.Duration // 0 is the renderer's own
	Threads    int
	Sandbox    string
	Price      float64 // tokens a work unit
	CacheGB    int64   // GiB
	MinFreeMB  int64   // MiB
	MemoryGB   float64 // GiB
	Blenders   []string
	Depot      bool
	Renderers  string // folder with descriptions of batch renderers
	ClaimEvery time.Duration
	Idle       time.Duration
	Connect    time.Duration // until the first sign-in has to work; 0 tries for ever
	Paused     string        // begin paused, with this reason
}

// Default is what holds where the owner says nothing; priority is the program's own.
func Default(priority string) Setup {
	return Setup{
		Device: "cpu", Sandbox: "auto", Ahead: 1, Priority: priority, FrameLimit: 12 * time.Hour, CacheGB: 20, MinFreeMB: 512,
		ClaimEvery: time.Minute, Idle: 10 * time.Minute, Connect: 30 * time.Second,
	}
}

// Flags puts every word of the owner's on a command line; s holds the defaults.
func (s *Setup) Flags(flags *pflag.FlagSet) {
	flags.StringVar(&s.Name, "name", s.Name, "name shown to people (default: this machine's)")
	flags.StringVar(&s.Device, "device", s.Device, "cpu, auto (a GPU where one can be used), optix, cuda, hip, oneapi or metal")
	flags.StringArrayVar(&s.Boards, "gpu", nil, "`id` or number of a GPU to use, repeatable; `heliostat-worker devices` lists them (default: all of the first's kind)")
	flags.IntVar(&s.Slots, "slots", s.Slots, "tasks that render at the same time (default: one for each GPU, one for the CPU)")
	flags.IntVar(&s.Ahead, "ahead", s.Ahead, "tasks held beside them, whose scenes are fetched meanwhile; -1 for none")
	flags.StringVar(&s.Rules, "rules", s.Rules, "the owner's rules, a TOML `file` (default: rules.toml in the data folder); what it says wins over the flags")
	flags.StringVar(&s.Priority, "priority", s.Priority, "normal, or low: renderers take what other programs leave")
	flags.StringVar(&s.Region, "region", s.Region, "region stated to the network, such as eu-north")
	flags.StringArrayVar(&s.Tags, "tag", nil, "`word` stated to the network, repeatable; jobs can ask for it")
	flags.DurationVar(&s.FrameLimit, "frame-limit", s.FrameLimit, "give up a frame that takes longer; one whose scene was rendered here before has 20 times the slowest of its frames, at least an hour")
	flags.DurationVar(&s.HangLimit, "hang-limit", s.HangLimit, "start a renderer again that says nothing and does nothing for so long (default: 2m, with a GPU 10m)")
	flags.IntVar(&s.Threads, "threads", s.Threads, "threads of a renderer (default: all)")
	flags.StringVar(&s.Sandbox, "sandbox", s.Sandbox, "auto, bubblewrap or landlock confine scenes; none runs them with your rights")
	flags.Float64Var(&s.Price, "price", s.Price, "least price of a work unit, in tokens")
	flags.Int64Var(&s.CacheGB, "cache", s.CacheGB, "size of the chunk cache, in `GiB`")
	flags.Int64Var(&s.MinFreeMB, "min-free", s.MinFreeMB, "take no work with less free disk, in `MiB`")
	flags.Float64Var(&s.MemoryGB, "memory", s.MemoryGB, "memory that a renderer may map, in `GiB` (default: the machine's)")
	flags.StringArrayVar(&s.Blenders, "blender", nil, "`path` of a Blender to use, repeatable (default: those that are installed)")
	flags.BoolVar(&s.Depot, "depot", s.Depot, "fetch and use the renderers that the network's operator offers")
	flags.StringVar(&s.Renderers, "renderers", s.Renderers, "`folder` with descriptions of further batch renderers (*.toml)")
	flags.DurationVar(&s.ClaimEvery, "claim-every", s.ClaimEvery, "how often settled earnings are withdrawn")
	flags.DurationVar(&s.Connect, "connect-timeout", s.Connect, "give up when the first sign-in takes longer; 0 tries for ever")
	flags.DurationVar(&s.Idle, "idle", s.Idle, "close a renderer that wasn't used for so long")
	flags.StringVar(&s.Paused, "paused", s.Paused, "start paused, with this `reason`")
}

// MaxThreads bounds a renderer's threads.
const MaxThreads = 1024

// Check refuses what makes no sense and names the flag.
func (s *Setup) Check() error {
	switch {
	case s.Threads < 0 || s.Threads > MaxThreads:
		return fmt.Errorf("--threads %d is out of range; use 0 for all or up to %d", s.Threads, MaxThreads)
	case len(s.Boards) > 0 && (s.Device == "" || strings.EqualFold(s.Device, "cpu")):
		return fmt.Errorf("--gpu %s names a GPU and --device is cpu, which would render on none; use --device auto, or optix, cuda, hip, oneapi or metal", s.Boards[0])
	case !(s.Price >= 0 && s.Price <= 1e9): // also what is no number
		return fmt.Errorf("--price %v is out of range; use tokens a work unit, 0 for any", s.Price)
	case s.CacheGB < 1 || s.CacheGB > 1<<20:
		return fmt.Errorf("--cache %d is out of range; use GiB, at least 1", s.CacheGB)
	case s.MinFreeMB < 0 || s.MinFreeMB > 1<<40 || !(s.MemoryGB >= 0 && s.MemoryGB <= 1<<20):
		return errors.New("--min-free or --memory is out of range; use MiB and GiB that this machine has")
	case s.Slots < 0 || s.Slots > 64:
		return fmt.Errorf("--slots %d is out of range; use 1 to 64, or 0 for one on each device", s.Slots)
	case s.Ahead > 16:
		return fmt.Errorf("--ahead %d is out of range; use at most 16, or -1 for none", s.Ahead)
	case s.FrameLimit < time.Second:
		return fmt.Errorf("--frame-limit %v is too short; use at least a second", s.FrameLimit)
	case s.HangLimit != 0 && s.HangLimit < time.Second:
		return fmt.Errorf("--hang-limit %v is too short; use at least a second", s.HangLimit)
	case s.Priority != rules.Low && s.Priority != rules.Normal:
		return fmt.Errorf("--priority %s is unknown; use low or normal", s.Priority)
	case len(s.Tags) > 32:
		return errors.New("--tag may be given 32 times")
	}
	if s.Rules != "" {
		if _, err := os.Stat(s.Rules); err != nil {
			return fmt.Errorf("the owner's rules: %w; check --rules", err)
		}
	}
	if s.Renderers != "" {
		if info, err := os.Stat(s.Renderers); err != nil || !info.IsDir() {
			return fmt.Errorf("there is no folder %s with descriptions of renderers; check --renderers", s.Renderers)
		}
	}
	return nil
}

// Program is what a program adds to its owner's words.
type Program struct {
	Manager    string
	Data       string // folder
	Passphrase []byte // of the key in it
	Software   string
	OnReady    func(manager string, id *identity.Identity)
	// Change may replace the renderers that were found; nil leaves them.
	Change func([]render.Renderer) ([]render.Renderer, error)
	Log    *slog.Logger
}

// Engine makes a worker that keeps everything, its own key included, in the data folder. It
// begins paused where the owner says so.
func (s *Setup) Engine(p Program) (*workerapp.Engine, *identity.Identity, error) {
	if err := s.Check(); err != nil {
		return nil, nil, err
	}
	kind := s.Sandbox
	if kind == "bwrap" {
		kind = "bubblewrap"
	}
	box, err := sandbox.Choose(kind)
	if err != nil {
		return nil, nil, err
	}
	if _, none := box.(render.NoSandbox); none {
		p.Log.Warn("scenes run WITHOUT a sandbox, with all of your rights: use this only with scenes that you trust")
	}
	if err := warm.CheckPrograms(s.Blenders); err != nil {
		return nil, nil, err
	}
	renderers, err := known.Renderers(known.Config{Blender: s.Blenders, Descriptions: s.Renderers, Log: p.Log})
	if err != nil {
		return nil, nil, err
	}
	if p.Change != nil {
		if renderers, err = p.Change(renderers); err != nil {
			return nil, nil, err
		}
	}
	id, err := identity.Open(p.Data, p.Passphrase)
	if err != nil {
		return nil, nil, fmt.Errorf("the worker's identity in %s can't be used: %w", p.Data, err)
	}
	file := s.Rules
	if file == "" {
		file = filepath.Join(p.Data, "rules.toml")
	}
	ahead := s.Ahead
	if ahead <= 0 {
		ahead = -1
	}
	ready := func(manager string) {
		if p.OnReady != nil {
			p.OnReady(manager, id)
		}
	}
	engine, err := workerapp.New(workerapp.Options{
		Manager: p.Manager, DataDir: p.Data, Identity: id, Name: s.Name, Device: s.Device, Threads: s.Threads,
		Floor: job.Amount(s.Price * float64(job.Token)), Software: p.Software,
		CacheBytes: s.CacheGB << 30, MinFree: s.MinFreeMB << 20, MemoryLimit: int64(s.MemoryGB * (1 << 30)),
		Boards: s.Boards, Slots: s.Slots, Ahead: ahead, RulesFile: file, Priority: s.Priority, Region: s.Region, Tags: s.Tags, FrameLimit: s.FrameLimit, HangLimit: s.HangLimit,
		FromDepot: s.fromDepot(box, p.Log), Renderers: renderers, Sandbox: box,
		Idle: s.Idle, ClaimEvery: s.ClaimEvery, ConnectTimeout: s.Connect, OnReady: ready, Log: p.Log,
	})
	if err != nil {
		return nil, nil, err
	}
	if s.Paused != "" {
		engine.Pause(rules.Now, s.Paused)
	}
	return engine, id, nil
}

// fromDepot makes renderers of the operator's programs; nil where the owner doesn't want them. They are a
// stranger's, so nothing of them ever runs outside of the sandbox.
func (s *Setup) fromDepot(box render.Sandbox, log *slog.Logger) func([]string) []render.Renderer {
	if !s.Depot {
		return nil
	}
	return func(programs []string) []render.Renderer {
		if len(programs) == 0 {
			return nil // no paths would mean: look for installed ones
		}
		return []render.Renderer{blender.New(blender.Config{Paths: programs, Sandbox: box, Log: log})}
	}
}
