package quote

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
)

// scene is a made-up scene whose frames cost a fixed part and one that grows with samples, change
// over the shot and scatter, rendered by workers whose scores aren't quite right and who take something before their first.
type scene struct {
	fixed, perSample float64 // work units
	begin            float64 // work units that a worker's first frame takes more
	trend, noise     float64 // over the shot; of each frame
	r                *rand.Rand
}

// frame is what one of n frames really takes, in work units, on some worker.
func (s scene) frame(i, n, samples int) float64 {
	position := float64(i)/float64(max(n-1, 1)) - 0.5
	each := (s.fixed + s.perSample*float64(samples)) * (1 + s.trend*position)
	return each * math.Exp(s.noise*s.r.NormFloat64())
}

// framesOf are those of one worker, who rendered them for so many work units.
func framesOf(units map[int]float64) (list []*job.Frame) {
	attempt := store.NewID("a")
	for n, u := range units {
		list = append(list, &job.Frame{Number: n, Worker: "0xW", Attempt: attempt, Seconds: u * 60})
	}
	return list
}

// TestQuotesAgainstOutcomes prices many scenes in each of the ways that there are, renders them
// and compares. It holds how far off the quotes are and how often the 80 % interval contains the outcome;
// README figures come from its log (go test -v -run Outcomes ./manager/quote).
func TestQuotesAgainstOutcomes(t *testing.T) {
	const n, samples, trials = 40, 256, 60
	ways := []struct {
		name     string
		error    float64 // the median of max(outcome/quote, quote/outcome) may be
		coverage float64 // the interval contains at least
		before   func(s scene, render func(name, pkg string, samples int, frames []int))
	}{
		{"a guess", 3, 0.72, func(scene, func(string, string, int, []int)) {}},
		{"a probe of 3 frames at 1/8 of the samples", 1.4, 0.75, func(_ scene, render func(string, string, int, []int)) {
			render("probe", "p", samples/8, []int{1, n / 2, n})
		}},
		{"probes at 1/16 and at 1/4", 1.12, 0.75, func(_ scene, render func(string, string, int, []int)) {
			render("probe", "p", samples/16, []int{1, n / 2, n})
			render("probe2", "p", samples/4, []int{1, n / 2, n})
		}},
		{"the same scene before", 1.10, 0.80, func(_ scene, render func(string, string, int, []int)) {
			render("before", "p", samples, []int{1, 5, 9, 13, 17, 21, 25, 29, 33, 37})
		}},
		{"the scene before an edit", 1.35, 0.75, func(s scene, render func(string, string, int, []int)) {
			render("before", "other", samples, []int{1, 11, 21, 31})
		}},
	}
	for _, way := range ways {
		db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "h.db"))
		if err != nil {
			t.Fatal(err)
		}
		q := &Quoter{Fleet: fleet.New(time.Now), Unit: job.Token, Clock: time.Now}
		var errs []float64
		inside, narrowInside := 0, 0
		var narrowErrs []float64
		for trial := range trials {
			r := rand.New(rand.NewPCG(7, uint64(trial)))
			main := math.Exp(r.NormFloat64())
			s := scene{perSample: main * 960 * 540 / unitSamples * (0.5 + r.Float64()), trend: 0.6 * (r.Float64() - 0.5), noise: 0.05 + 0.1*r.Float64(), r: r}
			s.fixed = s.perSample * samples * 0.25 * r.Float64()
			if trial%2 == 0 {
				s.begin = s.perSample * samples * 6 * r.Float64()
			}
			owner := string(rune('A'+trial%26)) + string(rune('a'+trial/26))
			recipe := job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", Width: 960, Height: 540, Device: "CPU", Format: "PNG", MainFile: "a.blend"}
			render := func(name, pkg string, samples int, frames []int) {
				j := storetest.Job(owner, name, n)
				j.Frames, j.Package, j.Recipe = frames, pkg, recipe
				j.Recipe.Samples = samples
				one := s
				if pkg != "p" { // it was edited since
					one.perSample *= math.Exp(0.25 * r.NormFloat64())
				}
				if err := db.Update(context.Background(), func(tx store.Tx) error {
					_, err := storetest.Fill(tx, j)
					sum, seconds, attempt := 0.0, make(map[int]float64), store.NewID("a")
					for i, f := range frames {
						u := one.frame(f-1, n, samples)
						if i == 0 {
							u += one.begin
						}
						sum, seconds[f] = sum+u, u*60
					}
					moved := tx.MoveFrames(j.ID, frames, job.FramePending, job.FrameUploaded, func(f *job.Frame) {
						f.Worker, f.Attempt, f.Seconds = "0xW", attempt, seconds[f.Number]
					})
					_, edit := tx.EditJob(j.ID, func(j *store.Job) { j.Units, j.Seconds, j.RendFrames = sum, sum*60, len(frames) })
					return errors.Join(err, moved, edit)
				}); err != nil {
					t.Fatal(err)
				}
			}
			way.before(s, render)
			j := storetest.Job(owner, "real", n)
			j.Package, j.Recipe = "p", recipe
			j.Recipe.Samples = samples
			var quoted job.Quote
			if err := db.View(context.Background(), func(tx store.Tx) (err error) { quoted, err = q.Quote(tx, j); return err }); err != nil {
				t.Fatal(err)
			}
			if quoted.Ceiling < quoted.Price || quoted.WorkUnitsLow > quoted.WorkUnits || quoted.WorkUnits > quoted.WorkUnitsHigh {
				t.Fatalf("%s: %+v", way.name, quoted)
			}
			outcome, scouted := 0.0, 0.0
			scouts := make(map[int]float64)
			for i := range n {
				u := s.frame(i, n, samples)
				if i == 0 {
					u += s.begin
				}
				outcome += u
				if i == 0 || i == n/2 || i == n-1 {
					scouted += u
					scouts[i+1] = u
				}
			}
			off := outcome / quoted.WorkUnits
			errs = append(errs, max(off, 1/off))
			if quoted.WorkUnitsLow <= outcome && outcome <= quoted.WorkUnitsHigh {
				inside++
			}
			j.Quote, j.Units, j.RendFrames = quoted, scouted, len(scouts)
			units, low, high := Narrow(j, RenderedOf(framesOf(scouts)))
			off = outcome / units
			narrowErrs = append(narrowErrs, max(off, 1/off))
			if low <= outcome && outcome <= high {
				narrowInside++
			}
			if high/low >= math.Exp(2*z80*cyclesOff) {
				t.Errorf("%s: scouts leave it at %.2f to %.2f", way.name, low, high)
			}
		}
		db.Close()
		slices.Sort(errs)
		slices.Sort(narrowErrs)
		median, coverage := errs[trials/2], float64(inside)/trials
		t.Logf("%-45s off by a factor of %.2f (median), %.2f (worst of ten); the 80 %% interval held %.0f %%. After scouts %.2f, held %.0f %%",
			way.name, median, errs[trials*9/10], 100*coverage, narrowErrs[trials/2], 100*float64(narrowInside)/trials)
		if median > way.error || coverage < way.coverage {
			t.Errorf("%s: off by %.2f (at most %.2f), held %.2f (at least %.2f)", way.name, median, way.error, coverage, way.coverage)
		}
		if after := narrowErrs[trials/2]; after > 1.12 || narrowInside < trials*75/100 {
			t.Errorf("after the scouts it is off by %.2f and held %d of %d times", after, narrowInside, trials)
		}
	}
}
