package rows

import (
	"errors"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

func (t *Tx) Totals() (store.Totals, error) {
	if err := t.settle(); err != nil {
		return store.Totals{}, err
	}
	sum := store.Totals{Jobs: make(map[job.State]int), Tasks: make(map[job.TaskState]int), Audits: make(map[lifecycle.AuditState]int)}
	var err error
	if sum.Jobs, err = tally[job.State](t, "totals of jobs", `SELECT state, count(*) FROM jobs GROUP BY state`); err != nil {
		return store.Totals{}, err
	}
	// Jobs that are over are many, and have their sums.
	if err := t.run.QueryRow(t.ctx, `SELECT CAST(coalesce(sum(amount), 0) AS BIGINT), (SELECT CAST(coalesce(sum(escrow), 0) AS BIGINT) FROM jobs WHERE escrow > 0) FROM earned`).Scan(&sum.Earned, &sum.Escrow); err != nil {
		return store.Totals{}, t.fail("totals of money", err)
	}
	sum.Settled = sum.Earned
	type going struct {
		state   job.State
		waiting int
		spent   job.Amount
	}
	list, err := all(t, "totals of jobs that go on", func(row scanner) (going, error) {
		var j going
		return j, row.Scan(&j.state, &j.waiting, &j.spent)
	}, `SELECT state, CAST(sum(tasks_waiting) AS BIGINT), CAST(sum(spent) AS BIGINT) FROM jobs WHERE state IN `+goingStates+` OR state = 'accepted' GROUP BY state`)
	for _, j := range list {
		sum.Tasks[job.TaskWaiting] += j.waiting
		if j.state.Over() {
			sum.Settled -= j.spent
		} else {
			sum.Earned += j.spent
		}
	}
	out, e1 := tally[job.TaskState](t, "totals of tasks", `SELECT state, count(*) FROM tasks WHERE state = 'leased' OR state = 'committed' OR state = 'verifying' GROUP BY state`)
	for s, n := range out {
		sum.Tasks[s] = n
	}
	var e2, e3 error
	sum.Audits, e2 = tally[lifecycle.AuditState](t, "totals of audits", `SELECT state, count(*) FROM audits WHERE state IN ('waiting','held','committed') GROUP BY state`)
	held, e3 := tally[lifecycle.AttemptState](t, "totals of leases", `SELECT state, count(*) FROM attempts WHERE state = 'held' GROUP BY state`)
	sum.Held = held[lifecycle.AttemptHeld]
	return sum, errors.Join(err, e1, e2, e3)
}

// tally counts rows by their state.
func tally[S ~string](t *Tx, what, query string) (map[S]int, error) {
	type pair struct {
		state S
		n     int
	}
	list, err := all(t, what, func(row scanner) (pair, error) {
		var p pair
		return p, row.Scan(&p.state, &p.n)
	}, query)
	counts := make(map[S]int, len(list))
	for _, p := range list {
		counts[p.state] = p.n
	}
	return counts, err
}
