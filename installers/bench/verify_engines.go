package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/verifier/attack"
)

// Sizes of the limits benchmark.
const (
	engineFrames = 3
	engineKeys   = 5 // challenges per forgery and scene
	engineShare  = 8 // frames of the task whose check is weighed
)

// size is that of an engine's frames.
type size struct{ width, height, samples int }

var usual = size{160, 96, 16}

// variant is one kind of honest node.
type variant struct {
	name    string
	threads int
	env     []string
	frames  int  // 0 is engineFrames
	size    size // zero is the engine's
}

// engines are those without a seed that decides their samples, and the honest nodes that are
// compared with the first of each: other processes, threads and kernels. Blender's draw with OpenGL: here with
// Mesa, whose llvmpipe compiles for the CPU's vectors, and whose softpipe is another implementation altogether, as
// another maker's GPU is.
var engines = []struct {
	name string
	size
	nodes []variant
}{
	{"POVRAY", usual, []variant{
		{name: "plain"}, {name: "process"}, {name: "one thread", threads: 1},
		{name: "no FMA", env: []string{"GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4"}},
	}},
	{"BLENDER_WORKBENCH", usual, openGL},
	// Its effects look across the whole image, whose every pixel software draws for every sample.
	{"BLENDER_EEVEE", size{96, 64, 8}, append(openGL[:len(openGL)-1:len(openGL)-1],
		// Which takes a quarter of an hour for a frame of fog of that size.
		variant{name: "softpipe", env: []string{"GALLIUM_DRIVER=softpipe"}, frames: 1, size: size{48, 32, 2}})},
}

var openGL = []variant{
	{name: "plain"}, {name: "process"}, {name: "one thread", env: []string{"LP_NUM_THREADS=1"}, threads: 1},
	{name: "SSE4.1", env: []string{"GALLIUM_OVERRIDE_CPU_CAPS=sse4.1"}},
	{name: "128 bits", env: []string{"LP_NATIVE_VECTOR_WIDTH=128"}},
	{name: "softpipe", env: []string{"GALLIUM_DRIVER=softpipe"}, frames: 1},
}

// limits prints what the limits of shared/proof come from, beside Cycles', which the benchmark verify has: of each
// engine without reproducible sampling how far honest nodes are apart, beside its limits, which cheats are
// found, and what a check costs; and how alike pictures are that were copied, and that weren't.
func limits(ctx context.Context, e env) error {
	for _, engine := range engines {
		if err := verifyEngine(ctx, e, engine.name, engine.size, engine.nodes); err != nil {
			return fmt.Errorf("engine %s: %w", engine.name, err)
		}
	}
	if !e.wants("prints") {
		return nil
	}
	return prints(ctx, e)
}

// apart is how far two renders are apart at the most.
type apart struct{ mean, off float64 }

func (a *apart) add(v proof.Verdict) {
	for _, t := range v.Tiles {
		a.mean, a.off = max(a.mean, 255*t.MeanDiff), max(a.off, 100*t.Outliers)
	}
}

func verifyEngine(ctx context.Context, e env, engine string, usual size, nodes []variant) (err error) {
	open := func(v variant, size size) (*attack.Lab, error) {
		return lab(ctx, e, fmt.Sprintf("%s-%s-%d", engine, v.name, size.width), attack.Options{Width: size.width, Height: size.height, Samples: size.samples, Threads: v.threads, Env: v.env, Engine: engine})
	}
	first, err := open(nodes[0], usual)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, first.Close()) }()
	var most apart
	var alarms tally
	for _, n := range nodes[1:] {
		if !e.wants(engine + "/" + n.name) {
			continue
		}
		here, beside := usual, first
		if n.size.width > 0 {
			here = n.size
			if beside, err = open(nodes[0], here); err != nil {
				return err
			}
		}
		other, err := open(n, here)
		if err == nil {
			err = errors.Join(honestNode(ctx, beside, other, n, &most, &alarms), other.Close())
		}
		if beside != first {
			err = errors.Join(err, beside.Close())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
	}
	limit := proof.PolicyFor(first.Recipe(attack.Scenes[0]))
	if alarms.tried > 0 {
		row("tolerance_"+engine+"_mean", most.mean, "of 255", 255*limit.PerceptualMean)
		row("tolerance_"+engine+"_off", most.off, "% of a tile's pixels", 100*limit.PerceptualOff)
		row("engine_"+engine+"_false_alarms", float64(alarms.tried-alarms.caught), "checks", float64(alarms.tried))
	}
	if e.wants(engine + "/cheats") {
		if err := engineCheats(ctx, first, engine); err != nil {
			return err
		}
	}
	if !e.wants(engine + "/share") {
		return nil
	}
	return weighEngine(ctx, first, engine)
}

// honestNode compares an honest node with the first one, whole and as a verifier does; caught
// counts the checks that it passes.
func honestNode(ctx context.Context, first, other *attack.Lab, n variant, most *apart, passes *tally) error {
	frames := n.frames
	if frames == 0 {
		frames = engineFrames
	}
	for _, scene := range attack.Scenes {
		honest, err := attack.HonestTask(ctx, first, scene, frames)
		if err != nil {
			return err
		}
		task, err := attack.HonestTask(ctx, other, scene, frames)
		if err != nil {
			return err
		}
		if err := task.Relate(ctx, first); err != nil {
			return err
		}
		whole, err := attack.WholeVerdict(first, task, honest)
		if err != nil {
			return err
		}
		evidence, err := first.Blind(ctx, task, other.Install.Class, verifyKey(scene, 1))
		if err != nil {
			return err
		}
		blind, err := proof.Judge(evidence, evidence.Policy)
		if err != nil {
			return err
		}
		var here apart
		here.add(whole)
		here.add(blind)
		most.add(whole)
		most.add(blind)
		passes.add(whole.Pass)
		passes.add(blind.Pass)
		log.Printf("%s, %s, %s: at most %.2f of 255 and %.1f %% of a tile's pixels apart; %s", first.Engine, scene, n.name, here.mean, here.off, blind.Reason)
	}
	return nil
}

// engineCheats prints which forgeries a check finds.
func engineCheats(ctx context.Context, l *attack.Lab, engine string) error {
	var all tally
	for _, scene := range attack.Scenes {
		honest, err := attack.HonestTask(ctx, l, scene, 4)
		if err != nil {
			return err
		}
		if err := honest.Relate(ctx, l); err != nil {
			return err
		}
		for _, f := range attack.Forgeries {
			if !f.On(scene) || f.Frames > 4 || attack.SameRecipe(f) {
				continue
			}
			task, err := f.Work(ctx, l, scene)
			if err != nil {
				return err
			}
			if attack.Unchanged(task, honest) {
				continue
			}
			if err := task.Relate(ctx, l); err != nil {
				return err
			}
			var here tally
			for n := range engineKeys {
				caught, _, err := attack.Caught(l, task, honest, verifyKey(scene, n))
				if err != nil {
					return fmt.Errorf("%s on %s: %w", f.Name, scene, err)
				}
				here.add(caught)
				all.add(caught)
			}
			log.Printf("%s, %s, %s: found %d times of %d", engine, scene, f.Name, here.caught, here.tried)
		}
		l.Forget()
	}
	row("engine_"+engine+"_found", float64(all.caught), "detections", float64(all.tried))
	return nil
}

// weighEngine prints what a check of a newcomer's task costs, beside rendering it.
func weighEngine(ctx context.Context, l *attack.Lab, engine string) error {
	l.Forget()
	before := l.CPU
	task, err := attack.HonestTask(ctx, l, shareScene, engineShare)
	if err != nil {
		return err
	}
	rendered := l.CPU - before
	if _, err := l.Blind(ctx, task, l.Install.Class, verifyKey(engine, 2)); err != nil {
		return err
	}
	row(fmt.Sprintf("share_%s_%d", engine, engineShare), 100*(l.CPU-before-rendered)/rendered, "%", 100)
	return nil
}
