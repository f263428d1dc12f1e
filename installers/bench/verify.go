package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/verifier/attack"
)

// Sizes of the verify benchmark.
const (
	verifyKeys   = 25 // challenges per forgery and scene
	verifyTricks = 100
	honestWidth  = 112 // pixels of the frames that honest nodes are compared on
	honestHeight = 64
	honestTasks  = 11 // of two frames, per scene and pair of nodes
	furtherTasks = 3  // the same, of the scenes with more than one picture a frame
	largeWidth   = 640
	largeHeight  = 360
	largeSamples = 32
	shareWidth   = 640
	shareHeight  = 360
	shareSamples = 64
	shareScene   = "smooth"
)

// verify plays every attack on every scene, has honest nodes check each other, and weighs
// what checking costs, beside three other ways to check the same frames.
func verify(ctx context.Context, e env) error {
	if err := verifyAttacks(ctx, e); err != nil {
		return err
	}
	if err := verifyHonest(ctx, e); err != nil || !e.wants("shares") {
		return err
	}
	return verifyShares(ctx, e)
}

func lab(ctx context.Context, e env, name string, o attack.Options) (*attack.Lab, error) {
	// One package for all: a scene that is made twice has other hair.
	o.Dir, o.Scenes = filepath.Join(e.dir, name), filepath.Join(e.dir, "scenes")
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	return attack.New(ctx, o)
}

// verifyKey is the verification key of one trial.
func verifyKey(scene string, n int) [32]byte {
	var k [32]byte
	copy(k[:], scene)
	binary.BigEndian.PutUint64(k[24:], uint64(n)+1)
	return k
}

// tally counts trials.
type tally struct{ caught, tried int }

func (t *tally) add(caught bool) {
	t.tried++
	if caught {
		t.caught++
	}
}

// verifyAttacks prints attack_…, missed, what of it chance explains, and the baselines' missed.
func verifyAttacks(ctx context.Context, e env) error {
	var a arena
	a.found = make(map[string]*tally)
	for _, f := range forgeries {
		a.found[f.Name] = &tally{}
	}
	chosen := func(scene string) func(attack.Forgery) bool {
		return func(f attack.Forgery) bool { return f.On(scene) && e.wants("attack/"+f.Name+"/"+scene) }
	}
	small, err := lab(ctx, e, "attacks", attack.Options{Width: 160, Height: 90})
	if err != nil {
		return err
	}
	for _, scene := range attack.Scenes {
		if err := a.play(ctx, small, scene, 20, chosen(scene)); err != nil {
			return errors.Join(err, small.Close())
		}
	}
	for _, scene := range attack.FurtherScenes {
		if err := a.play(ctx, small, scene, 2, chosen(scene)); err != nil {
			return errors.Join(err, small.Close())
		}
	}
	if err := a.tricks(ctx, small, e); err != nil {
		return errors.Join(err, small.Close())
	}
	if err := small.Close(); err != nil {
		return err
	}
	// In large frames a region is many tiles of many more.
	large, err := lab(ctx, e, "large", attack.Options{Width: largeWidth, Height: largeHeight, Samples: largeSamples})
	if err != nil {
		return err
	}
	err = a.play(ctx, large, shareScene, 4, func(f attack.Forgery) bool {
		return slices.Contains(largeForgeries, f.Name) && e.wants("attack/"+f.Name+"/large")
	})
	if err := errors.Join(err, large.Close()); err != nil {
		return err
	}
	a.report()
	return nil
}

// forgeries are all that show in files.
var forgeries = slices.Concat(attack.Forgeries, attack.FurtherForgeries)

// largeForgeries are those whose detection depends on the frame's size.
var largeForgeries = []string{"samples_31_of_32", "half_samples", "bad_region_5", "bad_region_20"}

// arena counts what was found, by forgery and altogether.
type arena struct {
	found  map[string]*tally
	others baselines
	doubts []doubt
	tricky []named // tallies of the tricks
}

type named struct {
	name string
	tally
}

// doubt is a cheat that the default sampling finds with a chance under one.
type doubt struct {
	what string
	odds float64 // of one try
	tally
}

// oddsKeys is how many challenges are drawn to tell the odds of one cheat.
const oddsKeys = 4000

// play plays forgeries on a scene, whose honest task has so many frames.
func (a *arena) play(ctx context.Context, l *attack.Lab, scene string, frames int, on func(attack.Forgery) bool) error {
	if !slices.ContainsFunc(forgeries, on) {
		return nil
	}
	honest, err := attack.HonestTask(ctx, l, scene, frames)
	if err != nil {
		return err
	}
	if err := honest.Relate(ctx, l); err != nil {
		return err
	}
	for _, f := range forgeries {
		if !on(f) {
			continue
		}
		task, err := f.Work(ctx, l, scene)
		if err != nil {
			return err
		}
		if attack.Unchanged(task, honest) {
			log.Printf("%s on %s gives exactly the honest frames: nothing to catch", f.Name, scene)
			continue
		}
		if err := task.Relate(ctx, l); err != nil {
			return err
		}
		odds, err := attack.Odds(l, task, honest, oddsKeys)
		if err != nil {
			return fmt.Errorf("%s on %s: %w", f.Name, scene, err)
		}
		here := doubt{what: fmt.Sprintf("%s on %s, %d×%d pixels", f.Name, scene, l.Width, l.Height), odds: odds}
		for n := range verifyKeys {
			caught, v, err := attack.Caught(l, task, honest, verifyKey(scene, n))
			if err != nil {
				return fmt.Errorf("%s on %s: %w", f.Name, scene, err)
			}
			if !caught {
				log.Printf("missed: %s on %s: %s", f.Name, scene, v.Reason)
			}
			here.add(caught)
			a.found[f.Name].add(caught)
		}
		a.doubts = append(a.doubts, here)
		if slices.Contains(attack.FurtherScenes, scene) {
			continue // the other ways look at one picture a frame
		}
		if err := a.others.play(ctx, l, f, task, honest); err != nil {
			return fmt.Errorf("%s on %s: %w", f.Name, scene, err)
		}
	}
	l.Forget()
	return nil
}

// tricks plays the attacks on the protocol.
func (a *arena) tricks(ctx context.Context, l *attack.Lab, e env) error {
	if !slices.ContainsFunc(attack.Tricks, func(t attack.Trick) bool { return e.wants("trick/" + t.Name) }) {
		return nil
	}
	k, err := attack.NewKit(ctx, l, "comp")
	if err != nil {
		return err
	}
	for _, trick := range attack.Tricks {
		if !e.wants("trick/" + trick.Name) {
			continue
		}
		t := named{name: trick.Name}
		for n := range verifyTricks {
			caught, why, err := trick.Try(k, n)
			if err != nil {
				return fmt.Errorf("%s: %w", trick.Name, err)
			}
			if !caught {
				log.Printf("missed: %s: %s", trick.Name, why)
			}
			t.add(caught)
		}
		a.tricky = append(a.tricky, t)
		a.doubts = append(a.doubts, doubt{what: trick.Name, odds: trick.Found(), tally: t.tally})
	}
	return nil
}

func (a *arena) report() {
	var all tally
	report := func(name string, t tally) {
		row("attack_"+name, float64(t.caught), "detections", float64(t.tried))
		all.caught, all.tried = all.caught+t.caught, all.tried+t.tried
	}
	if len(a.doubts) == 0 {
		return // nothing was chosen
	}
	for _, f := range forgeries {
		if t := *a.found[f.Name]; t.tried > 0 {
			report(f.Name, t)
		}
	}
	for _, t := range a.tricky {
		report(t.name, t.tally)
	}
	row("missed", float64(all.tried-all.caught), "attempts", float64(all.tried))
	expected := 0.0
	for _, d := range a.doubts {
		misses := (1 - d.odds) * float64(d.tried)
		expected += misses
		if d.odds < 1 || d.caught < d.tried {
			log.Printf("%s: %d of %d missed, %.1f expected at odds of %.4f a check; a chance of %.3f to miss as many or more", d.what, d.tried-d.caught, d.tried, misses, d.odds, d.tail())
		}
	}
	row("missed_expected", expected, "attempts", float64(all.tried))
	if a.others.replication.tried > 0 {
		a.others.report()
	}
}

// tail is the binomial chance of as many misses as there were, or more, at the odds.
func (d doubt) tail() float64 {
	miss, sum := 1-d.odds, 0.0
	// p runs through the chances of 0, 1, 2… misses.
	p := math.Pow(d.odds, float64(d.tried))
	for k := range d.tried - d.caught {
		sum += p
		p *= float64(d.tried-k) / float64(k+1) * miss / max(d.odds, 1e-12)
	}
	return max(1-sum, 0)
}

// node is one honest node of the comparison.
type node struct {
	threads int
	env     []string
}

// verifyHonest prints honest_frames and false_alarms: honest workers of one kind are checked
// by verifiers of another, each in processes of its own.
func verifyHonest(ctx context.Context, e env) error {
	plain, old, older := []string(nil), []string{"CYCLES_CPU_NO_AVX2=1"}, []string{"CYCLES_CPU_NO_AVX2=1", "CYCLES_CPU_NO_AVX=1"}
	pairs := []struct{ worker, verifier node }{
		{node{2, plain}, node{1, plain}},
		{node{1, plain}, node{2, plain}},
		{node{1, plain}, node{1, plain}}, // another process
		{node{2, old}, node{1, old}},
		{node{2, older}, node{1, older}},
		{node{2, plain}, node{2, older}}, // across classes: a difference convicts nobody
	}
	checked, alarms, undecided := 0, 0, 0
	for i, p := range pairs {
		scenes := slices.DeleteFunc(slices.Clone(attack.HonestScenes), func(scene string) bool { return !e.wants(fmt.Sprintf("honest/%s/%d", scene, i+1)) })
		if len(scenes) == 0 {
			continue
		}
		passes := make(map[string]proof.TileFigure)
		open := func(side string, n node) (*attack.Lab, error) {
			return lab(ctx, e, fmt.Sprintf("honest-%d-%s", i, side), attack.Options{Width: honestWidth, Height: honestHeight, Samples: 16, Threads: n.threads, Env: n.env})
		}
		worker, err := open("worker", p.worker)
		if err != nil {
			return err
		}
		verifier, err := open("verifier", p.verifier)
		if err != nil {
			return errors.Join(err, worker.Close())
		}
		for _, scene := range scenes {
			tasks := honestTasks
			if !slices.Contains(attack.Scenes, scene) {
				tasks = furtherTasks
			}
			for n := range tasks {
				v, frames, err := checkHonest(ctx, worker, verifier, scene, n)
				if err != nil {
					return errors.Join(err, worker.Close(), verifier.Close())
				}
				checked += frames
				for _, f := range v.Passes {
					was := passes[f.Pass]
					passes[f.Pass] = proof.TileFigure{Outliers: max(was.Outliers, f.Worst.Outliers), Noise: max(was.Noise, f.Worst.Noise), Bias: max(was.Bias, f.Worst.Bias)}
				}
				switch {
				case v.Pass:
				case v.Inconclusive:
					undecided += frames
				default:
					alarms += frames
					log.Printf("FALSE ALARM, pair %d, %s: %s", i+1, scene, v.Reason)
				}
			}
			worker.Forget()
		}
		for _, name := range slices.Sorted(maps.Keys(passes)) {
			f := passes[name]
			log.Printf("pair %d, pass %s: at most %.1f %% of a tile's pixels off, its noise by %.3f, its light by %.1f %%", i+1, name, 100*f.Outliers, f.Noise, 100*f.Bias)
		}
		log.Printf("pair %d: %s %v against %s %v: %d frames so far, %d false alarms, %d undecided", i+1, worker.Install.Class, p.worker, verifier.Install.Class, p.verifier, checked, alarms, undecided)
		if err := errors.Join(worker.Close(), verifier.Close()); err != nil {
			return err
		}
	}
	if checked == 0 {
		return nil
	}
	row("honest_frames", float64(checked), "frames", 500)
	row("false_alarms", float64(alarms), "frames", float64(checked))
	return nil
}

// checkHonest has one honest task of two frames checked.
func checkHonest(ctx context.Context, worker, verifier *attack.Lab, scene string, n int) (proof.Verdict, int, error) {
	var made []attack.Files
	for frame := 2; frame <= 3; frame++ {
		f, err := worker.Shoot(ctx, attack.Shot{Scene: scene, Frame: 2*n + frame, Seed: attack.Seed(2*n + frame)})
		if err != nil {
			return proof.Verdict{}, 0, err
		}
		made = append(made, f)
	}
	task, err := attack.NewTaskFrom(scene, 2*n+2, made)
	if err != nil {
		return proof.Verdict{}, 0, err
	}
	if err := task.Relate(ctx, verifier); err != nil {
		return proof.Verdict{}, 0, err
	}
	evidence, err := verifier.Blind(ctx, task, worker.Install.Class, verifyKey(scene, n))
	if err != nil {
		return proof.Verdict{}, 0, err
	}
	v, err := proof.Judge(evidence, evidence.Policy)
	return v, len(made), err
}

// verifyShares prints share_… and the baselines' shares: CPU seconds of rendering that
// checking costs, loading the scene left out on both sides.
func verifyShares(ctx context.Context, e env) (err error) {
	size := attack.Options{Width: shareWidth, Height: shareHeight, Samples: shareSamples}
	worker, err := lab(ctx, e, "share-worker", size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, worker.Close()) }()
	const frames = 20
	var made []attack.Files
	for frame := 2; frame < frames+2; frame++ {
		f, err := worker.Shoot(ctx, attack.Shot{Scene: shareScene, Frame: frame, Seed: attack.Seed(frame)})
		if err != nil {
			return err
		}
		made = append(made, f)
	}
	per := worker.CPU / frames
	worker.Forget()
	log.Printf("a frame of %d×%d pixels and %d samples takes %.2f CPU s", shareWidth, shareHeight, shareSamples, per)
	last := 0.0
	for _, length := range []int{1, 5, 20} {
		verifier, err := lab(ctx, e, fmt.Sprintf("share-%d", length), size)
		if err != nil {
			return err
		}
		task, err := attack.NewTask(shareScene, made[:length])
		if err == nil {
			var evidence proof.Evidence
			if evidence, err = verifier.Blind(ctx, task, verifier.Install.Class, verifyKey("share", length)); err == nil {
				var v proof.Verdict
				if v, err = proof.Judge(evidence, evidence.Policy); err == nil && !v.Pass {
					err = fmt.Errorf("an honest task of %d frames fails: %s", length, v.Reason)
				}
			}
		}
		if err := errors.Join(err, verifier.Close()); err != nil {
			return err
		}
		last = 100 * verifier.CPU / (per * float64(length))
		row(fmt.Sprintf("share_newcomer_%d", length), last, "%", 100)
	}
	// A trusted node: two hundred checks passed in a row, a stake of a hundred tasks' pay.
	policy := proof.DefaultTrust()
	trust := 0.0
	for range 200 {
		trust = policy.Passed(trust, time.Duration(0))
	}
	rate := policy.Rate(trust, 1, 100)
	log.Printf("a trusted node has %.1f %% of its tasks checked", 100*rate)
	row("share_trusted", rate*last, "%", 100)
	return baselineShares(ctx, e, size, per, frames)
}
