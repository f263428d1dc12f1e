package workerapp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
)

// choice is the device that this worker renders on.
type choice struct {
	backend string // as render.Options.Device: "CPU", "OPTIX", …
	kind    string // as recipes call it: "CPU" or "GPU"
	device  gpu.Device
}

// NVIDIA's backends, the better one first.
var nvidia = []string{"OPTIX", "CUDA"}

// choose turns the owner's word into a device. A GPU that was asked for and isn't usable is
// an error: nothing falls back to the CPU silently, except "auto", whose meaning that is.
func choose(want string, devices []gpu.Device, found []warm.Found) (choice, error) {
	cpu := choice{backend: gpu.CPU, kind: gpu.CPU, device: devices[0]}
	want = strings.ToUpper(want)
	if want == "" || want == gpu.CPU {
		return cpu, nil
	}
	can := func(backend string) bool {
		return slices.ContainsFunc(found, func(f warm.Found) bool { return slices.Contains(f.Install.Devices, backend) })
	}
	board := slices.IndexFunc(devices, func(d gpu.Device) bool { return d.Kind == gpu.GPU })
	if want == "AUTO" {
		if board >= 0 {
			for _, backend := range nvidia {
				if can(backend) {
					return choice{backend: backend, kind: gpu.GPU, device: devices[board]}, nil
				}
			}
		}
		return cpu, nil
	}
	if !can(want) {
		return choice{}, fmt.Errorf("no renderer here can use %s: install one that does, or run with --device cpu", want)
	}
	c := choice{backend: want, kind: gpu.GPU, device: gpu.Device{ID: "gpu", Kind: gpu.GPU, Name: want + " GPU"}}
	if board >= 0 && slices.Contains(nvidia, want) {
		c.device = devices[board]
	}
	return c, nil
}

// class is the kernel class that receipts name.
func (c choice) class(install render.Install) string {
	if c.kind == gpu.CPU {
		return install.Class
	}
	name := strings.ToLower(strings.Join(strings.Fields(c.device.Name), "-"))
	return "gpu/" + strings.ToLower(c.backend) + "/" + name
}
