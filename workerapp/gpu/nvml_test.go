//go:build linux && cgo

package gpu

import (
	"errors"
	"strings"
	"testing"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
)

// board is a fake driver with one good GPU and one that fell off the bus.
func board() *mock.Interface {
	good := &mock.Device{
		GetUUIDFunc: func() (string, nvml.Return) { return "GPU-1234", nvml.SUCCESS },
		GetNameFunc: func() (string, nvml.Return) { return "Test GPU", nvml.SUCCESS },
		GetMemoryInfoFunc: func() (nvml.Memory, nvml.Return) {
			return nvml.Memory{Total: 24 << 30, Free: 20 << 30}, nvml.SUCCESS
		},
		GetUtilizationRatesFunc: func() (nvml.Utilization, nvml.Return) {
			return nvml.Utilization{Gpu: 50}, nvml.SUCCESS
		},
		GetTemperatureFunc: func(nvml.TemperatureSensors) (uint32, nvml.Return) { return 61, nvml.SUCCESS },
		GetPowerUsageFunc:  func() (uint32, nvml.Return) { return 0, nvml.ERROR_NOT_SUPPORTED },
	}
	return &mock.Interface{
		InitFunc:                   func() nvml.Return { return nvml.SUCCESS },
		ShutdownFunc:               func() nvml.Return { return nvml.SUCCESS },
		ErrorStringFunc:            func(nvml.Return) string { return "GPU is lost" },
		SystemGetDriverVersionFunc: func() (string, nvml.Return) { return "580.1", nvml.SUCCESS },
		DeviceGetCountFunc:         func() (int, nvml.Return) { return 2, nvml.SUCCESS },
		DeviceGetHandleByIndexFunc: func(i int) (nvml.Device, nvml.Return) {
			if i == 1 {
				return nil, nvml.ERROR_GPU_IS_LOST
			}
			return good, nvml.SUCCESS
		},
	}
}

func TestNVMLReadsWhatTheDriverKnows(t *testing.T) {
	lib := board()
	devices, err := NVIDIAOver(lib).Devices(t.Context())
	if err == nil || !strings.Contains(err.Error(), "GPU 1") {
		t.Fatalf("the lost GPU isn't named: %v", err)
	}
	want := Device{ID: "GPU-1234", Kind: GPU, Name: "Test GPU", Driver: "580.1", Memory: 24 << 30, Free: 20 << 30, Load: 0.5, Temperature: 61}
	if len(devices) != 1 || devices[0] != want {
		t.Fatalf("got %+v", devices)
	}
	if len(lib.ShutdownCalls()) != 1 {
		t.Fatal("the library stays open")
	}
}

func TestNVMLWithoutADriver(t *testing.T) {
	lib := board()
	lib.InitFunc = func() nvml.Return { return nvml.ERROR_DRIVER_NOT_LOADED }
	if _, err := NVIDIAOver(lib).Devices(t.Context()); !errors.Is(err, ErrNoLibrary) {
		t.Fatalf("got %v", err)
	}
}
