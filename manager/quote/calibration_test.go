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

// outcome is a job that was rendered as a whole, at so many units a frame.
func outcome(owner, file, basis string, each, low, high float64) *store.Job {
	j := storetest.Job(owner, file, 1)
	j.Recipe.MainFile, j.RendFrames, j.Units = file, 1, each
	j.Quote = job.Quote{Basis: basis, WorkUnits: 1, WorkUnitsLow: low, WorkUnitsHigh: high, Widened: 1}
	return j
}

func TestFactors(t *testing.T) {
	past := func(basis string, took, low, high float64) *store.Job {
		return outcome("0xA", "r", basis, took, low, high)
	}
	var good, bad, few, guesses []*store.Job
	for range 10 {
		good, bad = append(good, past("history", 1.05, 0.5, 2)), append(bad, past("history", 4, 0.5, 2))
		guesses = append(guesses, past(aGuess, 4, 0.5, 2))
	}
	few = append(few, bad[:calibrateLeast-1]...)
	half := past("history", 100, 0.5, 2)
	half.Frames = append(half.Frames, 2)
	for name, test := range map[string]struct {
		jobs []*store.Job
		want float64
	}{
		"intervals that hold": {good, 1}, "outcomes at twice the distance": {bad, 2}, "too few": {few, 1},
		"unfinished ones": {append(good, half, half, half, half, half), 1}, "what guesses missed": {guesses, 1},
	} {
		if got := learn(test.jobs).factor; math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: widened by %v, want %v", name, got, test.want)
		}
	}
}

// TestGuessesLearnFromOutcomes guesses scene after scene that nobody has seen, on networks whose scenes are heavier or lighter than
// was believed, alike or of all sorts, and where one tenant renders the same odd scene again and again. From the first one on, the
// intervals hold about as often as they promise, and where scenes are alike they get narrower.
func TestGuessesLearnFromOutcomes(t *testing.T) {
	const networks, scenes = 40, 36
	recipe := storetest.Job("0xA", "r", 1).Recipe
	for name, world := range map[string]struct {
		middle, scatter   float64 // logarithms, about what is believed
		floor, ceiling    float64 // what share of intervals holds, of the scenes after the twelfth
		narrower, flooded bool
	}{
		"as believed":                {0, 1, 0.72, 0.90, false, false},
		"heavier scenes":             {2, 1, 0.72, 0.92, false, false},
		"lighter and alike":          {-2, 0.3, 0.78, 1, true, false},
		"of all sorts":               {0, 2, 0.70, 0.88, false, false},
		"one tenant's scene, always": {0, 1, 0.72, 0.90, false, true},
	} {
		inside, all, first, last := 0, 0, 0.0, 0.0
		for network := range networks {
			r := rand.New(rand.NewPCG(11, uint64(network)))
			var jobs []*store.Job
			for scene := range scenes {
				each, spread, _ := learn(jobs).guess(recipe)
				if scene == 0 {
					first = math.Log(spread)
				}
				took := guessed(recipe) * math.Exp(world.middle+world.scatter*r.NormFloat64())
				if scene >= 12 {
					all++
					if each/spread <= took && took <= each*spread {
						inside++
					}
				}
				if scene == scenes-1 {
					last += math.Log(spread) / networks
				}
				jobs = append(jobs, outcome(fmt.Sprint("0x", scene), "a.blend", aGuess, took, 0.5, 2))
				if world.flooded {
					for range 5 {
						jobs = append(jobs, outcome("0xFlood", "odd.blend", aGuess, 50*guessed(recipe), 0.5, 2))
					}
				}
			}
		}
		held := float64(inside) / float64(all)
		t.Logf("%s: %.0f %% held; by a factor of %.2f at first and %.2f in the end", name, 100*held, math.Exp(first), math.Exp(last))
		if held < world.floor || held > world.ceiling || world.narrower && last > 0.6*first {
			t.Errorf("%s: %.0f %% of the intervals held, which went from %.2f to %.2f", name, 100*held, math.Exp(first), math.Exp(last))
		}
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
		if mid, low, high := Narrow(j, RenderedOf(framesOf(map[int]float64{1: 1 + r.Float64()}))); !(0 < low && low <= mid && mid <= high) || j.Quote.Ceiling != got.Ceiling {
			t.Fatalf("after scouts %v, %v to %v", mid, low, high)
		}
	}
	if refused == 0 || refused > 400 {
		t.Errorf("%d were refused", refused)
	}
}
