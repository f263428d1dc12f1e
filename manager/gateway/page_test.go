package gateway

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestPagesFitIntoMessages reads a long job as a client does, with everything in it as long as it
// gets.
func TestPagesFitIntoMessages(t *testing.T) {
	long := strings.Repeat("x", 200)
	var frames []*job.Frame
	var tasks []*job.Task
	for n := range 20_000 {
		f := &job.Frame{
			Job: long[:27], Number: n, State: job.FrameDelivered, Task: long[:27], Attempt: long[:27], Worker: long[:42], Object: long, Size: 1 << 40, Digest: long[:64],
			Verdict: long, Verifier: long[:42], Price: 1 << 60, Seconds: 12345.678, Rejects: 3, Cause: long,
		}
		for range n % 300 / 40 {
			f.Extras = append(f.Extras, job.Extra{Name: long, Object: long, Size: 1 << 40, Digest: long[:64]})
		}
		frames = append(frames, f)
		tasks = append(tasks, &job.Task{
			ID: long[:27], Job: long[:27], Index: n, State: job.TaskDone, Frames: []int{n}, Attempts: 3, Failures: 3, Cause: long, Kind: job.TaskAssemble,
			Border: &job.Border{X: 10000, Y: 10000, W: 10000, H: 10000}, Scout: true,
		})
	}
	asked, atFrame, atTask := 0, 0, 0
	for more := true; more; asked++ {
		var d wire.JobDetail
		for _, f := range frames[atFrame:][:fill(&d, frames[atFrame:], tasks[atTask:])] {
			d.Frames = append(d.Frames, *f)
		}
		text, err := json.Marshal(d)
		if err != nil || len(text) > wire.MaxMessage*3/4 || len(d.Frames)+len(d.Tasks) == 0 {
			t.Fatalf("answer %d has %d bytes, %d frames, %d tasks: %v", asked, len(text), len(d.Frames), len(d.Tasks), err)
		}
		atFrame, atTask, more = atFrame+len(d.Frames), atTask+len(d.Tasks), d.More
	}
	if atFrame != len(frames) || atTask != len(tasks) || asked < 10 {
		t.Errorf("%d frames and %d tasks in %d answers", atFrame, atTask, asked)
	}
}
