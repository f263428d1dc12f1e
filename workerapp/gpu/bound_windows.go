package gpu

import "golang.org/x/sys/windows"

// Untested: no Windows machine was at hand.

// NVIDIA is the library of this machine, from the system's folder only.
func NVIDIA() Library { return this }

var this = &Bound{open: func() (uintptr, error) {
	lib, err := windows.LoadLibraryEx("nvml.dll", 0, windows.LOAD_LIBRARY_SEARCH_SYSTEM32)
	return uintptr(lib), err
}}
