package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// A worker spoils one tile of its frame, which the ordinary check of a few tiles misses. The
// artist sees it and claims: a quorum looks at every tile, the frame is taken back and rendered again by an honest
// worker. A second claim, on the good frame, is dismissed. The cheat earns nothing.
func TestClaimsAreUpheldAndDismissed(t *testing.T) {
	f := newFarm(t)
	cheat := f.worker("cheat", "--cheat", "one-tile")
	for _, name := range []string{"verifier 1", "verifier 2", "verifier 3"} {
		f.verifier(name)
	}
	operator := f.operator()
	artist := []string{"--manager", f.url, "--data", filepath.Join(f.Dir, "artist")}
	heliostat := func(args ...string) *running {
		return f.run(nil, filepath.Join(binDir, "heliostat"), append(args, artist...)...)
	}
	out := filepath.Join(f.Dir, "frames")
	heliostat("submit", filepath.Join(sceneDir, "field.blend"), "--frames", "1", "--samples", "8", "--out", out, "--wait", "--yes").wait(t)
	jobs, _, err := operator.Jobs(f.ctx, wire.JobList{All: true})
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	id := jobs[0].ID

	heliostat("claim", id, "--frames", "1", "--reason", "the corner is inverted").wait(t)
	upheld := f.until(operator, "the claim is upheld", func(d wire.JobDetail) bool {
		return happened(d, "claim upheld") > 0 && d.Job.State == job.Rendering && d.Job.Counts.Pending == 1
	})
	if upheld.Job.Spent != spentOnFees(upheld) {
		t.Errorf("after the claim the job has spent %s, %s of it for verdicts", upheld.Job.Spent, spentOnFees(upheld))
	}
	honest := f.worker("honest").Ready["id"]
	f.until(operator, "the frame is delivered again", func(d wire.JobDetail) bool { return d.Job.State == job.Delivered })

	told := heliostat("claim", id, "--frames", "1", "--reason", "I expected it brighter", "--wait").wait(t)
	if !strings.Contains(told, "claim refused: ") || !strings.HasSuffix(told, id+" delivered\n") {
		t.Errorf("the command tells:\n%s", told)
	}
	heliostat("accept", id).wait(t)
	detail, payouts := f.settled(operator)

	for _, frame := range detail.Frames {
		if frame.Worker != honest || frame.Rejects == 0 {
			t.Errorf("frame %d is from %s after %d rejections", frame.Number, frame.Worker, frame.Rejects)
		}
	}
	var workers, verifiers job.Amount
	for _, p := range payouts {
		if p.Node == cheat.Ready["id"] && p.Cumulative != 0 {
			t.Errorf("the cheat earned %s", p.Cumulative)
		}
		if p.Role == job.RoleWorker {
			workers += p.Cumulative
		} else {
			verifiers += p.Cumulative
		}
	}
	if want := detail.Job.Quote.PerFrame; workers != want {
		t.Errorf("workers earned %s for one frame, want exactly %s", workers, want)
	}
	if want := detail.Job.Quote.VerifyFee + spentOnFees(detail); verifiers != want {
		t.Errorf("verifiers earned %s, want %s", verifiers, want)
	}
	if detail.Job.Spent != workers+verifiers || detail.Job.Spent+detail.Job.Refund != detail.Job.Quote.Ceiling {
		t.Errorf("spent %s and refunded %s of the ceiling %s", detail.Job.Spent, detail.Job.Refund, detail.Job.Quote.Ceiling)
	}
	if n := happened(detail, "claim"); n != 2 {
		t.Errorf("the history tells of %d claims", n)
	}
}

func happened(d wire.JobDetail, what string) (n int) {
	for _, e := range d.Events {
		if e.What == what {
			n++
		}
	}
	return n
}

// spentOnFees is what verifiers were owed beside the frames' own fees, as the history of a job of
// one frame tells.
func spentOnFees(d wire.JobDetail) (sum job.Amount) {
	for _, e := range d.Events {
		if e.What == "check paid" {
			sum += d.Job.Quote.VerifyFee
		}
	}
	return sum
}
