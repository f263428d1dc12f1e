package main

import (
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/rules"
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
			if err := f.check(); err != nil {
				return err
			}
			level := slog.LevelInfo
			if c.verbose {
				level = slog.LevelDebug
			}
			log, err := service.Logger(c.err, c.format, level)
			if err != nil {
				return usageError{err}
			}
			dir := filepath.Join(c.data, "worker")
			if cmd.Flags().Changed("data") {
				dir = c.data
			}
			var id *identity.Identity
			engine, id, err := newEngine(c.manager, dir, f, log, func(wire.Welcome) {
				service.Ready(c.out, "id", id.Address(), "manager", c.manager)
			})
			if err != nil {
				return err
			}
			if f.paused != "" {
				engine.Pause(rules.Now, f.paused)
			}
			err = engine.Run(cmd.Context())
			if cmd.Context().Err() != nil {
				return nil // stopped on purpose; what went wrong meanwhile is in the log
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.name, "name", "", "name shown to people (default: this machine's)")
	flags.StringVar(&f.device, "device", f.device, "cpu, auto (a GPU where one can be used), optix, cuda, hip, oneapi or metal")
	flags.IntVar(&f.threads, "threads", 0, "threads of a renderer (default: all)")
	flags.StringVar(&f.sandbox, "sandbox", f.sandbox, "auto or bwrap confine scenes; none runs them with your rights")
	flags.Float64Var(&f.price, "price", 0, "least price of a work unit, in tokens")
	flags.Int64Var(&f.cacheGB, "cache", f.cacheGB, "size of the chunk cache, in `GiB`")
	flags.Int64Var(&f.minFreeMB, "min-free", f.minFreeMB, "take no work with less free disk, in `MiB`")
	flags.Float64Var(&f.memoryGB, "memory", 0, "memory that a renderer may map, in `GiB` (default: the machine's)")
	flags.StringArrayVar(&f.blenders, "blender", nil, "`path` of a Blender to use, repeatable (default: those that are installed)")
	flags.DurationVar(&f.claimEvery, "claim-every", f.claimEvery, "how often settled earnings are withdrawn")
	flags.DurationVar(&f.connect, "connect-timeout", f.connect, "give up when the first sign-in takes longer; 0 tries for ever")
	flags.DurationVar(&f.idle, "idle", f.idle, "close a renderer that wasn't used for so long")
	flags.StringVar(&f.paused, "paused", "", "start paused, with this `reason`")
	return cmd
}
