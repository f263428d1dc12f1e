package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Signal has nobody to tell: a SQLite file has one manager.
func (s *Store) Signal(context.Context, store.Signal) error { return nil }

// Signals delivers nothing.
func (s *Store) Signals(ctx context.Context) (<-chan store.Signal, error) {
	never := make(chan store.Signal)
	context.AfterFunc(ctx, func() { close(never) })
	return never, nil
}

// Lead is granted at once: a SQLite file has one manager.
func (s *Store) Lead(ctx context.Context, _ string) (context.Context, error) {
	return ctx, context.Cause(ctx)
}

func (t *tx) AdoptAttempts(notSeenSince int64, manager string, deadline int64) ([]*store.Attempt, error) {
	what := "adopt leases"
	orphans, err := all(t, what, scanShortAttempt, `SELECT `+attemptColumns+` FROM attempts WHERE state = 'held' AND manager <> ?
 AND NOT EXISTS (SELECT 1 FROM managers m WHERE m.id = attempts.manager AND m.seen >= ?) ORDER BY created, id`, manager, notSeenSince)
	if err != nil {
		return nil, err
	}
	for _, a := range orphans {
		a.Manager, a.Deadline = manager, max(a.Deadline, deadline)
		if err := t.change(what, `UPDATE attempts SET manager = ?, deadline = ? WHERE id = ? AND state = 'held'`, a.Manager, a.Deadline, a.ID); err != nil {
			return nil, err
		}
	}
	return orphans, nil
}

func (t *tx) PutManager(m store.Manager) error {
	_, err := t.exec("manager "+m.ID, `INSERT INTO managers (id, address, url, started, seen) VALUES (?,?,?,?,?)
 ON CONFLICT (id) DO UPDATE SET address = excluded.address, url = excluded.url, started = excluded.started, seen = max(seen, excluded.seen)`, m.ID, m.Address, m.URL, m.Started, m.Seen)
	return err
}

func (t *tx) Managers() ([]store.Manager, error) {
	return all(t, "managers", func(row scanner) (store.Manager, error) {
		var m store.Manager
		return m, row.Scan(&m.ID, &m.Address, &m.URL, &m.Started, &m.Seen)
	}, `SELECT id, address, url, started, seen FROM managers ORDER BY started, id`)
}

func (t *tx) DropManager(id string) error {
	_, err := t.exec("drop manager "+id, `DELETE FROM managers WHERE id = ?`, id)
	return err
}

func (t *tx) AddDeed(d store.Deed) error {
	_, err := t.exec("trail", `INSERT INTO deeds (time, who, what, subject, detail) VALUES (?,?,?,?,?)`, d.Time, d.Who, d.What, d.Subject, d.Detail)
	return err
}

func (t *tx) Deeds(before int64, limit int) ([]store.Deed, error) {
	return all(t, "trail", func(row scanner) (store.Deed, error) {
		var d store.Deed
		return d, row.Scan(&d.ID, &d.Time, &d.Who, &d.What, &d.Subject, &d.Detail)
	}, `SELECT id, time, who, what, subject, detail FROM deeds WHERE ?1 = 0 OR id < ?1 ORDER BY id DESC LIMIT ?2`, before, limit)
}

func (t *tx) PutArchive(a wire.Archive) error {
	_, err := t.exec("archive "+a.Name, `INSERT INTO archives (digest, renderer, version, os, arch, name, size, root, executable) VALUES (?,?,?,?,?,?,?,?,?)
 ON CONFLICT (digest) DO UPDATE SET renderer = excluded.renderer, version = excluded.version, os = excluded.os, arch = excluded.arch, name = excluded.name,
 root = excluded.root, executable = excluded.executable`, a.Digest, a.Renderer, a.Version, a.OS, a.Arch, a.Name, a.Size, a.Root, a.Executable)
	return err
}

func (t *tx) Archives() ([]wire.Archive, error) {
	return all(t, "archives", func(row scanner) (wire.Archive, error) {
		var a wire.Archive
		return a, row.Scan(&a.Digest, &a.Renderer, &a.Version, &a.OS, &a.Arch, &a.Name, &a.Size, &a.Root, &a.Executable)
	}, `SELECT digest, renderer, version, os, arch, name, size, root, executable FROM archives ORDER BY renderer, version, os, arch, digest`)
}

func (t *tx) DropArchive(digest string) error {
	_, err := t.exec("drop archive "+digest, `DELETE FROM archives WHERE digest = ?`, digest)
	return err
}

func (t *tx) AddFingerprint(f store.Fingerprint) error {
	_, err := t.exec(fmt.Sprintf("fingerprint of frame %d of job %s", f.Frame, f.Job), `INSERT INTO fingerprints (hash, attempt, frame, job, worker, time) VALUES (?,?,?,?,?,?)`,
		f.Hash, f.Attempt, f.Frame, f.Job, f.Worker, f.Time)
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

func (t *tx) Fingerprints(hash string) ([]store.Fingerprint, error) {
	return all(t, "fingerprints", func(row scanner) (store.Fingerprint, error) {
		var f store.Fingerprint
		return f, row.Scan(&f.Hash, &f.Attempt, &f.Frame, &f.Job, &f.Worker, &f.Time)
	}, `SELECT hash, attempt, frame, job, worker, time FROM fingerprints WHERE hash = ? ORDER BY time, attempt, frame`, hash)
}
