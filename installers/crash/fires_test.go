package crash

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/installers/sim"
	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
)

// broken is a database that says something else in places: no store takes such records, so they are made up here.
type broken struct {
	store.Tx
	attempt  func(*store.Attempt)
	attempts func([]*store.Attempt) []*store.Attempt
	audit    func(*store.Audit)
	frame    func(*job.Frame)
	frames   func([]*job.Frame) []*job.Frame
	entries  func([]store.Entry) []store.Entry
	fees     func([]store.Fee) []store.Fee
	job      func(*store.Job)
}

// changed is a copy with a change; the original may be the store's own.
func changed[T any](v *T, err error, change func(*T)) (*T, error) {
	if err != nil || change == nil {
		return v, err
	}
	c := *v
	change(&c)
	return &c, nil
}

func listed[L any](list L, err error, change func(L) L) (L, error) {
	if err != nil || change == nil {
		return list, err
	}
	return change(list), nil
}

func (b *broken) Attempt(id string) (*store.Attempt, error) {
	a, err := b.Tx.Attempt(id)
	return changed(a, err, b.attempt)
}

func (b *broken) Attempts(task string) ([]*store.Attempt, error) {
	list, err := b.Tx.Attempts(task)
	return listed(list, err, b.attempts)
}

func (b *broken) Audit(id string) (*store.Audit, error) {
	a, err := b.Tx.Audit(id)
	return changed(a, err, b.audit)
}

func (b *broken) Audits(attempt string) ([]*store.Audit, error) {
	list, err := b.Tx.Audits(attempt)
	for i := range list {
		list[i], err = changed(list[i], err, b.audit)
	}
	return list, err
}

func (b *broken) Frames(id string) ([]*job.Frame, error) {
	list, err := b.Tx.Frames(id)
	for i := range list {
		list[i], err = changed(list[i], err, b.frame)
	}
	return listed(list, err, b.frames)
}

func (b *broken) Entries(id string) ([]store.Entry, error) {
	list, err := b.Tx.Entries(id)
	return listed(list, err, b.entries)
}

func (b *broken) Fees(id string) ([]store.Fee, error) {
	list, err := b.Tx.Fees(id)
	return listed(list, err, b.fees)
}

func (b *broken) Job(id string) (*store.Job, error) {
	j, err := b.Tx.Job(id)
	return changed(j, err, b.job)
}

// TestEveryBrokenWordIsFound shows that the check after the kills can fail: what a manager that forgot, paid twice or
// delivered unseen would leave behind is reported, each by name.
func TestEveryBrokenWordIsFound(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const frames = 4
	var done *store.Job
	if err := db.Update(t.Context(), func(tx store.Tx) (err error) { done, _, err = storetest.Fixture(tx, frames); return err }); err != nil {
		t.Fatal(err)
	}
	k := told{jobs: []string{done.ID}, frames: frames, manager: "0xM"}
	if err := db.View(t.Context(), func(tx store.Tx) error {
		tasks, err := tx.Tasks(done.ID)
		if err != nil {
			return err
		}
		for _, task := range tasks {
			attempts, err := tx.Attempts(task.ID)
			if err != nil {
				return err
			}
			for _, a := range attempts {
				k.commits = append(k.commits, sim.Commit{Lease: a.ID, Job: a.Job, Worker: a.Worker, Frames: a.Frames})
				audits, err := tx.Audits(a.ID)
				if err != nil {
					return err
				}
				for _, u := range audits {
					k.verdicts = append(k.verdicts, sim.Verdict{Audit: u.ID, Attempt: a.ID, Verifier: u.Verifier, Pass: true})
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	twice := func(role job.Role) func([]store.Entry) []store.Entry {
		return func(list []store.Entry) []store.Entry {
			return append(slices.Clone(list), list[slices.IndexFunc(list, func(e store.Entry) bool { return e.Role == role })])
		}
	}
	for name, c := range map[string]struct {
		is   broken
		told func(*told)
		want string // "" for nothing
	}{
		"as it is":                        {},
		"a commit that nobody knows":      {told: func(k *told) { k.commits = append(k.commits, sim.Commit{Lease: "agone"}) }, want: "the acknowledged commit of lease agone is lost"},
		"a commit that wasn't kept":       {is: broken{attempt: func(a *store.Attempt) { a.State, a.Commit = lifecycle.AttemptHeld, nil }}, want: "is lost: the attempt is held"},
		"a commit that was thrown away":   {is: broken{attempt: func(a *store.Attempt) { a.State, a.Kind = lifecycle.AttemptFailed, job.FailExpired }}, want: "failed: expired"},
		"a verdict that nobody knows":     {told: func(k *told) { k.verdicts = append(k.verdicts, sim.Verdict{Audit: "vgone"}) }, want: "the acknowledged verdict on audit vgone is lost"},
		"a verdict that wasn't kept":      {is: broken{audit: func(u *store.Audit) { u.State = lifecycle.AuditCommitted }}, want: "is lost: the audit is committed"},
		"a worker paid twice":             {is: broken{entries: twice(job.RoleWorker)}, want: "was paid for 2 times to workers"},
		"a verifier paid twice":           {is: broken{entries: twice(job.RoleVerifier)}, want: "and 2 times to verifiers"},
		"nobody paid":                     {is: broken{entries: func([]store.Entry) []store.Entry { return nil }}, want: "was paid for 0 times to workers"},
		"somebody else paid":              {is: broken{frame: func(f *job.Frame) { f.Worker = "0xElse" }}, want: "was paid to 0xW, who didn't render it"},
		"a fee beside the spent":          {is: broken{fees: func([]store.Fee) []store.Fee { return []store.Fee{{Amount: 1}} }}, want: "its ledger says 49"},
		"spent more than the ledger says": {is: broken{job: func(j *store.Job) { j.Spent++ }}, want: "has spent 49, its ledger says 48"},
		"spent above the ceiling":         {is: broken{job: func(j *store.Job) { j.Quote.Ceiling = 47 }}, want: "its ceiling 47"},
		"delivered twice":                 {is: broken{attempts: func(list []*store.Attempt) []*store.Attempt { return append(list, list...) }}, want: "2 of its 2 attempts passed"},
		"delivered by nobody":             {is: broken{attempts: func([]*store.Attempt) []*store.Attempt { return nil }}, want: "0 of its 0 attempts passed"},
		"delivered without a verdict":     {is: broken{frame: func(f *job.Frame) { f.Verdict, f.Verifier = "", "" }}, want: `was delivered with the verdict "" of ""`},
		"verified by its own worker":      {is: broken{frame: func(f *job.Frame) { f.Verifier = f.Worker }}, want: `of "0xW"`},
		"verified by no audit":            {is: broken{audit: func(u *store.Audit) { u.State = lifecycle.AuditDropped }}, want: "without an audit that says so"},
		"verified by another's audit":     {is: broken{frame: func(f *job.Frame) { f.Verifier = "0xV2" }}, want: "on the word of 0xV2, without an audit"},
		"let through by the manager": {is: broken{
			audit: func(u *store.Audit) { u.State, u.Cause = lifecycle.AuditDropped, "not drawn: trusted" },
			frame: func(f *job.Frame) { f.Verifier = "0xM" },
		}, told: func(k *told) { k.verdicts = nil }},
		"never delivered": {is: broken{frame: func(f *job.Frame) { f.State = job.FrameVerified }}, want: "is verified by attempt"},
		"a frame lost":    {is: broken{frames: func(list []*job.Frame) []*job.Frame { return list[1:] }}, want: "has 3 frames"},
	} {
		t.Run(name, func(t *testing.T) {
			k := k
			if c.told != nil {
				c.told(&k)
			}
			var found *finding
			if err := db.View(t.Context(), func(tx store.Tx) (err error) { c.is.Tx = tx; found, err = k.compare(&c.is); return err }); err != nil {
				t.Fatal(err)
			}
			all := strings.Join(found.wrong, "\n")
			if c.want == "" && all != "" || !strings.Contains(all, c.want) {
				t.Errorf("found %q, not %q", all, c.want)
			}
		})
	}
}
