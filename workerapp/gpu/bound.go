//go:build windows || linux

package gpu

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/ebitengine/purego"
)

// Bound reads NVIDIA's GPUs through a binding that needs no C compiler, for Windows and for
// builds without cgo. The suite that holds NVML holds it too; on Windows itself it is
// untested.
type Bound struct {
	open func() (uintptr, error)

	mu     sync.Mutex
	loaded bool // guarded by mu, as all that follow
	init   func() int32
	text   func(code int32) string
	driver func(buffer *byte, length uint32) int32
	count  func(n *uint32) int32
	handle func(index uint32, device *uintptr) int32
	uuid   func(device uintptr, buffer *byte, length uint32) int32
	name   func(device uintptr, buffer *byte, length uint32) int32
	memory func(device uintptr, info *boundMemory) int32
	use    func(device uintptr, rates *boundUse) int32
	heat   func(device uintptr, sensor uint32, degrees *uint32) int32
	fan    func(device uintptr, percent *uint32) int32
	power  func(device uintptr, milliwatts *uint32) int32
}

// As nvml.h lays them out.
type (
	boundMemory struct{ total, free, _ uint64 } // used
	boundUse    struct{ gpu, _ uint32 }         // memory
)

const (
	nvmlSuccess         = 0
	nvmlDriverNotLoaded = 9
	nvmlLibraryNotFound = 12
	nvmlText            = 96
)

var _ Library = (*Bound)(nil)

// load binds the library once.
func (b *Bound) load() error {
	if b.loaded {
		return nil
	}
	lib, err := b.open()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoLibrary, err)
	}
	for name, function := range map[string]any{
		"nvmlInit_v2": &b.init, "nvmlErrorString": &b.text, "nvmlSystemGetDriverVersion": &b.driver, "nvmlDeviceGetCount_v2": &b.count,
		"nvmlDeviceGetHandleByIndex_v2": &b.handle, "nvmlDeviceGetUUID": &b.uuid, "nvmlDeviceGetName": &b.name,
		"nvmlDeviceGetMemoryInfo": &b.memory, "nvmlDeviceGetUtilizationRates": &b.use, "nvmlDeviceGetTemperature": &b.heat,
		"nvmlDeviceGetFanSpeed": &b.fan, "nvmlDeviceGetPowerUsage": &b.power,
	} {
		if err := bind(function, lib, name); err != nil {
			return err
		}
	}
	switch ret := b.init(); ret {
	case nvmlSuccess:
	case nvmlDriverNotLoaded, nvmlLibraryNotFound:
		return ErrNoLibrary
	default:
		return fmt.Errorf("start NVML: %s; check the driver with nvidia-smi", b.text(ret))
	}
	b.loaded = true
	return nil
}

// bind turns a function that isn't there, on which the binding panics, into an error.
func bind(function any, lib uintptr, name string) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("the NVML library has no %s; update the driver", name)
		}
	}()
	purego.RegisterLibFunc(function, lib, name)
	return nil
}

// Devices lists the GPUs. One that can't be read is left out and named in the error.
func (b *Bound) Devices(ctx context.Context) ([]Device, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.load(); err != nil {
		return nil, err
	}
	driver, _ := b.word(func(buffer *byte, n uint32) int32 { return b.driver(buffer, n) })
	var count uint32
	if ret := b.count(&count); ret != nvmlSuccess {
		b.loaded = false // its start is tried again
		return nil, fmt.Errorf("count the GPUs: %s", b.text(ret))
	}
	var devices []Device
	var failed []error
	for i := range count {
		if err := ctx.Err(); err != nil {
			return devices, err
		}
		device, err := b.device(i, driver)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		devices = append(devices, device)
	}
	return devices, errors.Join(failed...)
}

// word reads a text that the library writes.
func (b *Bound) word(read func(buffer *byte, length uint32) int32) (string, int32) {
	var buffer [nvmlText]byte
	ret := read(&buffer[0], nvmlText)
	text, _, _ := strings.Cut(string(buffer[:]), "\x00")
	return text, ret
}

func (b *Bound) device(index uint32, driver string) (Device, error) {
	var handle uintptr
	if ret := b.handle(index, &handle); ret != nvmlSuccess {
		return Device{}, fmt.Errorf("open GPU %d: %s", index, b.text(ret))
	}
	id, ret := b.word(func(buffer *byte, n uint32) int32 { return b.uuid(handle, buffer, n) })
	if ret != nvmlSuccess {
		return Device{}, fmt.Errorf("name GPU %d: %s", index, b.text(ret))
	}
	d := Device{ID: id, Kind: GPU, Driver: driver, Name: "GPU"}
	if name, ret := b.word(func(buffer *byte, n uint32) int32 { return b.name(handle, buffer, n) }); ret == nvmlSuccess {
		d.Name = name
	}
	var memory boundMemory
	if ret := b.memory(handle, &memory); ret != nvmlSuccess {
		return Device{}, fmt.Errorf("read the memory of %s: %s", d.Name, b.text(ret))
	}
	d.Memory, d.Free = int64(memory.total), int64(memory.free)
	// What follows is missing on some boards and under some hypervisors.
	var use boundUse
	if b.use(handle, &use) == nvmlSuccess {
		d.Load = float64(use.gpu) / 100
	}
	var figure uint32
	if b.heat(handle, 0, &figure) == nvmlSuccess {
		d.Temperature = int(figure)
	}
	if b.fan(handle, &figure) == nvmlSuccess {
		d.Fan = float64(figure) / 100
	}
	if b.power(handle, &figure) == nvmlSuccess {
		d.Power = float64(figure) / 1000
	}
	return d, nil
}
