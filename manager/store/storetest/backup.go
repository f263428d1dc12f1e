package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Fixture fills a store with some of everything, as the manager's packages would: jobs of n
// frames, rendered, checked, paid, refused and waiting. It returns the jobs' ids.
func Fixture(tx store.Tx, n int) (done, going *store.Job, err error) {
	done, going = Job("0xA", store.NewID("r"), n), Job("0xB", store.NewID("r"), n)
	for _, j := range []*store.Job{done, going} {
		j.Quote.Ceiling = 1 << 40
		tasks, err := Fill(tx, j)
		if err != nil {
			return nil, nil, err
		}
		for i, k := range tasks {
			if j == going && i >= 2 {
				break // these wait
			}
			if err := deliver(tx, j, k, j == done || i == 0); err != nil {
				return nil, nil, err
			}
		}
	}
	if _, err := tx.MoveJob(done.ID, []job.State{job.Rendering}, job.Delivered, func(j *store.Job) { j.Acceptance = []byte{0, 255} }); err != nil {
		return nil, nil, err
	}
	if _, err := tx.MoveJob(done.ID, []job.State{job.Delivered}, job.Accepted, nil); err != nil {
		return nil, nil, err
	}
	if err := tx.SettleEntries(done.ID); err != nil {
		return nil, nil, err
	}
	earned, err := tx.Earned(true)
	if err != nil {
		return nil, nil, err
	}
	epoch := &store.Epoch{Number: 1, Root: "0xr"}
	for _, e := range earned {
		epoch.Leaves = append(epoch.Leaves, store.Leaf{Node: e.Node, Cumulative: e.Amount})
		epoch.Total += e.Amount
	}
	_, nodeErr := tx.PutNode("0xW", func(n *store.Node) { n.SealKey, n.Standing.Trust = []byte{1, 2}, 1.0/3 })
	return done, going, errors.Join(nodeErr,
		tx.AddEpoch(epoch), tx.PostEpoch(1, "0xt"), tx.PutWithdrawal(store.Withdrawal{Node: "0xW", Claimed: 5, Tx: "0xc"}),
		tx.PutPackage(&store.Package{ID: "p" + done.ID, Owner: "0xA", Size: 1, Digest: "d"}), tx.AddChunks("p"+done.ID, []wire.Chunk{{ID: "c", Size: 1, Digest: "e"}}),
		tx.AddOp(&store.Op{Kind: "fund", Ref: done.ID, Body: []byte("{}")}), tx.SetMeta("a", "<\u2028☀>"), tx.AddDeed(store.Deed{Who: "x"}),
		tx.PutArchive(wire.Archive{Digest: "d"}), tx.AddFingerprint(store.Fingerprint{Hash: "h", Attempt: "a"}), tx.PutManager(store.Manager{ID: "m"}))
}

// deliver takes a task through a worker and a verifier; verified or not.
func deliver(tx store.Tx, j *store.Job, k *job.Task, passes bool) error {
	moveTask := func(from, to job.TaskState) error {
		_, err := tx.MoveTask(k.ID, []job.TaskState{from}, to, nil)
		return err
	}
	a := Attempt(k, 1, "0xW")
	v := &store.Audit{ID: store.NewID("v"), Attempt: a.ID, Task: k.ID, Job: j.ID, Ordinal: 1, State: lifecycle.AuditWaiting}
	if err := errors.Join(moveTask(job.TaskWaiting, job.TaskLeased), tx.AddAttempt(a)); err != nil || !passes {
		return err
	}
	_, committed := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptHeld}, lifecycle.AttemptCommitted, func(a *store.Attempt) { a.Commit = &wire.TaskCommit{Lease: a.ID} })
	err := errors.Join(committed, moveTask(job.TaskLeased, job.TaskCommitted), tx.AddAudit(v),
		tx.MoveFrames(j.ID, k.Frames, job.FramePending, job.FrameUploaded, func(f *job.Frame) { f.Worker, f.Object, f.Attempt, f.Seconds = "0xW", "o", a.ID, 0.1 }))
	for _, step := range [][2]lifecycle.AuditState{{lifecycle.AuditWaiting, lifecycle.AuditHeld}, {lifecycle.AuditHeld, lifecycle.AuditCommitted}, {lifecycle.AuditCommitted, lifecycle.AuditPassed}} {
		_, e := tx.MoveAudit(v.ID, []lifecycle.AuditState{step[0]}, step[1], func(v *store.Audit) { v.Verifier, v.Samples, v.Verdict = "0xV", "s", &wire.AuditVerdict{} })
		err = errors.Join(err, e)
	}
	_, passed := tx.MoveAttempt(a.ID, []lifecycle.AttemptState{lifecycle.AttemptCommitted}, lifecycle.AttemptPassed, nil)
	err = errors.Join(err, passed, moveTask(job.TaskCommitted, job.TaskVerifying), moveTask(job.TaskVerifying, job.TaskDone),
		tx.MoveFrames(j.ID, k.Frames, job.FrameUploaded, job.FrameVerified, func(f *job.Frame) { f.Verdict, f.Verifier = "pass", "0xV" }),
		tx.MoveFrames(j.ID, k.Frames, job.FrameVerified, job.FrameDelivered, nil))
	for _, n := range k.Frames {
		err = errors.Join(err, tx.AddEntry(store.Entry{Job: j.ID, Frame: n, Role: job.RoleWorker, Node: "0xW", Amount: 10, Attempt: a.ID}),
			tx.AddEntry(store.Entry{Job: j.ID, Frame: n, Role: job.RoleVerifier, Node: "0xV", Amount: 2, Attempt: a.ID, Audit: v.ID}))
	}
	_, spent := tx.EditJob(j.ID, func(j *store.Job) { j.Spent += job.Amount(12 * len(k.Frames)) })
	return errors.Join(err, spent, tx.AddEvent(j.ID, wire.Event{What: "pass"}))
}

// Backup writes a backup of a store.
func Backup(t testing.TB, s store.Store) ([]byte, rows.Summary) {
	t.Helper()
	var out bytes.Buffer
	var sum rows.Summary
	view(t, s, func(tx store.Tx) (err error) { sum, err = tx.(*rows.Tx).Dump(&out, 9, nil); return err })
	return out.Bytes(), sum
}

// Restore fills a store from a backup.
func Restore(s store.Store, data []byte) error {
	return s.Update(context.Background(), func(tx store.Tx) error {
		_, err := tx.(*rows.Tx).Load(bytes.NewReader(data), 0, nil)
		return err
	})
}

// testBackup: a backup restores the same, into an empty store only, and the guards are awake
// afterwards.
func testBackup(t *testing.T, open Open) {
	from, to := open(t, t.TempDir()), open(t, t.TempDir())
	defer from.Close()
	defer to.Close()
	var done, going *store.Job
	update(t, from, func(tx store.Tx) (err error) { done, going, err = Fixture(tx, 150); return err })
	data, sum := Backup(t, from)
	for _, cut := range []int{0, len(data) / 3, len(data) - 2} {
		if err := Restore(to, data[:cut]); !errors.Is(err, rows.ErrBackup) {
			t.Fatalf("%d of %d bytes: %v", cut, len(data), err)
		}
	}
	view(t, to, func(tx store.Tx) error {
		empty, err := tx.(*rows.Tx).Empty()
		if !empty {
			t.Error("half a backup was kept")
		}
		return err
	})
	if err := Restore(to, data); err != nil {
		t.Fatal(err)
	}
	again, same := Backup(t, to)
	if !bytes.Equal(data, again) || sum.Differs(same) != "" {
		t.Error("the backup of what was restored is another one")
	}
	if err := Restore(to, data); !errors.Is(err, rows.ErrNotEmpty) {
		t.Errorf("restoring over something: %v", err)
	}
	// What comes next finds its place behind what was restored.
	update(t, to, func(tx store.Tx) error {
		return errors.Join(tx.AddJob(Job("0xA", "next", 1)), tx.AddEvent(done.ID, wire.Event{What: "next"}), tx.AddDeed(store.Deed{What: "next"}), tx.AddOp(&store.Op{Kind: "x", Ref: "next", Body: []byte("{}")}))
	})
	view(t, to, func(tx store.Tx) error {
		jobs, err := tx.ListJobs(store.JobQuery{Limit: 10})
		if err == nil && (len(jobs) != 3 || jobs[0].Request != "next" || jobs[1].ID != going.ID) {
			t.Errorf("%d jobs, the newest is of %s", len(jobs), jobs[0].Request)
		}
		return err
	})
	if err := to.Update(context.Background(), func(tx store.Tx) error {
		return tx.AddEntry(store.Entry{Job: going.ID, Frame: going.Frames[len(going.Frames)-1], Role: job.RoleWorker, Node: "0xW"})
	}); !errors.Is(err, store.ErrIllegal) {
		t.Errorf("the guards still rest: %v", err)
	}
}

// testCheck: what is sound passes, and each kind of damage is found.
func testCheck(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	defer s.Close()
	var done, going *store.Job
	update(t, s, func(tx store.Tx) (err error) { done, going, err = Fixture(tx, 6); return err })
	check := func(tx store.Tx) (list []string, err error) {
		problems, err := tx.(*rows.Tx).Check()
		for _, p := range problems {
			list = append(list, p.Rule+": "+p.Subject)
		}
		return list, err
	}
	view(t, s, func(tx store.Tx) error {
		if list, err := check(tx); err != nil || len(list) != 0 {
			t.Errorf("a sound store: %v, %v", list, err)
		}
		return nil
	})
	for query, want := range map[string]string{
		`UPDATE jobs SET n_pending = n_pending + 1`:                                                 "frame counters",
		`UPDATE jobs SET tasks_waiting = tasks_waiting + 1`:                                         "task counters",
		`UPDATE jobs SET tasks_open = tasks_open + 1`:                                               "task counters",
		`UPDATE jobs SET spent = spent + 1`:                                                         "add up",
		`UPDATE ledger SET attempt = 'a'`:                                                           "attempt of its own",
		`UPDATE frames SET state = 'rejected' WHERE state = 'delivered'`:                            "isn't verified",
		`UPDATE attempts SET state = 'failed' WHERE state = 'held'`:                                 "held by somebody",
		`UPDATE tasks SET state = 'waiting' WHERE state = 'leased'`:                                 "of a leased task",
		`UPDATE attempts SET state = 'failed' WHERE state = 'passed'`:                               "has an attempt that passed",
		`UPDATE tasks SET state = 'committed' WHERE state = 'leased'`:                               "has the commit",
		`UPDATE frames SET task = 'tnone'`:                                                          "belongs to a task",
		`UPDATE frames SET attempt = 'anone'`:                                                       "the attempt that uploaded it",
		`UPDATE jobs SET state = 'delivered' WHERE id = '` + going.ID + `'`:                         "every frame verified",
		`UPDATE tasks SET job = '` + done.ID + `', idx = idx + 1000 WHERE job = '` + going.ID + `'`: "something left to be done",
		`UPDATE tasks SET state = 'committed' WHERE state = 'done'`:                                 "waits for a check",
		`INSERT INTO audits (id, attempt, task, job, ordinal, created, state) SELECT 'v', attempt, task, job, 9, 1, 'waiting' FROM audits ORDER BY id LIMIT 1`: "task that waits for it",
		`UPDATE attempts SET state = 'failed' WHERE state IN ('passed', 'held')`:                                                                               "made by an attempt that passed",
		`DELETE FROM ledger WHERE settled = FALSE AND role = 'worker'`:                                                                                         "owed to whoever made it",
		`UPDATE jobs SET state = 'cancelled', escrow = 5 WHERE id = '` + going.ID + `'`:                                                                        "on its way back",
		`UPDATE jobs SET scout = TRUE, released = FALSE, release_after = 0`:                                                                                    "let the rest go",
		`UPDATE epochs SET total = total + 1`:                                                                                                                  "total is what",
		`UPDATE withdrawals SET claimed = 99999999`:                                                                                                            "withdraws more",
		`UPDATE epochs SET leaves = '[{"node":"0xW","cumulative":99999999}]'`:                                                                                  "paid more",
		`UPDATE ledger SET settled = FALSE WHERE job = '` + done.ID + `'`:                                                                                      "ledgers and fees",
		`UPDATE earned SET amount = amount - 1 WHERE settled = TRUE`:                                                                                           "paid more",
		`DELETE FROM earned`: "ledgers and fees",
		`INSERT INTO epochs (number, root, total, leaves) VALUES (2, '', 0, '[]')`: "never falls",
	} {
		err := s.Update(context.Background(), func(tx store.Tx) error {
			n, err := tx.(*rows.Tx).Exec("damage", query)
			if err != nil || n == 0 {
				return fmt.Errorf("%s: %d rows: %w", query, n, err)
			}
			list, err := check(tx)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(list, func(p string) bool { return strings.Contains(p, want) }) {
				t.Errorf("%s: found only %v", query, list)
			}
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			t.Error(err)
		}
	}
}
