package metrics

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func start(t *testing.T) (*Metrics, store.Store) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	m := New(time.Now)
	m.Watch(Sources{
		Store: db, Fleet: fleet.New(time.Now), Sessions: func() map[job.Role]int { return map[job.Role]int{job.RoleWorker: 3} },
		Managers: func() int { return 2 }, Draining: func() bool { return true },
	})
	return m, m.Store(db)
}

// The page lists each figure that the code has, with its kind, and no other.
func TestPageAndCodeAgree(t *testing.T) {
	m, _ := start(t)
	// Those with labels exist only once they were counted.
	m.transitions.WithLabelValues("job", "draft")
	m.failed(job.FailScene, false)
	m.Handled(wire.TypeJobShow, time.Second, nil)
	m.Swept("chunk", 1, 2, 3)
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	coded := make(map[string]string)
	for _, f := range families {
		if name := f.GetName(); strings.HasPrefix(name, "heliostat_") {
			of := "manager"
			if strings.HasSuffix(f.GetHelp(), ofNetwork) {
				of = "network"
			}
			coded[name] = strings.ToLower(f.GetType().String()) + " of the " + of
		}
	}
	page, err := os.ReadFile("METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]string)
	for _, row := range regexp.MustCompile("(?m)^\\| `(heliostat_[a-z_]+)` \\| ([a-z]+) \\| ([a-z]+) \\|").FindAllStringSubmatch(string(page), -1) {
		documented[row[1]] = row[2] + " of the " + row[3]
	}
	for name, kind := range coded {
		if documented[name] != kind {
			t.Errorf("%s is a %s, METRICS.md says %q", name, kind, documented[name])
		}
	}
	for name := range documented {
		if coded[name] == "" {
			t.Errorf("METRICS.md has %s, but nothing counts it", name)
		}
	}
	if problems, err := testutil.GatherAndLint(m.registry); err != nil || len(problems) > 0 {
		t.Errorf("lint: %+v, %v", problems, err)
	}
}

func TestOnlyDurableTransitionsCount(t *testing.T) {
	m, db := start(t)
	j := storetest.Job("0xA", "1", 3)
	var tasks []*job.Task
	if err := db.Update(t.Context(), func(tx store.Tx) (err error) { tasks, err = storetest.Fill(tx, j); return err }); err != nil {
		t.Fatal(err)
	}
	count := func(noun, state string) float64 {
		return testutil.ToFloat64(m.transitions.WithLabelValues(noun, state))
	}
	waiting := count("task", "waiting")
	if waiting != float64(len(tasks)) || len(tasks) == 0 {
		t.Errorf("%g of %d tasks wait", waiting, len(tasks))
	}
	lease := func(tx store.Tx) error {
		_, err := tx.MoveTask(tasks[0].ID, []job.TaskState{job.TaskWaiting}, job.TaskLeased, nil)
		return err
	}
	broken := errors.New("broken")
	if err := db.Update(t.Context(), func(tx store.Tx) error { return errors.Join(lease(tx), broken) }); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if n := count("task", "leased"); n != 0 {
		t.Errorf("%g leased by a transaction that failed", n)
	}
	if n := testutil.ToFloat64(m.storeErrors); n != 1 {
		t.Errorf("%g errors", n)
	}
	if err := db.Update(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	if err := db.Update(t.Context(), lease); !errors.Is(err, store.ErrLost) {
		t.Fatal(err)
	}
	if n := count("task", "leased"); n != 1 || testutil.ToFloat64(m.storeErrors) != 1 {
		t.Errorf("%g leased, %g errors", n, testutil.ToFloat64(m.storeErrors))
	}
	if n := testutil.CollectAndCount(m.dispatch); n != 1 {
		t.Errorf("dispatch has %d samples", n)
	}
	if err := db.View(context.Background(), func(tx store.Tx) error { _, err := tx.Task(tasks[0].ID); return err }); err != nil {
		t.Error(err)
	}
}
