package attack

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/command"
)

// Engines, as recipes call them.
const (
	cycles = "CYCLES"
	povray = "POVRAY"
	// workbench is Blender's.
	workbench = "BLENDER_WORKBENCH"
)

//go:embed scenes.pov
var povrayScenes string

// rendererOf is the program that a lab's engine belongs to, started with the lab's environment.
func rendererOf(o Options) (render.Renderer, error) {
	if o.Engine != povray {
		return blender.New(blender.Config{Env: o.Env}), nil
	}
	shipped, err := command.Shipped()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(shipped, func(d *command.Description) bool { return d.Renderer == "povray" })
	if i < 0 {
		return nil, fmt.Errorf("no renderer of engine %s is described", povray)
	}
	d := *shipped[i]
	d.Env = make(map[string]string)
	for _, pair := range o.Env {
		name, value, _ := strings.Cut(pair, "=")
		d.Env[name] = value
	}
	return command.New(&d, command.Config{}), nil
}

// samples is what comes nearest to a number of samples without being more, where there are any:
// Workbench has few to choose from.
func (l *Lab) samples(n int) int {
	if l.Engine != workbench {
		return n
	}
	near := 5
	for _, m := range []int{8, 11, 16, 32} {
		if m <= n {
			near = m
		}
	}
	return near
}

// writePovray writes one of the scenes for POV-Ray.
func writePovray(dir, scene, variation string) error {
	text := fmt.Sprintf("#version 3.7;\n#declare Which = %d;\n#declare Variation = %q;\n%s", slices.Index(Scenes, scene), variation, povrayScenes)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the scene %s: %w", scene, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "scene.pov"), []byte(text), 0o600); err != nil {
		return fmt.Errorf("make the scene %s: %w", scene, err)
	}
	return nil
}
