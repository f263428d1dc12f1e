package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/shared/job"
)

// CompareTables holds rows.Tables to the columns ("table.column") that a database really has.
func CompareTables(t testing.TB, have []string) {
	t.Helper()
	var want []string
	for _, table := range rows.Tables {
		for _, c := range table.Columns {
			want = append(want, table.Name+"."+c.Name)
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	for _, c := range have {
		if !slices.Contains(want, c) {
			t.Errorf("%s is in the database and in no backup: add it to rows.Tables", c)
		}
	}
	for _, c := range want {
		if !slices.Contains(have, c) {
			t.Errorf("%s is in rows.Tables and not in the database", c)
		}
	}
}

// AskEverything asks and changes what the manager does at every step or pass: everything whose
// cost must not grow with what is in the queue. What is made once, or asked by people, isn't here.
func AskEverything(tx store.Tx) error {
	jobs, err := tx.JobsInState(job.Rendering)
	if err != nil || len(jobs) == 0 {
		return errors.Join(err, errors.New("no job to ask about"))
	}
	id := jobs[0].ID
	tasks, err := tx.WaitingTasks(id, 3)
	if err != nil || len(tasks) < 3 {
		return errors.Join(err, errors.New("no tasks to ask about"))
	}
	var all error
	note := func(err error) {
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			all = errors.Join(all, err)
		}
	}
	keep := func(_ any, err error) { note(err) }
	if err := deliver(tx, jobs[0], tasks[0], true); err != nil {
		return err
	}
	keep(tx.Job(id))
	keep(tx.JobByRequest("0xA", "r"))
	keep(tx.ListJobs(store.JobQuery{Limit: 5}))
	keep(tx.ListJobs(store.JobQuery{Going: true, Limit: 5}))
	keep(tx.ListJobs(store.JobQuery{Owner: "0xA", Going: true, Limit: 5}))
	keep(tx.ListJobs(store.JobQuery{Owner: "0xA", Before: id, Limit: 5}))
	keep(tx.Task(tasks[0].ID))
	keep(tx.FrameSet(id, []int{1, 2}))
	keep(tx.Frames(id))
	keep(tx.Tasks(id))
	keep(tx.Attempts(tasks[0].ID))
	keep(tx.AttemptsIn(lifecycle.AttemptHeld))
	keep(tx.JobFailures(id))
	keep(tx.LastPasses(id))
	keep(tx.HeldByOwner())
	keep(tx.WaitingAudits(5))
	keep(tx.PassedAudits(5))
	keep(tx.Audits("a"))
	keep(tx.AdoptAttempts(1, "m", 2))
	keep(tx.AdoptAudits(1, "m", 2))
	keep(tx.TakeAttempts("0xW", []string{"a"}, "m"))
	keep(tx.TakeAudits("0xV", []string{"v"}, "m"))
	keep(tx.PutNode("0xW", func(*store.Node) {}))
	keep(tx.Package("p"))
	note(tx.UsePackage("p", 1))
	keep(tx.Chunks("p", []string{"c"}))
	keep(tx.ChunksInUse("0xA", []string{"c"}))
	keep(tx.IdlePackages(5, 5))
	keep(tx.Unaccepted("0xA"))
	keep(tx.AddUnaccepted("0xA", []store.Unaccepted{{Object: "c", Size: 1}}, 1))
	note(tx.AcceptPackage("p"))
	note(tx.DiscardPackage("p"))
	keep(tx.Events(id, 5))
	keep(tx.Deeds(0, 5))
	keep(tx.Deeds(9, 5))
	keep(tx.Fingerprints("h"))
	keep(tx.Entries(id))
	keep(tx.Fees(id))
	keep(tx.LastEpoch())
	keep(tx.Op("fund", "x"))
	keep(tx.PendingOps())
	keep(tx.Totals())
	keep(tx.Earned(false))
	keep(tx.Earned(true))
	return all
}
