package intake

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/schedule"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

func TestSplit(t *testing.T) {
	small := job.Recipe{Width: 64, Height: 64}
	for _, test := range []struct {
		name    string
		frames  int
		sizing  Sizing
		recipe  job.Recipe
		tasks   int
		biggest int
	}{
		{"long frames go one by one", 16, Sizing{Seconds: 600, Least: 600, Workers: 2}, small, 16, 1},
		{"short frames share a task", 1000, Sizing{Seconds: 1, Least: 1, Workers: 2}, small, 16, 64},
		{"everybody gets several tasks", 16, Sizing{Seconds: 1, Least: 1, Workers: 2}, small, 4, 4},
		{"more of them with a verifier apart", 16, Sizing{Seconds: 5, Least: 4, Workers: 2, Apart: true}, small, 8, 2},
		{"unless loading would count", 16, Sizing{Seconds: 5, Least: 3.9, Workers: 2, Apart: true}, small, 5, 4},
		{"or nobody knows", 16, Sizing{Workers: 2, Apart: true}, small, 4, 4},
		{"nobody is there", 16, Sizing{Seconds: 1, Least: 1}, small, 2, 8},
		{"a still", 1, Sizing{Seconds: 1, Least: 1, Workers: 5, Apart: true}, small, 1, 1},
		{"commitments of huge frames fit a message", 64, Sizing{Seconds: 0.1, Least: 0.1, Workers: 1}, job.Recipe{Width: 16384, Height: 16384}, 64, 1},
		{"an unknown time", 640, Sizing{Workers: 1}, small, 10, 64},
	} {
		j := &store.Job{Job: job.Job{ID: "j", Frames: frames(test.frames), Recipe: test.recipe}}
		test.sizing.Target = 2 * time.Minute
		tasks := Split(j, test.sizing)
		next, biggest := 1, 0
		for i, task := range tasks {
			if task.Index != i || len(task.Frames) == 0 {
				t.Errorf("%s: task %d is %+v", test.name, i, task)
			}
			for _, f := range task.Frames {
				if f != next {
					t.Fatalf("%s: frame %d where %d belongs", test.name, f, next)
				}
				next++
			}
			biggest = max(biggest, len(task.Frames))
		}
		if next != test.frames+1 || len(tasks) != test.tasks || biggest != test.biggest {
			t.Errorf("%s: %d tasks, the biggest of %d frames; want %d and %d", test.name, len(tasks), biggest, test.tasks, test.biggest)
		}
	}
}

// run plays a split job on a virtual clock: workers that take a second for the scene and
// each seconds a frame, by schedule.Plan, and one verifier that takes a check of two seconds and a fifth
// of the rendering. It returns when rendering ended, when all was delivered and how long the
// verifier worked before rendering ended.
func run(tasks []*job.Task, each []float64) (rendered, delivered, overlap float64) {
	j := &store.Job{Job: job.Job{ID: "j", State: job.Rendering, Frames: []int{1}}}
	free := make([]float64, len(each)) // when each worker is free
	type check struct{ ready, cost float64 }
	var checks []check
	for left := slices.Clone(tasks); len(left) > 0; {
		now := slices.Min(free)
		var workers []fleet.Member
		for i, at := range free {
			m := fleet.Member{Address: fmt.Sprint(i), Capabilities: job.Capabilities{Bench: 1 / each[i], Installs: []job.Install{{}}}}
			if at <= now {
				m.Free = 1
			}
			workers = append(workers, m)
		}
		for _, a := range schedule.Plan([]schedule.Candidate{{Job: j, Tasks: left}}, workers, schedule.Shares{}, time.Unix(0, 0)) {
			i := int(a.Worker[0] - '0')
			free[i] += 1 + each[i]*float64(len(a.Task.Frames))
			checks = append(checks, check{free[i], 2 + 0.2*each[i]*float64(len(a.Task.Frames))})
			left = slices.DeleteFunc(left, func(t *job.Task) bool { return t.ID == a.Task.ID })
		}
	}
	rendered = slices.Max(free)
	slices.SortFunc(checks, func(a, b check) int { return int(1e6 * (a.ready - b.ready)) })
	for _, c := range checks {
		begin := max(delivered, c.ready)
		delivered = begin + c.cost
		overlap += max(0, min(delivered, rendered)-begin)
	}
	return rendered, delivered, overlap
}

// TestChecksOverlapRendering holds the shape of a short job: sixteen frames, two workers, one
// verifier.
func TestChecksOverlapRendering(t *testing.T) {
	for _, each := range [][]float64{{8, 8}, {6, 12}} {
		j := &store.Job{Job: job.Job{ID: "j", Frames: frames(16), Recipe: job.Recipe{Width: 64, Height: 64}}}
		z := Sizing{Seconds: 8, Least: 6, Workers: 2, Apart: true, Target: 2 * time.Minute}
		tasks := Split(j, z)
		if len(tasks) < apartRounds*2 {
			t.Fatalf("%d tasks for two workers", len(tasks))
		}
		rendered, delivered, overlap := run(tasks, each)
		_, before, _ := run(equal(16, 4), each)
		t.Logf("frames of %v s: rendered after %.1f s, delivered after %.1f s, with fewer tasks after %.1f s; %.1f s of checks beside it", each, rendered, delivered, before, overlap)
		// At worst all workers end together, and one check of each is left.
		if tail := delivered - rendered; tail > rendered/5 || delivered >= before {
			t.Errorf("frames of %v s: %.1f s of checks after %.1f s of rendering, all in all %.1f s; with fewer tasks %.1f s", each, tail, rendered, delivered, before)
		}
		if overlap <= 0 {
			t.Errorf("frames of %v s: no check ran beside the rendering", each)
		}
	}
}

// equal cuts frames 1 to n into equal tasks.
func equal(n, size int) (tasks []*job.Task) {
	for left := frames(n); len(left) > 0; left = left[min(size, len(left)):] {
		tasks = append(tasks, &job.Task{ID: store.NewID("t"), Index: len(tasks), Frames: left[:min(size, len(left))]})
	}
	return tasks
}

// TestNoLongTail plays jobs of many frames on mixed workers: all of them have to end at nearly the
// same time, and the tasks have to stay few.
func TestNoLongTail(t *testing.T) {
	for _, test := range []struct {
		name  string
		n     int
		each  []float64 // seconds of a frame on each worker
		tail  float64   // at most so much longer than if everybody worked to the end
		tasks int       // at most
	}{
		{"two alike", 96, []float64{2, 2}, 1.10, 10},
		{"one half as fast", 96, []float64{2, 4}, 1.15, 12},
		{"eight alike", 400, []float64{3, 3, 3, 3, 3, 3, 3, 3}, 1.15, 64},
		{"mixed", 400, []float64{2, 2, 2, 4, 4, 4, 8, 8}, 1.20, 80},
		// Without speculative copies; those overtake it.
		{"one that is far too slow", 200, []float64{2, 2, 2, 20}, 1.95, 60},
		{"hours", 1000, []float64{60, 60, 60, 90, 120, 120}, 1.10, 1000},
	} {
		speed, slow := 0.0, 0.0
		for _, e := range test.each {
			speed += 1 / e
			slow = max(slow, e)
		}
		mean := float64(len(test.each)) / speed
		z := Sizing{Seconds: mean, Least: mean / 1.3, Workers: len(test.each), Slowest: 1 / slow / speed, Target: 2 * time.Minute}
		tasks := Split(&store.Job{Job: job.Job{ID: "j", Frames: frames(test.n), Recipe: job.Recipe{Width: 64, Height: 64}}}, z)
		ideal := float64(test.n) / speed
		rendered, _, _ := run(tasks, test.each)
		same, _, _ := run(equal(test.n, max(1, test.n/(rounds*len(test.each)))), test.each)
		t.Logf("%s: %d tasks end after %.0f s, %.2f of the ideal; equal ones after %.2f of it", test.name, len(tasks), rendered, rendered/ideal, same/ideal)
		if rendered > test.tail*ideal || len(tasks) > test.tasks {
			t.Errorf("%s: %d tasks (at most %d) end after %.1f s, the ideal is %.1f s", test.name, len(tasks), test.tasks, rendered, ideal)
		}
	}
}

func TestScoutsGoFirst(t *testing.T) {
	j := &store.Job{Job: job.Job{ID: "j", Frames: frames(10), Scout: true, Recipe: job.Recipe{Width: 64, Height: 64}}}
	var got []int
	for i, task := range Split(j, Sizing{Seconds: 1, Least: 1, Workers: 2, Target: time.Minute}) {
		if task.Scout != (i < scouts) || task.Scout && len(task.Frames) != 1 || task.Index != i {
			t.Errorf("task %d is %+v", i, task)
		}
		got = append(got, task.Frames...)
	}
	if fmt.Sprint(got) != "[1 6 10 2 3 4 5 7 8 9]" || !slices.Equal(j.Frames, frames(10)) {
		t.Errorf("frames %v of %v", got, j.Frames)
	}
}
