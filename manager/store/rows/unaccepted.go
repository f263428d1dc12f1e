package rows

import (
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/manager/store"
)

func (t *Tx) AddUnaccepted(owner string, objects []store.Unaccepted, at int64) (total int64, err error) {
	what := "what " + owner + " has stored unaccepted"
	for some := range slices.Chunk(objects, batch) {
		args := make([]any, 0, 4*len(some))
		for _, o := range some {
			args = append(args, owner, o.Object, o.Size, at)
		}
		values := strings.TrimSuffix(strings.Repeat("(?,?,?,?),", len(some)), ",")
		if _, err := t.Exec(what, `INSERT INTO unaccepted (owner, object, size, at) VALUES `+values+` ON CONFLICT (owner, object) DO UPDATE
 SET size = CASE WHEN excluded.size > unaccepted.size THEN excluded.size ELSE unaccepted.size END, at = excluded.at`, args...); err != nil {
			return 0, err
		}
	}
	return t.Unaccepted(owner)
}

func (t *Tx) Unaccepted(owner string) (total int64, err error) {
	err = t.run.QueryRow(t.ctx, `SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM unaccepted WHERE owner = ?`, owner).Scan(&total)
	return total, t.fail("what "+owner+" has stored unaccepted", err)
}

func (t *Tx) UnacceptedOwners() ([]string, error) {
	return t.Texts("who has stored what unaccepted", `SELECT DISTINCT owner FROM unaccepted ORDER BY owner`)
}

func (t *Tx) AcceptPackage(id string) error {
	_, err := t.Exec("accept package "+id, `DELETE FROM unaccepted WHERE owner = (SELECT owner FROM packages WHERE id = ?)
 AND (object = ? OR object IN (SELECT chunk FROM chunks WHERE package = ?))`, id, id, id)
	return err
}

func (t *Tx) DiscardPackage(id string) error {
	what := "discard package " + id
	n, err := t.Exec(what, `UPDATE packages SET ready = FALSE, dropped = TRUE WHERE id = ? AND dropped = FALSE
 AND EXISTS (SELECT 1 FROM unaccepted WHERE owner = packages.owner AND object = packages.id)
 AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.package = packages.id AND jobs.state <> 'cancelled')`, id)
	if err != nil || n == 0 {
		return err
	}
	_, err = t.Exec(what, `DELETE FROM chunks WHERE package = ?`, id)
	return err
}

func (t *Tx) ForgetUnaccepted(owner string, before int64) error {
	_, err := t.Exec("what "+owner+" has stored unaccepted", `DELETE FROM unaccepted WHERE owner = ? AND at < ?
 AND NOT EXISTS (SELECT 1 FROM packages p WHERE p.id = unaccepted.object AND p.owner = unaccepted.owner AND p.ready = TRUE)
 AND NOT EXISTS (SELECT 1 FROM chunks c JOIN packages p ON p.id = c.package WHERE p.owner = unaccepted.owner AND c.chunk = unaccepted.object)`, owner, before)
	return err
}
