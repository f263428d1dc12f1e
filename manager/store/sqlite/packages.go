package sqlite

import (
	"encoding/json"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func (t *tx) PutPackage(p *store.Package) error {
	_, err := t.exec("package "+p.ID, `INSERT INTO packages (id, owner, size, digest, created) VALUES (?,?,?,?,?)
 ON CONFLICT (id) DO UPDATE SET size = excluded.size, digest = excluded.digest WHERE ready = 0`, p.ID, p.Owner, p.Size, p.Digest, p.Created)
	return err
}

func (t *tx) Package(id string) (*store.Package, error) {
	var p store.Package
	err := t.run.QueryRowContext(t.ctx, `SELECT id, owner, size, digest, bytes, files, ready, created FROM packages WHERE id = ?`, id).
		Scan(&p.ID, &p.Owner, &p.Size, &p.Digest, &p.Bytes, &p.Files, &p.Ready, &p.Created)
	if err != nil {
		return nil, t.fail("package "+id, err)
	}
	return &p, nil
}

func (t *tx) AddChunks(pkg string, chunks []wire.Chunk) error {
	for _, c := range chunks {
		if _, err := t.exec("chunk "+c.ID, `INSERT INTO chunks (package, chunk, size, digest) VALUES (?,?,?,?) ON CONFLICT DO NOTHING`, pkg, c.ID, c.Size, c.Digest); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) Chunks(pkg string, ids []string) (map[string]wire.Chunk, error) {
	raw, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	list, err := all(t, "chunks of package "+pkg, func(row scanner) (wire.Chunk, error) {
		var c wire.Chunk
		return c, row.Scan(&c.ID, &c.Size, &c.Digest)
	}, `SELECT chunk, size, digest FROM chunks WHERE package = ? AND chunk IN (SELECT value FROM json_each(?))`, pkg, string(raw))
	if err != nil {
		return nil, err
	}
	out := make(map[string]wire.Chunk, len(list))
	for _, c := range list {
		out[c.ID] = c
	}
	return out, nil
}

func (t *tx) ChunkCount(pkg string) (int, error) {
	var n int
	if err := t.run.QueryRowContext(t.ctx, `SELECT count(*) FROM chunks WHERE package = ?`, pkg).Scan(&n); err != nil {
		return 0, t.fail("chunks of package "+pkg, err)
	}
	return n, nil
}

func (t *tx) FinishPackage(id string, bytes int64, files int) error {
	return t.change("package "+id, `UPDATE packages SET bytes = ?, files = ?, ready = 1 WHERE id = ?`, bytes, files, id)
}

func (t *tx) AddEvent(jobID string, e wire.Event) error {
	_, err := t.exec("event of job "+jobID, `INSERT INTO events (job, time, what, text, node) VALUES (?,?,?,?,?)`, jobID, e.Time, e.What, e.Text, e.Node)
	return err
}

func (t *tx) Events(jobID string, limit int) ([]wire.Event, error) {
	return all(t, "events of job "+jobID, func(row scanner) (wire.Event, error) {
		var e wire.Event
		return e, row.Scan(&e.Time, &e.What, &e.Text, &e.Node)
	}, `SELECT time, what, text, node FROM (SELECT * FROM events WHERE job = ? ORDER BY id DESC LIMIT ?) ORDER BY id`, jobID, limit)
}
