//go:build linux && cgo

package gpu

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
)

// board is a fake driver with one good GPU and one that fell off the bus, as
// testdata/nvml.c is.
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
		GetFanSpeedFunc:    func() (uint32, nvml.Return) { return 30, nvml.SUCCESS },
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

// fakeDriver builds testdata/nvml.c.
func fakeDriver(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "libfake-nvml.so")
	if out, err := exec.Command("gcc", "-shared", "-fPIC", "-o", path, "testdata/nvml.c").CombinedOutput(); err != nil {
		t.Fatalf("the fake driver can't be built: %v: %s; gcc is needed", err, out)
	}
	return path
}

// libraries are all the ways to a driver, each over the same fake one.
func libraries(t *testing.T) map[string]Library {
	t.Helper()
	path := fakeDriver(t)
	return map[string]Library{
		"the binding's mock":            NVIDIAOver(board()),
		"the binding over a library":    NVIDIAOver(nvml.New(nvml.WithLibraryPath(path))),
		"the C-less one over a library": libraryAt(path),
	}
}

func TestNVMLReadsWhatTheDriverKnows(t *testing.T) {
	want := Device{ID: "GPU-1234", Kind: GPU, Name: "Test GPU", Driver: "580.1", Memory: 24 << 30, Free: 20 << 30, Load: 0.5, Temperature: 61, Fan: 0.3}
	for name, library := range libraries(t) {
		t.Run(name, func(t *testing.T) {
			for range 2 { // a second look finds the library open
				devices, err := library.Devices(t.Context())
				if err == nil || !strings.Contains(err.Error(), "GPU 1") || !strings.Contains(err.Error(), "GPU is lost") {
					t.Fatalf("the lost GPU isn't named: %v", err)
				}
				if len(devices) != 1 || devices[0] != want {
					t.Fatalf("got %+v", devices)
				}
			}
		})
	}
}

func TestNVMLIsOpenedAgainAfterAFailure(t *testing.T) {
	lib := board()
	count := nvml.ERROR_UNKNOWN
	lib.DeviceGetCountFunc = func() (int, nvml.Return) { return 1, count }
	library := NVIDIAOver(lib)
	if _, err := library.Devices(t.Context()); err == nil {
		t.Fatal("a failure is hidden")
	}
	count = nvml.SUCCESS
	for range 2 {
		if devices, err := library.Devices(t.Context()); err != nil || len(devices) != 1 {
			t.Fatalf("got %+v, %v", devices, err)
		}
	}
	if len(lib.InitCalls()) != 2 || len(lib.ShutdownCalls()) != 1 {
		t.Fatalf("%d starts and %d stops", len(lib.InitCalls()), len(lib.ShutdownCalls()))
	}
}

func TestNVMLWithoutADriver(t *testing.T) {
	lib := board()
	lib.InitFunc = func() nvml.Return { return nvml.ERROR_DRIVER_NOT_LOADED }
	path := fakeDriver(t)
	t.Setenv("FAKE_NVML_NO_DRIVER", "1")
	for name, library := range map[string]Library{
		"no driver": NVIDIAOver(lib), "no library": libraryAt(path + ".none"), "a library without a driver": libraryAt(path),
		"another library": libraryAt("libc.so.6"),
	} {
		if _, err := library.Devices(t.Context()); name != "another library" && !errors.Is(err, ErrNoLibrary) || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
