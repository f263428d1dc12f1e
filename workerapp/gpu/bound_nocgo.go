//go:build linux && !cgo

package gpu

// NVIDIA is the library of this machine.
func NVIDIA() Library { return this }

var this = libraryAt("libnvidia-ml.so.1")
