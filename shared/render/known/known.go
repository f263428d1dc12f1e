// Package known makes every renderer that Heliostat can drive: Blender, Maya, and the batch
// renderers that descriptions name, shipped ones and an operator's own.
//
// It is not for finding what is installed (each renderer's Find does, through
// shared/render/warm).
//
// Receives: where to look, from the programs that render.
// Hands on: renderers, to the same.
package known

import (
	"fmt"
	"log/slog"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/command"
	"github.com/heliostat-render/heliostat/shared/render/maya"
)

// Config says where to look beside the usual places.
type Config struct {
	Blender      []string // programs to use instead of looking for Blender
	Folders      []string // further folders with installed Blenders
	More         []string // further Blender programs, such as depot.Programs("blender")
	Descriptions string   // a folder with descriptions of batch renderers (*.toml); "" for the shipped ones only
	Log          *slog.Logger
}

// Renderers makes them all. A description of the operator's replaces a shipped one of its
// name. The error names a description that is wrong.
func Renderers(cfg Config) ([]render.Renderer, error) {
	list := []render.Renderer{
		blender.New(blender.Config{Paths: cfg.Blender, Folders: cfg.Folders, More: cfg.More, Log: cfg.Log}),
		maya.New(maya.Config{Log: cfg.Log}),
	}
	shipped, err := command.Shipped()
	if err != nil {
		return nil, err
	}
	byName := map[string]*command.Description{}
	var order []string
	own := []*command.Description{}
	if cfg.Descriptions != "" {
		if own, err = command.Load(cfg.Descriptions); err != nil {
			return nil, err
		}
	}
	for _, d := range append(shipped, own...) {
		for _, taken := range list {
			if d.Renderer == taken.Name() {
				return nil, fmt.Errorf("a description is called %s, as a renderer that needs none; call it otherwise", d.Renderer)
			}
		}
		if byName[d.Renderer] == nil {
			order = append(order, d.Renderer)
		}
		byName[d.Renderer] = d
	}
	for _, name := range order {
		list = append(list, command.New(byName[name], command.Config{Log: cfg.Log}))
	}
	return list, nil
}
