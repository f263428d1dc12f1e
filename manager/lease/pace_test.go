package lease

import (
	"math/rand/v2"
	"testing"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// TestALieAboutSpeedDoesNotLast has workers that are equally fast render like frames; some
// state other scores.
func TestALieAboutSpeedDoesNotLast(t *testing.T) {
	for name, stated := range map[string]map[string]float64{
		"one boasts":       {"a": 1, "b": 1, "c": 1, "liar": 20},
		"one understates":  {"a": 1, "b": 1, "c": 1, "liar": 0.2},
		"two of five lie":  {"a": 1, "b": 1, "c": 1, "liar": 8, "liar2": 0.3},
		"all are truthful": {"a": 1, "b": 1, "c": 1},
	} {
		random := rand.New(rand.NewPCG(1, 2))
		var p paces
		pace, began := make(map[string]float64), make(map[string]int64)
		for range 60 {
			for w, score := range stated {
				frames := 1 + random.IntN(5)
				now := began[w] + int64(float64(frames)*10_000*(0.9+0.2*random.Float64())) // about ten seconds a frame
				m := fleet.Member{Address: w, Stated: score, Capabilities: job.Capabilities{Slots: 1}}
				// Held ahead: the lease is older than the work.
				a := &store.Attempt{Created: began[w] - 5_000}
				a.Job, a.Worker = "j", w
				if found, known := p.note(m, a, frames, now); known {
					pace[w] = paced(pace[w], found)
				}
				began[w] = now
			}
		}
		for w, score := range stated {
			if believed := score * pace[w]; believed < 0.85 || believed > 1.15 {
				t.Errorf("%s: %s states %v and is believed to do %.2f, its true score is 1", name, w, score, believed)
			}
		}
	}
}

// TestTwoWorkersProveNothing: either of them may be the liar.
func TestTwoWorkersProveNothing(t *testing.T) {
	var p paces
	for i := range int64(20) {
		for w, score := range map[string]float64{"a": 1, "b": 50} {
			a := &store.Attempt{Created: i * 60_000}
			a.Job, a.Worker = "j", w
			if f, known := p.note(fleet.Member{Address: w, Stated: score, Capabilities: job.Capabilities{Slots: 1}}, a, 3, (i+1)*60_000); known {
				t.Fatalf("%s's score was said to be off by %v", w, f)
			}
		}
	}
}
