package main

import (
	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/contracts/stake"
)

// workerStakeCommand is about the stake of this machine's worker, whose key is in its own folder.
func (c *cli) workerStakeCommand() *cobra.Command {
	var cmd *cobra.Command
	cmd = stake.Command(stake.Host{
		Program: "heliostat worker", Role: chain.RoleWorker,
		Manager: func() string { return c.manager },
		Dir:     func() string { return c.dirOfWorker(cmd) },
	})
	return cmd
}

// dirOfWorker is the worker's own folder: in the data folder, or the one that --data names.
func (c *cli) dirOfWorker(cmd *cobra.Command) string {
	if cmd.Root().PersistentFlags().Changed("data") {
		return c.data
	}
	return c.workerDir()
}
