package fleet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
)

// Lacks says what a node lacks to do tasks of a kind of the recipe, "" when it has everything.
func Lacks(c job.Capabilities, r job.Recipe, kind job.TaskKind) string {
	if r.Device != "" && c.Device != "" && c.Device != r.Device {
		return fmt.Sprintf("renders on %s, the job asks for %s", c.Device, r.Device)
	}
	reason := fmt.Sprintf("has no %s %s", r.Renderer, r.Version)
	for _, i := range c.Installs {
		if i.Renderer != r.Renderer || !render.Suits(r, i.Version) {
			continue
		}
		if reason = short(i, r, kind); reason == "" {
			return ""
		}
	}
	return reason
}

// short says what an install of the right renderer and version lacks, "" when nothing.
func short(i job.Install, r job.Recipe, kind job.TaskKind) string {
	undenoised := render.Undenoised(r, kind, i.Denoisers)
	switch {
	case r.BuildHash != "" && i.BuildHash != r.BuildHash:
		return fmt.Sprintf("has another build of %s %s", r.Renderer, i.Version)
	case len(i.Engines) > 0 && !slices.Contains(i.Engines, r.Engine):
		return fmt.Sprintf("its %s %s has no %s", r.Renderer, i.Version, r.Engine)
	case undenoised != "":
		return fmt.Sprintf("%s, in its %s %s", undenoised, r.Renderer, i.Version)
	}
	return ""
}

// Likest is the install with which a node renders what another install has rendered in a task of a kind: one of the same
// version and build where it has that, else of the version, else any that the recipe takes. The zero
// install where it has none.
func Likest(c job.Capabilities, r job.Recipe, kind job.TaskKind, version, build string) (best job.Install) {
	most := 0
	for _, i := range c.Installs {
		if i.Renderer != r.Renderer || !render.Suits(r, i.Version) || short(i, r, kind) != "" {
			continue
		}
		like := 1
		if i.Version == version {
			like = 2
			if i.BuildHash == build {
				like = 3
			}
		}
		if like > most {
			best, most = i, like
		}
	}
	return best
}

// Misses says which of a job's further needs a worker doesn't meet, "" when it meets all. What a
// worker doesn't state it doesn't have.
func Misses(address string, c job.Capabilities, n job.Needs) string {
	same := func(other string) bool { return strings.EqualFold(other, address) }
	switch {
	case len(n.Allow) > 0 && !slices.ContainsFunc(n.Allow, same):
		return "is not on the job's list of allowed workers"
	case slices.ContainsFunc(n.Block, same):
		return "is on the job's list of blocked workers"
	case n.VRAM > c.VRAM:
		return fmt.Sprintf("has %s of GPU memory, the job needs %s", Size(c.VRAM), above(n.VRAM, c.VRAM))
	case n.Memory > c.Memory:
		return fmt.Sprintf("has %s of memory, the job needs %s", Size(c.Memory), above(n.Memory, c.Memory))
	case n.Class != "" && n.Class != c.Class:
		return fmt.Sprintf("is of device class %q, the job asks for %q", c.Class, n.Class)
	case n.Region != "" && n.Region != c.Region:
		if c.Region == "" {
			return fmt.Sprintf("states no region, the job asks for %q", n.Region)
		}
		return fmt.Sprintf("is in region %q, the job asks for %q", c.Region, n.Region)
	}
	for _, tag := range n.Tags {
		if !slices.Contains(c.Tags, tag) {
			return fmt.Sprintf("has no tag %q", tag)
		}
	}
	return ""
}

// Unfit says why a worker can't render a job, whatever it is paid and whether it is free; ""
// when it can. Of a job of stills in tiles it can't have the tiles; Unjoined says the rest.
func Unfit(m Member, j *job.Job) string {
	return unfit(m, j, kindOf(j))
}

// kindOf is the kind of most of a job's tasks.
func kindOf(j *job.Job) job.TaskKind {
	if j.Tiles > 1 {
		return job.TaskTile
	}
	return job.TaskRender
}

// Unjoined says why a worker can't join the tiles of a job's stills; "" when it can.
func Unjoined(m Member, j *job.Job) string { return unfit(m, j, job.TaskAssemble) }

func unfit(m Member, j *job.Job, kind job.TaskKind) string {
	if lacks := Lacks(m.Capabilities, j.Recipe, kind); lacks != "" {
		return lacks
	}
	return Misses(m.Address, m.Capabilities, j.Needs)
}

// Verifies tells whether a node can check the frames of a job, or the parts of its stills.
func Verifies(c job.Capabilities, j *job.Job) bool {
	return Lacks(c, j.Recipe, Checks(kindOf(j))) == ""
}

// Checks is the kind of task that a verifier has to be able to do for what was done in one of another kind. Nothing
// of a part of a still is denoised for its check.
func Checks(kind job.TaskKind) job.TaskKind {
	if kind == job.TaskAssemble {
		return job.TaskTile
	}
	return kind
}

// Room is the memory that decides whether a scene of the recipe fits: of the GPU where it
// renders on one, else of the machine, in bytes; 0 while the node doesn't state it.
func Room(c job.Capabilities, r job.Recipe) int64 {
	if r.Device == "GPU" {
		return c.VRAM
	}
	return c.Memory
}

// above writes a need beside the memory that doesn't meet it.
func above(need, has int64) string {
	if Size(need) == Size(has) { // a scene that didn't fit needs any more than there was
		return "more"
	}
	return Size(need)
}

// Size writes bytes for people: "7.5 GiB".
func Size(n int64) string {
	switch {
	case n <= 0:
		return "an unknown amount"
	case n < 1<<30:
		return fmt.Sprintf("%d MiB", (n+1<<20-1)>>20)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/(1<<30)), ".0") + " GiB"
}
