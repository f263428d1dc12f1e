package process

import (
	"strings"
	"testing"
	"time"
)

// rig is a vigil over a program that a test acts.
type rig struct {
	vigil
	said int64
	now  pulse
	beat int
}

func newRig() *rig {
	r := &rig{now: pulse{known: true, cpu: time.Minute, family: 7, processes: 2}}
	r.vigil = vigil{heard: func() int64 { return r.said }, look: func() pulse { return r.now }, limit: 60, step: 5}
	return r
}

// watch lets a program act for some beats and returns what was seen, and at which beat.
func (r *rig) watch(beats int, act func(beat int)) (string, int) {
	for i := 1; i <= beats; i++ {
		r.beat++
		act(r.beat)
		if seen := r.vigil.beat(); seen != "" {
			return seen, r.beat
		}
	}
	return "", r.beat
}

func TestAHungProgramIsConvicted(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(r *rig, beat int)
		at   int // the beat of the verdict
		says string
	}{
		"silent from the start": {func(*rig, int) {}, 65, "said nothing for 32.5s, and in the last 30s its 2 processes used 0.00 s of processor time and moved no data (wait for something"},
		"stopped":               {func(r *rig, _ int) { r.now.stopped, r.now.processes = 1, 1 }, 65, "its process used 0.00 s of processor time and moved no data (1 stopped by a signal)"},
		"after a message":       {func(r *rig, beat int) { r.said = int64(min(beat, 9)) }, 74, "said nothing for 32.5s"},
		"after work":            {func(r *rig, beat int) { r.now.cpu += max(0, time.Duration(40-beat)) * time.Second }, 100, "said nothing for 50s, and in the last 30s"},
		"a timer that goes on": {func(r *rig, beat int) {
			r.now.cpu = time.Minute + time.Duration(beat)*beatEvery/2000
			r.now.bytes += 8
		}, 65, "0.01 s of processor time"},
	} {
		r := newRig()
		if seen, at := r.watch(1000, func(beat int) { c.act(r, beat) }); at != c.at || !strings.Contains(seen, c.says) {
			t.Errorf("%s: at beat %d of %d: %q", name, at, c.at, seen)
		}
	}
}

// Each of these alone is life, as little as it is.
func TestASlowProgramIsSpared(t *testing.T) {
	for name, act := range map[string]func(r *rig, beat int){
		"a line now and then":            func(r *rig, beat int) { r.said = int64(beat / 50) },
		"half a percent of a processor":  func(r *rig, beat int) { r.now.cpu = time.Minute + time.Duration(beat)*beatEvery/200 },
		"a burst now and then":           func(r *rig, beat int) { r.now.cpu = time.Minute + time.Duration(beat/50)*time.Second },
		"a slow disk":                    func(r *rig, beat int) { r.now.bytes += 4096 },
		"a process each half minute":     func(r *rig, beat int) { r.now.family = uint64(beat / 55) },
		"waits for a processor, or disk": func(r *rig, beat int) { r.now.active = beat%50 < 5 },
		"works on its graphics device":   func(r *rig, beat int) { r.busy = func() bool { return true } },
		"a system that doesn't tell":     func(r *rig, beat int) { r.now = pulse{} },
	} {
		r := newRig()
		if seen, at := r.watch(2000, func(beat int) { act(r, beat) }); seen != "" {
			t.Errorf("%s: at beat %d: %s", name, at, seen)
		}
	}
}

// A GPU is waited for longer, unless its owner says how long.
func TestPatience(t *testing.T) {
	for _, c := range []struct {
		gpu   bool
		given time.Duration
		limit int
	}{{false, 0, 240}, {true, 0, 1200}, {true, 3 * time.Second, 6}, {false, time.Millisecond, 2}} {
		p := &Process{patience: c.given}
		p.confine.GPU = c.gpu
		if v := p.vigil(); v.limit != c.limit || v.step < 1 || v.step > 10 {
			t.Errorf("%+v: %d beats, looked at every %d", c, v.limit, v.step)
		}
	}
}
