package rows

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

const jobColumns = `id, owner, request, name, package, recipe, frames, job_key, priority, deadline, max_price, created, state, cause, quote,
 spent, escrow, refund, started, finished, tx, seconds, units, rend_frames, delivered_at, deliveries, delivery_root, delivery_price, acceptance, claim_frames,
 n_pending, n_uploaded, n_verified, n_delivered, n_accepted, n_rejections, tasks_waiting, tasks_open, needs, after, scout, released, tiles, release_after, release_left, release_at, rush, rush_reason, origin, forgotten`

func scanJob(row scanner) (*store.Job, error) {
	var j store.Job
	var recipe, frames, quote, txs, claim, need, after string
	var release int64
	err := row.Scan(&j.ID, &j.Owner, &j.Request, &j.Name, &j.Package, &recipe, &frames, &j.Key, &j.Priority, &j.Deadline, &j.MaxPrice, &j.Created, &j.State, &j.Cause, &quote,
		&j.Spent, &j.Escrow, &j.Refund, &j.Started, &j.Finished, &txs, &j.Seconds, &j.Units, &j.RendFrames, &j.DeliveredAt, &j.Deliveries, &j.DeliveryRoot, &j.DeliveryPrice, &j.Acceptance, &claim,
		&j.Counts.Pending, &j.Counts.Uploaded, &j.Counts.Verified, &j.Counts.Delivered, &j.Counts.Accepted, &j.Counts.Rejected, &j.TasksWaiting, &j.TasksOpen, &need, &after, &j.Scout, &j.Released, &j.Tiles, &release, &j.ReleaseLeft, &j.ReleaseAt, &j.Rush, &j.RushReason, &j.Origin, &j.Forgotten)
	if err != nil {
		return nil, err
	}
	if release >= 0 {
		j.ReleaseAfter = &release
	}
	if j.Frames, err = parsed.frames(frames); err != nil {
		return nil, err
	}
	if j.ClaimFrames, err = store.ParseFrames(claim, maxFrames); err != nil {
		return nil, err
	}
	return &j, errors.Join(recipes.decode(recipe, &j.Recipe), quotes.decode(quote, &j.Quote), decode(txs, &j.Tx), decode(need, &j.Needs), decode(after, &j.After))
}

func (t *Tx) AddJob(j *store.Job) error {
	err := t.add("add job "+j.ID, "jobs", `id, owner, request, name, package, recipe, frames, job_key, priority, deadline, max_price, created, state, cause, quote, ceiling, needs, after, scout, tiles, release_after, origin`,
		j.ID, j.Owner, j.Request, j.Name, j.Package, encode(j.Recipe), store.FormatFrames(j.Frames), j.Key, j.Priority, j.Deadline, j.MaxPrice, j.Created,
		j.State, j.Cause, encode(j.Quote), j.Quote.Ceiling, encode(j.Needs), encode(j.After), j.Scout, j.Tiles, orNever(j.ReleaseAfter), j.Origin)
	return err
}

// orNever is how a wait is kept that may be none.
func orNever(seconds *int64) int64 {
	if seconds == nil {
		return -1
	}
	return *seconds
}

func (t *Tx) Job(id string) (*store.Job, error) {
	if j := recall(t.seen.jobs, id); j != nil {
		t.owing[id].add(j)
		return j, nil
	}
	j, err := scanJob(t.run.QueryRow(t.ctx, `SELECT `+jobColumns+` FROM jobs WHERE id = ?`, id))
	if err != nil {
		return nil, t.fail("job "+id, err)
	}
	keep(&t.seen.jobs, id, j)
	t.owing[id].add(j)
	return j, nil
}

func (t *Tx) JobByRequest(owner, request string) (*store.Job, error) {
	if err := t.settle(); err != nil {
		return nil, err
	}
	j, err := scanJob(t.run.QueryRow(t.ctx, `SELECT `+jobColumns+` FROM jobs WHERE owner = ? AND request = ?`, owner, request))
	if err != nil {
		return nil, t.fail("job of request "+request, err)
	}
	return j, nil
}

func (t *Tx) ListJobs(q store.JobQuery) ([]*store.Job, error) {
	if err := t.settle(); err != nil {
		return nil, err
	}
	query, args := `SELECT `+jobColumns+` FROM jobs WHERE 1 = 1`, []any{}
	if q.Owner != "" {
		query, args = query+` AND owner = ?`, append(args, q.Owner)
	}
	if q.Before != "" {
		query, args = query+` AND seq < (SELECT seq FROM jobs WHERE id = ?)`, append(args, q.Before)
	}
	if q.Going {
		query += ` AND state IN ` + goingStates
	}
	return all(t, "list jobs", scanJob, query+` ORDER BY seq DESC LIMIT ?`, append(args, q.Limit)...)
}

func (t *Tx) JobsFrom(id string) ([]*store.Job, error) {
	if err := t.settle(); err != nil {
		return nil, err
	}
	// They share its package, which is what an index knows.
	return all(t, "jobs from job "+id, scanJob, `SELECT `+jobColumns+` FROM jobs WHERE package = (SELECT package FROM jobs WHERE id = ?) AND origin = ? ORDER BY seq`, id, id)
}

func (t *Tx) JobsInState(states ...job.State) ([]*store.Job, error) {
	if err := t.settle(); err != nil {
		return nil, err
	}
	return all(t, "list jobs by state", scanJob, `SELECT `+jobColumns+` FROM jobs WHERE state IN (`+marks(len(states))+`) ORDER BY seq`, anys(states)...)
}

func (t *Tx) MoveJob(id string, from []job.State, to job.State, patch func(*store.Job)) (*store.Job, error) {
	j, err := t.Job(id)
	if err != nil {
		return nil, err
	}
	was := *j
	if err := guard(lifecycle.Jobs, id, was.State, from, to); err != nil {
		return nil, err
	}
	if patch != nil {
		patch(j)
	}
	j.State = to
	if err := t.saveJob(j, &was); err != nil {
		return nil, err
	}
	if to.Over() && !was.State.Over() {
		return j, t.sumJob(id)
	}
	return j, nil
}

func (t *Tx) EditJob(id string, patch func(*store.Job)) (*store.Job, error) {
	j, err := t.Job(id)
	if err != nil {
		return nil, err
	}
	was := *j
	patch(j)
	j.State = was.State
	return j, t.saveJob(j, &was)
}

// saveJob writes what a patch changed, and what is owed to the counters. What is fixed stays as it was.
func (t *Tx) saveJob(j, was *store.Job) error {
	j.ID, j.Owner, j.Request, j.Package, j.Recipe, j.Frames, j.Key = was.ID, was.Owner, was.Request, was.Package, was.Recipe, was.Frames, was.Key
	j.Deadline, j.MaxPrice, j.Created, j.Scout, j.Tiles, j.ReleaseAfter, j.Origin, j.Forgotten = was.Deadline, was.MaxPrice, was.Created, was.Scout, was.Tiles, was.ReleaseAfter, was.Origin, was.Forgotten
	j.Counts, j.TasksWaiting, j.TasksOpen = was.Counts, was.TasksWaiting, was.TasksOpen
	set, args := "", []any(nil)
	put := func(changed bool, column string, value func() any) {
		if changed {
			set += ", " + column + " = ?"
			args = append(args, value())
		}
	}
	put(j.State != was.State, "state", func() any { return j.State }) // else SQLite would ask its trigger and write its indices anew
	put(j.Cause != was.Cause, "cause", func() any { return j.Cause })
	put(j.Name != was.Name, "name", func() any { return j.Name })
	put(j.Priority != was.Priority, "priority", func() any { return j.Priority })
	put(j.Quote != was.Quote, "quote", func() any { return encode(j.Quote) })
	put(j.Quote.Ceiling != was.Quote.Ceiling, "ceiling", func() any { return j.Quote.Ceiling })
	put(j.Spent != was.Spent, "spent", func() any { return j.Spent })
	put(j.Escrow != was.Escrow, "escrow", func() any { return j.Escrow })
	put(j.Refund != was.Refund, "refund", func() any { return j.Refund })
	put(j.Started != was.Started, "started", func() any { return j.Started })
	put(j.Finished != was.Finished, "finished", func() any { return j.Finished })
	put(j.Tx != was.Tx, "tx", func() any { return encode(j.Tx) })
	put(j.Seconds != was.Seconds, "seconds", func() any { return j.Seconds })
	put(j.Units != was.Units, "units", func() any { return j.Units })
	put(j.RendFrames != was.RendFrames, "rend_frames", func() any { return j.RendFrames })
	put(j.DeliveredAt != was.DeliveredAt, "delivered_at", func() any { return j.DeliveredAt })
	put(j.Deliveries != was.Deliveries, "deliveries", func() any { return j.Deliveries })
	put(j.DeliveryRoot != was.DeliveryRoot, "delivery_root", func() any { return j.DeliveryRoot })
	put(j.DeliveryPrice != was.DeliveryPrice, "delivery_price", func() any { return j.DeliveryPrice })
	put(!bytes.Equal(j.Acceptance, was.Acceptance), "acceptance", func() any { return j.Acceptance })
	put(!slices.Equal(j.ClaimFrames, was.ClaimFrames), "claim_frames", func() any { return store.FormatFrames(j.ClaimFrames) })
	put(!reflect.DeepEqual(j.Needs, was.Needs), "needs", func() any { return encode(j.Needs) })
	put(j.Released != was.Released, "released", func() any { return j.Released })
	put(!slices.Equal(j.After, was.After), "after", func() any { return encode(j.After) })
	put(j.ReleaseLeft != was.ReleaseLeft, "release_left", func() any { return j.ReleaseLeft })
	put(j.ReleaseAt != was.ReleaseAt, "release_at", func() any { return j.ReleaseAt })
	put(j.Rush != was.Rush, "rush", func() any { return j.Rush })
	put(j.RushReason != was.RushReason, "rush_reason", func() any { return j.RushReason })
	owed, more := t.owing[j.ID].sets()
	put(set+owed == "", "state", func() any { return j.State }) // nothing changes, in a row that still is as it was
	args = append(append(args, more...), j.ID, was.State)
	if err := t.change("job "+j.ID, `UPDATE jobs SET `+(set + owed)[2:]+` WHERE id = ? AND state = ?`, args...); err != nil {
		return err
	}
	delete(t.owing, j.ID)
	keep(&t.seen.jobs, j.ID, j)
	return nil
}

const taskColumns = `id, job, idx, frames, state, attempts, failures, cause, kind, border, scout`

func scanTask(row scanner) (*job.Task, error) {
	var k job.Task
	var frames, border string
	if err := row.Scan(&k.ID, &k.Job, &k.Index, &frames, &k.State, &k.Attempts, &k.Failures, &k.Cause, &k.Kind, &border, &k.Scout); err != nil {
		return nil, err
	}
	var err error
	if k.Frames, err = store.ParseFrames(frames, maxFrames); err != nil || border == "" {
		return &k, err
	}
	return &k, decode(border, &k.Border)
}

func waiting(s job.TaskState) int { return count(s == job.TaskWaiting) }
func unended(s job.TaskState) int { return count(s != job.TaskDone && s != job.TaskFailed) }

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (t *Tx) AddTasks(tasks []*job.Task) error {
	type tally struct{ waiting, open int }
	counts := make(map[string]tally)
	list := make([][]any, len(tasks))
	for i, k := range tasks {
		border := ""
		if k.Border != nil {
			border = encode(k.Border)
		}
		list[i] = []any{k.ID, k.Job, k.Index, store.FormatFrames(k.Frames), k.State, k.Kind, border, k.Scout}
		c := counts[k.Job]
		counts[k.Job] = tally{c.waiting + waiting(k.State), c.open + unended(k.State)}
	}
	if err := t.addAll("add tasks", "tasks", `id, job, idx, frames, state, kind, border, scout`, list); err != nil {
		return err
	}
	for id, c := range counts {
		t.countTasks(id, c.waiting, c.open)
	}
	return nil
}

func (t *Tx) Task(id string) (*job.Task, error) {
	if k := recall(t.seen.tasks, id); k != nil {
		return k, nil
	}
	k, err := scanTask(t.run.QueryRow(t.ctx, `SELECT `+taskColumns+` FROM tasks WHERE id = ?`, id))
	if err != nil {
		return nil, t.fail("task "+id, err)
	}
	keep(&t.seen.tasks, id, k)
	return k, nil
}

func (t *Tx) Tasks(jobID string) ([]*job.Task, error) {
	return all(t, "tasks of job "+jobID, scanTask, `SELECT `+taskColumns+` FROM tasks WHERE job = ? ORDER BY idx`, jobID)
}

func (t *Tx) WaitingTasks(jobID string, limit int) ([]*job.Task, error) {
	return all(t, "waiting tasks of job "+jobID, scanTask, `SELECT `+taskColumns+` FROM tasks WHERE job = ? AND state = 'waiting' ORDER BY idx LIMIT ?`+t.claim(), jobID, limit)
}

func (t *Tx) ClaimTask(id string, patch func(*job.Task)) (*job.Task, error) {
	if t.dialect.Claim == "" { // nobody else is claiming it
		if k := recall(t.seen.tasks, id); k != nil && k.State == job.TaskWaiting {
			return t.saveTask(k, job.TaskLeased, patch)
		}
	}
	k, err := scanTask(t.run.QueryRow(t.ctx, `SELECT `+taskColumns+` FROM tasks WHERE id = ? AND state = 'waiting'`+t.claim(), id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("claim task %s: %w", id, store.ErrLost)
	}
	if err != nil {
		return nil, t.fail("claim task "+id, err)
	}
	return t.saveTask(k, job.TaskLeased, patch)
}

func (t *Tx) MoveTask(id string, from []job.TaskState, to job.TaskState, patch func(*job.Task)) (*job.Task, error) {
	k, err := t.Task(id)
	if err != nil {
		return nil, err
	}
	if err := guard(lifecycle.Tasks, id, k.State, from, to); err != nil {
		return nil, err
	}
	return t.saveTask(k, to, patch)
}

func (t *Tx) saveTask(k *job.Task, to job.TaskState, patch func(*job.Task)) (*job.Task, error) {
	fixed, was := *k, k.State
	if patch != nil {
		patch(k)
	}
	k.ID, k.Job, k.Index, k.Kind, k.Border, k.State = fixed.ID, fixed.Job, fixed.Index, fixed.Kind, fixed.Border, to
	if err := t.change("task "+k.ID, `UPDATE tasks SET state = ?, frames = ?, attempts = ?, failures = ?, cause = ?, scout = ? WHERE id = ? AND state = ?`,
		k.State, store.FormatFrames(k.Frames), k.Attempts, k.Failures, k.Cause, k.Scout, k.ID, was); err != nil {
		return nil, err
	}
	keep(&t.seen.tasks, k.ID, k)
	t.countTasks(k.Job, waiting(to)-waiting(was), unended(to)-unended(was))
	return k, nil
}

const frameColumns = `job, number, state, task, attempt, worker, object, size, digest, verdict, verifier, price, seconds, rejects, cause, extras`

func scanFrame(row scanner) (*job.Frame, error) {
	var f job.Frame
	var extras string
	err := row.Scan(&f.Job, &f.Number, &f.State, &f.Task, &f.Attempt, &f.Worker, &f.Object, &f.Size, &f.Digest, &f.Verdict, &f.Verifier, &f.Price, &f.Seconds, &f.Rejects, &f.Cause, &extras)
	if err != nil || extras == "" {
		return &f, err
	}
	return &f, decode(extras, &f.Extras)
}

func (t *Tx) AddFrames(frames []*job.Frame) error {
	type group struct {
		job   string
		state job.FrameState
	}
	counts := make(map[group]int)
	list := make([][]any, len(frames))
	for i, f := range frames {
		list[i] = []any{f.Job, f.Number, f.Task, f.State, f.Price}
		counts[group{f.Job, f.State}]++
	}
	if err := t.addAll("add frames", "frames", `job, number, task, state, price`, list); err != nil {
		return err
	}
	for g, n := range counts {
		t.countFrames(g.job, "", g.state, n)
	}
	return nil
}

func (t *Tx) Frames(jobID string) ([]*job.Frame, error) {
	return all(t, "frames of job "+jobID, scanFrame, `SELECT `+frameColumns+` FROM frames WHERE job = ? ORDER BY number`, jobID)
}

func (t *Tx) FrameSet(jobID string, numbers []int) ([]*job.Frame, error) {
	if known := t.framesSeen(jobID, numbers); known != nil {
		return known, nil
	}
	which, arg := `= ?`, any(nil)
	if len(numbers) == 1 {
		arg = numbers[0]
	} else {
		which, arg = `IN (`+t.dialect.Ints+`)`, encode(numbers)
	}
	frames, err := all(t, "frames of job "+jobID, scanFrame, `SELECT `+frameColumns+` FROM frames WHERE job = ? AND number `+which+` ORDER BY number`, jobID, arg)
	if err != nil || len(frames) > maxMemory/4 { // who reads a whole job doesn't come back to its first frame
		return frames, err
	}
	for _, f := range frames {
		keep(&t.seen.frames, frameKey{jobID, f.Number}, f)
	}
	return frames, nil
}

// framesSeen are the frames as the transaction knows them, nil when it doesn't know each.
func (t *Tx) framesSeen(jobID string, numbers []int) []*job.Frame {
	if len(numbers) == 0 || len(t.seen.frames) == 0 {
		return nil
	}
	numbers = slices.Compact(slices.Sorted(slices.Values(numbers)))
	frames := make([]*job.Frame, len(numbers))
	for i, n := range numbers {
		if frames[i] = recall(t.seen.frames, frameKey{jobID, n}); frames[i] == nil {
			return nil
		}
	}
	return frames
}

func (t *Tx) MoveFrames(jobID string, numbers []int, from, to job.FrameState, patch func(*job.Frame)) error {
	what := fmt.Sprintf("frames of job %s", jobID)
	if !lifecycle.Frames.Allows(from, to) {
		return fmt.Errorf("%s from %s to %s: %w", what, from, to, store.ErrIllegal)
	}
	numbers = slices.Compact(slices.Sorted(slices.Values(numbers)))
	frames, err := t.FrameSet(jobID, numbers)
	if err != nil {
		return err
	}
	if len(frames) != len(numbers) {
		return fmt.Errorf("%s: %d of %d: %w", what, len(frames), len(numbers), store.ErrNotFound)
	}
	for _, f := range frames {
		if f.State != from {
			return fmt.Errorf("frame %d of job %s is %s: %w", f.Number, jobID, f.State, store.ErrLost)
		}
	}
	for i, f := range frames {
		price := f.Price
		if patch != nil {
			patch(f)
		}
		f.Job, f.Number, f.Price = jobID, numbers[i], price
		extras := ""
		if len(f.Extras) > 0 {
			extras = encode(f.Extras)
		}
		if err := t.change(fmt.Sprintf("frame %d of job %s", f.Number, jobID), `UPDATE frames SET state = ?, attempt = ?, worker = ?, object = ?, size = ?, digest = ?, verdict = ?, verifier = ?,
 seconds = ?, rejects = ?, cause = ?, extras = ?, task = ? WHERE job = ? AND number = ? AND state = ?`,
			to, f.Attempt, f.Worker, f.Object, f.Size, f.Digest, f.Verdict, f.Verifier, f.Seconds, f.Rejects, f.Cause, extras, f.Task, jobID, f.Number, from); err != nil {
			return err
		}
		f.State = to
		keep(&t.seen.frames, frameKey{jobID, f.Number}, f)
	}
	if from != to {
		t.countFrames(jobID, from, to, len(frames))
	}
	return nil
}
