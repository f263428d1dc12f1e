package workerapp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
)

// choice is the device that this worker renders on: the CPU, or GPUs of one kind.
type choice struct {
	backend string // as render.Options.Device: "CPU", "OPTIX", …
	kind    string // as recipes call it: "CPU" or "GPU"
	devices []gpu.Device
	known   bool // the devices were listed by a library, so that they can be told apart
}

// NVIDIA's backends, the better one first.
var nvidia = []string{"OPTIX", "CUDA"}

// choose turns the owner's word into devices. A GPU that was asked for and isn't usable is
// an error: nothing falls back to the CPU silently, except "auto", whose meaning that is.
// boards are the ids or numbers of the GPUs to use. Where no renderer is there yet, what the depot brings is
// taken for able.
func choose(want string, boards []string, devices []gpu.Device, found []warm.Found) (choice, error) {
	cpu := choice{backend: gpu.CPU, kind: gpu.CPU, devices: devices[:1]}
	want = strings.ToUpper(want)
	if want == "" || want == gpu.CPU {
		return cpu, nil
	}
	can := func(backend string) bool {
		return len(found) == 0 || slices.ContainsFunc(found, func(f warm.Found) bool { return slices.Contains(f.Install.Devices, backend) })
	}
	chosen, err := pick(boards, devices)
	if err != nil {
		return choice{}, err
	}
	if want == "AUTO" {
		if len(chosen) > 0 {
			for _, backend := range nvidia {
				if can(backend) {
					return choice{backend: backend, kind: gpu.GPU, devices: chosen, known: true}, nil
				}
			}
		}
		return cpu, nil
	}
	if !can(want) {
		return choice{}, fmt.Errorf("no renderer here can use %s: install one that does, or run with --device cpu", want)
	}
	c := choice{backend: want, kind: gpu.GPU, devices: []gpu.Device{{ID: "gpu", Kind: gpu.GPU, Name: want + " GPU"}}}
	if len(chosen) > 0 && slices.Contains(nvidia, want) {
		c.devices, c.known = chosen, true
	}
	return c, nil
}

// pick returns the GPUs of the owner's choice, or all that are like the first. They have to
// be of one kind, because a receipt names one.
func pick(boards []string, devices []gpu.Device) ([]gpu.Device, error) {
	var all, chosen []gpu.Device
	for _, d := range devices {
		if d.Kind == gpu.GPU {
			all = append(all, d)
		}
	}
	for _, b := range boards {
		i := slices.IndexFunc(all, func(d gpu.Device) bool { return strings.EqualFold(d.ID, b) })
		if n, err := strconv.Atoi(b); i < 0 && err == nil && n >= 0 && n < len(all) {
			i = n
		}
		if i < 0 {
			return nil, fmt.Errorf("there is no GPU %s; heliostat-worker devices lists them", b)
		}
		if !slices.ContainsFunc(chosen, func(d gpu.Device) bool { return d.ID == all[i].ID }) {
			chosen = append(chosen, all[i])
		}
	}
	for _, d := range chosen {
		if d.Name != chosen[0].Name {
			return nil, fmt.Errorf("%s and %s are of different kinds; run one worker for each kind, with data folders of their own", chosen[0].Name, d.Name)
		}
	}
	if len(boards) > 0 || len(all) == 0 {
		return chosen, nil
	}
	return slices.DeleteFunc(all, func(d gpu.Device) bool { return d.Name != all[0].Name }), nil
}

// first names the choice.
func (c choice) first() gpu.Device { return c.devices[0] }

// ids are the GPUs to tell apart; nil when there is nothing to choose from.
func (c choice) ids() []string {
	if !c.known {
		return nil
	}
	var ids []string
	for _, d := range c.devices {
		ids = append(ids, d.ID)
	}
	return ids
}

// uses tells whether a device is one of the chosen ones.
func (c choice) uses(d gpu.Device) bool {
	return slices.ContainsFunc(c.devices, func(x gpu.Device) bool { return x.ID == d.ID })
}

// smallest is the least memory of the chosen GPUs, in bytes.
func (c choice) smallest() int64 {
	least := c.devices[0].Memory
	for _, d := range c.devices {
		least = min(least, d.Memory)
	}
	return least
}

// class is the kernel class that receipts name.
func (c choice) class(install render.Install) string {
	if c.kind == gpu.CPU {
		return install.Class
	}
	name := strings.ToLower(strings.Join(strings.Fields(c.first().Name), "-"))
	return "gpu/" + strings.ToLower(c.backend) + "/" + name
}
