package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// subject is a row of the random walk, and where the walk says that it stands.
type subject struct {
	noun, id string
	now      string
	states   []string
	allows   func(from, to string) bool
	move     func(tx store.Tx, from, to string) error
	read     func(tx store.Tx) (string, error)
	raw      string // statement that goes around the Go guard; its parameter is the new state
	rawArgs  []any
}

// walkable makes a subject of a table and typed moves.
func walkable[S ~string](table lifecycle.Table[S], id string, now S, raw string, rawArgs []any, move func(store.Tx, S, S) error, read func(store.Tx) (S, error)) *subject {
	k := &subject{noun: table.Noun, id: id, now: string(now), raw: raw, rawArgs: rawArgs}
	for _, s := range table.States() {
		k.states = append(k.states, string(s))
	}
	k.allows = func(from, to string) bool { return table.Allows(S(from), S(to)) }
	k.move = func(tx store.Tx, from, to string) error { return move(tx, S(from), S(to)) }
	k.read = func(tx store.Tx) (string, error) { s, err := read(tx); return string(s), err }
	return k
}

// population adds a job with tasks, frames, attempts and audits, each of which may go its own
// way: what ties them together is the callers' business.
func population(tx store.Tx, request string) ([]*subject, error) {
	j := Job("0xA", request, 8)
	tasks, err := Fill(tx, j)
	if err != nil {
		return nil, err
	}
	all := []*subject{walkable(lifecycle.Jobs, j.ID, job.Rendering, `UPDATE jobs SET state = ? WHERE id = ?`, []any{j.ID},
		func(tx store.Tx, from, to job.State) error {
			_, err := tx.MoveJob(j.ID, []job.State{from}, to, nil)
			return err
		},
		func(tx store.Tx) (job.State, error) {
			got, err := tx.Job(j.ID)
			if err != nil {
				return "", err
			}
			return got.State, nil
		})}
	for _, k := range tasks {
		a := Attempt(k, 1, "0xW")
		v := &store.Audit{ID: store.NewID("v"), Attempt: a.ID, Task: k.ID, Job: j.ID, Ordinal: 1, State: lifecycle.AuditWaiting}
		if err := errors.Join(tx.AddAttempt(a), tx.AddAudit(v)); err != nil {
			return nil, err
		}
		all = append(all,
			walkable(lifecycle.Tasks, k.ID, job.TaskWaiting, `UPDATE tasks SET state = ? WHERE id = ?`, []any{k.ID},
				func(tx store.Tx, from, to job.TaskState) error {
					_, err := tx.MoveTask(k.ID, []job.TaskState{from}, to, nil)
					return err
				},
				func(tx store.Tx) (job.TaskState, error) {
					got, err := tx.Task(k.ID)
					if err != nil {
						return "", err
					}
					return got.State, nil
				}),
			walkable(lifecycle.Attempts, a.ID, lifecycle.AttemptHeld, `UPDATE attempts SET state = ?, receipt = 'x' WHERE id = ?`, []any{a.ID},
				func(tx store.Tx, from, to lifecycle.AttemptState) error {
					_, err := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{from}, to, func(a *store.Attempt) { a.Commit = &wire.TaskCommit{} })
					return err
				},
				func(tx store.Tx) (lifecycle.AttemptState, error) {
					got, err := tx.Attempt(a.ID)
					if err != nil {
						return "", err
					}
					return got.State, nil
				}),
			walkable(lifecycle.Audits, v.ID, lifecycle.AuditWaiting, `UPDATE audits SET state = ?, verdict = 'x', verifier = 'x', samples = 'x' WHERE id = ?`, []any{v.ID},
				func(tx store.Tx, from, to lifecycle.AuditState) error {
					_, err := tx.MoveAudit(v.ID, []lifecycle.AuditState{from}, to, func(v *store.Audit) { v.Verdict, v.Verifier, v.Samples = &wire.AuditVerdict{}, "0xV", "s" })
					return err
				},
				func(tx store.Tx) (lifecycle.AuditState, error) {
					got, err := tx.Audit(v.ID)
					if err != nil {
						return "", err
					}
					return got.State, nil
				}))
	}
	for _, n := range j.Frames {
		all = append(all, walkable(lifecycle.Frames, fmt.Sprint(j.ID, " ", n), job.FramePending,
			`UPDATE frames SET state = ?, verdict = 'x', verifier = 'v', worker = 'w', object = 'o' WHERE job = ? AND number = ?`, []any{j.ID, n},
			func(tx store.Tx, from, to job.FrameState) error {
				return tx.MoveFrames(j.ID, []int{n}, from, to, func(f *job.Frame) { f.Verdict, f.Verifier, f.Worker, f.Object = "pass", "0xV", "0xW", "o" })
			},
			func(tx store.Tx) (job.FrameState, error) {
				got, err := tx.FrameSet(j.ID, []int{n})
				if err != nil || len(got) != 1 {
					return "", errors.Join(err, fmt.Errorf("%d frames", len(got)))
				}
				return got[0].State, nil
			}))
	}
	return all, nil
}

// testLifecycle throws thousands of random changes, legal and illegal, at the store, some of
// them around its Go guard, and compares every answer and every state with the pure tables.
// Afterwards the counters are what the rows say.
func testLifecycle(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	r := rand.New(rand.NewPCG(3, 4))
	events := 0
	for round := range 12 {
		var all []*subject
		update(t, s, func(tx store.Tx) (err error) { all, err = population(tx, fmt.Sprint(round)); return err })
		for range 25 {
			// Several events in one transaction; each answer is the pure table's.
			type event struct {
				k        *subject
				from, to string
				err      error
			}
			batch := make([]event, 10)
			for i := range batch {
				k := all[r.IntN(len(all))]
				e := event{k: k, from: k.states[r.IntN(len(k.states))], to: k.states[r.IntN(len(k.states))]}
				if r.IntN(2) == 0 { // otherwise most are from the wrong state
					e.from = k.now
				}
				batch[i] = e
			}
			update(t, s, func(tx store.Tx) error {
				for i := range batch {
					batch[i].err = batch[i].k.move(tx, batch[i].from, batch[i].to)
				}
				return nil
			})
			for _, e := range batch {
				legal := e.k.allows(e.from, e.to)
				hold(t, fmt.Sprintf("%s from %s to %s, at %s", e.k.noun, e.from, e.to, e.k.now), legal, e.from == e.k.now, e.err)
				if e.err == nil {
					e.k.now = e.to
				}
				events++
			}
			// One that goes around the guard: the database itself knows the table.
			k := all[r.IntN(len(all))]
			to := k.states[r.IntN(len(k.states))]
			err := s.Update(context.Background(), func(tx store.Tx) error {
				if _, err := tx.(*rows.Tx).Exec("around the guard", k.raw, append([]any{to}, k.rawArgs...)...); err != nil {
					return err
				}
				return errUndo // the counters don't know of it
			})
			if legal := k.allows(k.now, to); legal != errors.Is(err, errUndo) || !legal && !errors.Is(err, store.ErrIllegal) {
				t.Fatalf("%s from %s to %s around the guard: %v", k.noun, k.now, to, err)
			}
			events++
		}
		view(t, s, func(tx store.Tx) error {
			for _, k := range all {
				got, err := k.read(tx)
				if err != nil {
					return err
				}
				if got != k.now {
					t.Errorf("%s %s is %s and the walk says %s", k.noun, k.id, got, k.now)
				}
			}
			return counted(t, tx, all[0].id)
		})
	}
	if events < 3000 {
		t.Errorf("only %d events", events)
	}
}

var errUndo = errors.New("undo")

// counted holds a job's counters against its rows.
func counted(t *testing.T, tx store.Tx, id string) error {
	t.Helper()
	j, err := tx.Job(id)
	if err != nil {
		return err
	}
	frames, err := tx.Frames(id)
	if err != nil {
		return err
	}
	tasks, err := tx.Tasks(id)
	if err != nil {
		return err
	}
	want := job.Counts{Rejected: j.Counts.Rejected} // ever, not now
	for _, f := range frames {
		switch f.State {
		case job.FramePending:
			want.Pending++
		case job.FrameUploaded:
			want.Uploaded++
		case job.FrameVerified:
			want.Verified++
		case job.FrameDelivered:
			want.Delivered++
		case job.FrameAccepted:
			want.Accepted++
		}
	}
	waiting, open := 0, 0
	for _, k := range tasks {
		switch k.State {
		case job.TaskWaiting:
			waiting, open = waiting+1, open+1
		case job.TaskDone, job.TaskFailed:
		default:
			open++
		}
	}
	if j.Counts != want || j.TasksWaiting != waiting || j.TasksOpen != open {
		t.Errorf("counts %+v, %d waiting, %d open; the rows say %+v, %d, %d", j.Counts, j.TasksWaiting, j.TasksOpen, want, waiting, open)
	}
	return nil
}

func hold(t *testing.T, what string, legal, current bool, err error) {
	t.Helper()
	switch {
	case !legal && !errors.Is(err, store.ErrIllegal):
		t.Fatalf("%s: an illegal change: %v", what, err)
	case legal && !current && !errors.Is(err, store.ErrLost):
		t.Fatalf("%s: a change from another state: %v", what, err)
	case legal && current && err != nil:
		t.Fatalf("%s: a legal change: %v", what, err)
	}
}
