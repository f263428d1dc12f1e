package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/plugins/submit"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func (c *cli) jobPriorityCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "priority JOB NUMBER",
		Short:   "Change a job's place in the queue at once",
		Long:    "Your jobs of a higher priority go before your others; 0 is usual, from -100 to 100. What is being rendered goes on.",
		Example: "  heliostat job priority j6f2… 10\n  heliostat job priority j6f2… -- -5",
		Args:    exactly("the job's id", "the priority"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[1])
			if err != nil || n < -100 || n > 100 {
				return usagef("%q is no priority: use a whole number from -100 to 100", args[1])
			}
			manager, err := c.dial(cmd.Context())
			if err != nil {
				return err
			}
			defer manager.Close()
			after, err := manager.Priority(cmd.Context(), args[0], n)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "%s priority %d\n", after.ID, after.Priority)
			return nil
		},
	}
}

func (c *cli) jobRushCommand() *cobra.Command {
	var reason string
	var off bool
	cmd := &cobra.Command{
		Use:   "rush JOB",
		Short: "Put a job before everybody's, as the operator, or with --off back into its turn",
		Long: `Puts a job before everybody's until it is done, whoever owns it. Only an operator may: the data folder has to hold the
manager's own key, or one that heliostat-manager serve names with --operator. On the manager's machine, heliostat-manager rush does the same. Those who wait read the reason in heliostat job why.`,
		Example: "  heliostat job rush j6f2… --reason \"dailies at noon\"\n  heliostat job rush j6f2… --off",
		Args:    exactly("the job's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			manager, err := c.dial(cmd.Context())
			if err != nil {
				return err
			}
			defer manager.Close()
			if !manager.Operates() {
				return fmt.Errorf("only the manager's operator may put a job before everybody's; ask for `heliostat-manager rush %s --data FOLDER`, where FOLDER is the manager's. Among your own jobs, heliostat job priority decides", args[0])
			}
			after, err := manager.Rush(cmd.Context(), args[0], !off, reason)
			if err != nil {
				return err
			}
			said := "in its turn again"
			if after.Rush > 0 {
				said = "before everybody's jobs"
			}
			fmt.Fprintf(c.out, "%s %s\n", after.ID, said)
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who wait meanwhile")
	cmd.Flags().BoolVar(&off, "off", false, "back into its turn")
	return cmd
}

func (c *cli) jobRequeueCommand() *cobra.Command {
	var frames string
	var numbers []int
	reason := "requeued by its owner"
	cmd := c.control("requeue", "Take frames back from the workers that have them", "  heliostat job requeue j6f2… --frames 7,9 --reason \"that machine hangs\"",
		func(ctx context.Context, m *client.Client, id string) (job.Job, error) {
			return m.Requeue(ctx, id, numbers, reason)
		})
	cmd.Long = "Takes frames that aren't rendered yet back into the queue, with the others of the same tasks; another worker is preferred for them. Without --frames it takes all."
	cmd.PreRunE = func(*cobra.Command, []string) (err error) {
		if frames == "" {
			return nil
		}
		if numbers, err = state.ParseFrames(frames); err != nil {
			return usageError{err}
		}
		return nil
	}
	cmd.Flags().StringVar(&frames, "frames", "", "which `frames`, such as 7,9 or 1-12 (default: all that aren't rendered)")
	cmd.Flags().StringVar(&reason, "reason", reason, "why, for the history")
	return cmd
}

func (c *cli) jobReleaseCommand() *cobra.Command {
	return c.control("release", "Let the rest of a job follow its scout frames", "  heliostat job release j6f2…",
		func(ctx context.Context, m *client.Client, id string) (job.Job, error) {
			return m.Release(ctx, id, "the scout frames are good")
		})
}

func (c *cli) jobRetryCommand() *cobra.Command {
	var frames, name string
	var priority int
	var yes bool
	cmd := &cobra.Command{
		Use:   "retry JOB",
		Short: "Render what is missing of a job that failed or was cancelled",
		Long: `Makes a new job of the same package, without uploading anything, from the frames that were
never delivered, or from those named. It has its own price; the old job stays as it is.`,
		Example: "  heliostat job retry j6f2…\n  heliostat job retry j6f2… --frames 7,9 --yes",
		Args:    exactly("the job's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			draft := wire.JobDraft{Request: "retry-" + rand.Text(), From: args[0], Name: name, Priority: priority}
			if frames != "" {
				var err error
				if draft.Frames, err = state.ParseFrames(frames); err != nil {
					return usageError{err}
				}
			}
			manager, err := c.dial(cmd.Context())
			if err != nil {
				return err
			}
			defer manager.Close()
			quote, err := manager.Redraft(cmd.Context(), draft)
			if err != nil {
				return err
			}
			if old, err := manager.Job(cmd.Context(), args[0]); err == nil && old.Job.State == job.Failed {
				fmt.Fprintf(c.err, "This renders the same package again. It failed: %s\n", old.Job.Cause)
			}
			fmt.Fprintf(c.err, "%s. %s\n", counted(len(quote.Job.Frames), "frame"), quoteLine(submit.Status{Quote: &quote.Quote, Symbol: manager.Welcome().Money.Symbol}))
			if !yes {
				agreed, err := c.agreed(cmd.Context())
				if err == nil && !agreed {
					err = errors.New("the quote was not accepted; nothing was paid")
				}
				if err != nil {
					_, _ = manager.Cancel(context.WithoutCancel(cmd.Context()), quote.Job.ID, "the quote was not accepted") // it expires otherwise
					return err
				}
			}
			after, err := manager.Fund(cmd.Context(), quote)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "job %s\n", after.ID)
			fmt.Fprintf(c.err, "Fetch its frames with\n  heliostat job fetch %s --out FOLDER\n", after.ID)
			return nil
		},
	}
	cmd.Flags().StringVar(&frames, "frames", "", "which `frames`, such as 7,9 or 1-12 (default: those that were never delivered)")
	cmd.Flags().StringVar(&name, "name", "", "the new job's name (default: the old one's)")
	cmd.Flags().IntVar(&priority, "priority", 0, "from -100 to 100, higher goes first")
	cmd.Flags().BoolVar(&yes, "yes", false, "accept the quote without asking")
	return cmd
}

// agreed asks a question that was just written and waits for y.
func (c *cli) agreed(ctx context.Context) (bool, error) {
	fmt.Fprint(c.err, "Accept? [y/N] ")
	answers := make(chan string, 1)
	go func() { // ends with the process at the latest: reading a terminal can't be interrupted
		line, _ := bufio.NewReader(c.in).ReadString('\n')
		answers <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(c.err)
		return false, errInterrupted
	case answer := <-answers:
		if answer == "" {
			fmt.Fprintln(c.err)
			return false, errors.New("nobody answered the quote; run it in a terminal, or accept with --yes")
		}
		answer = strings.ToLower(strings.TrimSpace(answer))
		return answer == "y" || answer == "yes", nil
	}
}

func (c *cli) jobFetchCommand() *cobra.Command {
	var out, frames string
	cmd := &cobra.Command{
		Use:   "fetch JOB",
		Short: "Fetch a job's delivered frames",
		Long: `Fetches what is delivered so far, under the names that the job's output setting gives when it was submitted
on this machine, else as 0001.png. Files that are there already are kept.`,
		Example: "  heliostat job fetch j6f2…\n  heliostat job fetch j6f2… --out render\n  heliostat job fetch j6f2… --out 'render/shot_####'",
		Args:    exactly("the job's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var numbers []int
			if frames != "" {
				var err error
				if numbers, err = state.ParseFrames(frames); err != nil {
					return usageError{err}
				}
			}
			manager, detail, err := c.detail(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer manager.Close()
			output, known := submit.OutputOf(c.data, detail.Job)
			switch {
			case out != "":
				if output, err = output.In(out); err != nil {
					return err
				}
			case !known:
				return usagef("job %s was submitted on another machine; say where its frames go: --out FOLDER", args[0])
			}
			fetched, err := submit.Fetch(cmd.Context(), manager.Client, detail, numbers, output, func(wire.JobFile, int, int) {})
			if err != nil {
				return c.interrupted(cmd.Context(), err)
			}
			if fetched.Folder == "" {
				return fmt.Errorf("nothing of %s is delivered yet; see heliostat job show %s", map[bool]string{true: "job " + args[0], false: "frames " + frames}[frames == ""], args[0])
			}
			fmt.Fprintf(c.out, "%s fetched to %s, %d were there\n", counted(fetched.Files, "file"), fetched.Folder, fetched.Kept)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`folder` for the frames, or a path with # for the number (default: where the job's submission says)")
	cmd.Flags().StringVar(&frames, "frames", "", "which `frames`, such as 7,9 or 1-12 (default: all that are delivered)")
	return cmd
}

// counted writes a number of things: "1 frame", "2 frames".
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprint(n, " ", noun)
}
