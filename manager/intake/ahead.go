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
			warning, err := in.possible(nodes, j, "render", fleet.Unfit)
			if err == nil && warning == "" && j.Tiles > 1 {
				warning, err = in.possible(nodes, j, "join the tiles of", fleet.Unjoined)
			}
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

// possible refuses what no worker of the network can do (render it, or join its tiles): none that is connected, and none that was
// here not long ago. It warns where that leaves one only to wait for.
func (in *Intake) possible(nodes []*store.Node, j *store.Job, do string, unfit func(fleet.Member, *job.Job) string) (warning string, err error) {
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
		reason := unfit(w, &j.Job)
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
		return fmt.Sprintf("the one worker that could %s it isn't connected now; the job would wait for it", do), nil
	case away > 0:
		return fmt.Sprintf("none of the %d workers that could %s it is connected now; the job would wait for one", away, do), nil
	}
	who := fmt.Sprintf("none of the %d workers of this network can %s it: one %s", len(workers), do, strings.Join(reasons, "; one "))
	if len(workers) == 1 {
		who = fmt.Sprintf("the only worker of this network can't %s it: it %s", do, reasons[0])
	}
	return "", &wire.Error{Code: wire.CodeUnsupported, Message: who, Next: "ask for less, or connect a worker that has it"}
}
