package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func (c *cli) jobCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "job",
		Short:   "Show, explain, watch and steer one job",
		Example: "  heliostat job show j6f2…\n  heliostat job why j6f2…\n  heliostat job priority j6f2… 10\n  heliostat job retry j6f2… --yes",
		Args:    c.noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usagef("say what to do, such as show, why, watch or priority; see %s --help", cmd.CommandPath())
		},
	}
	cmd.AddCommand(c.jobShowCommand(), c.jobWhyCommand(), c.jobWatchCommand(),
		c.jobPriorityCommand(), c.jobRushCommand(), c.jobRequeueCommand(), c.jobReleaseCommand(), c.jobRetryCommand(), c.jobFetchCommand(), c.jobEncodeCommand(),
		c.cancelCommand("job "), c.pauseCommand("job "), c.resumeCommand("job "))
	return cmd
}

// detail connects, as a studio where that is allowed, and fetches one job.
func (c *cli) detail(ctx context.Context, id string) (source, wire.JobDetail, error) {
	manager, err := c.dialStudio(ctx, c.manager, nil)
	if err != nil {
		return source{}, wire.JobDetail{}, err
	}
	detail, err := manager.Job(ctx, id)
	if err != nil {
		manager.Close()
		return source{}, wire.JobDetail{}, err
	}
	return manager, detail, nil
}

func (c *cli) jobShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show JOB",
		Short:   "Show a job: its frames, who rendered them, its history",
		Example: "  heliostat job show j6f2… --json",
		Args:    exactly("the job's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			manager, detail, err := c.detail(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer manager.Close()
			if asJSON {
				return printJSON(c.out, detail)
			}
			nodes, err := manager.Nodes(cmd.Context())
			if err != nil {
				nodes = nil // names are a courtesy
			}
			return c.printJob(detail, nodes, manager.Welcome().Money.Symbol)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}

func (c *cli) printJob(d wire.JobDetail, nodes []job.Node, symbol string) error {
	j := d.Job
	facts := [][]string{
		{"job", j.ID}, {"name", j.Name}, {"state", string(j.State)},
		{"frames", fmt.Sprintf("%d of %d delivered", state.Done(j.Counts), state.Total(j))},
		{"spent", state.Money(j.Spent, symbol) + " of at most " + state.AtMost(j.Quote.Ceiling, symbol)},
	}
	if j.Cause != "" {
		facts = append(facts, []string{"cause", j.Cause})
	}
	facts = append(facts, wantsOf(j)...)
	if d.ETA > 0 {
		facts = append(facts, []string{"left", state.Duration(d.ETA)})
	}
	if d.Why != "" {
		facts = append(facts, []string{"waiting", d.Why})
	}
	if err := table(c.out, facts); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	rows := [][]string{{"FRAME", "STATE", "WORKER", "VERIFIER", "SECONDS", "PRICE", "REJECTS"}}
	for _, f := range d.Frames {
		seconds := ""
		if f.Seconds > 0 {
			seconds = fmt.Sprintf("%.1f", f.Seconds)
		}
		rows = append(rows, []string{
			fmt.Sprint(f.Number), string(state.LookOf(j.State, f)), state.Who(f.Worker, nodes), state.Who(f.Verifier, nodes), seconds, state.Money(f.Price, ""), fmt.Sprint(f.Rejects),
		})
	}
	if err := table(c.out, rows); err != nil {
		return err
	}
	if len(d.Events) > 0 {
		fmt.Fprintln(c.out)
		history := [][]string{{"TIME", "WHAT", "NODE", ""}} // what was said is as long as it likes: it comes last
		for _, e := range d.Events {
			history = append(history, []string{time.UnixMilli(e.Time).Format(time.TimeOnly), e.What, state.Who(e.Node, nodes), state.Said(e)})
		}
		return table(c.out, history)
	}
	return nil
}

func (c *cli) jobWhyCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "why JOB",
		Short:   "Say why a job isn't rendering now",
		Example: "  heliostat job why j6f2…",
		Args:    exactly("the job's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			manager, detail, err := c.detail(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer manager.Close()
			fmt.Fprintln(c.out, clean(why(detail)))
			return nil
		},
	}
}

// why words the manager's reason, or what stands for it.
func why(d wire.JobDetail) string {
	rendering := 0
	for _, f := range d.Frames {
		if state.LookOf(d.Job.State, f) == state.LookRendering {
			rendering++
		}
	}
	switch {
	case d.Why != "":
		return d.Why
	case d.Job.Cause != "":
		return fmt.Sprintf("the job is %s: %s", d.Job.State, d.Job.Cause)
	case rendering == 1:
		return "it renders: 1 frame is in the works"
	case rendering > 0:
		return fmt.Sprintf("it renders: %d frames are in the works", rendering)
	case d.Job.State == job.Rendering:
		return "a worker has taken its next frames and begins with them"
	case d.Job.State == job.Delivered:
		return "nothing is left to render: all its frames are delivered. Look at them, then `heliostat accept " + d.Job.ID + "`"
	}
	return fmt.Sprintf("the job is %s", d.Job.State)
}

func (c *cli) jobWatchCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "watch JOB",
		Short:   "Follow a job until all its frames are delivered",
		Example: "  heliostat job watch j6f2…",
		Args:    exactly("the job's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			manager, _, err := c.detail(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer manager.Close()
			last, err := c.follow(cmd.Context(), manager.Client, args[0])
			if err != nil {
				return err
			}
			switch last.State {
			case job.Failed, job.Cancelled:
				return fmt.Errorf("job %s is %s: %s", last.ID, last.State, last.Cause)
			}
			fmt.Fprintf(c.out, "%s %s\n", last.ID, last.State)
			return nil
		},
	}
}

// follow shows a job's frames until they are all there or never will be.
func (c *cli) follow(ctx context.Context, manager *client.Client, id string) (job.Job, error) {
	watch, stop := context.WithCancel(ctx)
	defer stop()
	display := c.newDisplay()
	defer display.close()
	nodes, err := manager.Nodes(ctx)
	if err != nil {
		nodes = nil // names are a courtesy
	}
	var mu sync.Mutex // guards what follows, and the display
	view := renderView{frames: make(map[int]job.Frame), nodes: nodes}
	var asking sync.WaitGroup
	defer asking.Wait()
	defer stop()
	asking.Go(func() {
		manager.Waits(watch, id, func(why string) {
			mu.Lock()
			defer mu.Unlock()
			if view.why = why; view.job.ID != "" {
				display.render(view)
			}
		})
	})
	err = manager.Watch(watch, wire.JobWatch{Job: id}, func(update wire.JobUpdate) {
		mu.Lock()
		defer mu.Unlock()
		display.at(manager.Manager())
		view.job, view.eta, view.why = update.Job, update.ETA, ""
		for _, f := range update.Frames {
			view.frames[f.Number] = f
		}
		display.render(view)
		if update.Event != nil {
			display.event(*update.Event, nodes)
		}
		if state.Finished(view.job.State) {
			stop()
		}
	})
	mu.Lock()
	defer mu.Unlock()
	if ctx.Err() != nil {
		return view.job, errInterrupted
	}
	return view.job, err
}
