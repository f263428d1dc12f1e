package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// The main job: the add-on's operator submits through the bridge; one worker is killed in
// the middle of a task and the manager in the middle of the job; nothing is lost,
// delivered twice or paid twice.
func TestJobSurvivesAKilledWorkerAndAKilledManager(t *testing.T) {
	f := newFarm(t)
	victim := f.worker("victim")
	f.worker("steady")
	f.verifier("verifier")
	operator := f.operator()

	report := filepath.Join(f.Dir, "report.json")
	profile := filepath.Join(f.Dir, "blender")
	blender := f.run([]string{"BLENDER_USER_CONFIG=" + filepath.Join(profile, "config"), "BLENDER_USER_SCRIPTS=" + filepath.Join(profile, "scripts")},
		"blender", "--background", filepath.Join(sceneDir, "field.blend"), "--python-exit-code", "3", "--python", "installers/demo/submit.py", "--",
		"--addon", filepath.Join(binDir, "heliostat-blender.zip"), "--manager", f.url, "--data", filepath.Join(f.Dir, "artist"),
		"--output", filepath.Join(f.Dir, "frames"), "--report", report, "--frames", "1-12", "--samples", "6", "--percentage", "50")

	f.until(operator, "the victim renders", func(d wire.JobDetail) bool {
		for _, frame := range d.Frames {
			if frame.Worker == victim.Ready["id"] && frame.State == job.FramePending && frame.Progress > 0 {
				return true
			}
		}
		return false
	})
	victim.Kill()
	f.worker("victim") // the owner starts it again: the same key, the same outbox
	f.until(operator, "some frames are delivered and some are not", func(d wire.JobDetail) bool {
		return d.Job.Counts.Delivered >= 2 && d.Job.Counts.Delivered < len(d.Job.Frames)
	})
	f.manager.Kill()
	f.startManager()

	output := blender.wait(t)
	var r struct {
		Job   string
		Files map[int]string
	}
	raw, err := os.ReadFile(report)
	if err != nil {
		t.Fatalf("%v; Blender printed:\n%s", err, output)
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	detail, payouts := f.settled(operator)
	if detail.Job.ID != r.Job {
		t.Errorf("the settled job is %s, the add-on submitted %s", detail.Job.ID, r.Job)
	}
	if len(detail.Job.Frames) != 12 {
		t.Errorf("the job has %d frames, want 12", len(detail.Job.Frames))
	}
	checkFrames(t, detail, func(frame int) string { return r.Files[frame] })
	checkMoney(t, detail, payouts)
	checkDeliveredOnce(t, detail)
	f.checkChain(t, payouts)
}

// checkDeliveredOnce reads the job's history: each frame was handed over exactly once.
func checkDeliveredOnce(t *testing.T, d wire.JobDetail) {
	t.Helper()
	for _, f := range d.Frames {
		if f.State != job.FrameAccepted && f.State != job.FrameDelivered {
			t.Errorf("frame %d is %s", f.Number, f.State)
		}
		if f.Verdict == "" || f.Verifier == "" || f.Verifier == f.Worker {
			t.Errorf("frame %d: verdict %q by %q on %q's work", f.Number, f.Verdict, f.Verifier, f.Worker)
		}
	}
	delivered := make(map[int]int)
	for _, e := range d.Events {
		if e.What == "delivered" {
			for _, n := range eventFrames(t, e.Text) {
				delivered[n]++
			}
		}
	}
	for _, f := range d.Frames {
		if delivered[f.Number] != 1 {
			t.Errorf("frame %d was delivered %d times", f.Number, delivered[f.Number])
		}
	}
	if d.Job.Counts.Delivered+d.Job.Counts.Accepted != len(d.Frames) {
		t.Errorf("counts %+v for %d frames", d.Job.Counts, len(d.Frames))
	}
}

// eventFrames reads the frames at the beginning of a history line: "frames 3-5, 8: …".
func eventFrames(t *testing.T, text string) []int {
	t.Helper()
	_, list, ok := strings.Cut(text, " ")
	list, _, found := strings.Cut(list, ":")
	if !ok || !found {
		t.Fatalf("%q names no frames", text)
	}
	var frames []int
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		from, err := strconv.Atoi(first)
		to := from
		if isRange && err == nil {
			to, err = strconv.Atoi(last)
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		for n := from; n <= to; n++ {
			frames = append(frames, n)
		}
	}
	return frames
}
