package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/plugins/submit"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// The live display names so many workers, a line each, or says why there is none.
const (
	whoLines = 4
	whoWidth = 76
)

// renderView is what the display shows of a job.
type renderView struct {
	job    job.Job
	frames map[int]job.Frame
	eta    float64 // seconds; 0 while unknown
	why    string  // nothing renders now; "" while something does
	nodes  []job.Node
}

// display shows progress on standard error: bars that move on a terminal, lines elsewhere.
type display struct {
	out   io.Writer
	bars  *mpb.Progress // nil where the output is no terminal
	bar   *mpb.Bar
	stage string // of the bar
	total int64

	mu   sync.Mutex // guards what follows, which mpb's own goroutine reads
	left string
	tail string
	who  [whoLines]string

	seen    map[int]state.Look // plain lines: what was already said of each frame
	why     string             // and of the job
	tenth   int
	several bool   // managers to choose from
	manager string // that was said last
	closed  bool
}

func (c *cli) newDisplay() *display {
	d := &display{out: c.err, seen: make(map[int]state.Look), several: strings.Contains(c.manager, ",")}
	if terminal(c.err) {
		d.bars = mpb.New(mpb.WithOutput(c.err), mpb.WithWidth(32))
	}
	return d
}

// close leaves what was shown last on the screen. It may be called twice.
func (d *display) close() {
	if d.closed {
		return
	}
	d.closed = true
	d.end()
	if d.bars != nil {
		d.bars.Shutdown()
	}
}

func (d *display) end() {
	if d.bar != nil {
		d.bar.Abort(true)
		d.bar.Wait()
		d.bar = nil
	}
}

// line says something once.
func (d *display) line(text string) {
	if d.bars != nil && !d.closed {
		fmt.Fprintln(d.bars, text)
		return
	}
	fmt.Fprintln(d.out, text)
}

// at says which of several managers the command is connected to, once for each.
func (d *display) at(manager string) {
	if d.several && manager != d.manager {
		d.manager = manager
		host, _, _ := strings.Cut(manager, "#") // the pin is for machines
		d.line("connected to " + host)
	}
}

// event says one line of a job's history.
func (d *display) event(e wire.Event, nodes []job.Node) {
	text := e.What + ": " + state.Said(e)
	if e.Node != "" {
		text += " (" + state.Who(e.Node, nodes) + ")"
	}
	d.line(clean(text))
}

// submission shows a submission's phase.
func (d *display) submission(s submit.Status) {
	switch s.Phase {
	case submit.Render, submit.Delivered, submit.Accepted, submit.Settled:
		if s.Job == nil {
			return
		}
		view := renderView{job: *s.Job, frames: make(map[int]job.Frame), eta: s.ETA, why: s.Why}
		for _, f := range s.Frames {
			view.frames[f.Frame] = job.Frame{Number: f.Frame, State: f.State, Worker: f.Worker, Progress: f.Progress, Rejects: f.Rejects, Cause: f.Cause}
		}
		d.render(view)
	case submit.Confirm: // the question says it all
	default:
		d.step(string(s.Phase), s.Text, s.Fraction, s.ETA)
	}
}

// step shows a phase that has a fraction.
func (d *display) step(stage, text string, fraction, eta float64) {
	if d.bars == nil {
		tenth := int(fraction * 10)
		if stage != d.stage || tenth > d.tenth {
			line := stage + ": " + text
			if fraction > 0 {
				line += fmt.Sprintf(" %d %%", int(fraction*100))
			}
			d.line(clean(line))
			d.stage, d.tenth = stage, tenth
		}
		return
	}
	d.begin(stage, 1000, 0)
	d.say(text, etaText(eta), nil)
	d.move(int64(fraction * 1000))
}

// render shows a job's frames and who renders what.
func (d *display) render(v renderView) {
	done, total := state.Done(v.job.Counts), state.Total(v.job)
	var working []string
	var changed []job.Frame
	for _, number := range sortedKeys(v.frames) {
		f := v.frames[number]
		look := state.LookOf(v.job.State, f)
		if look == state.LookRendering {
			working = append(working, fmt.Sprintf("  %s: frame %d, %d %%", state.Who(f.Worker, v.nodes), f.Number, int(f.Progress*100)))
		}
		if d.seen[number] != look {
			d.seen[number] = look
			changed = append(changed, f)
		}
	}
	if d.bars == nil {
		for _, f := range changed {
			if look := state.LookOf(v.job.State, f); look != state.LookWaiting {
				d.line(clean(frameLine(f, look, v.nodes)))
			}
		}
		if v.why != "" && v.why != d.why {
			d.line(clean("waiting: " + v.why))
		}
		if v.why != "" || len(changed) > 0 {
			d.why = v.why
		}
		return
	}
	if v.why != "" {
		working = folded("waiting: "+v.why, whoWidth-2)
		working = working[:min(len(working), whoLines)]
	}
	d.begin("render", int64(max(total, 1)), whoLines)
	d.say(fmt.Sprintf("%s  %d of %d frames", v.job.State, done, total), etaText(v.eta), working)
	d.move(int64(done))
}

// folded breaks a text into indented lines of at most width letters.
func folded(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line = append(lines, "  "+line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, "  "+line)
}

func frameLine(f job.Frame, look state.Look, nodes []job.Node) string {
	line := fmt.Sprintf("frame %d %s", f.Number, look)
	if f.Worker != "" {
		line += " by " + state.Who(f.Worker, nodes)
	}
	if look == state.LookAgain && f.Cause != "" {
		line += ": " + f.Cause
	}
	return line
}

func etaText(eta float64) string {
	if eta <= 0 {
		return ""
	}
	return state.Duration(eta) + " left"
}

func sortedKeys(frames map[int]job.Frame) []int {
	numbers := make([]int, 0, len(frames))
	for n := range frames {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

// begin changes the bar for a stage's own.
func (d *display) begin(stage string, total int64, extra int) {
	if d.stage == stage && d.bar != nil || d.closed {
		return
	}
	d.end()
	d.stage, d.total = stage, total
	read := func(what *string) decor.Decorator {
		return decor.Any(func(decor.Statistics) string {
			d.mu.Lock()
			defer d.mu.Unlock()
			return *what
		})
	}
	options := []mpb.BarOption{
		mpb.PrependDecorators(read(&d.left), decor.Name(" ")),
		mpb.AppendDecorators(decor.Name(" "), decor.NewPercentage("%d"), decor.Name("  "), read(&d.tail)),
		mpb.BarRemoveOnComplete(),
	}
	if extra > 0 {
		options = append(options, mpb.BarExtender(mpb.BarFillerFunc(func(w io.Writer, _ decor.Statistics) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			for _, who := range d.who {
				if who != "" {
					if _, err := fmt.Fprintln(w, who); err != nil {
						return err
					}
				}
			}
			return nil
		}), false))
	}
	d.bar = d.bars.New(total, mpb.BarStyle().Lbound("").Filler("━").Tip("━").Padding("─").Rbound(""), options...)
}

func (d *display) say(left, tail string, who []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.tail = clean(cut(left, 48)), clean(tail)
	for i := range d.who {
		d.who[i] = ""
		if i < len(who) {
			d.who[i] = clean(cut(who[i], whoWidth))
		}
	}
	if len(who) > whoLines {
		d.who[whoLines-1] = fmt.Sprintf("  and %d more", len(who)-whoLines+1)
	}
}

func cut(text string, length int) string {
	runes := []rune(text)
	if len(runes) <= length {
		return text
	}
	return strings.TrimSpace(string(runes[:length-1])) + "…"
}

func (d *display) move(to int64) {
	if d.bar != nil {
		d.bar.SetCurrent(min(to, d.total-1)) // a full bar ends itself; end does that
	}
}
