package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/verifier/attack"
)

// Sizes of the engines benchmark.
const (
	engineWidth   = 160
	engineHeight  = 96
	engineSamples = 16
	engineFrames  = 3
)

// variant is one kind of honest node.
type variant struct {
	name    string
	threads int
	env     []string
	frames  int // 0 is engineFrames
}

// engines are those without a seed that decides their samples, and the honest nodes that are
// compared with the first of each: other processes, threads and kernels. Blender's draw with OpenGL: here with
// Mesa, whose llvmpipe compiles for the CPU's vectors, and whose softpipe is another implementation altogether, as
// another maker's GPU is.
var engines = []struct {
	name  string
	nodes []variant
}{
	{"POVRAY", []variant{
		{name: "plain"}, {name: "process"}, {name: "one thread", threads: 1},
		{name: "no FMA", env: []string{"GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4"}},
	}},
	{"BLENDER_WORKBENCH", openGL},
	{"BLENDER_EEVEE", openGL},
}

var openGL = []variant{
	{name: "plain"}, {name: "process"}, {name: "one thread", env: []string{"LP_NUM_THREADS=1"}, threads: 1},
	{name: "SSE4.1", env: []string{"GALLIUM_OVERRIDE_CPU_CAPS=sse4.1"}},
	{name: "128 bits", env: []string{"LP_NATIVE_VECTOR_WIDTH=128"}},
	{name: "softpipe", env: []string{"GALLIUM_DRIVER=softpipe"}, frames: 1},
}

// verifyEngines prints, of each engine without reproducible sampling, how far honest nodes are apart and how far
// cheats: what the limits of shared/proof come from.
func verifyEngines(ctx context.Context, e env) error {
	for _, engine := range engines {
		if err := verifyEngine(ctx, e, engine.name, engine.nodes); err != nil {
			return fmt.Errorf("engine %s: %w", engine.name, err)
		}
	}
	return nil
}

// spread collects figures of tiles.
type spread struct{ mean, off []float64 }

func (s *spread) add(v proof.Verdict) {
	for _, t := range v.Tiles {
		s.mean, s.off = append(s.mean, 255*t.MeanDiff), append(s.off, t.Outliers)
	}
}

func (s *spread) String() string {
	at := func(v []float64, q float64) float64 {
		slices.Sort(v)
		return v[int(q*float64(len(v)-1))]
	}
	if len(s.mean) == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%d tiles, mean of 255 p10 %.2f p50 %.2f p90 %.2f p99 %.2f max %.2f, off p10 %.3f p50 %.3f p90 %.3f p99 %.3f max %.3f", len(s.mean),
		at(s.mean, 0.1), at(s.mean, 0.5), at(s.mean, 0.9), at(s.mean, 0.99), at(s.mean, 1), at(s.off, 0.1), at(s.off, 0.5), at(s.off, 0.9), at(s.off, 0.99), at(s.off, 1))
}

func verifyEngine(ctx context.Context, e env, engine string, nodes []variant) (err error) {
	open := func(v variant) (*attack.Lab, error) {
		return lab(ctx, e, engine+"-"+v.name, attack.Options{Width: engineWidth, Height: engineHeight, Samples: engineSamples, Threads: v.threads, Env: v.env, Engine: engine})
	}
	first, err := open(nodes[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, first.Close()) }()
	for _, scene := range attack.Scenes {
		honest, err := attack.HonestTask(ctx, first, scene, engineFrames+1)
		if err != nil {
			return err
		}
		if err := honest.Relate(ctx, first); err != nil {
			return err
		}
		for _, f := range attack.Forgeries {
			if !f.On(scene) || f.Frames > 4 {
				continue
			}
			task, err := f.Work(ctx, first, scene)
			if err != nil {
				return err
			}
			if attack.Unchanged(task, honest) {
				log.Printf("%s\t%s\t%s\tunchanged", engine, scene, f.Name)
				continue
			}
			if err := task.Relate(ctx, first); err != nil {
				return err
			}
			v, err := attack.WholeVerdict(first, task, honest)
			if err != nil {
				return err
			}
			var s spread
			s.add(v)
			log.Printf("%s\t%s\t%s\tpass %v\t%v", engine, scene, f.Name, v.Pass, &s)
		}
	}
	for _, n := range nodes[1:] {
		other, err := open(n)
		if err != nil {
			return err
		}
		for _, scene := range attack.Scenes {
			frames := n.frames
			if frames == 0 {
				frames = engineFrames
			}
			honest, err := attack.HonestTask(ctx, first, scene, frames)
			if err != nil {
				return errors.Join(err, other.Close())
			}
			task, err := attack.HonestTask(ctx, other, scene, frames)
			if err != nil {
				return errors.Join(err, other.Close())
			}
			if err := task.Relate(ctx, first); err != nil {
				return errors.Join(err, other.Close())
			}
			v, err := attack.WholeVerdict(first, task, honest)
			if err != nil {
				return errors.Join(err, other.Close())
			}
			var s spread
			s.add(v)
			log.Printf("%s\t%s\tHONEST %s\tpass %v\t%v", engine, scene, n.name, v.Pass, &s)
			// And as a verifier does it: by borders.
			e, err := first.Blind(ctx, task, other.Install.Class, verifyKey(scene, 1))
			if err != nil {
				return errors.Join(err, other.Close())
			}
			if v, err = proof.Judge(e, e.Policy); err != nil {
				return errors.Join(err, other.Close())
			}
			s = spread{}
			s.add(v)
			log.Printf("%s\t%s\tBLIND %s\tpass %v\t%v", engine, scene, n.name, v.Pass, &s)
		}
		if err := other.Close(); err != nil {
			return err
		}
	}
	return nil
}
