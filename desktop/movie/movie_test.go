package movie

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestMissing(t *testing.T) {
	for _, c := range []struct {
		frames, missing []int
		step            int
	}{
		{[]int{1, 2, 3}, nil, 1}, {[]int{1, 2, 5, 6}, []int{3, 4}, 1}, {[]int{10, 20, 30}, nil, 10}, {[]int{1, 3, 7, 9}, []int{5}, 2}, {[]int{4}, nil, 1}, {nil, nil, 1},
	} {
		missing, step := Sequence{Frames: c.frames}.Missing()
		if !slices.Equal(missing, c.missing) || step != c.step {
			t.Errorf("%v: %v, step %d", c.frames, missing, step)
		}
	}
}

// TestDeliveredFramesComeFirst has a job's folder, with the further outputs beside the frames.
func TestDeliveredFramesComeFirst(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"0001.png", "0002.png", "0001_R.png", "0002_R.png", "depth_0001.exr", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Find(dir, nil)
	if err != nil || s.Name != "####.png" || !slices.Equal(s.Frames, []int{1, 2}) {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = Find(filepath.Join(dir, "0001_R.png"), nil); err != nil || s.Name != "####_R.png" || len(s.Frames) != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = Find(filepath.Join(dir, "depth_#.exr"), []int{1}); err != nil || s.Ext != ".exr" || len(s.Frames) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "1.png"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(dir, nil); err == nil {
		t.Error("frame 1 is there twice and nobody says so")
	}
}

// TestCancel ends ffmpeg and leaves nothing.
func TestCancel(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatalf("no ffmpeg (%v); install it: apt-get install ffmpeg", err)
	}
	dir := t.TempDir()
	frame := filepath.Join(dir, "1.png")
	if out, err := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x480", "-frames:v", "1", frame).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p, err := ChoosePreset("h264", "a.mp4")
	if err != nil {
		t.Fatal(err)
	}
	files := slices.Repeat([]string{frame}, 20_000)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	err = Encode(ctx, Job{Files: files, Ext: ".png", Out: filepath.Join(dir, "a.mp4"), FPS: "24", Preset: p, Quality: -1, FFmpeg: ffmpeg}, func(p Progress) { stop() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("frame=12", 20)
	f.Fuzz(func(t *testing.T, line string, total int) {
		if p, ok := parse(line, max(total, 0), time.Second); ok && (p.Frames < 0 || p.Frames > p.Total || p.Remaining < 0) {
			t.Errorf("%+v", p)
		}
	})
}

func FuzzPattern(f *testing.F) {
	f.Add("shot_0012.png")
	f.Fuzz(func(t *testing.T, name string) {
		if got := pattern(name); got != "" && len(got) != len(name) {
			t.Errorf("%q of %q", got, name)
		}
	})
}
