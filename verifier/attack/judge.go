package attack

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

// Task is a worker's side of one task.
type Task struct {
	Scene   string
	Frames  []int
	Commits []proof.FrameCommit
	Files   []Files
	trees   []*proof.Trees
	related []proof.Relation // of each frame, once Relate has run
}

// NewTask commits to frames. Frames count from 2, so that each has a neighbour before it.
func NewTask(scene string, made []Files) (*Task, error) { return NewTaskFrom(scene, 2, made) }

// NewTaskFrom commits to frames that count from first.
func NewTaskFrom(scene string, first int, made []Files) (*Task, error) {
	t := &Task{Scene: scene, Files: made}
	for i, f := range made {
		frame := first + i
		ext := ".png"
		if layered(scene) {
			ext = ".exr"
		}
		c, trees, err := proof.CommitBytes(frame, ext, f.Final, f.Master)
		if err != nil {
			return nil, err
		}
		for _, x := range f.Further {
			c.Extras = append(c.Extras, proof.Extra{Name: x.Name, Digest: sha256.Sum256(x.Body)})
		}
		t.Frames, t.Commits, t.trees = append(t.Frames, frame), append(t.Commits, c), append(t.trees, trees)
	}
	return t, nil
}

// Work makes a task of a forgery on a scene.
func (f Forgery) Work(ctx context.Context, l *Lab, scene string) (*Task, error) {
	var made []Files
	for at := range f.Length() {
		x, err := f.Forge(ctx, l, scene, at+2, at)
		if err != nil {
			return nil, fmt.Errorf("%s on %s: %w", f.Name, scene, err)
		}
		made = append(made, x)
	}
	return NewTask(scene, made)
}

// HonestTask is what an honest worker commits to.
func HonestTask(ctx context.Context, l *Lab, scene string, frames int) (*Task, error) {
	f := Forgery{Name: "honest", Frames: frames, Forge: func(ctx context.Context, l *Lab, scene string, frame, _ int) (Files, error) {
		return Honest(ctx, l, scene, frame)
	}}
	return f.Work(ctx, l, scene)
}

// Relate develops every master of the task, where the policy asks for it.
func (t *Task) Relate(ctx context.Context, l *Lab) error {
	p := proof.PolicyFor(l.Recipe(t.Scene))
	if p.Likeness == proof.LikeNone && t.Scene != sceneStereo || t.related != nil {
		return nil
	}
	for i, c := range t.Commits {
		final, further, err := l.Develop(ctx, t.Scene, c.Frame, t.trees[i])
		if err != nil {
			return err
		}
		r, err := proof.Relate(c, p, p.Ext, t.Files[i].Final, final, false)
		if err != nil {
			return err
		}
		var made []proof.Made
		for _, x := range further {
			made = append(made, proof.Made{Name: x.Name, Digest: sha256.Sum256(x.Body), Open: func() ([]byte, error) { return x.Body, nil }})
		}
		full := t.trees[i].Master != nil && t.trees[i].Master.Depth == raster.F32
		err = r.RelateFurther(c, p, full, made, func(at int) ([]byte, string, error) { return t.Files[i].Further[at].Body, "", nil })
		if err != nil {
			return err
		}
		t.related = append(t.related, r)
	}
	return nil
}

// relations are those of the frames that a check looks at.
func (t *Task) relations(picks []proof.Pick) (out []proof.Relation) {
	for _, r := range t.related {
		if slices.ContainsFunc(picks, func(k proof.Pick) bool { return k.Frame == r.Frame }) {
			out = append(out, r)
		}
	}
	return out
}

// Evidence is what a verifier puts together that rendered what an honest one would: the
// tiles are cut out of whole honest frames, which border renders equal bit for bit (the row honest_frames holds
// them to it). Relate has run.
func Evidence(l *Lab, t, honest *Task, key [32]byte) (proof.Evidence, error) {
	return evidence(l, t, honest, key, proof.PolicyFor(l.Recipe(t.Scene)))
}

func evidence(l *Lab, t, honest *Task, key [32]byte, p proof.Policy) (proof.Evidence, error) {
	e := proof.Evidence{Key: key, Root: proof.TaskRoot(t.Commits), Frames: t.Commits, WorkerClass: l.Install.Class, VerifierClass: l.Install.Class, Policy: p,
		Layouts: proof.LayoutsOf(honest.trees[0].Master, honest.trees[0].Final)}
	picks := proof.Picks(key, t.Commits, p)
	e.Delivered = t.relations(picks)
	for i, c := range t.Commits {
		mine, err := t.trees[i].ProveAll(c, p, picks)
		if err != nil {
			return e, err
		}
		theirs, err := honest.trees[i].ProveAll(honest.Commits[i], p, picks)
		if err != nil {
			return e, err
		}
		e.Worker = append(e.Worker, mine...)
		for _, tile := range theirs {
			e.Verifier = append(e.Verifier, tile.TileSample)
		}
	}
	return e, nil
}

// Blind renders a task's challenge in borders, as a verifier does, and puts the evidence
// together. Relate has run with this lab.
func (l *Lab) Blind(ctx context.Context, t *Task, workerClass string, key [32]byte) (proof.Evidence, error) {
	rc := l.Recipe(t.Scene)
	p := proof.PolicyFor(rc)
	e := proof.Evidence{Key: key, Root: proof.TaskRoot(t.Commits), Frames: t.Commits, WorkerClass: workerClass, VerifierClass: l.Install.Class, Policy: p}
	session, work, err := l.Session(ctx, t.Scene, "", rc)
	if err != nil {
		return e, err
	}
	picks := proof.Picks(key, t.Commits, p)
	e.Delivered = t.relations(picks)
	for i, c := range t.Commits {
		var tiles []int
		var borders []render.Rect
		for _, pick := range picks {
			if pick.Frame == c.Frame {
				r, err := proof.TileRect(c.W, c.H, pick.Tile)
				if err != nil {
					return e, err
				}
				tiles, borders = append(tiles, pick.Tile), append(borders, r)
			}
		}
		if len(borders) == 0 {
			continue
		}
		f, err := session.Render(ctx, render.Request{Frame: c.Frame, Seed: Seed(c.Frame), Borders: borders, OutDir: work, Master: l.master(t.Scene)}, nil)
		if err != nil {
			return e, err
		}
		l.CPU += f.CPUSeconds
		mine, err := t.trees[i].ProveAll(c, p, picks)
		if err != nil {
			return e, err
		}
		e.Worker = append(e.Worker, mine...)
		for n, tile := range tiles {
			e.Layouts = proof.LayoutsOf(f.Tiles[n].Master, f.Tiles[n].Final)
			for _, plane := range proof.Planes(c, p) {
				img := f.Tiles[n].Master
				if plane == proof.Final {
					img = f.Tiles[n].Final
				}
				s, err := proof.Sample(c.Frame, c.W, c.H, tile, plane, img)
				if err != nil {
					return e, err
				}
				e.Verifier = append(e.Verifier, s)
			}
		}
	}
	return e, nil
}

// Unchanged tells whether a cheat gave exactly what an honest worker gives, so that nothing
// was saved and there is nothing to catch.
func Unchanged(t, honest *Task) bool {
	for i, c := range t.Commits {
		if c.MasterRoot != honest.Commits[i].MasterRoot || c.FinalRoot != honest.Commits[i].FinalRoot || !slices.Equal(c.Extras, honest.Commits[i].Extras) {
			return false
		}
	}
	return true
}

// Finals are the task's delivered images.
func (t *Task) Finals() ([]*raster.Raster, error) {
	var out []*raster.Raster
	for _, f := range t.Files {
		r, err := raster.DecodePNG(f.Final, raster.Limits{})
		if err != nil {
			return nil, fmt.Errorf("read a delivered image: %w", err)
		}
		out = append(out, r)
	}
	return out, nil
}

// Whole compares every tile of every frame, as full replication does.
func Whole(l *Lab, t, honest *Task) (caught bool, err error) {
	v, err := WholeVerdict(l, t, honest)
	return !v.Pass && !v.Inconclusive, err
}

// WholeVerdict is Whole with its figures.
func WholeVerdict(l *Lab, t, honest *Task) (proof.Verdict, error) {
	p := proof.PolicyFor(l.Recipe(t.Scene))
	p.Every = 0
	for _, c := range t.Commits {
		p.Tiles += proof.TileCount(c.W, c.H)
	}
	key := [32]byte{1}
	e, err := evidence(l, t, honest, key, p)
	if err != nil {
		return proof.Verdict{}, err
	}
	return proof.Judge(e, p)
}

// Odds is the chance that the default sampling finds a cheat, by the tiles that convict: a comparison of
// everything, of which n keys then draw their challenges. It leaves out what only shows over many tiles, so
// it is the least.
func Odds(l *Lab, t, honest *Task, n int) (float64, error) {
	v, err := WholeVerdict(l, t, honest)
	if err != nil {
		return 0, err
	}
	bad := make(map[proof.Pick]bool)
	for _, f := range v.Tiles {
		if f.Bad || f.Pass != "" {
			bad[proof.Pick{Frame: f.Frame, Tile: f.Tile}] = true
		}
	}
	for _, r := range v.Delivered {
		if r.Figure.Bad || slices.ContainsFunc(r.Extras, func(x proof.Further) bool { return x.Figure.Bad }) {
			return 1, nil
		}
	}
	p := proof.PolicyFor(l.Recipe(t.Scene))
	found := 0
	for i := range n {
		if slices.ContainsFunc(proof.Picks(key(i), t.Commits, p), func(k proof.Pick) bool { return bad[k] }) {
			found++
		}
	}
	return float64(found) / float64(n), nil
}

// Caught judges a task under one key.
func Caught(l *Lab, t, honest *Task, key [32]byte) (bool, proof.Verdict, error) {
	e, err := Evidence(l, t, honest, key)
	if err != nil {
		return false, proof.Verdict{}, err
	}
	v, err := proof.Judge(e, e.Policy)
	return !v.Pass && !v.Inconclusive, v, err
}
