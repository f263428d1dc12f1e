package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func (c *cli) jobsCommand() *cobra.Command {
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:     "jobs",
		Short:   "List your jobs, newest first",
		Example: "  heliostat jobs\n  heliostat jobs --all --json",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			roles := []job.Role{job.RoleArtist}
			if all {
				roles = append(roles, job.RoleStudio)
			}
			manager, err := c.dialAs(ctx, c.manager, roles...)
			if err != nil {
				return err
			}
			defer manager.Close()
			var jobs []job.Job
			ask := wire.JobList{All: all, Limit: 500}
			for {
				page, more, err := manager.Jobs(ctx, ask)
				if err != nil {
					return err
				}
				jobs = append(jobs, page...)
				if !more || len(page) == 0 {
					break
				}
				ask.Before = page[len(page)-1].ID
			}
			if asJSON {
				if jobs == nil {
					jobs = []job.Job{}
				}
				return printJSON(c.out, jobs)
			}
			return c.printJobs(manager, jobs)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every owner's jobs; needs the studio role")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}

// stateOf is a job's state, and that it is rushed while that matters.
func stateOf(j job.Job) string {
	if j.Rush > 0 && !state.Finished(j.State) {
		return string(j.State) + ", rush"
	}
	return string(j.State)
}

func (c *cli) printJobs(manager *client.Client, jobs []job.Job) error {
	if len(jobs) == 0 {
		fmt.Fprintln(c.out, "No jobs yet: press Render in Blender, or run heliostat submit scene.blend --frames 1-12 --out render")
		return nil
	}
	symbol := manager.Welcome().Money.Symbol
	rows := [][]string{{"JOB", "NAME", "STATE", "FRAMES", "SPENT", "AT MOST", "CREATED"}}
	for _, j := range jobs {
		rows = append(rows, []string{
			j.ID, j.Name, stateOf(j), fmt.Sprintf("%d/%d", state.Done(j.Counts), state.Total(j)),
			state.Money(j.Spent, ""), state.AtMost(j.Quote.Ceiling, symbol), state.Ago(j.Created, time.Now()),
		})
	}
	return table(c.out, rows)
}
