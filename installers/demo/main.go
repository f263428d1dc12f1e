// Command heliostat-demo is the main job on one machine: it starts a manager, two workers
// and a verifier, lets Blender's add-on submit the demo scene, shows what happens, and
// checks at the end that every frame was delivered, verified and paid.
//
// It is not an installer; installers/demo.sh is, and calls this.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/heliostat-render/heliostat/shared/service"
)

// limit is how long the whole demo may take before it gives up and says where it stood.
const limit = 20 * time.Minute

type options struct {
	bin     string
	out     string
	frames  string
	samples int
	workers int
	blender string
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin", "folder with the built programs and libheliostat.so")
	flag.StringVar(&o.out, "out", "demo-out", "folder for frames, summary, contact sheet and data")
	flag.StringVar(&o.frames, "frames", "", "frames to render, like 1-12 (default: the scene's own range)")
	flag.IntVar(&o.samples, "samples", 0, "samples per pixel (default: the scene's own)")
	flag.IntVar(&o.workers, "workers", 2, "how many workers to start")
	flag.StringVar(&o.blender, "blender", "blender", "Blender to submit with")
	flag.Parse()
	ctx, stop := service.Context()
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the demo did not end within %s", limit))
	defer cancel()
	if err := run(ctx, o); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo failed: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	for _, path := range []*string{&o.bin, &o.out} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	started := time.Now()
	scene, err := makeScene(ctx, o)
	if err != nil {
		return err
	}
	net, err := startNetwork(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, net.close()) }()
	show, err := newScreen(os.Stdout, net)
	if err != nil {
		return err
	}
	report, err := submit(ctx, o, net, scene, show)
	show.stop()
	if err != nil {
		return err
	}
	sum, err := summarise(ctx, net, report, started)
	if err != nil {
		return err
	}
	if err := writeSummary(o.out, sum); err != nil {
		return err
	}
	sheet := filepath.Join(o.out, "contact-sheet.png")
	if err := contactSheet(sheet, sum); err != nil {
		return err
	}
	sum.print(os.Stdout)
	fmt.Printf("\nframes         %s\ncontact sheet  %s\nsummary        %s\n", report.Output, sheet, filepath.Join(o.out, "summary.json"))
	return sum.check()
}
