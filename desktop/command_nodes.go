package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/job"
)

func (c *cli) nodesCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "nodes",
		Short:   "List the workers and verifiers that you may see",
		Example: "  heliostat nodes\n  heliostat nodes --json",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			manager, err := c.dialStudio(cmd.Context(), c.manager, nil)
			if err != nil {
				return err
			}
			defer manager.Close()
			nodes, err := manager.Nodes(cmd.Context())
			if err != nil {
				return err
			}
			doing(cmd.Context(), manager, nodes)
			if asJSON {
				if nodes == nil {
					nodes = []job.Node{}
				}
				return printJSON(c.out, nodes)
			}
			return c.printNodes(nodes)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}

// mostJobs bounds the jobs that are asked what they are doing.
const mostJobs = 20

// doing says of busy nodes what they do, as far as one may know it.
func doing(ctx context.Context, manager source, nodes []job.Node) {
	works := make(state.Work)
	jobs, err := manager.Going(ctx, manager.Everything())
	if err != nil {
		jobs = nil // it is a courtesy
	}
	asked := 0
	for _, j := range jobs {
		if j.State != job.Rendering || asked == mostJobs {
			continue
		}
		asked++
		if detail, err := manager.Job(ctx, j.ID); err == nil {
			works.Note(detail.Job, detail.Frames)
		}
	}
	for i := range nodes {
		nodes[i].Doing = works.Doing(nodes[i])
	}
}

func (c *cli) printNodes(nodes []job.Node) error {
	if len(nodes) == 0 {
		fmt.Fprintln(c.out, "No nodes yet: start one with heliostat worker --manager "+c.manager)
		return nil
	}
	rows := [][]string{{"NODE", "NAME", "ROLES", "STATE", "DOING", "HARDWARE", "CLASS", "PASSED", "FAILED", "SEEN"}}
	for _, n := range nodes {
		var roles []string
		for _, r := range n.Roles {
			roles = append(roles, string(r))
		}
		doing := n.Doing
		if n.State == job.NodePaused {
			doing = n.PauseReason
		}
		rows = append(rows, []string{
			n.Address, n.Capabilities.Name, strings.Join(roles, ","), string(n.State), doing,
			n.Capabilities.Hardware, n.Capabilities.Class, fmt.Sprint(n.Passes), fmt.Sprint(n.Fails), state.Ago(n.Seen, time.Now()),
		})
	}
	return table(c.out, rows)
}
