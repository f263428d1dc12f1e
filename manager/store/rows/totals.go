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
	type jobs struct {
		state         job.State
		n, waiting    int
		spent, escrow job.Amount
	}
	list, err := all(t, "totals of jobs", func(row scanner) (jobs, error) {
		var j jobs
		return j, row.Scan(&j.state, &j.n, &j.waiting, &j.spent, &j.escrow)
	}, `SELECT state, count(*), CAST(sum(tasks_waiting) AS BIGINT), CAST(sum(spent) AS BIGINT), CAST(sum(escrow) AS BIGINT) FROM jobs GROUP BY state`)
	for _, j := range list {
		sum.Jobs[j.state] = j.n
		sum.Earned += j.spent
		sum.Escrow += j.escrow
		switch j.state {
		case job.Settled, job.Cancelled, job.Failed:
			sum.Settled += j.spent
		default:
			sum.Tasks[job.TaskWaiting] += j.waiting
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
