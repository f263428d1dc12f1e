package lease

import (
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestABoastPricesNothing: a worker states its own bench score, and a job that it alone has rendered prices the artist's next one of
// the scene. What is believed is what a machine could do.
func TestABoastPricesNothing(t *testing.T) {
	b := newBench(t)
	w, s := b.node()
	m, _ := b.nodes.Member(job.RoleWorker, w.Address())
	boast := m.Capabilities
	boast.Bench = 1e6
	b.nodes.Ready(fleet.Announcement{Role: job.RoleWorker, Address: w.Address(), Session: s, Free: 1, Capabilities: boast})
	c := b.commit(w, b.offer(w.Address()), honest)
	c.Stats = []wire.FrameStats{{Frame: 1, Seconds: 30}, {Frame: 2, Seconds: 30}}
	b.now = b.now.Add(time.Minute)
	if _, err := b.Commit(t.Context(), w.Address(), c); err != nil {
		t.Fatal(err)
	}
	b.view(func(tx store.Tx) error {
		j, err := tx.Job(b.job.ID)
		if err == nil && (j.Units <= 0 || j.Units > 40) {
			t.Errorf("a minute of the fastest card there is counts %g work units", j.Units)
		}
		return err
	})
}
