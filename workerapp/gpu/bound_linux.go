package gpu

import "github.com/ebitengine/purego"

// libraryAt is the binding to a library's file.
func libraryAt(path string) *Bound {
	return &Bound{open: func() (uintptr, error) { return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL) }}
}
