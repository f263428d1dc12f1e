package quote

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestIntervalsLearnFromOutcomes renders the same scene over and over on machines whose speed differs
// by far more than a quote assumes: its intervals widen until they hold what they promise.
func TestIntervalsLearnFromOutcomes(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.Unix(1_700_000_000, 0)
	q := &Quoter{Fleet: fleet.New(time.Now), Unit: job.Token, Clock: func() time.Time { return now }}
	r := rand.New(rand.NewPCG(1, 2))
	const jobs, frames, first = 120, 4, 40
	inside, widened := 0, 0.0
	for i := range jobs {
		j := storetest.Job("0xA", fmt.Sprint(i), frames)
		if err := db.View(t.Context(), func(tx store.Tx) (err error) { j.Quote, err = q.Quote(tx, j); return err }); err != nil {
			t.Fatal(err)
		}
		units := frames * math.Exp(0.6*r.NormFloat64())
		if i >= first && j.Quote.WorkUnitsLow <= units && units <= j.Quote.WorkUnitsHigh {
			inside++
		}
		widened = j.Quote.Widened
		if err := db.Update(t.Context(), func(tx store.Tx) error {
			_, err := storetest.Fill(tx, j)
			_, edit := tx.EditJob(j.ID, func(j *store.Job) { j.Units, j.Seconds, j.RendFrames = units, units*60, frames })
			return errors.Join(err, edit)
		}); err != nil {
			t.Fatal(err)
		}
		now = now.Add(2 * calibrateEvery)
	}
	if share := float64(inside) / (jobs - first); share < 0.7 || share > 0.97 {
		t.Errorf("the intervals held %.0f %% of the outcomes", 100*share)
	}
	t.Logf("held %d of %d, widened by %.2f", inside, jobs-first, widened)
	if widened <= 1.2 {
		t.Errorf("they were widened by %.2f", widened)
	}
}

func TestFactors(t *testing.T) {
	past := func(basis string, took, low, high float64) *store.Job {
		j := storetest.Job("0xA", "r", 1)
		j.RendFrames, j.Units = 1, took
		j.Quote = job.Quote{Basis: basis, WorkUnits: 1, WorkUnitsLow: low, WorkUnitsHigh: high, Widened: 1}
		return j
	}
	var good, bad, few []*store.Job
	for range 10 {
		good, bad = append(good, past("history", 1.05, 0.5, 2)), append(bad, past("history", 4, 0.5, 2))
	}
	few = append(few, bad[:calibrateLeast-1]...)
	half := past("history", 100, 0.5, 2)
	half.Frames = append(half.Frames, 2)
	for name, test := range map[string]struct {
		jobs []*store.Job
		want float64
	}{"intervals that hold": {good, 1}, "outcomes at twice the distance": {bad, 2}, "too few": {few, 1}, "unfinished ones": {append(good, half, half, half, half, half), 1}} {
		if got := factors(test.jobs)[false]; math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: widened by %v, want %v", name, got, test.want)
		}
	}
	if got := factors(bad)[true]; got != 1 {
		t.Errorf("guesses are widened by what others missed: %v", got)
	}
}

// TestCeilingHolds: whatever is quoted, the ceiling covers the price of every frame, and amounts don't overflow.
func TestCeilingHolds(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r := rand.New(rand.NewPCG(3, 4))
	refused := 0
	for range 1000 {
		q := &Quoter{Fleet: fleet.New(time.Now), Unit: job.Amount(r.Int64N(1e12) >> r.IntN(40)), Clock: time.Now}
		j := storetest.Job("0xA", "r", 1+r.IntN(100_000)>>r.IntN(17))
		j.Recipe.Width, j.Recipe.Height, j.Recipe.Samples = 4+r.IntN(16380), 4+r.IntN(16380), r.IntN(1<<24)>>r.IntN(24)
		var got job.Quote
		err := db.View(context.Background(), func(tx store.Tx) (err error) { got, err = q.Quote(tx, j); return err })
		var e *wire.Error
		if errors.As(err, &e) && e.Code == wire.CodeLimit {
			refused++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		n := job.Amount(len(j.Frames))
		if got.PerFrame <= 0 || got.VerifyFee <= 0 || got.Price != n*(got.PerFrame+got.VerifyFee) || got.Price/n != got.PerFrame+got.VerifyFee || got.Ceiling < got.Price {
			t.Fatalf("%d frames of %d×%d at %d samples and %d a unit: %+v", n, j.Recipe.Width, j.Recipe.Height, j.Recipe.Samples, q.Unit, got)
		}
		units := got.WorkUnits
		low, high := got.WorkUnitsLow, got.WorkUnitsHigh
		if !(0 < low && low <= units && units <= high && high < math.MaxFloat64) {
			t.Fatalf("work units %v, %v to %v", units, low, high)
		}
		// Scouts make it no wider than it was allowed to be, and never touch the money.
		j.Quote, j.RendFrames, j.Units = got, 1, units
		if mid, low, high := Narrow(j, map[int]float64{1: 1 + r.Float64()}); !(0 < low && low <= mid && mid <= high) || j.Quote.Ceiling != got.Ceiling {
			t.Fatalf("after scouts %v, %v to %v", mid, low, high)
		}
	}
	if refused == 0 || refused > 400 {
		t.Errorf("%d were refused", refused)
	}
}
