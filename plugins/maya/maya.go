// Package maya carries the Maya module: heliostat.mod and the Python package
// heliostat_maya in scripts, over the heliostat package of plugins/python.
//
// It was never run inside Maya: its test uses a stand-in for maya.cmds.
//
// Receives: nothing; the installers read it.
// Hands on: the module's files.
package maya

import (
	"embed"
	"io/fs"
)

//go:embed heliostat.mod README.md scripts/heliostat_maya/*.py
var files embed.FS

// Files is the module's tree.
func Files() fs.FS { return files }
