package rows

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

const jobColumns = `id, owner, request, name, package, recipe, frames, job_key, priority, deadline, max_price, created, state, cause, quote,
 spent, escrow, refund, started, finished, tx, seconds, units, rend_frames, delivered_at, deliveries, delivery_root, delivery_price, acceptance, claim_frames,
 n_pending, n_uploaded, n_verified, n_delivered, n_accepted, n_rejections, tasks_waiting, tasks_open, needs, after, scout, released, tiles`

func scanJob(row scanner) (*store.Job, error) {
	var j store.Job
	var recipe, frames, quote, txs, claim, needs, after string
	err := row.Scan(&j.ID, &j.Owner, &j.Request, &j.Name, &j.Package, &recipe, &frames, &j.Key, &j.Priority, &j.Deadline, &j.MaxPrice, &j.Created, &j.State, &j.Cause, &quote,
		&j.Spent, &j.Escrow, &j.Refund, &j.Started, &j.Finished, &txs, &j.Seconds, &j.Units, &j.RendFrames, &j.DeliveredAt, &j.Deliveries, &j.DeliveryRoot, &j.DeliveryPrice, &j.Acceptance, &claim,
		&j.Counts.Pending, &j.Counts.Uploaded, &j.Counts.Verified, &j.Counts.Delivered, &j.Counts.Accepted, &j.Counts.Rejected, &j.TasksWaiting, &j.TasksOpen, &needs, &after, &j.Scout, &j.Released, &j.Tiles)
	if err != nil {
		return nil, err
	}
	if j.Frames, err = parsed.frames(frames); err != nil {
		return nil, err
	}
	if j.ClaimFrames, err = store.ParseFrames(claim, maxFrames); err != nil {
		return nil, err
	}
	return &j, errors.Join(decode(recipe, &j.Recipe), decode(quote, &j.Quote), decode(txs, &j.Tx), decode(needs, &j.Needs), decode(after, &j.After))
}

func (t *Tx) AddJob(j *store.Job) error {
	err := t.add("add job "+j.ID, "jobs", `id, owner, request, name, package, recipe, frames, job_key, priority, deadline, max_price, created, state, cause, quote, ceiling, needs, after, scout, tiles`,
		j.ID, j.Owner, j.Request, j.Name, j.Package, encode(j.Recipe), store.FormatFrames(j.Frames), j.Key, j.Priority, j.Deadline, j.MaxPrice, j.Created,
		j.State, j.Cause, encode(j.Quote), j.Quote.Ceiling, encode(j.Needs), encode(j.After), j.Scout, j.Tiles)
	return err
}

func (t *Tx) Job(id string) (*store.Job, error) {
	j, err := scanJob(t.run.QueryRowContext(t.ctx, `SELECT `+jobColumns+` FROM jobs WHERE id = ?`, id))
	if err != nil {
		return nil, t.fail("job "+id, err)
	}
	return j, nil
}

func (t *Tx) JobByRequest(owner, request string) (*store.Job, error) {
	j, err := scanJob(t.run.QueryRowContext(t.ctx, `SELECT `+jobColumns+` FROM jobs WHERE owner = ? AND request = ?`, owner, request))
	if err != nil {
		return nil, t.fail("job of request "+request, err)
	}
	return j, nil
}

func (t *Tx) ListJobs(owner, before string, limit int) ([]*store.Job, error) {
	query, args := `SELECT `+jobColumns+` FROM jobs WHERE 1 = 1`, []any{}
	if owner != "" {
		query, args = query+` AND owner = ?`, append(args, owner)
	}
	if before != "" {
		query, args = query+` AND seq < (SELECT seq FROM jobs WHERE id = ?)`, append(args, before)
	}
	return all(t, "list jobs", scanJob, query+` ORDER BY seq DESC LIMIT ?`, append(args, limit)...)
}

func (t *Tx) JobsInState(states ...job.State) ([]*store.Job, error) {
	return all(t, "list jobs by state", scanJob, `SELECT `+jobColumns+` FROM jobs WHERE state IN (`+marks(len(states))+`) ORDER BY seq`, anys(states)...)
}

func (t *Tx) MoveJob(id string, from []job.State, to job.State, patch func(*store.Job)) (*store.Job, error) {
	j, err := t.Job(id)
	if err != nil {
		return nil, err
	}
	was := j.State
	if err := guard(lifecycle.Jobs, id, was, from, to); err != nil {
		return nil, err
	}
	if patch != nil {
		patch(j)
	}
	j.State = to
	return j, t.saveJob(j, was)
}

func (t *Tx) EditJob(id string, patch func(*store.Job)) (*store.Job, error) {
	j, err := t.Job(id)
	if err != nil {
		return nil, err
	}
	was := j.State
	patch(j)
	j.State = was
	return j, t.saveJob(j, was)
}

func (t *Tx) saveJob(j *store.Job, was job.State) error {
	return t.change("job "+j.ID, `UPDATE jobs SET state = ?, cause = ?, name = ?, priority = ?, quote = ?, ceiling = ?, spent = ?, escrow = ?, refund = ?, started = ?, finished = ?, tx = ?,
 seconds = ?, units = ?, rend_frames = ?, delivered_at = ?, deliveries = ?, delivery_root = ?, delivery_price = ?, acceptance = ?, claim_frames = ?, needs = ?, released = ?, after = ? WHERE id = ? AND state = ?`,
		j.State, j.Cause, j.Name, j.Priority, encode(j.Quote), j.Quote.Ceiling, j.Spent, j.Escrow, j.Refund, j.Started, j.Finished, encode(j.Tx),
		j.Seconds, j.Units, j.RendFrames, j.DeliveredAt, j.Deliveries, j.DeliveryRoot, j.DeliveryPrice, j.Acceptance, store.FormatFrames(j.ClaimFrames), encode(j.Needs), j.Released, encode(j.After), j.ID, was)
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
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		if err := t.countTasks(id, counts[id].waiting, counts[id].open); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) countTasks(jobID string, waiting, open int) error {
	if waiting == 0 && open == 0 {
		return nil
	}
	return t.change("count tasks of job "+jobID, `UPDATE jobs SET tasks_waiting = tasks_waiting + ?, tasks_open = tasks_open + ? WHERE id = ?`, waiting, open, jobID)
}

func (t *Tx) Task(id string) (*job.Task, error) {
	k, err := scanTask(t.run.QueryRowContext(t.ctx, `SELECT `+taskColumns+` FROM tasks WHERE id = ?`, id))
	if err != nil {
		return nil, t.fail("task "+id, err)
	}
	return k, nil
}

func (t *Tx) Tasks(jobID string) ([]*job.Task, error) {
	return all(t, "tasks of job "+jobID, scanTask, `SELECT `+taskColumns+` FROM tasks WHERE job = ? ORDER BY idx`, jobID)
}

func (t *Tx) WaitingTasks(jobID string, limit int) ([]*job.Task, error) {
	return all(t, "waiting tasks of job "+jobID, scanTask, `SELECT `+taskColumns+` FROM tasks WHERE job = ? AND state = 'waiting' ORDER BY idx LIMIT ?`+t.claim(), jobID, limit)
}

func (t *Tx) MoveTask(id string, from []job.TaskState, to job.TaskState, patch func(*job.Task)) (*job.Task, error) {
	k, err := t.Task(id)
	if err != nil {
		return nil, err
	}
	was := k.State
	if err := guard(lifecycle.Tasks, id, was, from, to); err != nil {
		return nil, err
	}
	if patch != nil {
		patch(k)
	}
	k.State = to
	if err := t.change("task "+id, `UPDATE tasks SET state = ?, frames = ?, attempts = ?, failures = ?, cause = ?, scout = ? WHERE id = ? AND state = ?`,
		k.State, store.FormatFrames(k.Frames), k.Attempts, k.Failures, k.Cause, k.Scout, id, was); err != nil {
		return nil, err
	}
	return k, t.countTasks(k.Job, waiting(to)-waiting(was), unended(to)-unended(was))
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

// counters are the columns that count a job's frames; a rejected frame is counted by
// n_rejections only, which never falls.
var counters = map[job.FrameState]string{
	job.FramePending: "n_pending", job.FrameUploaded: "n_uploaded", job.FrameVerified: "n_verified",
	job.FrameDelivered: "n_delivered", job.FrameAccepted: "n_accepted",
}

func (t *Tx) countFrames(jobID string, from, to job.FrameState, n int) error {
	set, args := "", []any{}
	if c := counters[from]; c != "" {
		set, args = set+fmt.Sprintf(", %s = %s - ?", c, c), append(args, n)
	}
	if c := counters[to]; c != "" {
		set, args = set+fmt.Sprintf(", %s = %s + ?", c, c), append(args, n)
	}
	if to == job.FrameRejected {
		set, args = set+", n_rejections = n_rejections + ?", append(args, n)
	}
	if set == "" {
		return nil
	}
	return t.change("count frames of job "+jobID, `UPDATE jobs SET `+set[2:]+` WHERE id = ?`, append(args, jobID)...)
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
		if err := t.countFrames(g.job, "", g.state, n); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) Frames(jobID string) ([]*job.Frame, error) {
	return all(t, "frames of job "+jobID, scanFrame, `SELECT `+frameColumns+` FROM frames WHERE job = ? ORDER BY number`, jobID)
}

func (t *Tx) FrameSet(jobID string, numbers []int) ([]*job.Frame, error) {
	raw, err := json.Marshal(numbers)
	if err != nil {
		return nil, err
	}
	return all(t, "frames of job "+jobID, scanFrame, `SELECT `+frameColumns+` FROM frames WHERE job = ? AND number IN (`+t.dialect.Ints+`) ORDER BY number`, jobID, string(raw))
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
	for _, f := range frames {
		if patch != nil {
			patch(f)
		}
		extras := ""
		if len(f.Extras) > 0 {
			extras = encode(f.Extras)
		}
		if err := t.change(fmt.Sprintf("frame %d of job %s", f.Number, jobID), `UPDATE frames SET state = ?, attempt = ?, worker = ?, object = ?, size = ?, digest = ?, verdict = ?, verifier = ?,
 seconds = ?, rejects = ?, cause = ?, extras = ?, task = ? WHERE job = ? AND number = ? AND state = ?`,
			to, f.Attempt, f.Worker, f.Object, f.Size, f.Digest, f.Verdict, f.Verifier, f.Seconds, f.Rejects, f.Cause, extras, f.Task, jobID, f.Number, from); err != nil {
			return err
		}
	}
	if from == to {
		return nil
	}
	return t.countFrames(jobID, from, to, len(frames))
}
