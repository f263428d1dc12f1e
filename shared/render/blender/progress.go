package blender

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
)

// What Blender 2.9 to 4.x print while rendering in the background.
var (
	sampleText    = regexp.MustCompile(`(?:Sample|Rendering) (\d+) ?/ ?(\d+)`)
	tileText      = regexp.MustCompile(`Rendered (\d+)/(\d+) Tiles`)
	remainingText = regexp.MustCompile(`Remaining:((?:\d+:)+\d+(?:\.\d+)?)`)
	memoryText    = regexp.MustCompile(`Mem:(\d+(?:\.\d+)?)M`)
)

// tracker turns Blender's coarse lines into steady progress.
type tracker struct {
	now       func() time.Time
	last      render.Progress
	at        time.Time     // when last was learnt
	remaining time.Duration // Blender's estimate at that time
	typical   time.Duration // what the frame before took
	started   time.Time
	parts     int // borders of the request, at least 1
	done      int // finished borders
}

func (t *tracker) start(frame, parts int) {
	t.last = render.Progress{Frame: frame}
	t.started, t.at, t.remaining = t.now(), t.now(), 0
	t.parts, t.done = max(parts, 1), 0
}

// finish remembers how long the request took.
func (t *tracker) finish() { t.typical = t.now().Sub(t.started) }

// line reads one line of Blender's output; false when it tells nothing new.
func (t *tracker) line(s string) bool {
	if !strings.HasPrefix(s, "Fra:") {
		return false
	}
	parts := strings.Split(s, " | ")
	p := t.last
	p.Text = strings.TrimSpace(parts[len(parts)-1])
	if m := memoryText.FindStringSubmatch(s); m != nil {
		if mb, err := strconv.ParseFloat(m[1], 64); err == nil && mb < 1<<24 {
			p.Memory = int64(mb * (1 << 20))
		}
	}
	fraction := 0.0
	if m := sampleText.FindStringSubmatch(p.Text); m != nil {
		if a, b := number(m[1]), number(m[2]); b > 0 && a <= b {
			p.Sample, p.Samples = a, b
			fraction = float64(a) / float64(b)
		}
	}
	if m := tileText.FindStringSubmatch(p.Text); m != nil {
		if a, b := number(m[1]), number(m[2]); b > 1 && a <= b {
			fraction = (float64(a) + fraction) / float64(b)
		}
	}
	t.at, t.remaining = t.now(), 0
	if m := remainingText.FindStringSubmatch(s); m != nil {
		t.remaining = clock(m[1])
		elapsed := t.at.Sub(t.started)
		if whole := elapsed + t.remaining; whole > 0 && t.parts == 1 {
			fraction = max(fraction, float64(elapsed)/float64(whole))
		}
	}
	p.Remaining = t.remaining
	t.advance(&p, fraction)
	return true
}

// tile notes that some borders are finished.
func (t *tracker) tile(done int) {
	t.done = min(max(done, 0), t.parts)
	t.at, t.remaining = t.now(), 0
	t.advance(&t.last, 0)
}

// tick guesses how far it is between two lines, from Blender's own estimate or from the
// frame before.
func (t *tracker) tick() {
	since := t.now().Sub(t.at)
	switch {
	case t.remaining > 0:
		left := max(t.remaining-since, 0)
		whole := t.now().Sub(t.started) + left
		t.last.Remaining = left
		if whole > 0 && t.parts == 1 {
			t.advance(&t.last, float64(whole-left)/float64(whole))
		}
	case t.typical > 0 && t.parts == 1:
		elapsed := t.now().Sub(t.started)
		t.last.Remaining = max(t.typical-elapsed, 0)
		t.advance(&t.last, float64(elapsed)/float64(t.typical))
	}
}

// advance sets the fraction, never back and never to one before the file is written.
func (t *tracker) advance(p *render.Progress, fraction float64) {
	f := (float64(t.done) + math.Min(fraction, 0.99)) / float64(t.parts)
	p.Fraction = math.Max(t.last.Fraction, math.Min(f, 0.99))
	t.last = *p
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// clock reads "01:02.88" or "1:02:03.88".
func clock(s string) time.Duration {
	var seconds float64
	for _, part := range strings.Split(s, ":") {
		v, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return 0
		}
		seconds = seconds*60 + v
	}
	if seconds > 1e7 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
