package rows

import (
	"fmt"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
)

func (t *Tx) OldJobs(before int64, limit int) ([]string, error) {
	return t.Texts("jobs that ended before", `SELECT id FROM jobs WHERE state IN ('settled','cancelled','failed') AND forgotten = 0
 AND (CASE WHEN finished > delivered_at THEN finished ELSE delivered_at END) BETWEEN 1 AND ? ORDER BY seq LIMIT ?`, before, limit)
}

func (t *Tx) ForgetHistory(id string, now int64, limit int) (done bool, err error) {
	what := "forget the history of job " + id
	j, err := t.Job(id)
	if err != nil {
		return false, err
	}
	if !lifecycle.Jobs.Final(j.State) {
		return false, fmt.Errorf("%s, which is %s: %w", what, j.State, store.ErrIllegal)
	}
	defer t.seen.Forget() // of what goes
	tasks, err := t.Texts(what, `SELECT k.id FROM tasks k WHERE k.job = ?
 AND NOT EXISTS (SELECT 1 FROM fees f JOIN attempts a ON a.id = f.attempt WHERE f.job = k.job AND a.task = k.id) ORDER BY k.idx LIMIT ?`, id, limit)
	if err != nil {
		return false, err
	}
	list := encode(tasks)
	for _, gone := range []string{
		`audits WHERE attempt IN (SELECT id FROM attempts WHERE task IN (` + t.dialect.Texts + `))`,
		`attempts WHERE task IN (` + t.dialect.Texts + `)`,
		`frames WHERE task IN (` + t.dialect.Texts + `) AND job = ?`,
		`tasks WHERE id IN (` + t.dialect.Texts + `)`,
	} {
		args := []any{list}
		if gone[len(gone)-1] == '?' {
			args = append(args, id)
		}
		if _, err := t.Exec(what, `DELETE FROM `+gone, args...); err != nil {
			return false, err
		}
	}
	// Each frame left two events or so.
	events, err := t.Exec(what, `DELETE FROM events WHERE job = ? AND id IN (SELECT id FROM events WHERE job = ? ORDER BY id LIMIT ?)`, id, id, 4*limit)
	if err != nil || len(tasks) == limit || events == int64(4*limit) {
		return false, err
	}
	return true, t.change(what, `UPDATE jobs SET forgotten = ? WHERE id = ?`, now, id)
}
