package rows

import (
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// The table earned has sums of what the ledger and the fees say of jobs that are over, by node, role and whether it is
// settled, so that nobody who asks what a node has earned reads all that was ever paid. While a job goes
// on its entries are summed when somebody asks: otherwise each payment would write the sums too, and several managers would
// wait for each other there. Backups leave the table out; it is made from the rest.

// The states of job.State.Over, and the others.
const (
	overStates  = `('accepted','settled','cancelled','failed')`
	goingStates = `('draft','quoted','funded','rendering','paused','delivered','disputed')`
)

// owed are the entries and fees with a condition on either.
func owed(where string) string {
	return `(SELECT node, role, settled, amount FROM ledger WHERE ` + where + ` UNION ALL SELECT node, 'verifier' AS role, settled, amount FROM fees WHERE ` + where + `) AS owed`
}

// sumUp adds a query's sums to the table.
func (t *Tx) sumUp(what, query string, args ...any) error {
	_, err := t.Exec(what, `INSERT INTO earned (node, role, settled, entries, amount) `+query+
		` ON CONFLICT (node, role, settled) DO UPDATE SET entries = earned.entries + excluded.entries, amount = earned.amount + excluded.amount`, args...)
	return err
}

const sums = `count(*), CAST(sum(amount) AS BIGINT)`

// sumJob adds everything that a job owes, when it is over.
func (t *Tx) sumJob(id string) error {
	return t.sumUp("sum what job "+id+" owes", `SELECT node, role, settled, `+sums+` FROM `+owed("job = ?")+` WHERE TRUE GROUP BY node, role, settled`, id, id)
}

// sumSettled takes what is about to be settled of a job that is over from one sum to the other.
func (t *Tx) sumSettled(id string) error {
	return t.sumUp("sum what is settled of job "+id, `SELECT node, role, part.settled, sum(part.sign), CAST(sum(part.sign * amount) AS BIGINT) FROM `+owed("job = ? AND settled = FALSE")+
		` CROSS JOIN (SELECT FALSE AS settled, -1 AS sign UNION ALL SELECT TRUE, 1) AS part WHERE TRUE GROUP BY node, role, part.settled`, id, id)
}

// sumOne adds one entry, where its job is over.
func (t *Tx) sumOne(jobID, node string, role job.Role, amount job.Amount) error {
	j, err := t.Job(jobID)
	if err != nil || !j.State.Over() {
		return err
	}
	return t.sumUp("sum what job "+jobID+" owes", `VALUES (?, ?, FALSE, 1, ?)`, node, role, amount)
}

// sumAll fills the empty table.
func (t *Tx) sumAll() error {
	return t.sumUp("sum what is owed", `SELECT node, role, settled, `+sums+` FROM `+owed(`job IN (SELECT id FROM jobs WHERE state IN `+overStates+`)`)+` WHERE TRUE GROUP BY node, role, settled`)
}

func (t *Tx) Earned(settledOnly bool) ([]store.Earning, error) {
	query := `SELECT node, role, amount, entries, 0 AS seen FROM earned`
	if settledOnly {
		query += ` WHERE settled = TRUE`
	} else {
		for _, from := range []string{`l.role, l.amount, 1, 1 FROM jobs j CROSS JOIN ledger l`, `'verifier', l.amount, 1, 1 FROM jobs j CROSS JOIN fees l`} {
			query += ` UNION ALL SELECT l.node, ` + from + ` WHERE l.job = j.id AND j.state IN ` + goingStates
		}
	}
	return all(t, "earnings", func(row scanner) (store.Earning, error) {
		var e store.Earning
		return e, row.Scan(&e.Node, &e.Role, &e.Amount, &e.Read)
	}, `SELECT node, role, CAST(sum(amount) AS BIGINT), sum(seen) FROM (`+query+`) AS owed GROUP BY node, role HAVING sum(entries) > 0 ORDER BY node, role`)
}
