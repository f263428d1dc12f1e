package rows

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

func (t *Tx) AddEntry(e store.Entry) error {
	err := t.add("ledger of job "+e.Job, "ledger", `job, frame, part, role, node, amount, attempt, audit, time`,
		e.Job, e.Frame, e.Part, e.Role, e.Node, e.Amount, e.Attempt, e.Audit, e.Time)
	if err != nil {
		return err
	}
	return t.sumOne(e.Job, e.Node, e.Role, e.Amount)
}

func (t *Tx) Entries(jobID string) ([]store.Entry, error) {
	return all(t, "ledger of job "+jobID, func(row scanner) (store.Entry, error) {
		var e store.Entry
		return e, row.Scan(&e.Job, &e.Frame, &e.Part, &e.Role, &e.Node, &e.Amount, &e.Attempt, &e.Audit, &e.Time, &e.Settled)
	}, `SELECT job, frame, part, role, node, amount, attempt, audit, time, settled FROM ledger WHERE job = ? ORDER BY frame, part, role`, jobID)
}

func (t *Tx) VoidEntries(jobID string, frames []int, cause string) (job.Amount, error) {
	what := "void the ledger of job " + jobID
	raw, err := json.Marshal(frames)
	if err != nil {
		return 0, err
	}
	which := ` FROM ledger WHERE job = ? AND frame IN (` + t.dialect.Ints + `)`
	var sum job.Amount
	if err := t.run.QueryRow(t.ctx, `SELECT CAST(coalesce(sum(amount), 0) AS BIGINT)`+which, jobID, string(raw)).Scan(&sum); err != nil {
		return 0, t.fail(what, err)
	}
	if _, err := t.Exec(what, `INSERT INTO voided (job, frame, part, role, node, amount, attempt, audit, time, cause) SELECT job, frame, part, role, node, amount, attempt, audit, time, CAST(? AS TEXT)`+which, cause, jobID, string(raw)); err != nil {
		return 0, err
	}
	j, err := t.Job(jobID)
	if err == nil && j.State.Over() {
		err = t.sumUp(what, `SELECT node, role, settled, -count(*), -CAST(sum(amount) AS BIGINT)`+which+` GROUP BY node, role, settled`, jobID, string(raw))
	}
	if err != nil {
		return 0, err
	}
	_, err = t.Exec(what, `DELETE`+which, jobID, string(raw))
	return sum, err
}

func (t *Tx) SettleEntries(jobID string) error {
	what := "settle the ledger of job " + jobID
	j, err := t.Job(jobID)
	if err != nil {
		return err
	}
	if !j.State.Over() {
		return fmt.Errorf("%s, which is %s: %w", what, j.State, store.ErrIllegal)
	}
	if err := t.sumSettled(jobID); err != nil {
		return err
	}
	if _, err := t.Exec(what, `UPDATE ledger SET settled = TRUE WHERE job = ? AND settled = FALSE`, jobID); err != nil {
		return err
	}
	_, err = t.Exec(what, `UPDATE fees SET settled = TRUE WHERE job = ? AND settled = FALSE`, jobID)
	return err
}

func (t *Tx) AddFee(f store.Fee) error {
	err := t.add("fee of job "+f.Job, "fees", `job, frame, attempt, node, audit, amount, time`,
		f.Job, f.Frame, f.Attempt, f.Node, f.Audit, f.Amount, f.Time)
	if err != nil {
		return err
	}
	return t.sumOne(f.Job, f.Node, job.RoleVerifier, f.Amount)
}

func (t *Tx) Fees(jobID string) ([]store.Fee, error) {
	return all(t, "fees of job "+jobID, func(row scanner) (store.Fee, error) {
		var f store.Fee
		return f, row.Scan(&f.Job, &f.Frame, &f.Attempt, &f.Node, &f.Audit, &f.Amount, &f.Time, &f.Settled)
	}, `SELECT job, frame, attempt, node, audit, amount, time, settled FROM fees WHERE job = ? ORDER BY frame, attempt, node`, jobID)
}

func (t *Tx) AddEpoch(e *store.Epoch) error {
	err := t.add("add epoch", "epochs", `number, root, total, leaves, tx`, int64(e.Number), e.Root, e.Total, encode(e.Leaves), e.Tx)
	return err
}

const epochColumns = `number, root, total, leaves, tx`

func scanEpoch(row scanner) (*store.Epoch, error) {
	var e store.Epoch
	var leaves string
	if err := row.Scan(&e.Number, &e.Root, &e.Total, &leaves, &e.Tx); err != nil {
		return nil, err
	}
	return &e, decode(leaves, &e.Leaves)
}

func (t *Tx) epoch(where string) (*store.Epoch, error) {
	e, err := scanEpoch(t.run.QueryRow(t.ctx, `SELECT `+epochColumns+` FROM epochs `+where+` ORDER BY number DESC LIMIT 1`))
	if err != nil {
		return nil, t.fail("last epoch", err)
	}
	return e, nil
}

func (t *Tx) LastEpoch() (*store.Epoch, error)   { return t.epoch("") }
func (t *Tx) PostedEpoch() (*store.Epoch, error) { return t.epoch("WHERE tx <> ''") }

func (t *Tx) PostEpoch(number uint64, hash string) error {
	return t.change("post epoch", `UPDATE epochs SET tx = ? WHERE number = ?`, hash, int64(number))
}

func (t *Tx) Withdrawal(node string) (store.Withdrawal, error) {
	w := store.Withdrawal{Node: node}
	err := t.fail("withdrawal", t.run.QueryRow(t.ctx, `SELECT claimed, tx FROM withdrawals WHERE node = ?`, node).Scan(&w.Claimed, &w.Tx))
	if err == nil || errors.Is(err, store.ErrNotFound) {
		return w, nil
	}
	return w, err
}

func (t *Tx) PutWithdrawal(w store.Withdrawal) error {
	_, err := t.Exec("withdrawal", `INSERT INTO withdrawals (node, claimed, tx) VALUES (?,?,?) ON CONFLICT (node) DO UPDATE SET claimed = excluded.claimed, tx = excluded.tx
 WHERE excluded.claimed >= withdrawals.claimed`, w.Node, w.Claimed, w.Tx)
	return err
}

const opColumns = `id, kind, ref, body, state, tries, next, tx, error`

func scanOp(row scanner) (*store.Op, error) {
	var o store.Op
	var body string
	err := row.Scan(&o.ID, &o.Kind, &o.Ref, &body, &o.State, &o.Tries, &o.Next, &o.Tx, &o.Error)
	o.Body = json.RawMessage(body)
	return &o, err
}

func (t *Tx) AddOp(o *store.Op) error {
	err := t.add("outbox "+o.Kind+" "+o.Ref, "outbox", `kind, ref, body`, o.Kind, o.Ref, string(o.Body))
	return err
}

func (t *Tx) Op(kind, ref string) (*store.Op, error) {
	o, err := scanOp(t.run.QueryRow(t.ctx, `SELECT `+opColumns+` FROM outbox WHERE kind = ? AND ref = ?`, kind, ref))
	if err != nil {
		return nil, t.fail("outbox "+kind+" "+ref, err)
	}
	return o, nil
}

func (t *Tx) PendingOps() ([]*store.Op, error) {
	return all(t, "outbox", scanOp, `SELECT `+opColumns+` FROM outbox WHERE state = 'pending' ORDER BY id`)
}

func (t *Tx) EditOp(id int64, patch func(*store.Op)) (*store.Op, error) {
	o, err := scanOp(t.run.QueryRow(t.ctx, `SELECT `+opColumns+` FROM outbox WHERE id = ?`, id))
	if err != nil {
		return nil, t.fail("outbox", err)
	}
	patch(o)
	return o, t.change("outbox "+o.Kind+" "+o.Ref, `UPDATE outbox SET body = ?, state = ?, tries = ?, next = ?, tx = ?, error = ? WHERE id = ?`,
		string(o.Body), o.State, o.Tries, o.Next, o.Tx, o.Error, id)
}

func (t *Tx) Meta(key string) (string, error) {
	if known := t.seen.metas[key]; known != nil {
		return *known, nil
	}
	var value string
	err := t.fail("setting "+key, t.run.QueryRow(t.ctx, `SELECT value FROM meta WHERE key = ?`, key).Scan(&value))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	t.keepMeta(key, value)
	return value, nil
}

func (t *Tx) SetMeta(key, value string) error {
	if _, err := t.Exec("setting "+key, `INSERT INTO meta (key, value) VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value); err != nil {
		return err
	}
	t.keepMeta(key, value)
	return nil
}

func (t *Tx) keepMeta(key, value string) {
	if len(value) > maxMeta {
		delete(t.seen.metas, key)
		return
	}
	keep(&t.seen.metas, key, &value)
}
