package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	tick      = 500 * time.Millisecond
	plainTick = 5 * time.Second // without a terminal, lines add up
	barWidth  = 40
)

// screen shows the job live: in place on a terminal, as a line every few seconds elsewhere.
type screen struct {
	out      *os.File
	terminal bool
	net      *network
	cancel   context.CancelFunc
	wg       sync.WaitGroup

	mu     sync.Mutex // guards what follows
	upload string     // the add-on's last word before the job exists
	job    job.Job
	frames map[int]job.Frame
	eta    float64
	drawn  int // lines that are on the terminal
	begun  time.Time
	events []string
	seen   map[string]bool
}

func newScreen(out *os.File, net *network) (*screen, error) {
	info, err := out.Stat()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &screen{out: out, terminal: info.Mode()&os.ModeCharDevice != 0, net: net, cancel: cancel, frames: make(map[int]job.Frame), begun: time.Now(), seen: make(map[string]bool)}
	s.wg.Go(func() {
		if err := net.artist.Watch(ctx, wire.JobWatch{}, s.update); err != nil {
			say("the live view ended: %v", err)
		}
	})
	s.wg.Go(func() { s.loop(ctx) })
	return s, nil
}

// update takes a change of a job that was made since the demo began.
func (s *screen) update(u wire.JobUpdate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.Job.Created < s.begun.UnixMilli() {
		return
	}
	if s.job.ID != u.Job.ID {
		clear(s.frames)
	}
	s.job, s.eta = u.Job, u.ETA
	for _, f := range u.Frames {
		s.frames[f.Number] = f
	}
	if u.Event != nil && !s.terminal {
		s.events = append(s.events, u.Event.Text)
	}
}

// say shows the add-on's own progress.
func (s *screen) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.upload = text
}

func (s *screen) stop() {
	s.cancel()
	s.wg.Wait()
	s.draw()
}

func (s *screen) loop(ctx context.Context) {
	every := tick
	if !s.terminal {
		every = plainTick
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.draw()
		case <-ctx.Done():
			return
		}
	}
}

func (s *screen) draw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := s.linesLocked()
	if !s.terminal {
		for _, e := range s.events {
			fmt.Fprintln(s.out, "   ", e)
		}
		s.events = nil
		if line := strings.Join(lines, " | "); !s.seen[line] {
			s.seen[line] = true
			fmt.Fprintln(s.out, line)
		}
		return
	}
	if s.drawn > 0 {
		fmt.Fprintf(s.out, "\x1b[%dA", s.drawn)
	}
	for _, line := range lines {
		fmt.Fprintf(s.out, "\x1b[2K%s\n", line)
	}
	for range s.drawn - len(lines) {
		fmt.Fprint(s.out, "\x1b[2K\n")
	}
	s.drawn = max(s.drawn, len(lines))
}

func (s *screen) linesLocked() []string {
	if s.job.ID == "" || s.job.State == job.Draft || s.job.State == job.Quoted {
		return []string{"submitting  " + s.upload}
	}
	total := len(s.frames)
	done := 0.0
	numbers := make([]int, 0, total)
	rendering := make(map[string][]string)
	var cells strings.Builder
	for n := range s.frames {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		f := s.frames[n]
		switch {
		case f.State == job.FrameDelivered || f.State == job.FrameAccepted:
			done++
			cells.WriteRune('█')
		case f.State == job.FrameUploaded || f.State == job.FrameVerified:
			done += 0.95
			cells.WriteRune('▓')
		case f.Progress > 0:
			done += 0.9 * f.Progress
			cells.WriteRune('▒')
			name := s.net.name(f.Worker)
			rendering[name] = append(rendering[name], fmt.Sprintf("frame %d %.0f %%", n, 100*f.Progress))
		default:
			cells.WriteRune('·')
		}
	}
	c := s.job.Counts
	lines := []string{
		fmt.Sprintf("%-10s %s %3.0f %%  %s", s.job.State, bar(done, float64(max(total, 1))), 100*done/float64(max(total, 1)), eta(s.job.State, s.eta)),
		fmt.Sprintf("frames     [%s] %d delivered, %d rejected", cells.String(), c.Delivered+c.Accepted, c.Rejected),
	}
	workers := make([]string, 0, len(rendering))
	for name := range rendering {
		workers = append(workers, name)
	}
	slices.Sort(workers)
	for _, name := range workers {
		lines = append(lines, fmt.Sprintf("%-10s %s", name, strings.Join(rendering[name], ", ")))
	}
	return lines
}

func bar(done, total float64) string {
	n := min(max(int(done/total*barWidth), 0), barWidth)
	return strings.Repeat("━", n) + strings.Repeat("╌", barWidth-n)
}

func eta(state job.State, seconds float64) string {
	switch {
	case state != job.Rendering && state != job.Funded:
		return ""
	case seconds <= 0:
		return "ETA —"
	}
	return "ETA " + time.Duration(seconds*float64(time.Second)).Round(time.Second).String()
}
