// Package bench measures how fast this machine renders, in work units per minute: with a
// generated scene in the renderer itself, on the device that is going to work, or, where no
// renderer can open that scene, with a small path tracer on the processor. The result is
// kept on disk until the device, its driver, the renderer's version or the measure changes.
//
// It is not a render of the network's own scenes: the manager corrects a score from real
// frames.
//
// Receives: a renderer and a device.
// Hands on: the bench score, to the worker's capabilities.
package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// Version changes with the scene, the tracer or the scale, so that old scores are dropped.
const Version = 2

// raysPerUnit ties the tracer to the unit. A work unit is a minute of the reference GPU,
// which renders the demo scene's kind about 120 times as fast as one core of the machine
// that the project is measured on (AMD EPYC, 2.5 GHz); that core traces 18 million rays
// a second here. So a unit is 120 × 60 s × 18e6 rays.
const raysPerUnit = 120 * 60 * 18e6

// Score is one measurement.
type Score struct {
	Version  int     `json:"version"`
	Device   string  `json:"device"`
	Driver   string  `json:"driver,omitempty"`
	Renderer string  `json:"renderer"`
	Threads  int     `json:"threads"`
	Units    float64 `json:"units"`             // work units per minute
	Frame    float64 `json:"frame,omitempty"`   // seconds of the test render; 0 when it was traced
	Rays     float64 `json:"rays,omitempty"`    // per second, all threads; 0 when it was rendered
	Seconds  float64 `json:"seconds"`           // wall time of the measurement
	Picture  uint64  `json:"picture,omitempty"` // hash of what was traced; equal on machines of one kind of float unit
}

// Key is what a score holds for.
type Key struct {
	Device   string
	Driver   string
	Renderer string // name and version
	Threads  int
}

// Load is Cached with Measure: for those that don't need a renderer's own speed.
func Load(ctx context.Context, file, device, renderer string, threads int) (Score, error) {
	if threads <= 0 {
		threads = runtime.NumCPU()
	}
	return Cached(ctx, file, Key{Device: device, Renderer: renderer, Threads: threads}, func(ctx context.Context) (Score, error) {
		return Measure(ctx, threads, time.Second)
	})
}

// Cached returns the score of file when it is for this key, and measures and stores it when
// it isn't.
func Cached(ctx context.Context, file string, key Key, measure func(context.Context) (Score, error)) (Score, error) {
	var s Score
	if text, err := os.ReadFile(file); err == nil && len(text) < 1<<16 && json.Unmarshal(text, &s) == nil &&
		s.Version == Version && s.Device == key.Device && s.Driver == key.Driver && s.Renderer == key.Renderer && s.Threads == key.Threads &&
		s.Units > 0 && !math.IsInf(s.Units, 0) {
		return s, nil
	}
	s, err := measure(ctx)
	if err != nil {
		return Score{}, err
	}
	s.Device, s.Driver, s.Renderer, s.Threads = key.Device, key.Driver, key.Renderer, key.Threads
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return Score{}, err
	}
	part := file + ".part"
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return s, fmt.Errorf("keep the bench score: %w", err)
	}
	if err := os.WriteFile(part, text, 0o600); err != nil {
		return s, fmt.Errorf("keep the bench score: %w", err)
	}
	if err := os.Rename(part, file); err != nil {
		return s, fmt.Errorf("keep the bench score: %w", err)
	}
	return s, nil
}

// Measure traces on all threads for about limit of wall time, at least one picture each.
func Measure(ctx context.Context, threads int, limit time.Duration) (Score, error) {
	if threads <= 0 {
		threads = runtime.NumCPU()
	}
	start := time.Now()
	var wait sync.WaitGroup
	rays := make([]int, threads)
	pictures := make([]uint64, threads)
	for t := range threads {
		wait.Go(func() {
			for ctx.Err() == nil {
				n, picture := trace()
				rays[t] += n
				pictures[t] = picture
				if time.Since(start) >= limit {
					return
				}
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	seconds := time.Since(start).Seconds()
	total := 0
	for _, n := range rays {
		total += n
	}
	perSecond := float64(total) / seconds
	return Score{
		Version: Version,
		Threads: threads,
		Units:   perSecond * 60 / raysPerUnit,
		Rays:    perSecond,
		Seconds: seconds,
		Picture: pictures[0],
	}, nil
}
