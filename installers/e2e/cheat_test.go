package e2e_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// Two workers cheat: one renders half the samples, one delivers the frame after the one
// that was asked for. Their frames are rejected and never delivered, they are not paid,
// and the job completes through an honest worker.
func TestCheatingWorkersAreCaughtAndNotPaid(t *testing.T) {
	f := newFarm(t)
	cheats := map[string]string{
		f.worker("half", "--cheat", "half-samples").Ready["id"]: "half the samples",
		f.worker("other", "--cheat", "other-frame").Ready["id"]: "another frame",
	}
	f.verifier("verifier")
	operator := f.operator()

	out := filepath.Join(f.Dir, "frames")
	submit := f.run(nil, filepath.Join(binDir, "heliostat"), "submit", filepath.Join(sceneDir, "field.blend"),
		"--manager", f.url, "--data", filepath.Join(f.Dir, "artist"), "--frames", "1-4", "--samples", "8", "--out", out, "--wait", "--yes")

	// The honest worker comes when both have been caught, so that each had its chance.
	caught := func(d wire.JobDetail) map[string]bool {
		found := make(map[string]bool)
		for _, e := range d.Events {
			if e.What == "frame rejected" {
				found[e.Node] = true
			}
		}
		return found
	}
	f.until(operator, "both cheaters are caught", func(d wire.JobDetail) bool {
		found := caught(d)
		for id := range cheats {
			if !found[id] {
				return false
			}
		}
		return true
	})
	honest := f.worker("honest").Ready["id"]
	submit.wait(t)
	jobs, _, err := operator.Jobs(f.ctx, wire.JobList{All: true})
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	f.run(nil, filepath.Join(binDir, "heliostat"), "accept", jobs[0].ID, "--manager", f.url, "--data", filepath.Join(f.Dir, "artist")).wait(t)
	detail, payouts := f.settled(operator)

	checkFrames(t, detail, func(frame int) string { return filepath.Join(out, fmt.Sprintf("frame_%04d.png", frame)) })
	checkMoney(t, detail, payouts)
	checkDeliveredOnce(t, detail)
	for _, frame := range detail.Frames {
		if frame.Worker != honest {
			t.Errorf("frame %d was delivered from %s", frame.Number, cheats[frame.Worker])
		}
	}
	for _, p := range payouts {
		if cheat, ok := cheats[p.Node]; ok && p.Cumulative != 0 {
			t.Errorf("the worker that delivered %s earned %s", cheat, p.Cumulative)
		}
	}
	if detail.Job.Counts.Rejected < 2 {
		t.Errorf("%d frames were rejected", detail.Job.Counts.Rejected)
	}
	nodes, err := operator.Nodes(f.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if cheat, ok := cheats[n.Address]; ok && (n.Fails == 0 || n.Passes != 0) {
			t.Errorf("the worker that delivered %s stands at %d passes, %d fails", cheat, n.Passes, n.Fails)
		}
	}
}
