package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/render/known"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/workerapp/bench"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
	"github.com/heliostat-render/heliostat/workerapp/sandbox"
	"github.com/heliostat-render/heliostat/workerapp/setup"
)

func devicesCommand() *cobra.Command {
	var blenders []string
	var descriptions string
	c := &cobra.Command{
		Use:     "devices",
		Short:   "List the devices, renderers and sandbox of this machine",
		Example: "  heliostat-worker devices\n  heliostat-worker devices --blender /opt/blender-4.2/blender",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := warm.CheckPrograms(blenders); err != nil {
				return err
			}
			out := c.OutOrStdout()
			devices, failed := gpu.List(c.Context(), gpu.NVIDIA())
			for _, d := range devices {
				fmt.Fprintf(out, "device    %s  %s\n", d.ID, describe(d, true))
			}
			renderers, err := known.Renderers(known.Config{Blender: blenders, Descriptions: descriptions})
			if err != nil {
				return err
			}
			found, err := warm.Find(c.Context(), renderers)
			for _, f := range found {
				i := f.Install
				fmt.Fprintf(out, "renderer  %s %s  %s  engines %s  devices %s  class %s\n", i.Renderer, i.Version, i.Path,
					strings.Join(i.Engines, ","), strings.Join(i.Devices, ","), i.Class)
			}
			failed = errors.Join(failed, err)
			if len(found) == 0 {
				failed = errors.Join(failed, errors.New("no Blender was found: install one (apt install blender), or name it with --blender"))
			}
			if box, err := sandbox.Choose("auto"); err != nil {
				failed = errors.Join(failed, err)
			} else {
				fmt.Fprintln(out, "sandbox   "+sandbox.Name(box))
			}
			return failed
		},
	}
	c.Flags().StringArrayVar(&blenders, "blender", nil, "`path` of a Blender to look at, repeatable")
	c.Flags().StringVar(&descriptions, "renderers", "", "`folder` with descriptions of further batch renderers (*.toml)")
	return c
}

// describe says in a line what a device is and how it is.
func describe(d gpu.Device, on bool) string {
	text := fmt.Sprintf("%s  %s  %.1f of %.1f GiB free", d.Kind, d.Name, gib(d.Free), gib(d.Memory))
	if d.Kind == gpu.GPU {
		text += fmt.Sprintf("  %.0f %% busy", 100*d.Load)
	}
	if d.Temperature > 0 {
		text += fmt.Sprintf("  %d °C", d.Temperature)
	}
	if d.Fan > 0 {
		text += fmt.Sprintf("  fan %.0f %%", 100*d.Fan)
	}
	if d.Power > 0 {
		text += fmt.Sprintf("  %.0f W", d.Power)
	}
	if !on {
		text += "  off"
	}
	return text
}

func gib(n int64) float64 { return float64(n) / (1 << 30) }

func benchCommand() *cobra.Command {
	var threads int
	c := &cobra.Command{
		Use:     "bench",
		Short:   "Measure how fast this machine renders, in work units per minute",
		Example: "  heliostat-worker bench\n  heliostat-worker bench --threads 1",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if threads < 0 || threads > setup.MaxThreads {
				return fmt.Errorf("--threads %d is out of range; use 0 for all or up to %d", threads, setup.MaxThreads)
			}
			s, err := bench.Measure(c.Context(), threads, 2*time.Second)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%.4f work units a minute (%.1f million rays a second on %d threads)\n", s.Units, s.Rays/1e6, s.Threads)
			return nil
		},
	}
	c.Flags().IntVar(&threads, "threads", 0, "threads to measure (default: all)")
	return c
}
