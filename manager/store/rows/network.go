package rows

import (
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// orphaned is what no manager has that was seen since.
func orphaned(table string) string {
	return ` manager <> ? AND NOT EXISTS (SELECT 1 FROM managers m WHERE m.id = ` + table + `.manager AND m.seen >= ?)`
}

func (t *Tx) AdoptAttempts(notSeenSince int64, manager string, deadline int64) ([]*store.Attempt, error) {
	clear(t.seen.attempts)
	what := "adopt leases"
	orphans, err := all(t, what, scanShortAttempt, `SELECT `+attemptColumns+` FROM attempts WHERE state = 'held' AND`+orphaned("attempts")+` ORDER BY created, id`, manager, notSeenSince)
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

func (t *Tx) AdoptAudits(notSeenSince int64, manager string, deadline int64) ([]*store.Audit, error) {
	clear(t.seen.audits)
	what := "adopt verifications"
	orphans, err := all(t, what, scanAudit, `SELECT `+auditColumns+` FROM audits WHERE state IN ('held','committed') AND`+orphaned("audits")+` ORDER BY created, id`, manager, notSeenSince)
	if err != nil {
		return nil, err
	}
	for _, a := range orphans {
		a.Manager, a.Deadline = manager, max(a.Deadline, deadline)
		if err := t.change(what, `UPDATE audits SET manager = ?, deadline = ? WHERE id = ? AND state = ?`, a.Manager, a.Deadline, a.ID, a.State); err != nil {
			return nil, err
		}
	}
	return orphans, nil
}

func (t *Tx) TakeAttempts(worker string, ids []string, manager string) ([]*store.Attempt, error) {
	clear(t.seen.attempts)
	what, which := "take the leases of "+worker, ` WHERE worker = ? AND state = 'held' AND id IN (`+t.dialect.Texts+`)`
	if _, err := t.Exec(what, `UPDATE attempts SET manager = ?`+which, manager, worker, encode(ids)); err != nil {
		return nil, err
	}
	return all(t, what, scanShortAttempt, `SELECT `+attemptColumns+` FROM attempts`+which+` ORDER BY created, id`, worker, encode(ids))
}

func (t *Tx) TakeAudits(verifier string, ids []string, manager string) ([]*store.Audit, error) {
	clear(t.seen.audits)
	what, which := "take the verifications of "+verifier, ` WHERE verifier = ? AND state IN ('held','committed') AND id IN (`+t.dialect.Texts+`)`
	if _, err := t.Exec(what, `UPDATE audits SET manager = ?`+which, manager, verifier, encode(ids)); err != nil {
		return nil, err
	}
	return all(t, what, scanAudit, `SELECT `+auditColumns+` FROM audits`+which+` ORDER BY created, id`, verifier, encode(ids))
}

func (t *Tx) PutManager(m store.Manager) error {
	_, err := t.Exec("manager "+m.ID, `INSERT INTO managers (id, address, url, started, seen) VALUES (?,?,?,?,?)
 ON CONFLICT (id) DO UPDATE SET address = excluded.address, url = excluded.url, started = excluded.started, 
 seen = CASE WHEN managers.seen > excluded.seen THEN managers.seen ELSE excluded.seen END`, m.ID, m.Address, m.URL, m.Started, m.Seen)
	return err
}

func (t *Tx) Managers() ([]store.Manager, error) {
	return all(t, "managers", func(row scanner) (store.Manager, error) {
		var m store.Manager
		return m, row.Scan(&m.ID, &m.Address, &m.URL, &m.Started, &m.Seen)
	}, `SELECT id, address, url, started, seen FROM managers ORDER BY started, id`)
}

func (t *Tx) DropManager(id string) error {
	_, err := t.Exec("drop manager "+id, `DELETE FROM managers WHERE id = ?`, id)
	return err
}

func (t *Tx) AddDeed(d store.Deed) error {
	err := t.add("trail", "deeds", `time, who, what, subject, detail`, d.Time, d.Who, d.What, d.Subject, d.Detail)
	return err
}

func (t *Tx) Deeds(before int64, limit int) ([]store.Deed, error) {
	where, args := "", []any{}
	if before != 0 {
		where, args = ` WHERE id < ?`, append(args, before)
	}
	return all(t, "trail", func(row scanner) (store.Deed, error) {
		var d store.Deed
		return d, row.Scan(&d.ID, &d.Time, &d.Who, &d.What, &d.Subject, &d.Detail)
	}, `SELECT id, time, who, what, subject, detail FROM deeds`+where+` ORDER BY id DESC LIMIT ?`, append(args, limit)...)
}

func (t *Tx) PutArchive(a wire.Archive) error {
	_, err := t.Exec("archive "+a.Name, `INSERT INTO archives (digest, renderer, version, os, arch, name, size, root, executable) VALUES (?,?,?,?,?,?,?,?,?)
 ON CONFLICT (digest) DO UPDATE SET renderer = excluded.renderer, version = excluded.version, os = excluded.os, arch = excluded.arch, name = excluded.name,
 root = excluded.root, executable = excluded.executable`, a.Digest, a.Renderer, a.Version, a.OS, a.Arch, a.Name, a.Size, a.Root, a.Executable)
	return err
}

func (t *Tx) Archives() ([]wire.Archive, error) {
	return all(t, "archives", func(row scanner) (wire.Archive, error) {
		var a wire.Archive
		return a, row.Scan(&a.Digest, &a.Renderer, &a.Version, &a.OS, &a.Arch, &a.Name, &a.Size, &a.Root, &a.Executable)
	}, `SELECT digest, renderer, version, os, arch, name, size, root, executable FROM archives ORDER BY renderer, version, os, arch, digest`)
}

func (t *Tx) DropArchive(digest string) error {
	_, err := t.Exec("drop archive "+digest, `DELETE FROM archives WHERE digest = ?`, digest)
	return err
}

func (t *Tx) AddFingerprint(f store.Fingerprint) error {
	err := t.add(fmt.Sprintf("fingerprint of frame %d of job %s", f.Frame, f.Job), "fingerprints", `hash, attempt, frame, job, worker, time`,
		f.Hash, f.Attempt, f.Frame, f.Job, f.Worker, f.Time)
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

func scanFingerprint(row scanner) (f store.Fingerprint, err error) {
	return f, row.Scan(&f.Hash, &f.Attempt, &f.Frame, &f.Job, &f.Worker, &f.Time)
}

// NewestFingerprints takes a prefix that ends on a letter or a slash.
func (t *Tx) NewestFingerprints(prefix string, limit int) ([]store.Fingerprint, error) {
	if prefix == "" {
		return nil, errors.New("list fingerprints: the prefix is empty")
	}
	end := prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1)
	return all(t, "fingerprints", scanFingerprint,
		`SELECT hash, attempt, frame, job, worker, time FROM fingerprints WHERE hash >= ? AND hash < ? ORDER BY time DESC, attempt DESC, frame DESC LIMIT ?`, prefix, end, limit)
}

func (t *Tx) Fingerprints(hash string) ([]store.Fingerprint, error) {
	return all(t, "fingerprints", scanFingerprint,
		`SELECT hash, attempt, frame, job, worker, time FROM fingerprints WHERE hash = ? ORDER BY time, attempt, frame`, hash)
}
