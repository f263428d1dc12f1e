package schedule

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Why says in words why nothing of a job renders now; "" while something does or nothing
// is left to do.
func (s *Scheduler) Why(j *store.Job) string {
	switch j.State {
	case job.Draft, job.Quoted:
		return "its quote is not accepted yet"
	case job.Paused:
		if j.Cause != "" {
			return "it is paused: " + j.Cause + "; resume it to go on without"
		}
		return "it is paused; resume it"
	case job.Funded, job.Rendering, job.Disputed:
	default:
		return ""
	}
	if working, _ := s.working(j.ID); working > 0 {
		return ""
	}
	if s.options.Draining != nil && s.options.Draining() {
		return "the manager is about to stop and gives nothing out any more; it goes on once a manager is back"
	}
	workers := s.options.Fleet.Everywhere(job.RoleWorker)
	line, g, err := s.line(j, workers)
	switch {
	case err != nil:
		s.options.Log.Error("look up why a job waits", "job", j.ID, "err", err)
	case g.lost != "":
		return g.lost
	case g.waits != "":
		return g.waits
	case line.partly && len(line.tasks) == 0 && j.Counts.Uploaded == 0:
		return scouted(j, s.options.Clock())
	case line.partly && len(line.tasks) == 0:
		return "its scout frames are rendered, and the rest waits for them" + s.unchecked(j)
	}
	if j.TasksWaiting == 0 {
		if j.TasksOpen == 0 {
			return ""
		}
		return "everything is rendered" + s.unchecked(j)
	}
	if len(workers) == 0 {
		return "no worker is connected; start heliostat-worker"
	}
	suits, out, busy, resting := 0, 0, 0, time.Time{} // out: they failed on it, so that others come first
	for _, w := range workers {
		if Suits(w, j) != "" {
			continue
		}
		suits++
		if line != nil && line.shuts(w.Address) {
			out++
			continue
		}
		if w.Free == 0 {
			busy++
		}
		if !w.Rests.IsZero() && (resting.IsZero() || w.Rests.Before(resting)) {
			resting = w.Rests
		}
	}
	switch {
	case suits == 0:
		return unsuited(workers, j)
	case line != nil && len(line.tasks) > 0 && !line.open():
		return line.shut(suits, s.options.Clock())
	}
	history := line.failed() + line.late(s.options.Clock()) + s.behind(j, line, workers)
	if out == 1 {
		history = "; one that failed on it is left out as long as others are there" + history
	} else if out > 1 {
		history = fmt.Sprintf("; %d that failed on it are left out as long as others are there", out) + history
	}
	switch able := suits - out; {
	case busy == able && !resting.IsZero():
		return fmt.Sprintf("whoever can render it (%d of %d workers) is busy, or declined or came and went too often; the next of those is asked again in %s", able, len(workers), resting.Sub(s.options.Clock()).Round(time.Second)) + history
	case busy == able && able == 1:
		return "the only worker that can render it is busy" + history
	case busy == able:
		return fmt.Sprintf("all %d workers that can render it are busy", able) + history
	}
	return "it waits for the next free worker" + history
}

// unchecked adds what the checks of rendered frames wait for.
func (s *Scheduler) unchecked(j *store.Job) string {
	if s.checkers(j) > 0 {
		return "; the checks are not finished"
	}
	return fmt.Sprintf(", but no verifier with %s %s is connected; start heliostat-verifier", j.Recipe.Renderer, j.Recipe.Version)
}

// checkers counts the verifiers that can check a job's frames.
func (s *Scheduler) checkers(j *store.Job) (n int) {
	for _, v := range s.options.Fleet.Everywhere(job.RoleVerifier) {
		if v.Paused == "" && fleet.Verifies(v.Capabilities, &j.Job) {
			n++
		}
	}
	return n
}

// unsuited says why none of the connected workers can have a job, and what would help.
func unsuited(workers []fleet.Member, j *store.Job) string {
	var reasons []string
	next := "connect one that can"
	for _, w := range workers {
		if reason := Suits(w, j); !slices.Contains(reasons, reason) && len(reasons) < 5 {
			reasons = append(reasons, reason)
		}
		switch able := fleet.Unfit(w, &j.Job) == ""; {
		case able && w.Paused != "" && !dear(w, j):
			next = "it goes on once a worker that can is no longer paused, or another one is connected"
		case able && dear(w, j) && next == "connect one that can":
			next = "connect a cheaper one, or cancel the job and submit it again: a new quote counts what is asked now"
		}
	}
	if len(workers) == 1 {
		return "the only connected worker can't render it: it " + reasons[0] + "; " + next
	}
	return fmt.Sprintf("none of the %d connected workers can render it: one %s; %s", len(workers), strings.Join(reasons, "; one "), next)
}

// failed adds how one of the waiting tasks failed before, "" where none did.
func (l *line) failed() string {
	if l == nil {
		return ""
	}
	for _, t := range l.tasks {
		if t.Cause != "" {
			return fmt.Sprintf("; %s failed before: %s", store.NameFrames(t.Frames), t.Cause)
		}
	}
	return ""
}

// behind adds which jobs go before one that waits: what an operator rushes, and of its own owner's those that come first.
func (s *Scheduler) behind(j *store.Job, l *line, workers []fleet.Member) string {
	var first *store.Job
	n := 0
	var rushed []*store.Job
	err := s.options.Store.View(context.Background(), func(tx store.Tx) error {
		first, n, rushed = nil, 0, nil
		jobs, err := tx.JobsInState(job.Rendering)
		for _, other := range jobs {
			if rank := Ranks(other, j); rank != 0 {
				if rank < 0 && other.TasksWaiting > 0 && slices.ContainsFunc(workers, func(w fleet.Member) bool { return Suits(w, j) == "" && Suits(w, other) == "" }) {
					g, err := s.gate(tx, other)
					if err != nil {
						return err
					}
					c, err := read(tx, other, 1)
					if err != nil {
						return err
					}
					if g == (gate{}) && len(c.Tasks) > 0 {
						rushed = append(rushed, other)
					}
				}
				continue
			}
			older := other.Priority == j.Priority && cmp.Or(cmp.Compare(other.Created, j.Created), cmp.Compare(other.ID, j.ID)) < 0 && (l == nil || !l.urgent)
			if other.Owner != j.Owner || other.ID == j.ID || other.TasksWaiting == 0 || other.Priority <= j.Priority && !older {
				continue
			}
			n++
			if first == nil || cmp.Or(cmp.Compare(first.Priority, other.Priority), cmp.Compare(other.Created, first.Created)) < 0 {
				first = other
			}
		}
		return err
	})
	if err != nil {
		s.options.Log.Error("look up what goes before a job", "job", j.ID, "err", err)
	}
	text := ""
	if said := Rushed(j); said != "" {
		text = "; " + said
	}
	if len(rushed) > 0 {
		who, more := rushed[0].ID, ""
		if rushed[0].Owner == j.Owner {
			who += " (" + rushed[0].Name + ")"
		}
		if len(rushed) > 1 {
			more = fmt.Sprintf(", and %d more", len(rushed)-1)
		}
		text += fmt.Sprintf("; job %s%s goes first: %s", who, more, Rushed(rushed[0]))
	}
	if n == 0 {
		return text
	}
	why := "it is older"
	if first.Priority > j.Priority {
		why = fmt.Sprintf("its priority is %d, not %d", first.Priority, j.Priority)
	}
	more := ""
	if n > 1 {
		more = fmt.Sprintf(", and %d more", n-1)
	}
	return text + fmt.Sprintf("; job %s (%s) of the same owner%s goes first: %s", first.ID, first.Name, more, why)
}

// Rushed says of a job that an operator put it before everybody's, since when and why; "" where none did.
func Rushed(j *store.Job) string {
	if j.Rush == 0 {
		return ""
	}
	text := "an operator put it before everybody's jobs at " + time.UnixMilli(j.Rush).UTC().Format("2006-01-02 15:04 UTC")
	if j.RushReason != "" {
		text += ": " + j.RushReason
	}
	return text
}

// late adds what a deadline does for a job that is about to miss it, or has.
func (l *line) late(now time.Time) string {
	if l == nil || !l.urgent {
		return ""
	}
	text := "may miss"
	if l.slack < 0 {
		text = "misses"
	}
	if l.job.Deadline <= now.Unix() {
		text = "has missed"
	}
	return fmt.Sprintf("; it %s its deadline, %s, and so goes first among its owner's jobs of its priority, not before others'", text, time.Unix(l.job.Deadline, 0).UTC().Format("2006-01-02 15:04 UTC"))
}

// scouted says for what a job waits whose scouts are there.
func scouted(j *store.Job, now time.Time) string {
	text := "its scout frames are there: look at them, then release the rest with `heliostat job release " + j.ID + "`"
	if j.ReleaseAt == 0 {
		return text + "; it isn't released by itself"
	}
	at := time.UnixMilli(j.ReleaseAt)
	return fmt.Sprintf("%s; otherwise it is released by itself at %s, in %s", text, at.UTC().Format("2006-01-02 15:04:05 UTC"), max(0, at.Sub(now)).Round(time.Second))
}

// maxLooked bounds the waiting tasks that Why looks at.
const maxLooked = 256

func (s *Scheduler) line(j *store.Job, workers []fleet.Member) (*line, gate, error) {
	var c Candidate
	var g gate
	err := s.options.Store.View(context.Background(), func(tx store.Tx) (err error) {
		if g, err = s.gate(tx, j); err != nil {
			return err
		}
		c, err = read(tx, j, maxLooked)
		return err
	})
	if err != nil {
		return nil, g, err
	}
	return newLine(&c, workers, s.options.Clock()), g, nil
}

// shut says why nobody of those that could render a job gets any of it.
func (l *line) shut(suits int, now time.Time) string {
	if l.unjoined != "" {
		return fmt.Sprintf("the tiles of a still are rendered, and none of the %d connected workers that render tiles can join them: one %s; connect one that can", suits, l.unjoined)
	}
	if l.cramped > 0 && l.retry.IsZero() {
		return fmt.Sprintf("it didn't fit into %s, and none of the %d connected workers that can render it has more: connect a bigger one, or make the scene smaller", fleet.Size(l.cramped), suits)
	}
	who := fmt.Sprintf("the frames of all %d workers that can render it failed their check", suits)
	if suits == 1 {
		who = "the frames of the only worker that can render it failed their check"
	}
	if l.retry.IsZero() {
		return who + ", and a second opinion confirmed it: connect another worker"
	}
	wait := l.retry.Sub(now).Round(time.Second)
	return fmt.Sprintf("%s; connect another worker, or wait: the next try is at %s, in %s", who, l.retry.UTC().Format("15:04:05 UTC"), wait)
}

// ETA estimates the seconds until a job's last frame, 0 while unknown: the frames that are
// left, at the mean time of those that are done, over the workers at it, or the checks that
// are left, over the verifiers, whichever takes longer. It is unknown, too, while nobody is there to do them.
func (s *Scheduler) ETA(j *store.Job) float64 {
	if j.State != job.Rendering {
		return 0
	}
	if working, _ := s.working(j.ID); working == 0 && j.TasksWaiting > 0 && !s.options.Fleet.Fits(&j.Job) {
		return 0
	}
	if j.Counts.Uploaded > 0 && s.checkers(j) == 0 {
		return 0
	}
	return max(s.rendered(j), s.checked(j))
}

func (s *Scheduler) checked(j *store.Job) float64 {
	if s.options.Pace == nil {
		return 0
	}
	verifiers := len(s.options.Fleet.Everywhere(job.RoleVerifier))
	return float64(j.TasksOpen) * s.options.Pace(j.ID).Seconds() / float64(max(verifiers, 1))
}

func (s *Scheduler) rendered(j *store.Job) float64 {
	working, done := s.working(j.ID)
	left := float64(j.Counts.Pending - done)
	if left <= 0 {
		left = 0.5 // the checks
	}
	var each float64
	switch {
	case j.RendFrames > 0:
		each = j.Seconds / float64(j.RendFrames)
	case j.Quote.Seconds > 0 && len(j.Frames) > 0:
		// The quote's estimate is for the workers of that time.
		return j.Quote.Seconds * float64(j.Counts.Pending) / float64(len(j.Frames))
	default:
		return 0
	}
	return left * each / float64(max(working, 1))
}
