package rows

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func (t *Tx) PutPackage(p *store.Package) error {
	_, err := t.Exec("package "+p.ID, `INSERT INTO packages (id, owner, size, digest, created) VALUES (?,?,?,?,?)
 ON CONFLICT (id) DO UPDATE SET size = excluded.size, digest = excluded.digest, dropped = FALSE, created = excluded.created
 WHERE packages.ready = FALSE`, p.ID, p.Owner, p.Size, p.Digest, p.Created)
	return err
}

const packageColumns = `id, owner, size, digest, bytes, files, ready, created, used`

func scanPackage(row scanner) (*store.Package, error) {
	var p store.Package
	return &p, row.Scan(&p.ID, &p.Owner, &p.Size, &p.Digest, &p.Bytes, &p.Files, &p.Ready, &p.Created, &p.Used)
}

func (t *Tx) Package(id string) (*store.Package, error) {
	p, err := scanPackage(t.run.QueryRow(t.ctx, `SELECT `+packageColumns+` FROM packages WHERE id = ?`, id))
	if err != nil {
		return nil, t.fail("package "+id, err)
	}
	return p, nil
}

func (t *Tx) AddChunks(pkg string, chunks []wire.Chunk) error {
	for some := range slices.Chunk(chunks, batch) {
		args := make([]any, 0, 4*len(some))
		for _, c := range some {
			args = append(args, pkg, c.ID, c.Size, c.Digest)
		}
		values := strings.TrimSuffix(strings.Repeat("(?,?,?,?),", len(some)), ",")
		if _, err := t.Exec("chunks of package "+pkg, `INSERT INTO chunks (package, chunk, size, digest) VALUES `+values+` ON CONFLICT DO NOTHING`, args...); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) Chunks(pkg string, ids []string) (map[string]wire.Chunk, error) {
	raw, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	list, err := all(t, "chunks of package "+pkg, func(row scanner) (wire.Chunk, error) {
		var c wire.Chunk
		return c, row.Scan(&c.ID, &c.Size, &c.Digest)
	}, `SELECT chunk, size, digest FROM chunks WHERE package = ? AND chunk IN (`+t.dialect.Texts+`)`, pkg, string(raw))
	if err != nil {
		return nil, err
	}
	out := make(map[string]wire.Chunk, len(list))
	for _, c := range list {
		out[c.ID] = c
	}
	return out, nil
}

func (t *Tx) ChunkCount(pkg string) (int, error) {
	var n int
	if err := t.run.QueryRow(t.ctx, `SELECT count(*) FROM chunks WHERE package = ?`, pkg).Scan(&n); err != nil {
		return 0, t.fail("chunks of package "+pkg, err)
	}
	return n, nil
}

func (t *Tx) SameChunks(one, other string) (same bool, err error) {
	const lacks = `EXISTS (SELECT 1 FROM chunks a WHERE a.package = ? AND NOT EXISTS (SELECT 1 FROM chunks b WHERE b.package = ? AND b.chunk = a.chunk))`
	err = t.run.QueryRow(t.ctx, `SELECT EXISTS (SELECT 1 FROM packages p JOIN packages q ON q.bytes = p.bytes AND q.files = p.files
 WHERE p.id = ? AND q.id = ? AND p.ready = TRUE AND q.ready = TRUE) AND EXISTS (SELECT 1 FROM chunks WHERE package = ?) AND NOT `+lacks+` AND NOT `+lacks,
		one, other, one, one, other, other, one).Scan(&same)
	return same, t.fail("chunks of package "+one, err)
}

func (t *Tx) FinishPackage(id string, bytes int64, files int) error {
	return t.change("package "+id, `UPDATE packages SET bytes = ?, files = ?, ready = TRUE WHERE id = ? AND dropped = FALSE`, bytes, files, id)
}

func (t *Tx) UsePackage(id string, at int64) error {
	n, err := t.Exec("use package "+id, `UPDATE packages SET used = CASE WHEN used > ? THEN used ELSE ? END WHERE id = ? AND ready = TRUE`, at, at, id)
	if err == nil && n == 0 {
		err = fmt.Errorf("package %s: %w", id, store.ErrNotFound)
	}
	return err
}

// idle are the packages that nothing needs: neither new, nor used lately, nor of a job that isn't over. A quote that nobody accepts
// needs none, or whoever asks for one would fill the store for ever.
const idle = ` dropped = FALSE AND created < ? AND used < ?
 AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.package = packages.id AND jobs.state NOT IN ('draft','quoted','settled','cancelled','failed'))`

func (t *Tx) IdlePackages(before int64, limit int) ([]*store.Package, error) {
	return all(t, "idle packages", scanPackage, `SELECT `+packageColumns+` FROM packages WHERE`+idle+` ORDER BY created, id LIMIT ?`, before, before, limit)
}

func (t *Tx) DropPackage(id string, before int64) error {
	what := "drop package " + id
	if err := t.change(what, `UPDATE packages SET ready = FALSE, dropped = TRUE WHERE id = ? AND`+idle, id, before, before); err != nil {
		return err
	}
	_, err := t.Exec(what, `DELETE FROM chunks WHERE package = ?`, id)
	return err
}

func (t *Tx) ChunksInUse(owner string, ids []string) (map[string]bool, error) {
	list, err := all(t, "chunks of "+owner, func(row scanner) (string, error) {
		var id string
		return id, row.Scan(&id)
	}, `SELECT DISTINCT c.chunk FROM chunks c JOIN packages p ON p.id = c.package WHERE p.owner = ? AND c.chunk IN (`+t.dialect.Texts+`)`, owner, encode(ids))
	used := make(map[string]bool, len(list))
	for _, id := range list {
		used[id] = true
	}
	return used, err
}

func (t *Tx) AddEvent(jobID string, e wire.Event) error {
	err := t.add("event of job "+jobID, "events", `job, time, what, text, node`, jobID, e.Time, e.What, e.Text, e.Node)
	return err
}

func (t *Tx) Events(jobID string, limit int) ([]wire.Event, error) {
	return all(t, "events of job "+jobID, func(row scanner) (wire.Event, error) {
		var e wire.Event
		return e, row.Scan(&e.Time, &e.What, &e.Text, &e.Node)
	}, `SELECT time, what, text, node FROM (SELECT * FROM events WHERE job = ? ORDER BY id DESC LIMIT ?) AS newest ORDER BY id`, jobID, limit)
}
