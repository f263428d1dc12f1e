package schedule

import (
	"fmt"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

var recipe = job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", Device: "CPU"}

func worker(name string, free int) fleet.Member {
	return fleet.Member{Address: name, Free: free, Capabilities: job.Capabilities{Device: "CPU", Installs: []job.Install{{Renderer: "blender", Version: "3.4.1", Engines: []string{"CYCLES"}}}}}
}

func candidate(id, owner string, priority, created, tasks int) Candidate {
	c := Candidate{Job: &store.Job{Job: job.Job{ID: id, Owner: owner, Priority: priority, Created: int64(created), Recipe: recipe, State: job.Rendering, Frames: []int{1}}}}
	for i := range tasks {
		c.Tasks = append(c.Tasks, &job.Task{ID: fmt.Sprintf("%s.%d", id, i), Job: id})
	}
	return c
}

func text(plan []Assignment) string {
	var b strings.Builder
	for _, a := range plan {
		fmt.Fprintf(&b, "%s>%s ", a.Task.ID, a.Worker)
	}
	return strings.TrimSpace(b.String())
}

func TestPlan(t *testing.T) {
	old := worker("w1", 1)
	old.Capabilities.Installs[0].Version = "2.93.0"
	warm := worker("w2", 1)
	warm.Packages = []string{"p"}
	fast := worker("w3", 1)
	fast.Capabilities.Bench = 9
	cheap := worker("w1", 1)
	dear := worker("w2", 1)
	dear.Capabilities.Floor = 5
	priced := candidate("a", "A", 0, 1, 1)
	priced.Job.Quote = job.Quote{PerFrame: 10, WorkUnits: 1}
	packaged := candidate("a", "A", 0, 1, 1)
	packaged.Job.Package = "p"
	failed := candidate("a", "A", 0, 1, 2)
	failed.Failures = []store.Failure{{Task: "a.0", Worker: "w1", Kind: job.FailWorker}}
	convicted := candidate("a", "A", 0, 1, 2)
	convicted.Failures = []store.Failure{{Task: "a.1", Worker: "w1", Kind: job.FailVerdict}}
	lonely := candidate("a", "A", 0, 1, 1)
	lonely.Failures = []store.Failure{{Task: "a.0", Worker: "w1", Kind: job.FailScene}}
	yielded := candidate("a", "A", 0, 1, 1)
	yielded.Failures = []store.Failure{{Task: "a.0", Worker: "w1", Kind: job.FailYield}, {Task: "a.0", Worker: "w1", Kind: job.FailYield}}

	for _, test := range []struct {
		name       string
		candidates []Candidate
		workers    []fleet.Member
		held       map[string]int
		want       string
	}{
		{"nothing", nil, []fleet.Member{worker("w1", 1)}, nil, ""},
		{"first come", []Candidate{candidate("b", "A", 0, 2, 2), candidate("a", "A", 0, 1, 1)}, []fleet.Member{worker("w1", 2)}, nil, "a.0>w1 b.0>w1"},
		{"priority", []Candidate{candidate("a", "A", 0, 1, 2), candidate("b", "A", 5, 2, 2)}, []fleet.Member{worker("w1", 3)}, nil, "b.0>w1 b.1>w1 a.0>w1"},
		{"fair share", []Candidate{candidate("a", "A", 0, 1, 4), candidate("b", "B", 0, 2, 4)}, []fleet.Member{worker("w1", 4)}, nil, "a.0>w1 b.0>w1 a.1>w1 b.1>w1"},
		{"who has much waits", []Candidate{candidate("a", "A", 0, 1, 4), candidate("b", "B", 0, 2, 4)}, []fleet.Member{worker("w1", 2)}, map[string]int{"A": 5}, "b.0>w1 b.1>w1"},
		{"requirements", []Candidate{candidate("a", "A", 0, 1, 2)}, []fleet.Member{old, worker("w2", 1)}, nil, "a.0>w2"},
		{"warm before cold", []Candidate{packaged}, []fleet.Member{worker("w1", 1), warm}, nil, "a.0>w2"},
		{"fast before slow", []Candidate{candidate("a", "A", 0, 1, 1)}, []fleet.Member{worker("w1", 1), fast}, nil, "a.0>w3"},
		{"cheap before dear", []Candidate{priced}, []fleet.Member{dear, cheap}, nil, "a.0>w1"},
		{"another after a failure", []Candidate{failed}, []fleet.Member{worker("w1", 1), worker("w2", 1)}, nil, "a.0>w2 a.1>w1"},
		{"convicted gets nothing of the job", []Candidate{convicted}, []fleet.Member{worker("w1", 2), worker("w2", 1)}, nil, "a.0>w2"},
		{"convicted gets nothing even alone", []Candidate{convicted}, []fleet.Member{worker("w1", 2)}, nil, ""},
		{"the only worker may try again", []Candidate{lonely}, []fleet.Member{worker("w1", 1)}, nil, "a.0>w1"},
		{"yielding is no failure", []Candidate{yielded}, []fleet.Member{worker("w1", 1), worker("w2", 1)}, nil, "a.0>w1"},
	} {
		if got := text(Plan(test.candidates, test.workers, test.held)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestFloorIsKept(t *testing.T) {
	j := candidate("a", "A", 0, 1, 1).Job
	j.Frames = []int{1, 2}
	j.Quote = job.Quote{PerFrame: 10, WorkUnits: 4} // pays 5 a unit
	w := worker("w", 1)
	for floor, want := range map[job.Amount]bool{5: true, 6: false} {
		w.Capabilities.Floor = floor
		if (Suits(w, j) == "") != want {
			t.Errorf("a floor of %d: %q", floor, Suits(w, j))
		}
	}
}
