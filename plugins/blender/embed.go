// Package blender carries the Blender add-on's Python files, so that Go programs can run
// its collector in a headless Blender.
//
// It is not the add-on itself, which is heliostat_render beside this file and is licensed
// GPL-3.0-or-later.
//
// Receives: nothing; plugins/submit and the installers read it.
// Hands on: the scripts that turn a .blend into a scene folder description.
package blender

import (
	"embed"
	"io/fs"
)

// Package is the folder of the add-on inside Scripts.
const Package = "heliostat_render"

// Globs rather than folders: those would leave out files that begin with an underscore,
// and take in what Python caches.
//
//go:embed heliostat_render/*.py heliostat_render/*.toml heliostat_render/ops/*.py
var files embed.FS

// License is the add-on's.
//
//go:embed LICENSE
var License []byte

// Scripts is the add-on's tree, with the folder Package at its top.
func Scripts() fs.FS { return files }
