package rows

import (
	"errors"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const attemptColumns = `id, task, job, number, worker, ver_key, key_hash, frames, seeds, created, state, deadline, class, kind, cause, note, convicted, ended, copy, manager`

func scanAttempt(row scanner, more ...any) (*store.Attempt, error) {
	var a store.Attempt
	var frames, drawn string
	if err := row.Scan(append([]any{&a.ID, &a.Task, &a.Job, &a.Number, &a.Worker, &a.Key, &a.KeyHash, &frames, &drawn, &a.Created, &a.State, &a.Deadline, &a.Class,
		&a.Kind, &a.Cause, &a.Note, &a.Convicted, &a.Ended, &a.Copy, &a.Manager}, more...)...); err != nil {
		return nil, err
	}
	var err error
	if a.Frames, err = store.ParseFrames(frames, maxFrames); err != nil {
		return nil, err
	}
	return &a, decode(drawn, &a.Seeds)
}

func scanFullAttempt(row scanner) (*store.Attempt, error) {
	var receipt string
	a, err := scanAttempt(row, &receipt)
	if err != nil || receipt == "" {
		return a, err
	}
	return a, commits.decode(receipt, &a.Commit)
}

func scanShortAttempt(row scanner) (*store.Attempt, error) { return scanAttempt(row) }

func (t *Tx) AddAttempt(a *store.Attempt) error {
	if err := t.add("add attempt "+a.ID, "attempts", `id, task, job, number, worker, ver_key, key_hash, frames, seeds, created, state, deadline, class, copy, manager`,
		a.ID, a.Task, a.Job, a.Number, a.Worker, a.Key, a.KeyHash, store.FormatFrames(a.Frames), encode(a.Seeds), a.Created, a.State, a.Deadline, a.Class, a.Copy, a.Manager); err != nil {
		return err
	}
	t.seen.keepAttempt(&store.Attempt{Attempt: a.Attempt, State: a.State, Frames: a.Frames, Class: a.Class, Key: a.Key, Created: a.Created, Manager: a.Manager})
	t.seen.keepChecks(a.ID, nil) // audits refer to it, so there are none yet
	return nil
}

func (t *Tx) Attempt(id string) (*store.Attempt, error) {
	if a := recall(t.seen.attempts, id); a != nil {
		return a, nil
	}
	a, err := scanFullAttempt(t.run.QueryRow(t.ctx, `SELECT `+attemptColumns+`, receipt FROM attempts WHERE id = ?`, id))
	if err != nil {
		return nil, t.fail("attempt "+id, err)
	}
	t.seen.keepAttempt(a)
	return a, nil
}

func (t *Tx) Attempts(taskID string) ([]*store.Attempt, error) {
	return all(t, "attempts of task "+taskID, scanFullAttempt, `SELECT `+attemptColumns+`, receipt FROM attempts WHERE task = ? ORDER BY number`, taskID)
}

func (t *Tx) AttemptsIn(states ...lifecycle.AttemptState) ([]*store.Attempt, error) {
	return all(t, "attempts by state", scanShortAttempt, `SELECT `+attemptColumns+` FROM attempts WHERE state IN (`+marks(len(states))+`) ORDER BY created, id`, anys(states)...)
}

func (t *Tx) JobFailures(jobID string) ([]store.Failure, error) {
	return all(t, "failures of job "+jobID, func(row scanner) (store.Failure, error) {
		var f store.Failure
		return f, row.Scan(&f.Task, &f.Worker, &f.Kind, &f.Cause, &f.Convicted, &f.Ended)
	}, `SELECT task, worker, kind, cause, convicted, ended FROM attempts WHERE job = ? AND state = 'failed' ORDER BY created, id`, jobID)
}

func (t *Tx) LastPasses(jobID string) (map[string]int64, error) {
	passes := make(map[string]int64)
	type pass struct {
		worker string
		at     int64
	}
	list, err := all(t, "passes of job "+jobID, func(row scanner) (pass, error) {
		var p pass
		return p, row.Scan(&p.worker, &p.at)
	}, `SELECT worker, max(ended) FROM attempts WHERE job = ? AND state = 'passed' GROUP BY worker`, jobID)
	for _, p := range list {
		passes[p.worker] = p.at
	}
	return passes, err
}

func (t *Tx) MoveAttempt(id string, from []lifecycle.AttemptState, to lifecycle.AttemptState, patch func(*store.Attempt)) (*store.Attempt, error) {
	a, err := t.Attempt(id)
	if err != nil {
		return nil, err
	}
	was := *a
	if err := guard(lifecycle.Attempts, id, was.State, from, to); err != nil {
		return nil, err
	}
	if patch != nil {
		patch(a)
	}
	a.ID, a.Task, a.Job, a.Number, a.Worker = was.ID, was.Task, was.Job, was.Number, was.Worker
	a.Key, a.KeyHash, a.Created, a.Copy, a.State = was.Key, was.KeyHash, was.Created, was.Copy, to
	set, args := `state = ?, deadline = ?, class = ?, kind = ?, cause = ?, note = ?, convicted = ?, ended = ?, manager = ?`,
		[]any{a.State, a.Deadline, a.Class, a.Kind, a.Cause, a.Note, a.Convicted, a.Ended, a.Manager}
	if a.Commit != was.Commit {
		receipt := ""
		if a.Commit != nil {
			receipt = encode(a.Commit)
		}
		set, args = set+`, receipt = ?`, append(args, receipt)
	}
	if !slices.Equal(a.Frames, was.Frames) || !slices.Equal(a.Seeds, was.Seeds) {
		set, args = set+`, frames = ?, seeds = ?`, append(args, store.FormatFrames(a.Frames), encode(a.Seeds))
	}
	if err := t.change("attempt "+id, `UPDATE attempts SET `+set+` WHERE id = ? AND state = ?`, append(args, id, was.State)...); err != nil {
		return nil, err
	}
	t.seen.keepAttempt(a)
	return a, nil
}

func (t *Tx) HeldByOwner() (map[string]int, error) {
	held := make(map[string]int)
	type pair struct {
		owner string
		n     int
	}
	pairs, err := all(t, "leases by owner", func(row scanner) (pair, error) {
		var p pair
		return p, row.Scan(&p.owner, &p.n)
	}, `SELECT j.owner, count(*) FROM attempts a JOIN jobs j ON j.id = a.job WHERE a.state = 'held' GROUP BY j.owner`)
	for _, p := range pairs {
		held[p.owner] = p.n
	}
	return held, err
}

const auditColumns = `id, attempt, task, job, ordinal, claim, created, state, verifier, class, deadline, samples, evidence, verdict, cause, ended, kind, manager`

func scanAudit(row scanner) (*store.Audit, error) {
	var a store.Audit
	var verdict string
	if err := row.Scan(&a.ID, &a.Attempt, &a.Task, &a.Job, &a.Ordinal, &a.Claim, &a.Created, &a.State, &a.Verifier, &a.Class, &a.Deadline, &a.Samples, &a.Evidence, &verdict, &a.Cause, &a.Ended, &a.Kind, &a.Manager); err != nil {
		return nil, err
	}
	if verdict == "" {
		return &a, nil
	}
	a.Verdict = new(wire.AuditVerdict)
	return &a, decode(verdict, a.Verdict)
}

func (t *Tx) AddAudit(a *store.Audit) error {
	if err := t.add("add audit "+a.ID, "audits", `id, attempt, task, job, ordinal, claim, created, state, kind`,
		a.ID, a.Attempt, a.Task, a.Job, a.Ordinal, a.Claim, a.Created, a.State, a.Kind); err != nil {
		return err
	}
	t.seen.addCheck(&store.Audit{ID: a.ID, Attempt: a.Attempt, Task: a.Task, Job: a.Job, Ordinal: a.Ordinal, Claim: a.Claim, Created: a.Created, State: a.State, Kind: a.Kind})
	return nil
}

func (t *Tx) Audit(id string) (*store.Audit, error) {
	if a := recall(t.seen.audits, id); a != nil {
		return a, nil
	}
	a, err := scanAudit(t.run.QueryRow(t.ctx, `SELECT `+auditColumns+` FROM audits WHERE id = ?`, id))
	if err != nil {
		return nil, t.fail("audit "+id, err)
	}
	keep(&t.seen.audits, id, a)
	return a, nil
}

func (t *Tx) Audits(attempt string) ([]*store.Audit, error) {
	if known := t.seen.recallChecks(attempt); known != nil {
		return known, nil
	}
	audits, err := all(t, "audits of attempt "+attempt, scanAudit, `SELECT `+auditColumns+` FROM audits WHERE attempt = ? ORDER BY ordinal`, attempt)
	if err == nil {
		t.seen.keepChecks(attempt, audits)
	}
	return audits, err
}

func (t *Tx) AuditsIn(states ...lifecycle.AuditState) ([]*store.Audit, error) {
	return all(t, "audits by state", scanAudit, `SELECT `+auditColumns+` FROM audits WHERE state IN (`+marks(len(states))+`) ORDER BY created, id`, anys(states)...)
}

func (t *Tx) WaitingAudits(limit int) ([]string, error) {
	return t.Texts("waiting audits", `SELECT id FROM audits WHERE state = 'waiting' ORDER BY created, id LIMIT ?`, limit)
}

func (t *Tx) WaitingTurns(limit int) ([]store.WaitingAudit, error) {
	return all(t, "waiting audits in turn", func(row scanner) (a store.WaitingAudit, err error) {
		return a, row.Scan(&a.ID, &a.Job, &a.Owner, &a.Rush, &a.Created)
	}, `SELECT id, job, owner, rush, created FROM (
 SELECT v.id, v.job, j.owner, j.rush, v.created, row_number() OVER (PARTITION BY j.rush > 0, j.owner ORDER BY v.created, v.id) AS place
 FROM audits v JOIN jobs j ON j.id = v.job WHERE v.state = 'waiting') w
ORDER BY CASE WHEN rush > 0 THEN 0 ELSE 1 END, place, created, id LIMIT ?`, limit)
}

func (t *Tx) PassedAudits(limit int) ([]store.PassedAudit, error) {
	return all(t, "passed audits", func(row scanner) (a store.PassedAudit, err error) {
		return a, row.Scan(&a.Job, &a.Deadline, &a.Ended)
	}, `SELECT job, deadline, ended FROM audits WHERE state = 'passed' ORDER BY created DESC, id DESC LIMIT ?`, limit)
}

func (t *Tx) MoveAudit(id string, from []lifecycle.AuditState, to lifecycle.AuditState, patch func(*store.Audit)) (*store.Audit, error) {
	a, err := t.Audit(id)
	if err != nil {
		return nil, err
	}
	fixed, was := *a, a.State
	if err := guard(lifecycle.Audits, id, was, from, to); err != nil {
		return nil, err
	}
	if patch != nil {
		patch(a)
	}
	a.ID, a.Attempt, a.Task, a.Job, a.Ordinal = fixed.ID, fixed.Attempt, fixed.Task, fixed.Job, fixed.Ordinal
	a.Claim, a.Created, a.Kind, a.State = fixed.Claim, fixed.Created, fixed.Kind, to
	verdict := ""
	if a.Verdict != nil {
		verdict = encode(a.Verdict)
	}
	if err := t.change("audit "+id, `UPDATE audits SET state = ?, verifier = ?, class = ?, deadline = ?, samples = ?, evidence = ?, verdict = ?, cause = ?, ended = ?, manager = ? WHERE id = ? AND state = ?`,
		a.State, a.Verifier, a.Class, a.Deadline, a.Samples, a.Evidence, verdict, a.Cause, a.Ended, a.Manager, id, was); err != nil {
		return nil, err
	}
	keep(&t.seen.audits, id, a)
	return a, nil
}

func scanNode(row scanner) (*store.Node, error) {
	var n store.Node
	var roles, capabilities, standing string
	if err := row.Scan(&n.Address, &n.SealKey, &roles, &capabilities, &n.Passes, &n.Fails, &n.Seen, &standing, &n.Manager); err != nil {
		return nil, err
	}
	return &n, errors.Join(decode(roles, &n.Roles), powers.decode(capabilities, &n.Capabilities), decode(standing, &n.Standing))
}

const nodeColumns = `address, seal_key, roles, capabilities, passes, fails, seen, standing, manager`

func (t *Tx) Node(address string) (*store.Node, error) {
	if n := recall(t.seen.nodes, address); n != nil {
		return n, nil
	}
	n, err := scanNode(t.run.QueryRow(t.ctx, `SELECT `+nodeColumns+` FROM nodes WHERE address = ?`, address))
	if err != nil {
		return nil, t.fail("node "+address, err)
	}
	n.Roles = slices.Clip(n.Roles) // copies are appended to
	keep(&t.seen.nodes, address, n)
	return n, nil
}

func (t *Tx) PutNode(address string, patch func(*store.Node)) (*store.Node, error) {
	n, err := t.Node(address)
	if errors.Is(err, store.ErrNotFound) {
		n, err = &store.Node{Address: address}, nil
	}
	if err != nil {
		return nil, err
	}
	patch(n)
	n.Address = address
	if _, err = t.Exec("node "+address, `INSERT INTO nodes (address, seal_key, roles, capabilities, passes, fails, seen, standing, manager) VALUES (?,?,?,?,?,?,?,?,?)
 ON CONFLICT (address) DO UPDATE SET seal_key = excluded.seal_key, roles = excluded.roles, capabilities = excluded.capabilities, passes = excluded.passes, fails = excluded.fails, seen = excluded.seen, standing = excluded.standing, manager = excluded.manager`,
		address, n.SealKey, encode(n.Roles), encode(n.Capabilities), n.Passes, n.Fails, n.Seen, encode(n.Standing), n.Manager); err != nil {
		return nil, err
	}
	n.Roles = slices.Clip(n.Roles)
	keep(&t.seen.nodes, address, n)
	return n, nil
}

func (t *Tx) Nodes() ([]*store.Node, error) {
	return all(t, "nodes", scanNode, `SELECT `+nodeColumns+` FROM nodes ORDER BY address`)
}
