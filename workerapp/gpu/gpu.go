// Package gpu lists the devices that this machine can render on and reads how busy and how
// warm they are: the CPU everywhere, NVIDIA GPUs through NVML where it is installed.
//
// It is not the place for choosing a renderer's backend (shared/render) or for the owner's
// limits (workerapp/rules).
//
// Receives: nothing.
// Hands on: the devices, to the engine and to people.
package gpu

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/mem"
)

// Kinds of device, as job.Recipe.Device names them.
const (
	CPU = "CPU"
	GPU = "GPU"
)

// ErrNoLibrary says that the machine has no library for this kind of GPU; it isn't a fault.
var ErrNoLibrary = errors.New("no GPU library is installed")

// Device is one CPU (all of its cores) or one GPU.
type Device struct {
	ID          string  `json:"id"`   // stable over restarts: "cpu", or the GPU's UUID
	Kind        string  `json:"kind"` // CPU or GPU
	Name        string  `json:"name"` // "AMD EPYC 7B13, 2 threads"
	Driver      string  `json:"driver,omitempty"`
	Threads     int     `json:"threads,omitempty"`
	Memory      int64   `json:"memory"`                // bytes
	Free        int64   `json:"free"`                  // bytes
	Load        float64 `json:"load"`                  // 0 to 1
	Temperature int     `json:"temperature,omitempty"` // °C; 0 where it isn't known
	Fan         float64 `json:"fan,omitempty"`         // 0 to 1 of its full speed; 0 where it isn't known
	Power       float64 `json:"power,omitempty"`       // W; 0 where it isn't known
}

// Library reads the devices of one kind. A library that isn't installed answers
// ErrNoLibrary. It may be called from many goroutines.
type Library interface {
	Devices(ctx context.Context) ([]Device, error)
}

// List asks every library and puts the CPU first. A library that isn't there is passed
// over; one that fails doesn't hide the others' devices: both come back.
func List(ctx context.Context, libraries ...Library) ([]Device, error) {
	first, err := processor(ctx)
	if err != nil {
		return nil, err
	}
	devices := []Device{first}
	var failed []error
	for _, library := range libraries {
		more, err := library.Devices(ctx)
		if err != nil && !errors.Is(err, ErrNoLibrary) {
			failed = append(failed, err)
		}
		devices = append(devices, more...)
	}
	return devices, errors.Join(failed...)
}

func processor(ctx context.Context) (Device, error) {
	memory, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return Device{}, fmt.Errorf("read the machine's memory: %w", err)
	}
	threads := runtime.NumCPU()
	name := runtime.GOARCH + " processor"
	if info, err := cpu.InfoWithContext(ctx); err == nil && len(info) > 0 && info[0].ModelName != "" {
		name = strings.Join(strings.Fields(info[0].ModelName), " ")
	}
	plural := "s"
	if threads == 1 {
		plural = ""
	}
	return Device{
		ID:      "cpu",
		Kind:    CPU,
		Name:    fmt.Sprintf("%s, %d thread%s", name, threads, plural),
		Threads: threads,
		Memory:  int64(memory.Total),
		Free:    int64(memory.Available),
	}, nil
}
