// Command heliostat-worker renders for a network without a desktop: on servers and in
// containers. It only wires workerapp; nothing here needs a display.
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
		fmt.Fprintln(os.Stderr, "heliostat-worker:", usage.Lines(err.Error()))
		stop()
		os.Exit(1)
	}
}

func root() *cobra.Command {
	c := &cobra.Command{
		Use:   "heliostat-worker",
		Short: "Render frames for a Heliostat network and earn for it",
		Example: `  heliostat-worker run --manager http://farm.example:7777 --data /var/lib/heliostat
  heliostat-worker devices
  heliostat-worker status --data /var/lib/heliostat
  heliostat-worker pause --data /var/lib/heliostat --finish
  heliostat-worker stake 250 --data /var/lib/heliostat --rpc https://rpc.example.org`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	c.SetFlagErrorFunc(usage.Flag)
	c.AddCommand(runCommand(), statusCommand(), pauseCommand(), resumeCommand(), devicesCommand(), benchCommand(), stakeCommand())
	return c
}
