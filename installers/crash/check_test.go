package crash

import (
	"log/slog"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/open"
)

// check holds what the database says at the end to what was told on the way.
func (r *run) check(database string) {
	t := r.t
	db, err := open.Open(r.ctx, database, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	k := told{frames: jobFrames, manager: r.process.Ready["id"]}
	for _, w := range r.workers {
		k.commits = append(k.commits, w.Commits()...)
	}
	for _, v := range r.judges {
		k.verdicts = append(k.verdicts, v.Verdicts()...)
	}
	for _, j := range r.jobs {
		k.jobs = append(k.jobs, j.ID)
	}
	t.Logf("%d commits and %d verdicts were acknowledged", len(k.commits), len(k.verdicts))
	if len(k.commits) == 0 || len(k.verdicts) == 0 {
		t.Error("nothing was acknowledged: this test tests nothing")
	}
	var found *finding
	if err := db.View(r.ctx, func(tx store.Tx) error { found, err = k.compare(tx); return err }); err != nil {
		t.Fatal(err)
	}
	for _, text := range found.wrong {
		t.Error(text)
	}
	t.Logf("%d leases were copies, %d ended because the other of the two was first", found.copies, found.beaten)
	if found.copies == 0 && *kills >= 100 {
		t.Error("no task was copied: this test doesn't test copies")
	}
}
