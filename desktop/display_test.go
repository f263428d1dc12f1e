package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/job"
)

// Without a terminal each reason is a line, once until something happens.
func TestLinesSayWhy(t *testing.T) {
	var out bytes.Buffer
	d := &display{out: &out, seen: make(map[int]state.Look)}
	view := renderView{job: job.Job{ID: "j", State: job.Rendering, Frames: []int{1}}, frames: map[int]job.Frame{1: {Number: 1, State: job.FramePending}}}
	show := func(why string, f job.Frame) {
		view.why, view.frames[1] = why, f
		d.render(view)
	}
	waiting := view.frames[1]
	rendering := job.Frame{Number: 1, State: job.FramePending, Progress: 0.5, Worker: "0x1"}
	show("no worker is connected", waiting)
	show("", waiting) // an update of something else
	show("no worker is connected", waiting)
	show("", rendering)
	show("no worker is connected", rendering)
	if got := strings.Count(out.String(), "waiting: no worker is connected\n"); got != 2 {
		t.Errorf("the reason was said %d times:\n%s", got, &out)
	}
}

func TestFolded(t *testing.T) {
	text := "waiting: no connected worker has blender 3.4.1 with CYCLES on a GPU and 12 GB of it; 2 have less"
	for _, width := range []int{20, 40, 200} {
		lines := folded(text, width)
		for _, l := range lines {
			if len(l) > width+2 || !strings.HasPrefix(l, "  ") {
				t.Errorf("%d: %q", width, l)
			}
		}
		if got := strings.Join(strings.Fields(strings.Join(lines, " ")), " "); got != text {
			t.Errorf("%d: %q", width, got)
		}
	}
}
