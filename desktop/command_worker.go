package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/service"
)

func (c *cli) workerCommand() *cobra.Command {
	f := workerDefaults()
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Lend this machine to the network, without a window",
		Long: `Renders for the network until it is stopped, as heliostat-worker run does and as worker
mode in the window does. Its key and cache are in "worker" in the data folder, or in the
folder that --data names. SIGTERM gives the task in hand back and stops within seconds.`,
		Example: "  heliostat worker\n  heliostat worker --manager https://farm.example --threads 8 --price 0.05 --log json",
		Args:    c.noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.Check(); err != nil {
				return usageError{err}
			}
			level := slog.LevelInfo
			if c.verbose {
				level = slog.LevelDebug
			}
			log, err := service.Logger(c.err, c.format, level)
			if err != nil {
				return usageError{err}
			}
			dir := c.dirOfWorker(cmd)
			engine, err := newEngine(c.manager, dir, f, log, func(manager string, id *identity.Identity) {
				service.Ready(c.out, "id", id.Address(), "manager", manager)
			})
			if err != nil {
				return err
			}
			err = engine.Run(cmd.Context())
			if cmd.Context().Err() != nil {
				return nil // stopped on purpose; what went wrong meanwhile is in the log
			}
			return err
		},
	}
	f.Flags(cmd.Flags())
	cmd.AddCommand(c.workerStakeCommand())
	return cmd
}
