// Package python carries the heliostat Python package, so that installers can put it into
// add-ons; its test builds the library and runs the package's own tests.
//
// It is not a binding of its own: the package wraps plugins/bridge.
//
// Receives: scene folder descriptions from plugins/blender and plugins/maya.
// Hands on: the same, as JSON, to plugins/bridge.
package python

import (
	"embed"
	"io/fs"
)

//go:embed heliostat/*.py
var files embed.FS

// Files is the package's tree, with the folder heliostat at its top.
func Files() fs.FS { return files }
