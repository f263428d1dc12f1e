// Package blender renders with Blender: one process per session, running an embedded
// script that takes JSON lines over a private pair of pipes and renders frames or borders
// with the scene kept loaded.
//
// It is not for choosing a Blender version (workerapp does) and executes nothing that
// comes with a scene: scripts and Python drivers are off.
//
// Receives: an extracted package and a recipe; then frame numbers, seeds and borders.
// Hands on: the delivered image, its noisy master, or tiles.
package blender

import (
	"log/slog"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
)

// Config is how Blender is found and started. The zero value looks in the usual places.
type Config struct {
	Paths []string // programs to use instead of looking for them
	More  []string // further programs, such as the depot's, beside those that are found
	// Folders are looked through too, up to two folders deep, for installed versions.
	Folders []string
	// Sandbox confines the programs when they are asked what they are, where somebody else than the owner
	// brought them here; nil runs them as they are.
	Sandbox render.Sandbox
	Env     []string // further "NAME=value" for the process, such as CYCLES_CPU_NO_AVX2=1
	// OpenTimeout bounds loading the scene; 0 is ten minutes.
	OpenTimeout time.Duration
	Log         *slog.Logger // nil discards
}

// Blender is the renderer. It holds no process itself and may be used by many goroutines.
type Blender struct {
	cfg Config
	log *slog.Logger
}

var _ render.Renderer = (*Blender)(nil)

// New makes the renderer. It starts nothing.
func New(cfg Config) *Blender {
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if cfg.OpenTimeout == 0 {
		cfg.OpenTimeout = 10 * time.Minute
	}
	return &Blender{cfg: cfg, log: log}
}

// Name is "blender".
func (b *Blender) Name() string { return "blender" }
