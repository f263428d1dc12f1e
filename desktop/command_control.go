package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
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
			after, err := do(cmd.Context(), manager.Client, args[0])
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
	var wait bool
	cmd := c.control("claim", "Dispute delivered frames: they are checked again and their payment waits", "  heliostat claim j6f2… --frames 7,9 --reason \"fireflies in the sky\" --wait",
		func(ctx context.Context, m *client.Client, id string) (job.Job, error) {
			if !wait {
				return m.Claim(ctx, id, numbers, reason)
			}
			return c.claimAndWait(ctx, m, id, func() (job.Job, error) { return m.Claim(ctx, id, numbers, reason) })
		})
	cmd.Long = `Dispute delivered frames of a job of yours, while its dispute window is open.

Nothing of the job is paid until the claim is decided. The manager looks into the files first; then up to five verifiers
render the frames' tiles again, and three that agree decide. Upheld, the frames' price comes back to the job and they are
rendered again; dismissed, the delivery stands and the verifiers are paid from what the price limit leaves.
Every step is in the job's history: heliostat job show JOB.`
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
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the claim is decided and tell what happened")
	return cmd
}

// claimAndWait files a claim, waits until the job isn't disputed any more and prints what
// happened.
func (c *cli) claimAndWait(ctx context.Context, m *client.Client, id string, file func() (job.Job, error)) (job.Job, error) {
	after, err := file()
	if err != nil {
		return after, err
	}
	watch, stop := context.WithCancel(ctx)
	defer stop()
	if err := m.Watch(watch, wire.JobWatch{Job: id}, func(u wire.JobUpdate) {
		if u.Job.State != job.Disputed {
			stop()
		}
	}); err != nil {
		return after, err
	}
	d, err := m.Job(ctx, id)
	if err != nil {
		return after, err
	}
	first := 0 // of this claim's events
	for i, e := range d.Events {
		if e.What == "claim" {
			first = i
		}
	}
	for _, e := range d.Events[first:] {
		fmt.Fprintf(c.out, "%s: %s\n", e.What, e.Text)
	}
	return d.Job, nil
}
