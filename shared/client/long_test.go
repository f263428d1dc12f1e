package client_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// page answers with seven of the long job's frames, or of its tasks.
func (s *stub) page(m link.Message) (wire.Type, any, error) {
	var q wire.JobShow
	if err := m.Decode(&q); err != nil {
		return "", nil, err
	}
	page := wire.JobDetail{Job: s.long.Job}
	frames, tasks := s.long.Frames[q.Frames:], s.long.Tasks[q.Tasks:]
	page.Frames = frames[:min(7, len(frames))]
	page.Tasks = tasks[:min(7-len(page.Frames), len(tasks))]
	page.More = len(page.Frames) < len(frames) || len(page.Tasks) < len(tasks)
	return wire.TypeJobDetail, page, nil
}

// some answers with at most five frames, of two files each.
func (s *stub) some(m link.Message) (wire.Type, any, error) {
	var q wire.JobFetch
	if err := m.Decode(&q); err != nil {
		return "", nil, err
	}
	s.fetches++
	var files wire.JobFiles
	for _, n := range q.Frames[:min(5, len(q.Frames))] {
		files.Files = append(files.Files, wire.JobFile{Frame: n, Name: fmt.Sprint(n)}, wire.JobFile{Frame: n, Name: fmt.Sprint(n, "z"), Extra: true})
	}
	return wire.TypeJobFiles, files, nil
}

// TestLongJobsComeInPages reads a job that doesn't fit into one answer, and all of its files.
func TestLongJobsComeInPages(t *testing.T) {
	s := start(t)
	s.long = &wire.JobDetail{Job: job.Job{ID: "long"}}
	for n := range 40 {
		s.long.Frames = append(s.long.Frames, job.Frame{Number: n, State: job.FrameDelivered})
		s.long.Tasks = append(s.long.Tasks, job.Task{Index: n})
	}
	s.long.Frames[3].State = job.FramePending
	c, _ := dial(t, s)
	detail, err := c.Job(t.Context(), "long")
	if err != nil || detail.More || len(detail.Frames) != 40 || len(detail.Tasks) != 40 || detail.Frames[39].Number != 39 || detail.Tasks[39].Index != 39 {
		t.Fatalf("%d frames, %d tasks, more %v: %v", len(detail.Frames), len(detail.Tasks), detail.More, err)
	}
	for _, wanted := range [][]int{nil, {2, 3, 30}} {
		var got []int
		s.fetches = 0
		if err := c.EachFile(t.Context(), detail, wanted, func(f wire.JobFile, done, all int) error {
			if !f.Extra {
				got = append(got, f.Frame)
				if done+1 != len(got) {
					t.Errorf("frame %d comes after %d of %d", f.Frame, done, all)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		want, asked := []int{2, 30}, 1
		if wanted == nil {
			want, asked = slices.DeleteFunc(job40(), func(n int) bool { return n == 3 }), 8
		}
		if !slices.Equal(got, want) || s.fetches != asked {
			t.Errorf("asked %d times for frames %v; want %d times for %v", s.fetches, got, asked, want)
		}
	}
}

func job40() (all []int) {
	for n := range 40 {
		all = append(all, n)
	}
	return all
}
