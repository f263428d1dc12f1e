//go:build linux && cgo

package gpu

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

// NVML reads NVIDIA's GPUs. The library is opened at the first call that finds it and kept:
// opening takes long. It is opened again after a failure, as when a driver is replaced.
type NVML struct {
	mu     sync.Mutex // guards lib's start and stop, and opened
	lib    nvml.Interface
	opened bool
}

// NVIDIA is the library of this machine.
func NVIDIA() Library { return this }

// this is shared: the library is one to a process.
var this = &NVML{lib: nvml.New()}

// NVIDIAOver reads through lib, for tests.
func NVIDIAOver(lib nvml.Interface) Library { return &NVML{lib: lib} }

var _ Library = (*NVML)(nil)

// Devices lists the GPUs. One that can't be read is left out and named in the error.
func (n *NVML) Devices(ctx context.Context) ([]Device, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.opened {
		switch ret := n.lib.Init(); ret {
		case nvml.SUCCESS:
			n.opened = true
		case nvml.ERROR_LIBRARY_NOT_FOUND, nvml.ERROR_DRIVER_NOT_LOADED, nvml.ERROR_NOT_FOUND:
			return nil, ErrNoLibrary
		default:
			return nil, fmt.Errorf("start NVML: %s; check the driver with nvidia-smi", n.lib.ErrorString(ret))
		}
	}
	driver, _ := n.lib.SystemGetDriverVersion()
	count, ret := n.lib.DeviceGetCount()
	if ret != nvml.SUCCESS {
		n.closeLocked()
		return nil, fmt.Errorf("count the GPUs: %s", n.lib.ErrorString(ret))
	}
	var devices []Device
	var failed []error
	for i := range count {
		if err := ctx.Err(); err != nil {
			return devices, err
		}
		device, err := n.device(i, driver)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		devices = append(devices, device)
	}
	if count > 0 && len(devices) == 0 {
		n.closeLocked()
	}
	return devices, errors.Join(failed...)
}

func (n *NVML) closeLocked() {
	n.lib.Shutdown()
	n.opened = false
}

func (n *NVML) device(index int, driver string) (Device, error) {
	handle, ret := n.lib.DeviceGetHandleByIndex(index)
	if ret != nvml.SUCCESS {
		return Device{}, fmt.Errorf("open GPU %d: %s", index, n.lib.ErrorString(ret))
	}
	id, ret := handle.GetUUID()
	if ret != nvml.SUCCESS {
		return Device{}, fmt.Errorf("name GPU %d: %s", index, n.lib.ErrorString(ret))
	}
	d := Device{ID: id, Kind: GPU, Driver: driver, Name: "GPU"}
	if name, ret := handle.GetName(); ret == nvml.SUCCESS {
		d.Name = name
	}
	memory, ret := handle.GetMemoryInfo()
	if ret != nvml.SUCCESS {
		return Device{}, fmt.Errorf("read the memory of %s: %s", d.Name, n.lib.ErrorString(ret))
	}
	d.Memory, d.Free = int64(memory.Total), int64(memory.Free)
	// What follows is missing on some boards and under some hypervisors.
	if use, ret := handle.GetUtilizationRates(); ret == nvml.SUCCESS {
		d.Load = float64(use.Gpu) / 100
	}
	if degrees, ret := handle.GetTemperature(nvml.TEMPERATURE_GPU); ret == nvml.SUCCESS {
		d.Temperature = int(degrees)
	}
	if percent, ret := handle.GetFanSpeed(); ret == nvml.SUCCESS {
		d.Fan = float64(percent) / 100
	}
	if milliwatts, ret := handle.GetPowerUsage(); ret == nvml.SUCCESS {
		d.Power = float64(milliwatts) / 1000
	}
	return d, nil
}
