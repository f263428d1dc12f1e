package gpu

import (
	"context"
	"errors"
	"testing"
)

type listed struct {
	devices []Device
	err     error
}

func (l listed) Devices(context.Context) ([]Device, error) { return l.devices, l.err }

func TestListPutsTheProcessorFirst(t *testing.T) {
	devices, err := List(t.Context(), listed{err: ErrNoLibrary}, listed{devices: []Device{{ID: "g", Kind: GPU}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(devices) != 2 || devices[0].Kind != CPU || devices[1].ID != "g" {
		t.Fatalf("got %+v", devices)
	}
	if cpu := devices[0]; cpu.Threads < 1 || cpu.Memory <= 0 || cpu.Free <= 0 || cpu.Name == "" {
		t.Fatalf("the processor is incomplete: %+v", cpu)
	}
}

func TestAFailingLibraryHidesNothing(t *testing.T) {
	broken := errors.New("driver mismatch")
	devices, err := List(t.Context(), listed{devices: []Device{{ID: "half"}}, err: broken}, listed{devices: []Device{{ID: "whole"}}})
	if !errors.Is(err, broken) || len(devices) != 3 {
		t.Fatalf("got %+v, %v", devices, err)
	}
}

// The machine's own library is asked for real: it has GPUs or says that there is none.
func TestThisMachine(t *testing.T) {
	devices, err := NVIDIA().Devices(t.Context())
	if err != nil && !errors.Is(err, ErrNoLibrary) {
		t.Fatal(err)
	}
	for _, d := range devices {
		if d.Kind != GPU || d.ID == "" || d.Memory <= 0 || d.Driver == "" {
			t.Errorf("incomplete: %+v", d)
		}
		t.Logf("%+v", d)
	}
}
