//go:build !linux && !windows

package gpu

import "context"

type none struct{}

// NVIDIA finds nothing: there are no drivers of theirs for this system.
func NVIDIA() Library { return none{} }

func (none) Devices(context.Context) ([]Device, error) { return nil, ErrNoLibrary }
