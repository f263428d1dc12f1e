package rows

import (
	"fmt"
	"maps"
	"slices"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Problem is something in the database that can't be.
type Problem struct {
	Rule    string // what should hold
	Subject string // the row, or rows, that break it
}

// rule is an invariant: its query names the rows that break it.
type rule struct{ says, query string }

// maxProblems bounds what is reported of one rule.
const maxProblems = 20

// rules hold between rows what no constraint can.
var rules = []rule{
	{"a job's frame counters are what its frames say", `SELECT j.id FROM jobs j LEFT JOIN (SELECT job,
 sum(CASE WHEN state = 'pending' THEN 1 ELSE 0 END) AS pending, sum(CASE WHEN state = 'uploaded' THEN 1 ELSE 0 END) AS uploaded, sum(CASE WHEN state = 'verified' THEN 1 ELSE 0 END) AS verified,
 sum(CASE WHEN state = 'delivered' THEN 1 ELSE 0 END) AS delivered, sum(CASE WHEN state = 'accepted' THEN 1 ELSE 0 END) AS accepted FROM frames GROUP BY job) f ON f.job = j.id
 WHERE j.forgotten = 0 AND (j.n_pending <> coalesce(f.pending, 0) OR j.n_uploaded <> coalesce(f.uploaded, 0) OR j.n_verified <> coalesce(f.verified, 0) OR j.n_delivered <> coalesce(f.delivered, 0) OR j.n_accepted <> coalesce(f.accepted, 0)) ORDER BY j.id`},
	{"a job's task counters are what its tasks say", `SELECT j.id FROM jobs j LEFT JOIN (SELECT job,
 sum(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END) AS waiting, sum(CASE WHEN state IN ('done','failed') THEN 0 ELSE 1 END) AS unended FROM tasks GROUP BY job) k ON k.job = j.id
 WHERE j.forgotten = 0 AND (j.tasks_waiting <> coalesce(k.waiting, 0) OR j.tasks_open <> coalesce(k.unended, 0)) ORDER BY j.id`},
	{"what a job has spent is what its ledger and its fees add up to", `SELECT j.id FROM jobs j LEFT JOIN
 (SELECT job, sum(amount) AS owed FROM (SELECT job, amount FROM ledger UNION ALL SELECT job, amount FROM fees) AS every GROUP BY job) AS sums ON sums.job = j.id
 WHERE j.spent <> coalesce(sums.owed, 0) ORDER BY j.id`},
	{"nothing is payable for a frame that isn't verified", `SELECT l.job || ' frame ' || CAST(l.frame AS TEXT) FROM ledger l JOIN jobs j ON j.id = l.job AND j.forgotten = 0 LEFT JOIN frames f ON f.job = l.job AND f.number = l.frame
 WHERE l.settled = FALSE AND (f.state IS NULL OR f.state NOT IN ('verified','delivered','accepted')) ORDER BY l.job, l.frame`},
	{"what is payable to a worker is for an attempt of its own that passed", `SELECT l.job || ' frame ' || CAST(l.frame AS TEXT) FROM ledger l JOIN jobs j ON j.id = l.job AND j.forgotten = 0 LEFT JOIN attempts a ON a.id = l.attempt
 WHERE l.settled = FALSE AND l.role = 'worker' AND (a.id IS NULL OR a.state <> 'passed' OR a.worker <> l.node OR a.job <> l.job) ORDER BY l.job, l.frame`},
	{"a leased task is held by somebody", `SELECT k.id FROM tasks k WHERE k.state = 'leased' AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.task = k.id AND a.state = 'held') ORDER BY k.id`},
	{"a held attempt is of a leased task", `SELECT a.id FROM attempts a JOIN tasks k ON k.id = a.task WHERE a.state = 'held' AND k.state <> 'leased' ORDER BY a.id`},
	{"a committed task has the commit", `SELECT k.id FROM tasks k WHERE k.state IN ('committed','verifying') AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.task = k.id AND a.state IN ('committed','passed')) ORDER BY k.id`},
	{"a finished task has an attempt that passed", `SELECT k.id FROM tasks k WHERE k.state = 'done' AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.task = k.id AND a.state = 'passed') ORDER BY k.id`},
	{"a frame belongs to a task of its job", `SELECT f.job || ' frame ' || CAST(f.number AS TEXT) FROM frames f LEFT JOIN tasks k ON k.id = f.task WHERE k.id IS NULL OR k.job <> f.job ORDER BY f.job, f.number`},
	{"a frame that was uploaded has the attempt that uploaded it", `SELECT f.job || ' frame ' || CAST(f.number AS TEXT) FROM frames f LEFT JOIN attempts a ON a.id = f.attempt
 WHERE f.state NOT IN ('pending','rejected') AND (a.id IS NULL OR a.job <> f.job) ORDER BY f.job, f.number`},
	{"a delivered job has every frame verified", `SELECT j.id FROM jobs j WHERE j.state IN ('delivered','disputed','accepted','settled')
 AND EXISTS (SELECT 1 FROM frames f WHERE f.job = j.id AND f.state IN ('pending','uploaded','rejected')) ORDER BY j.id`},
	{"a job that isn't over has something left to be done", `SELECT j.id FROM jobs j WHERE j.state IN ('funded','rendering','paused','disputed') AND NOT EXISTS (SELECT 1 FROM tasks k WHERE k.job = j.id AND k.state NOT IN ('done','failed')) ORDER BY j.id`},
	{"a committed task waits for a check, and one that is verified is in a verifier's hands", `SELECT k.id FROM tasks k JOIN jobs j ON j.id = k.job WHERE j.state IN ('rendering','paused','disputed') AND k.state IN ('committed','verifying')
 AND NOT EXISTS (SELECT 1 FROM audits v WHERE v.task = k.id AND v.kind = '' AND (k.state = 'committed' AND v.state = 'waiting' OR k.state = 'verifying' AND v.state IN ('held','committed'))) ORDER BY k.id`},
	{"a check that is open is of a task that waits for it", `SELECT v.id FROM audits v JOIN tasks k ON k.id = v.task JOIN jobs j ON j.id = v.job WHERE v.kind = '' AND v.state IN ('waiting','held','committed')
 AND (k.state NOT IN ('committed','verifying') OR j.state NOT IN ('rendering','paused','disputed')) ORDER BY v.id`},
	{"a frame that was verified was made by an attempt that passed", `SELECT f.job || ' frame ' || CAST(f.number AS TEXT) FROM frames f JOIN attempts a ON a.id = f.attempt WHERE f.state IN ('verified','delivered','accepted') AND a.state <> 'passed' ORDER BY f.job, f.number`},
	{"a frame that was delivered is owed to whoever made it", `SELECT f.job || ' frame ' || CAST(f.number AS TEXT) FROM frames f WHERE f.state IN ('delivered','accepted')
 AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.job = f.job AND l.frame = f.number AND l.role = 'worker') ORDER BY f.job, f.number`},
	{"what is left in the escrow of a job that is over is on its way back", `SELECT j.id FROM jobs j WHERE j.state IN ('accepted','cancelled','failed') AND j.escrow > 0 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.kind = 'refund' AND o.ref = j.id) ORDER BY j.id`},
	{"scouts that were all checked let the rest go, or say when", `SELECT j.id FROM jobs j WHERE j.state = 'rendering' AND j.scout = TRUE AND j.released = FALSE AND j.release_after >= 0 AND j.release_at = 0
 AND NOT EXISTS (SELECT 1 FROM tasks k WHERE k.job = j.id AND k.scout = TRUE AND k.state <> 'done') ORDER BY j.id`},
	{"what a node has earned with jobs that are over is what their ledgers and fees add up to", `WITH sums AS (SELECT node, role, settled, ` + sums + ` FROM ` + owed(`job IN (SELECT id FROM jobs WHERE state IN `+overStates+`)`) + ` GROUP BY node, role, settled),
 kept AS (SELECT node, role, settled, entries, amount FROM earned WHERE entries <> 0 OR amount <> 0)
 SELECT DISTINCT node || ' as ' || role FROM (SELECT * FROM (SELECT * FROM sums EXCEPT SELECT * FROM kept) AS missing UNION ALL SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM sums) AS wrong) AS odd ORDER BY 1`},
	{"an open audit is of an attempt that is there to be checked", `SELECT v.id FROM audits v JOIN attempts a ON a.id = v.attempt WHERE v.state IN ('held','committed') AND a.state = 'held' ORDER BY v.id`},
}

// Check looks for what can't be: rules between rows, settlements that don't add up, rows that
// can't be read. It returns the first problems of each rule.
func (t *Tx) Check() ([]Problem, error) {
	var found []Problem
	for _, r := range rules {
		subjects, err := t.Texts("check that "+r.says, r.query+fmt.Sprintf(" LIMIT %d", maxProblems))
		if err != nil {
			return found, err
		}
		for _, s := range subjects {
			found = append(found, Problem{r.says, s})
		}
	}
	money, err := t.checkMoney()
	return append(found, money...), err
}

// checkMoney holds the epochs against one another and against the ledger.
func (t *Tx) checkMoney() ([]Problem, error) {
	epochs, err := all(t, "check the epochs", scanEpoch, `SELECT `+epochColumns+` FROM epochs ORDER BY number`)
	if err != nil {
		return nil, err
	}
	var found []Problem
	problem := func(says, format string, args ...any) {
		found = append(found, Problem{says, fmt.Sprintf(format, args...)})
	}
	last, posted := make(map[string]job.Amount), make(map[string]job.Amount)
	for _, e := range epochs {
		var sum job.Amount
		now := make(map[string]job.Amount, len(e.Leaves))
		for _, l := range e.Leaves {
			sum += l.Cumulative
			now[l.Node] = l.Cumulative
		}
		if sum != e.Total {
			problem("an epoch's total is what its accounts add up to", "epoch %d: %s, and its accounts %s", e.Number, e.Total, sum)
		}
		for _, node := range slices.Sorted(maps.Keys(last)) {
			if now[node] < last[node] {
				problem("what a node has earned never falls", "epoch %d: %s", e.Number, node)
			}
		}
		last = now
		if e.Tx != "" {
			posted = now
		}
	}
	earned, err := t.Earned(true)
	if err != nil {
		return found, err
	}
	sums := make(map[string]job.Amount)
	for _, e := range earned {
		sums[e.Node] += e.Amount
	}
	for _, node := range slices.Sorted(maps.Keys(last)) {
		if last[node] > sums[node] {
			problem("nobody is paid more than was earned", "%s: %s of %s", node, last[node], sums[node])
		}
	}
	withdrawn, err := all(t, "check the withdrawals", func(row scanner) (store.Withdrawal, error) {
		var w store.Withdrawal
		return w, row.Scan(&w.Node, &w.Claimed, &w.Tx)
	}, `SELECT node, claimed, tx FROM withdrawals ORDER BY node`)
	for _, w := range withdrawn {
		if w.Claimed > posted[w.Node] {
			problem("nobody withdraws more than was posted", "%s: %s of %s", w.Node, w.Claimed, posted[w.Node])
		}
	}
	return found, err
}
