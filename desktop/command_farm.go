package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"log/slog"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/desktop/farm"
	"github.com/heliostat-render/heliostat/shared/service"
)

func (c *cli) farmCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "farm",
		Short: "Run a manager, workers and a verifier on this machine",
		Long: `A whole network on one machine, for a studio that wants to try. It needs the programs
heliostat-manager, heliostat-worker and heliostat-verifier beside heliostat or in PATH.`,
		Example: "  heliostat farm start --workers 2\n  heliostat farm status\n  heliostat farm stop",
		Args:    c.noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usagef("say what to do: start, stop or status; see %s --help", cmd.CommandPath())
		},
	}
	cmd.AddCommand(c.farmStartCommand(), c.farmStopCommand(), c.farmStatusCommand())
	return cmd
}

func (c *cli) farmDir() string { return filepath.Join(c.data, "farm") }

func (c *cli) farmStartCommand() *cobra.Command {
	options := farm.Options{}
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Start the farm and keep it until it is stopped",
		Long: `Starts a manager, then workers, then a verifier, each a process of its own with its own
key and log, prints one ready line, and starts one again that dies. Who starts it sees and
steers every job on it. Ctrl-C, SIGTERM or "heliostat farm stop" end them all.`,
		Example: "  heliostat farm start --settlement devchain\n  heliostat farm start --workers 2 --settlement off --listen 0.0.0.0:7777",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			id, err := c.identity()
			if err != nil {
				return err
			}
			level := slog.LevelInfo
			if options.Log, err = service.Logger(c.err, c.format, level); err != nil {
				return usageError{err}
			}
			options.Dir = c.farmDir()
			options.Studio, options.Operators = []string{id.Address()}, []string{id.Address()}
			err = farm.Run(cmd.Context(), options, func(s farm.Status) {
				manager := ""
				for _, child := range s.Children {
					if child.Name == "manager" {
						manager = child.ID
					}
				}
				service.Ready(c.out, "address", s.Address, "id", manager, "workers", fmt.Sprint(options.Workers))
			})
			if errors.Is(err, context.Canceled) && cmd.Context().Err() != nil {
				return nil // stopped while it was starting
			}
			return err
		},
	}
	cmd.Flags().StringVar(&options.Listen, "listen", "127.0.0.1:7777", "where the manager listens")
	cmd.Flags().IntVar(&options.Workers, "workers", 1, "how many workers")
	cmd.Flags().StringVar(&options.Settlement, "settlement", "devchain", "how jobs are paid: `off|devchain|rpc=URL`")
	cmd.Flags().StringVar(&options.Device, "device", "", "what the workers render on, such as cpu or auto")
	return cmd
}

func (c *cli) farmStopCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "stop",
		Short:   "Stop the farm and wait until all of it is gone",
		Example: "  heliostat farm stop",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
			defer cancel()
			if err := farm.Stop(ctx, c.farmDir()); err != nil {
				return err
			}
			fmt.Fprintln(c.out, "stopped")
			return nil
		},
	}
}

func (c *cli) farmStatusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Tell what runs",
		Example: "  heliostat farm status --json",
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			s, err := farm.Read(c.farmDir())
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.out, s)
			}
			fmt.Fprintf(c.out, "address %s\nprocess %d, for %s\n\n", s.Address, s.PID, time.Since(s.Started).Round(time.Second))
			rows := [][]string{{"PROGRAM", "PROCESS", "ID", "LOG"}}
			for _, child := range s.Children {
				rows = append(rows, []string{child.Name, fmt.Sprint(child.PID), child.ID, child.Log})
			}
			return table(c.out, rows)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}
