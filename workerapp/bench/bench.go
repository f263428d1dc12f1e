// Package bench measures how fast this machine renders, in work units per minute, with a
// small path tracer over a fixed scene. The result is kept on disk until the device, the
// renderer's version or the measure itself changes.
//
// It is not a render of the network's own scenes: the manager corrects a score from real
// frames. GPUs aren't measured here.
//
// Receives: the device's name and how many threads a renderer may use.
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
const Version = 1

// raysPerUnit ties the tracer to the unit. A work unit is a minute of the reference GPU,
// which renders the demo scene's kind about 120 times as fast as one core of the machine
// that the project is measured on (AMD EPYC, 2.5 GHz); that core traces 18 million rays
// a second here. So a unit is 120 × 60 s × 18e6 rays.
const raysPerUnit = 120 * 60 * 18e6

// Score is one measurement.
type Score struct {
	Version  int     `json:"version"`
	Device   string  `json:"device"`
	Renderer string  `json:"renderer"`
	Threads  int     `json:"threads"`
	Units    float64 `json:"units"`   // work units per minute
	Rays     float64 `json:"rays"`    // per second, all threads
	Seconds  float64 `json:"seconds"` // wall time of the measurement
	Picture  uint64  `json:"picture"` // hash of what was traced; equal on machines of one kind of float unit
}

// Load returns the cached score of file when it is for this device, renderer and thread
// count, and measures and stores it when it isn't.
func Load(ctx context.Context, file, device, renderer string, threads int) (Score, error) {
	if threads <= 0 {
		threads = runtime.NumCPU()
	}
	var s Score
	if text, err := os.ReadFile(file); err == nil && len(text) < 1<<16 && json.Unmarshal(text, &s) == nil &&
		s.Version == Version && s.Device == device && s.Renderer == renderer && s.Threads == threads &&
		s.Units > 0 && !math.IsInf(s.Units, 0) {
		return s, nil
	}
	s, err := Measure(ctx, threads, time.Second)
	if err != nil {
		return Score{}, err
	}
	s.Device, s.Renderer = device, renderer
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
			for {
				n, picture := trace()
				rays[t] += n
				pictures[t] = picture
				if time.Since(start) >= limit || ctx.Err() != nil {
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
