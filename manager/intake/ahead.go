package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	// remembered is how long a worker that left counts as one that may come back.
	remembered = 30 * 24 * time.Hour
	// maxReasons bounds what is said of workers that can't render a job.
	maxReasons = 5
)

// Check says what a draft would be refused with, before its scene is packed and uploaded. Nothing is
// stored. The draft has neither package nor key, which it isn't held to.
func (in *Intake) Check(ctx context.Context, owner string, d wire.JobDraft) (wire.JobChecked, error) {
	d.Request, d.Package, d.JobKey = "check", strings.Repeat("0", 64), []byte{0}
	var out wire.JobChecked
	err := func() error {
		if err := checkDraft(&d); err != nil {
			return err
		}
		j := &store.Job{Job: job.Job{Owner: owner, Recipe: d.Recipe, Frames: d.Frames, Needs: d.Needs, Tiles: d.Tiles}}
		return in.options.Store.View(ctx, func(tx store.Tx) error {
			out.Warnings = nil
			if err := known(tx, owner, d.After); err != nil {
				return err
			}
			nodes, err := tx.Nodes()
			if err != nil {
				return err
			}
			warning, err := in.possible(nodes, j)
			if warning != "" {
				out.Warnings = append(out.Warnings, warning)
			}
			if err != nil || d.MaxPrice <= 0 {
				return err
			}
			q, err := in.options.Quoter.Quote(tx, j)
			if err == nil && q.Ceiling > d.MaxPrice {
				out.Warnings = append(out.Warnings, fmt.Sprintf("by a first estimate it may cost up to %s, more than the %s allowed: %s", q.Ceiling, d.MaxPrice, q.Basis))
			}
			return err
		})
	}()
	var refused *wire.Error
	if errors.As(err, &refused) {
		out.Refused, err = refused, nil
	}
	return out, err
}

// possible refuses what no worker of the network can render: none that is connected, and none that was
// here not long ago. It warns where that leaves one only to wait for.
func (in *Intake) possible(nodes []*store.Node, j *store.Job) (warning string, err error) {
	workers := in.options.Quoter.Fleet.Everywhere(job.RoleWorker)
	connected := len(workers)
	var reasons []string
	away := 0
	for _, n := range nodes {
		seen := in.options.Clock().Sub(time.UnixMilli(n.Seen)) < remembered
		if seen && slices.Contains(n.Roles, job.RoleWorker) && !slices.ContainsFunc(workers[:connected], func(w fleet.Member) bool { return w.Address == n.Address }) {
			workers = append(workers, fleet.Member{Address: n.Address, Capabilities: n.Capabilities})
		}
	}
	for i, w := range workers {
		reason := fleet.Unfit(w, &j.Job)
		switch {
		case reason == "" && i < connected:
			return "", nil
		case reason == "":
			away++
		case !slices.Contains(reasons, reason) && len(reasons) < maxReasons:
			reasons = append(reasons, reason)
		}
	}
	switch {
	case len(workers) == 0:
		return "", nil // whoever asks is told so by what there is to render with
	case away == 1:
		return "the one worker that could render it isn't connected now; the job would wait for it", nil
	case away > 0:
		return fmt.Sprintf("none of the %d workers that could render it is connected now; the job would wait for one", away), nil
	}
	who := fmt.Sprintf("none of the %d workers of this network can render it: one %s", len(workers), strings.Join(reasons, "; one "))
	if len(workers) == 1 {
		who = "the only worker of this network can't render it: it " + reasons[0]
	}
	return "", &wire.Error{Code: wire.CodeUnsupported, Message: who, Next: "ask for less, or connect a worker that has it"}
}
