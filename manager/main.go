// Command heliostat-manager runs the network's queue: it takes jobs in, leases tasks to
// workers, has every frame checked by verifiers, delivers them and settles what is owed.
//
// This package only wires: flags, construction, start and stop. What the manager does is in
// the packages below it.
//
// Receives: a data folder and flags.
// Hands on: a serving manager.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/usage"
)

// version is set by the release build.
var version = "0.1.0"

func main() {
	if err := rootCommand().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "heliostat-manager:", usage.Lines(err.Error()))
		os.Exit(1)
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "heliostat-manager",
		Short:         "Run a Heliostat manager",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{
			HiddenDefaultCmd: true,
		},
	}
	root.SetFlagErrorFunc(usage.Flag)
	root.AddCommand(serveCommand(), blobsCommand(), depotCommand(), trailCommand(), drainCommand(), topCommand(), rushCommand(), storeCommand())
	return usage.Group(root)
}
