// Command heliostat-verifier checks other people's frames for a network and earns for it.
// It only wires verifier/audit to a renderer and a sandbox; the work is done there.
//
// Receives: challenges from manager/audit.
// Hands on: signed verdicts to the same.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/usage"
)

// version is set by the linker for releases.
var version = "0.1.0"

func main() {
	ctx, stop := service.Context()
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "heliostat-verifier:", usage.Lines(err.Error()))
		stop()
		os.Exit(1)
	}
}

func root() *cobra.Command {
	c := &cobra.Command{
		Use:   "heliostat-verifier",
		Short: "Check frames for a Heliostat network and earn for it",
		Example: `  heliostat-verifier run --manager http://farm.example:7777 --data /var/lib/heliostat-verifier
  heliostat-verifier check evidence.json
  heliostat-verifier stake 250 --data /var/lib/heliostat-verifier --rpc https://rpc.example.org`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	c.SetFlagErrorFunc(usage.Flag)
	c.AddCommand(runCommand(), checkCommand(), stakeCommand())
	return c
}
