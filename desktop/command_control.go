package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/job"
)

// control makes a command that does one thing to one job and prints its new state.
func (c *cli) control(use, short, example string, do func(context.Context, *client.Client, string) (job.Job, error)) *cobra.Command {
	return &cobra.Command{
		Use: use + " JOB", Short: short, Example: example, Args: exactly("the job's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			manager, err := c.dial(cmd.Context())
			if err != nil {
				return err
			}
			defer manager.Close()
			after, err := do(cmd.Context(), manager, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "%s %s\n", after.ID, after.State)
			return nil
		},
	}
}

// cancelCommand is `heliostat cancel` and, under "job ", `heliostat job cancel`.
func (c *cli) cancelCommand(under string) *cobra.Command {
	reason := "cancelled by its owner"
	cmd := c.control("cancel", "Stop a job: verified frames are paid, the rest is refunded", "  heliostat "+under+"cancel j6f2…",
		func(ctx context.Context, m *client.Client, id string) (job.Job, error) {
			return m.Cancel(ctx, id, reason)
		})
	cmd.Flags().StringVar(&reason, "reason", reason, "why, for the history")
	return cmd
}

func (c *cli) pauseCommand(under string) *cobra.Command {
	reason := "paused by its owner"
	cmd := c.control("pause", "Let running tasks finish and start no new ones", "  heliostat "+under+"pause j6f2…",
		func(ctx context.Context, m *client.Client, id string) (job.Job, error) {
			return m.Pause(ctx, id, reason)
		})
	cmd.Flags().StringVar(&reason, "reason", reason, "why, for the history")
	return cmd
}

func (c *cli) resumeCommand(under string) *cobra.Command {
	return c.control("resume", "Go on with a paused job", "  heliostat "+under+"resume j6f2…",
		func(ctx context.Context, m *client.Client, id string) (job.Job, error) { return m.Resume(ctx, id, "") })
}

func (c *cli) acceptCommand() *cobra.Command {
	return c.control("accept", "Agree to a delivery, so that its workers are paid", "  heliostat accept j6f2…",
		func(ctx context.Context, m *client.Client, id string) (job.Job, error) { return m.Accept(ctx, id) })
}

func (c *cli) claimCommand() *cobra.Command {
	var frames, reason string
	var numbers []int
	cmd := c.control("claim", "Dispute delivered frames: they are checked again and their payment waits", "  heliostat claim j6f2… --frames 7,9 --reason \"fireflies in the sky\"",
		func(ctx context.Context, m *client.Client, id string) (job.Job, error) {
			return m.Claim(ctx, id, numbers, reason)
		})
	cmd.PreRunE = func(*cobra.Command, []string) (err error) {
		if frames == "" {
			return usagef("say which frames are bad, such as --frames 7,9")
		}
		if strings.TrimSpace(reason) == "" {
			return usagef("say what is wrong with them, such as --reason \"fireflies in the sky\"")
		}
		if numbers, err = state.ParseFrames(frames); err != nil {
			return usageError{err}
		}
		return nil
	}
	cmd.Flags().StringVar(&frames, "frames", "", "which `frames`, such as 7,9 or 1-12")
	cmd.Flags().StringVar(&reason, "reason", "", "what is wrong with them")
	return cmd
}
