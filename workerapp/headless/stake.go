package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/contracts/stake"
	"github.com/heliostat-render/heliostat/shared/client"
)

func stakeCommand() *cobra.Command {
	var manager, data string
	return stake.Command(stake.Host{
		Program: "heliostat-worker", Role: chain.RoleWorker,
		Flags: func(f *pflag.FlagSet) {
			f.StringVar(&manager, "manager", client.DefaultManager, "the manager's `URL`; of several managers their URLs with commas between")
			f.StringVar(&data, "data", "heliostat-worker", "the worker's data `folder`")
		},
		Manager: func() string { return manager }, Dir: func() string { return data },
	})
}
