package intake

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// scout passes the checks of a job's scouts.
func (d *desk) scout(id string) {
	d.t.Helper()
	for _, k := range d.tasks(id) {
		if !k.Scout {
			continue
		}
		d.update(func(tx store.Tx) error {
			for _, step := range [][2]job.TaskState{{job.TaskWaiting, job.TaskLeased}, {job.TaskLeased, job.TaskCommitted}, {job.TaskCommitted, job.TaskVerifying}, {job.TaskVerifying, job.TaskDone}} {
				if _, err := tx.MoveTask(k.ID, []job.TaskState{step[0]}, step[1], nil); err != nil {
					return err
				}
			}
			return d.keeper.Done(tx, &notify.Changes{Now: d.options.Clock}, k.ID)
		})
	}
}

func (d *desk) job(id string) (j *store.Job) {
	d.t.Helper()
	if err := d.db.View(context.Background(), func(tx store.Tx) (err error) { j, err = tx.Job(id); return err }); err != nil {
		d.t.Fatal(err)
	}
	return j
}

func (d *desk) history(id string) (texts string) {
	d.t.Helper()
	if err := d.db.View(context.Background(), func(tx store.Tx) error {
		events, err := tx.Events(id, 100)
		for _, e := range events {
			texts += e.What + ": " + e.Text + "\n"
		}
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return texts
}

func seconds(n int64) *int64 { return &n }

func TestScoutsReleaseTheRest(t *testing.T) {
	d := newDesk(t)
	never := d.started(func(d *wire.JobDraft) { d.Scout = true })
	checked := d.started(func(d *wire.JobDraft) { d.Scout, d.ReleaseAfter = true, seconds(0) })
	hour := d.started(func(d *wire.JobDraft) { d.Scout, d.ReleaseAfter = true, seconds(3600) })
	paused := d.started(func(d *wire.JobDraft) { d.Scout, d.ReleaseAfter = true, seconds(3600) })
	counts := make(map[string]*countdown)
	pass := func(by time.Duration) {
		t.Helper()
		for ; by > 0; by -= time.Minute / 2 {
			d.now = d.now.Add(time.Minute / 2)
			if err := d.count(t.Context(), counts); err != nil {
				t.Fatal(err)
			}
		}
	}
	pass(2 * time.Hour)
	for _, j := range []*store.Job{never, checked, hour, paused} {
		if d.job(j.ID).Released {
			t.Fatal("it is released before its scouts are there")
		}
		d.scout(j.ID)
	}
	if !d.job(checked.ID).Released {
		t.Error("what is to follow the check doesn't")
	}
	if at := d.job(hour.ID).ReleaseAt; at != d.now.Add(time.Hour).UnixMilli() {
		t.Errorf("it says %s", time.UnixMilli(at))
	}
	for id, want := range map[string]string{never.ID: "it isn't released by itself", checked.ID: "released at once", hour.ID: "by itself in 1h0m0s, at 2023-11-15 01:13:20 UTC"} {
		if got := d.history(id); !strings.Contains(got, want) {
			t.Errorf("the history doesn't say %q:\n%s", want, got)
		}
	}
	pass(40 * time.Minute)
	// The manager is away for a day, or its clock was set; both ways.
	for _, jump := range []time.Duration{24 * time.Hour, -72 * time.Hour} {
		d.now = d.now.Add(jump)
		clear(counts)
		pass(time.Minute)
		j := d.job(hour.ID)
		if j.Released {
			t.Fatalf("a jump of %s releases it", jump)
		}
		if left := time.UnixMilli(j.ReleaseAt).Sub(d.now); left < 15*time.Minute || left > 22*time.Minute {
			t.Errorf("after a jump of %s it says that %s are left", jump, left)
		}
	}
	if _, err := d.Pause(t.Context(), paused.ID, "wait"); err != nil {
		t.Fatal(err)
	}
	pass(25 * time.Minute)
	if !d.job(hour.ID).Released || !strings.Contains(d.history(hour.ID), "released: by itself, 1h0m0s after") {
		t.Errorf("it isn't released:\n%s", d.history(hour.ID))
	}
	if d.job(paused.ID).Released || d.job(never.ID).Released {
		t.Error("one that was paused, or never is to be, is released")
	}
	if _, err := d.Resume(t.Context(), paused.ID, "go on"); err != nil {
		t.Fatal(err)
	}
	pass(5 * time.Minute)
	if d.job(paused.ID).Released {
		t.Error("the pause counted")
	}
	pass(30 * time.Minute)
	if !d.job(paused.ID).Released {
		t.Error("after the pause it is never released")
	}
}

func TestReleaseIsHeldToItsBounds(t *testing.T) {
	for name, change := range map[string]func(*wire.JobDraft){
		"without scouts": func(d *wire.JobDraft) { d.ReleaseAfter = seconds(1) },
		"negative":       func(d *wire.JobDraft) { d.Scout, d.ReleaseAfter = true, seconds(-1) },
		"a year":         func(d *wire.JobDraft) { d.Scout, d.ReleaseAfter = true, seconds(366*24*3600) },
	} {
		d := good()
		change(&d)
		if err := checkDraft(&d); code(err) != wire.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}
