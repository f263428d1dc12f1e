package quote

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
)

// TestFirstFrames: a worker's first frame is the first of its first attempt, whatever its number.
func TestFirstFrames(t *testing.T) {
	var ids []string
	for range 40 { // their letters don't sort as they were made
		ids = append(ids, store.NewID("a"))
	}
	var frames []*job.Frame
	for i, id := range ids {
		frames = append(frames, &job.Frame{Number: 100 - 2*i, Attempt: id, Worker: fmt.Sprint("0xW", i%2), Seconds: 1}, &job.Frame{Number: 101 - 2*i, Attempt: id, Worker: fmt.Sprint("0xW", i%2), Seconds: 1})
	}
	frames = append(frames, &job.Frame{Number: 1, Attempt: "a1", Worker: "0xW1"}, &job.Frame{Number: 2, Seconds: 1})
	r := RenderedOf(frames)
	if got := slices.Sorted(maps.Keys(r.first)); !slices.Equal(got, []int{98, 100}) || len(r.seconds) != 81 {
		t.Errorf("the first are %v of %d", got, len(r.seconds))
	}
	for name, test := range map[string]struct {
		seconds map[int]float64
		first   []int
		start   float64
		left    int
	}{
		"it took more":          {map[int]float64{1: 3, 2: 1, 3: 1}, []int{1}, 2, 2},
		"between two":           {map[int]float64{1: 1, 3: 6, 5: 2}, []int{3}, 4.5, 2},
		"two workers":           {map[int]float64{1: 3, 2: 1, 3: 1, 4: 2}, []int{1, 4}, 1.5, 2},
		"hardly more":           {map[int]float64{1: 1.1, 2: 1, 3: 1}, []int{1}, 0, 3},
		"less":                  {map[int]float64{1: 0.5, 2: 1, 3: 1}, []int{1}, 0, 3},
		"nothing but the first": {map[int]float64{1: 3, 2: 4}, []int{1, 2}, 0, 2},
		"nobody knows":          {map[int]float64{1: 3, 2: 1}, nil, 0, 2},
	} {
		r := Rendered{seconds: test.seconds, first: make(map[int]bool)}
		for _, n := range test.first {
			r.first[n] = true
		}
		left, begun := r.later()
		if math.Abs(begun.seconds-test.start) > 1e-9 || len(left) != test.left {
			t.Errorf("%s: a start takes %v, %d frames are left", name, begun.seconds, len(left))
		}
	}
}

// TestStartsAreQuoted: each worker that will get a task begins once, and a short job is one worker's.
func TestStartsAreQuoted(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	before := storetest.Job("0xA", "before", 10)
	if err := db.Update(t.Context(), func(tx store.Tx) error {
		_, err := storetest.Fill(tx, before)
		attempt := store.NewID("a")
		moved := tx.MoveFrames(before.ID, before.Frames, job.FramePending, job.FrameUploaded, func(f *job.Frame) {
			if f.Worker, f.Attempt, f.Seconds = "0xW", attempt, 60; f.Number == 1 {
				f.Seconds = 660
			}
		})
		_, edit := tx.EditJob(before.ID, func(j *store.Job) { j.Units, j.Seconds, j.RendFrames = 20, 1200, 10 })
		return errors.Join(err, moved, edit)
	}); err != nil {
		t.Fatal(err)
	}
	q := &Quoter{Fleet: fleet.New(time.Now), Unit: job.Token, Target: 2 * time.Minute, Clock: time.Now}
	for workers, want := range []map[int]float64{{1: 11, 2: 12, 40: 50}, {1: 11, 2: 12, 40: 50}, {1: 11, 2: 12, 3: 23, 40: 60}} { // units, by frames
		if workers > 0 {
			q.Fleet.Ready(fleet.Announcement{Role: job.RoleWorker, Address: fmt.Sprint("0xW", workers), Session: session{}, Capabilities: job.Capabilities{
				Bench: 1, Slots: 1, Installs: []job.Install{{Renderer: before.Recipe.Renderer, Version: before.Recipe.Version}}}})
		}
		for n, units := range want {
			j := storetest.Job("0xA", "next", n)
			var got job.Quote
			if err := db.View(t.Context(), func(tx store.Tx) (err error) { got, err = q.Quote(tx, j); return err }); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(got.Basis, "10 frames of this scene") {
				t.Errorf("the basis is %q", got.Basis)
			}
			if math.Abs(got.WorkUnits-units) > 1e-6 {
				t.Errorf("%d frames for %d workers are quoted %v units, not %v", n, workers, got.WorkUnits, units)
			}
		}
	}
}
