package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/schedule"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/usage"
)

// topRows bounds the jobs and the nodes of one answer.
const topRows = 20

// overview is one look at a manager.
type overview struct {
	Time     int64            `json:"time"` // Unix milliseconds
	Manager  string           `json:"manager,omitempty"`
	Managers int              `json:"managers"`
	Draining bool             `json:"draining,omitempty"`
	Sessions map[job.Role]int `json:"sessions"`
	Totals   store.Totals     `json:"totals"`
	Jobs     []topJob         `json:"jobs"`
	Nodes    []topNode        `json:"nodes"`
	More     int              `json:"more,omitempty"` // nodes that aren't listed
}

type topJob struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	State   job.State  `json:"state"`
	Counts  job.Counts `json:"counts"`
	Waiting int        `json:"waiting"` // tasks
	Open    int        `json:"open"`
	ETA     float64    `json:"eta"` // seconds
	Why     string     `json:"why,omitempty"`
	Rush    string     `json:"rush,omitempty"` // an operator's word that it goes before everybody's
}

type topNode struct {
	Address string   `json:"address"`
	Name    string   `json:"name"`
	Role    job.Role `json:"role"`
	Class   string   `json:"class"`
	Held    int      `json:"held"`
	Free    int      `json:"free"`
	Paused  string   `json:"paused,omitempty"`
}

func (d *desk) top(w http.ResponseWriter, r *http.Request) {
	p := d.parts
	v := overview{Time: d.clock().UnixMilli(), Manager: p.name, Managers: 1, Draining: p.drain.begun.Load(), Sessions: p.gateway.Sessions(), Jobs: []topJob{}, Nodes: []topNode{}}
	if p.cluster != nil {
		v.Managers = p.cluster.Count()
	}
	var jobs []*store.Job
	err := d.db.View(r.Context(), func(tx store.Tx) (err error) {
		if v.Totals, err = tx.Totals(); err != nil {
			return err
		}
		jobs, err = tx.JobsInState(job.Rendering, job.Paused, job.Disputed)
		return err
	})
	slices.SortStableFunc(jobs, func(a, b *store.Job) int {
		return cmp.Or(schedule.Ranks(a, b), -cmp.Compare(a.Priority, b.Priority))
	})
	for _, j := range jobs[:min(len(jobs), topRows)] {
		t := topJob{ID: j.ID, Name: j.Name, State: j.State, Counts: j.Counts, Waiting: j.TasksWaiting, Open: j.TasksOpen, ETA: p.scheduler.ETA(j), Rush: schedule.Rushed(j)}
		if j.TasksWaiting > 0 {
			t.Why = p.scheduler.Why(j)
		}
		v.Jobs = append(v.Jobs, t)
	}
	for _, role := range []job.Role{job.RoleWorker, job.RoleVerifier} {
		for _, m := range p.nodes.Everywhere(role) {
			_, m.Paused = p.nodes.State(role, m.Address)
			v.Nodes = append(v.Nodes, topNode{Address: m.Address, Name: m.Capabilities.Name, Role: role, Class: m.Capabilities.Class, Held: m.Held, Free: m.Free, Paused: m.Paused})
		}
	}
	slices.SortStableFunc(v.Nodes, func(a, b topNode) int { return -cmp.Compare(a.Held, b.Held) })
	if n := len(v.Nodes); n > topRows {
		v.Nodes, v.More = v.Nodes[:topRows], n-topRows
	}
	d.reply(w, r, v, err)
}

// print writes the overview as a table.
func (v *overview) print(out io.Writer) error {
	out = usage.Plain(out)
	fmt.Fprintf(out, "heliostat-manager  %s  managers %d", time.UnixMilli(v.Time).UTC().Format("15:04:05"), v.Managers)
	if v.Draining {
		fmt.Fprint(out, "  DRAINING")
	}
	fmt.Fprintf(out, "\nsessions  artist %d  worker %d  verifier %d  studio %d\n", v.Sessions[job.RoleArtist], v.Sessions[job.RoleWorker], v.Sessions[job.RoleVerifier], v.Sessions[job.RoleStudio]+v.Sessions[job.RoleOperator])
	fmt.Fprintf(out, "tasks     waiting %d  leased %d  to check %d  checked now %d\n", v.Totals.Tasks[job.TaskWaiting], v.Totals.Held, v.Totals.Audits[lifecycle.AuditWaiting],
		v.Totals.Audits[lifecycle.AuditHeld]+v.Totals.Audits[lifecycle.AuditCommitted])
	fmt.Fprintf(out, "money     earned %s  settled %s  in escrow %s\n\n", v.Totals.Earned, v.Totals.Settled, v.Totals.Escrow)
	var table strings.Builder
	t := tabwriter.NewWriter(&table, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "JOB\tSTATE\tFRAMES\tTASKS OPEN\tWAITING\tLEFT\tNAME")
	for _, j := range v.Jobs {
		c := j.Counts
		done := c.Delivered + c.Accepted
		left := "?"
		if j.ETA > 0 {
			left = (time.Duration(j.ETA) * time.Second).String()
		}
		fmt.Fprintf(t, "%s\t%s\t%d/%d\t%d\t%d\t%s\t%q\n", j.ID, j.State, done, done+c.Pending+c.Uploaded+c.Verified, j.Open, j.Waiting, left, j.Name)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	// The reasons go between the rows once those are aligned: a line without columns ends a table.
	for i, row := range slices.Collect(strings.Lines(table.String())) {
		fmt.Fprint(out, row)
		if i > 0 && v.Jobs[i-1].Rush != "" {
			fmt.Fprintf(out, "  %s\n", v.Jobs[i-1].Rush)
		}
		if i > 0 && v.Jobs[i-1].Why != "" {
			fmt.Fprintf(out, "  %s\n", v.Jobs[i-1].Why)
		}
	}
	t = tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "\nNODE\tROLE\tHOLDS\tFREE\tCLASS\tPAUSED\tNAME")
	for _, n := range v.Nodes {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\t%s\t%q\n", n.Address, n.Role, n.Held, n.Free, n.Class, n.Paused, n.Name)
	}
	if v.More > 0 {
		fmt.Fprintf(t, "and %d more\n", v.More)
	}
	return t.Flush()
}

func topCommand() *cobra.Command {
	var data string
	var once bool
	var every time.Duration
	cmd := &cobra.Command{
		Use:     "top",
		Short:   "Watch the manager that runs on a data folder",
		Example: "  heliostat-manager top --data /srv/heliostat\n  heliostat-manager top --data /srv/heliostat --once",
		Args:    usage.Exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if every < 100*time.Millisecond {
				return fmt.Errorf("--every %s is shorter than a tenth of a second", every)
			}
			ctx, stop := service.Context()
			defer stop()
			tick := time.NewTicker(every)
			defer tick.Stop()
			for {
				o, err := call(ctx, data)
				if err != nil {
					return err
				}
				if o == nil {
					return noManager(data)
				}
				var v overview
				if err := o.do(ctx, http.MethodGet, "/top", nil, -1, &v); err != nil {
					return errors.Join(err, ctx.Err())
				}
				if !once {
					fmt.Fprint(cmd.OutOrStdout(), "\x1b[H\x1b[2J") // home, clear
				}
				if err := v.print(cmd.OutOrStdout()); err != nil {
					return err
				}
				if once {
					return nil
				}
				select {
				case <-ctx.Done():
					return nil
				case <-tick.C:
				}
			}
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "the manager's data folder (required)")
	cmd.Flags().BoolVar(&once, "once", false, "print once and end, for scripts and pipes")
	cmd.Flags().DurationVar(&every, "every", time.Second, "time between two looks")
	return cmd
}
