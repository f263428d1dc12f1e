package workerapp

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
)

func TestTheOwnersDevicesAreChosen(t *testing.T) {
	machine := []gpu.Device{
		{ID: "cpu", Kind: gpu.CPU, Name: "A CPU", Memory: 64 << 30},
		{ID: "GPU-a", Kind: gpu.GPU, Name: "RTX A", Memory: 24 << 30}, {ID: "GPU-b", Kind: gpu.GPU, Name: "RTX B", Memory: 8 << 30},
		{ID: "GPU-c", Kind: gpu.GPU, Name: "RTX A", Memory: 20 << 30},
	}
	blender := []warm.Found{{Install: render.Install{Devices: []string{"CPU", "CUDA", "HIP"}, Class: "cpu/avx2"}}}
	for _, c := range []struct {
		want   string
		boards []string
		ids    string // "" is the CPU, "?" an unnamed GPU, or what the error says
		class  string
	}{
		{"", nil, "", "cpu/avx2"},
		{"cpu", nil, "", "cpu/avx2"},
		{"auto", nil, "GPU-a,GPU-c", "gpu/cuda/rtx-a"},
		{"cuda", []string{"1"}, "GPU-b", "gpu/cuda/rtx-b"},
		{"cuda", []string{"gpu-c", "GPU-c"}, "GPU-c", "gpu/cuda/rtx-a"},
		{"hip", nil, "?", "gpu/hip/hip-gpu"},
		{"optix", nil, "no renderer here can use OPTIX", ""},
		{"cuda", []string{"7"}, "there is no GPU 7", ""},
		{"cuda", []string{"0", "1"}, "different kinds", ""},
	} {
		got, err := choose(c.want, c.boards, machine, blender)
		if err != nil {
			if c.class != "" || !strings.Contains(err.Error(), c.ids) {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		ids := strings.Join(got.ids(), ",")
		if c.ids == "?" && (ids != "" || got.kind != gpu.GPU) || c.ids != "?" && ids != c.ids || got.class(blender[0].Install) != c.class {
			t.Errorf("%+v: %s, %s", c, ids, got.class(blender[0].Install))
		}
	}
	if c, err := choose("auto", nil, machine[:1], blender); err != nil || c.kind != gpu.CPU {
		t.Errorf("without a GPU auto is %+v, %v", c, err)
	}
	c, err := choose("auto", nil, machine, blender)
	if err != nil || c.smallest() != 20<<30 || !c.uses(machine[3]) || c.uses(machine[2]) || slices.Contains(c.ids(), "cpu") {
		t.Errorf("%+v, %v", c, err)
	}
}

// onGPU is a renderer that can use a GPU.
type onGPU struct{ *fake.Renderer }

func (r onGPU) Find(ctx context.Context) ([]render.Install, error) {
	found, err := r.Renderer.Find(ctx)
	for i := range found {
		found[i].Devices = append(found[i].Devices, "CUDA")
	}
	return found, err
}

type cards []gpu.Device

func (c cards) Devices(context.Context) ([]gpu.Device, error) { return c, nil }

// What a worker announces is what a renderer may really take: jobs that need more mustn't come here, and one that
// didn't fit goes to a worker with more.
func TestAnnouncedMemoryIsWhatARendererMayTake(t *testing.T) {
	machine, err := gpu.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	whole := machine[0].Memory
	for name, c := range map[string]struct {
		device       string
		limit        int64
		memory, vram int64
	}{
		"the machine's":                  {"cpu", 0, whole, 0},
		"the owner's limit":              {"cpu", 1 << 30, 1 << 30, 0},
		"a limit above what is there":    {"cpu", whole + 1, whole, 0},
		"beside a GPU":                   {"cuda", 0, whole, 512 << 20},
		"the owner's limit beside a GPU": {"cuda", 1 << 30, 1 << 30, 512 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			m := farm(t)
			m.Start()
			o := options(m, newIdentity(t), t.TempDir(), onGPU{fake.New(fake.Behaviour{})})
			o.Device, o.MemoryLimit = c.device, c.limit
			o.GPUs = []gpu.Library{cards{{ID: "GPU-a", Kind: gpu.GPU, Name: "Small", Memory: 512 << 20}}}
			start(t, o)
			got := fetchtest.Expect(m, wire.TypeWorkerReady, free).Capabilities
			if got.Memory != c.memory || got.VRAM != c.vram {
				t.Errorf("announced %d of memory and %d of GPU memory, not %d and %d", got.Memory, got.VRAM, c.memory, c.vram)
			}
		})
	}
}
