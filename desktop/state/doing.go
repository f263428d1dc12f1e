package state

import (
	"fmt"
	"strings"

	"github.com/heliostat-render/heliostat/shared/job"
)

// Work is what is being rendered of the jobs that this client sees, by job and frame. The manager says of a node only
// whether it is busy: whose job it works on is that owner's business.
type Work map[string]map[int]work

type work struct {
	job      string // its name
	worker   string
	progress float64
}

// Note takes over frames of a job: those that are in the works are kept, others forgotten.
func (w Work) Note(j job.Job, frames []job.Frame) {
	name := j.Name
	if name == "" {
		name = Short(j.ID)
	}
	of := w[j.ID]
	for _, f := range frames {
		if LookOf(j.State, f) != LookRendering {
			delete(of, f.Number)
			continue
		}
		if of == nil {
			of = make(map[int]work)
			w[j.ID] = of
		}
		of[f.Number] = work{name, f.Worker, f.Progress}
	}
	if Finished(j.State) || len(of) == 0 {
		delete(w, j.ID)
	}
}

// Doing says what a node does: "frame 12 of mirror field, 72 %"; "" when nothing is known of it.
func (w Work) Doing(n job.Node) string {
	if n.State != job.NodeBusy {
		return ""
	}
	var best work
	at := -1
	for _, frames := range w {
		for number, f := range frames {
			// A task's frames follow each other: the one in the works is the last that has begun.
			if strings.EqualFold(f.worker, n.Address) && (at < 0 || f.progress < 1 && best.progress >= 1 || (f.progress < 1) == (best.progress < 1) && number > at) {
				best, at = f, number
			}
		}
	}
	switch {
	case at >= 0:
		return fmt.Sprintf("frame %d of %s, %d %%", at, best.job, int(100*best.progress))
	case len(n.Roles) == 1 && n.Roles[0] == job.RoleVerifier:
		return "checking frames"
	}
	return "rendering"
}
