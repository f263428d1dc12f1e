//go:build !linux || !cgo

package gpu

import "context"

type none struct{}

// NVIDIA finds nothing in this build: NVML's binding needs Linux and cgo.
func NVIDIA() Library { return none{} }

func (none) Devices(context.Context) ([]Device, error) { return nil, ErrNoLibrary }
