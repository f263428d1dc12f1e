// Heliostat is the artist's, the studio's and the GPU owner's program: without arguments it
// opens the desktop window, with arguments it does the same things without a display:
// submit, watch and accept jobs, lend this machine, run a small farm.
//
// This package only wires: what the screens show is desktop/state, how a submission goes is
// plugins/submit, how a worker works is workerapp. Built with the tag nogui it needs
// neither Fyne nor GL and has the commands only.
//
// Receives: a .blend and a frame range, or a job's name.
// Hands on: a scene to plugins/submit, frames to the output folder.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/usage"
)

// version is set by the release build.
var version = "0.1.0"

func main() {
	ctx, stop := service.Context()
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run carries out one command line and returns the exit code: 0 done, 1 failed, 2 not
// understood, 130 interrupted.
func run(ctx context.Context, args []string) int {
	c := &cli{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	err := root.ExecuteContext(ctx)
	var wrong usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintln(c.err, "heliostat: "+usage.Lines(err.Error()))
		return 2
	case errors.Is(err, errInterrupted):
		return 130
	}
	fmt.Fprintln(c.err, "heliostat: "+usage.Lines(explain(err)))
	return 1
}
