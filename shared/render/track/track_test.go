package track

import (
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
)

func TestProgressNeverGoesBack(t *testing.T) {
	at := time.Unix(0, 0)
	tr := Tracker{Now: func() time.Time { return at }, Parse: func(line string, p *render.Progress) (float64, time.Duration, bool) {
		switch line {
		case "half":
			return 0.5, 0, true
		case "start":
			return 0, 10 * time.Second, true
		case "nonsense":
			return -7, -time.Hour, true
		}
		return 0, 0, false
	}}
	tr.Start(7, 0)
	at = at.Add(10 * time.Second)
	if !tr.Line("start") || tr.Last().Fraction != 0.5 || tr.Last().Frame != 7 {
		t.Errorf("10 s done, 10 s left: %+v", tr.Last())
	}
	at = at.Add(5 * time.Second)
	tr.Tick()
	if f := tr.Last().Fraction; f < 0.74 || f > 0.76 || tr.Last().Remaining != 5*time.Second {
		t.Errorf("5 s later: %+v", tr.Last())
	}
	for _, line := range []string{"half", "nonsense", "silence"} {
		if tr.Line(line) != (line != "silence") || tr.Last().Fraction < 0.74 {
			t.Errorf("%s: %+v", line, tr.Last())
		}
	}
	tr.Finish()
	if p := tr.Complete(); p.Fraction != 1 || p.Remaining != 0 {
		t.Errorf("%+v", p)
	}
	// The next one is taken to need as long.
	tr.Start(8, 0)
	at = at.Add(3 * time.Second)
	tr.Tick()
	if f := tr.Last().Fraction; f < 0.19 || f > 0.21 {
		t.Errorf("3 of 15 s: %+v", tr.Last())
	}
	tr.Start(8, 4)
	tr.Part(3)
	tr.Part(1)
	tr.Part(99)
	if f := tr.Last().Fraction; f != 0.99 {
		t.Errorf("all borders, no file yet: %v", f)
	}
}

func TestClock(t *testing.T) {
	for text, want := range map[string]time.Duration{"01:02.5": 62500 * time.Millisecond, "1:00:00": time.Hour, "": 0, "x:1": 0, "-1:00": 0, "99999999:99": 0} {
		if got := Clock(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
