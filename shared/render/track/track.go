// Package track turns a renderer's coarse lines of output into steady progress: never back,
// and moving on between two lines.
//
// It is not for reading a particular renderer's lines: each renderer gives its own Parse.
//
// Receives: lines of output and the clock, from the renderers' sessions.
// Hands on: render.Progress, to whoever watches the render.
package track

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
)

// Parse reads one line of output into p and returns which part of the request it shows as
// done, 0 to 1, and how long the renderer says that it still needs, 0 when it doesn't. It
// returns false for a line that tells nothing.
type Parse func(line string, p *render.Progress) (fraction float64, remaining time.Duration, ok bool)

// Tracker follows one session's requests. It belongs to one goroutine.
type Tracker struct {
	Now   func() time.Time
	Parse Parse

	last      render.Progress
	at        time.Time     // when last was learnt
	remaining time.Duration // the renderer's estimate at that time
	typical   time.Duration // what the request before took
	started   time.Time
	parts     int // borders of the request, at least 1
	done      int // finished borders
}

// New makes a tracker on the real clock.
func New(parse Parse) *Tracker { return &Tracker{Now: time.Now, Parse: parse} }

// Last is the progress as it is known now.
func (t *Tracker) Last() render.Progress { return t.last }

// Start begins a request of some borders; 0 is a whole frame.
func (t *Tracker) Start(frame, parts int) {
	t.last = render.Progress{Frame: frame}
	t.started, t.at, t.remaining = t.Now(), t.Now(), 0
	t.parts, t.done = max(parts, 1), 0
}

// Finish remembers how long the request took.
func (t *Tracker) Finish() { t.typical = t.Now().Sub(t.started) }

// Complete is the progress of a finished request.
func (t *Tracker) Complete() render.Progress {
	p := t.last
	p.Fraction, p.Remaining = 1, 0
	return p
}

// Request runs one request from its start to its completion, and fills in what the tracker
// knows of it. The error says which frame it was.
func (t *Tracker) Request(r render.Request, progress func(render.Progress), do func(*render.Frame) error) (render.Frame, error) {
	began := time.Now()
	t.Start(r.Frame, len(r.Borders))
	f := render.Frame{Number: r.Frame}
	if err := do(&f); err != nil {
		return render.Frame{}, fmt.Errorf("rendering frame %d: %w", r.Frame, err)
	}
	t.Finish()
	done := t.Complete()
	f.Seconds, f.DeviceMemory = time.Since(began).Seconds(), done.DeviceMemory
	if progress != nil {
		progress(done)
	}
	return f, nil
}

// Line reads one line of output; false when it tells nothing new.
func (t *Tracker) Line(s string) bool {
	p := t.last
	fraction, remaining, ok := t.Parse(s, &p)
	if !ok {
		return false
	}
	t.at, t.remaining = t.Now(), max(remaining, 0)
	if t.remaining > 0 && t.parts == 1 {
		elapsed := t.at.Sub(t.started)
		fraction = max(fraction, float64(elapsed)/float64(elapsed+t.remaining))
	}
	p.Remaining = t.remaining
	t.advance(&p, fraction)
	return true
}

// Part notes that some borders are finished.
func (t *Tracker) Part(done int) {
	t.done = min(max(done, t.done), t.parts)
	t.at, t.remaining = t.Now(), 0
	t.advance(&t.last, 0)
}

// Tick guesses how far it is between two lines, from the renderer's own estimate or from
// the request before.
func (t *Tracker) Tick() {
	since := t.Now().Sub(t.at)
	switch {
	case t.remaining > 0:
		left := max(t.remaining-since, 0)
		whole := t.Now().Sub(t.started) + left
		t.last.Remaining = left
		if whole > 0 && t.parts == 1 {
			t.advance(&t.last, float64(whole-left)/float64(whole))
		}
	case t.typical > 0 && t.parts == 1:
		elapsed := t.Now().Sub(t.started)
		t.last.Remaining = max(t.typical-elapsed, 0)
		t.advance(&t.last, float64(elapsed)/float64(t.typical))
	}
}

// advance sets the fraction, never back and never to one before the file is written.
func (t *Tracker) advance(p *render.Progress, fraction float64) {
	if !(fraction > 0) { // also NaN
		fraction = 0
	}
	f := (float64(t.done) + math.Min(fraction, 0.99)) / float64(t.parts)
	p.Fraction = math.Max(t.last.Fraction, math.Min(f, 0.99))
	t.last = *p
}

// Clock reads "01:02.88" or "1:02:03.88"; 0 when it is no time.
func Clock(s string) time.Duration {
	var seconds float64
	for _, part := range strings.Split(s, ":") {
		v, err := strconv.ParseFloat(part, 64)
		if err != nil || !(v >= 0) {
			return 0
		}
		seconds = seconds*60 + v
	}
	if seconds > 1e7 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
