package attack

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/slash"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// Kit is what a trick plays with: one scene's honest task, and one that was cheated on.
type Kit struct {
	Lab    *Lab
	Honest *Task
	Bad    *Task // with half of the samples
	Patchy *Task // with a fifth of the area of each frame spoilt
}

// NewKit renders what the tricks need.
func NewKit(ctx context.Context, l *Lab, scene string) (*Kit, error) {
	k := &Kit{Lab: l}
	var err error
	if k.Honest, err = HonestTask(ctx, l, scene, 4); err != nil {
		return nil, err
	}
	for _, f := range Forgeries {
		into := map[string]**Task{"half_samples": &k.Bad, "bad_region_20": &k.Patchy}[f.Name]
		if into == nil {
			continue
		}
		if *into, err = f.Work(ctx, l, scene); err != nil {
			return nil, err
		}
	}
	for _, t := range []*Task{k.Honest, k.Bad, k.Patchy} {
		if err := t.Relate(ctx, l); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// Trick is a cheat against the protocol instead of the pixels.
type Trick struct {
	Name string
	// By tells who catches it: the verifier, the manager, the draw, or a quorum.
	By string
	// Odds are those of one try, where chance decides; 0 is certainty.
	Odds float64
	Try  func(k *Kit, i int) (caught bool, why string, err error)
}

// Found is the chance that one try is found.
func (t Trick) Found() float64 { return cmp.Or(t.Odds, 1) }

var domain = receipt.Domain{ChainID: 1337}

// key is the verification key of trial i.
func key(i int) [32]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte("attack"), uint64(i)))
}

// sealed is a task with its signed receipt, and the worker that signed it.
func (k *Kit) sealed(t *Task, i int) (slash.Case, *identity.Identity, error) {
	worker, err := identity.New()
	if err != nil {
		return slash.Case{}, nil, err
	}
	c := slash.Case{Version: slash.CaseVersion, ChainID: domain.ChainID, Recipe: k.Lab.Recipe(t.Scene), Key: key(i)}
	c.Receipt = receipt.Receipt{Attempt: "a", Task: "task", Job: "j", Worker: worker.Address(), Class: k.Lab.Install.Class,
		Renderer: c.Recipe.Renderer, Version: c.Recipe.Version,
		Recipe: receipt.RecipeHash(c.Recipe), Key: proof.KeyHash(c.Key), Started: 1, Finished: 2}.Over(t.Commits)
	c.Signature, err = worker.Sign(c.Receipt.Digest(domain))
	return c, worker, err
}

// opinion signs a verdict on evidence; lie changes what the verifier says.
func opinion(c slash.Case, e proof.Evidence, lie func(*receipt.Verdict)) (slash.Opinion, error) {
	verifier, err := identity.New()
	if err != nil {
		return slash.Opinion{}, err
	}
	var b bytes.Buffer
	if err := proof.EncodeEvidence(&b, e); err != nil {
		return slash.Opinion{}, err
	}
	result, _ := proof.Judge(e, e.Policy) // evidence that is no good is part of some tricks
	v := receipt.Verdict{Audit: "v", Attempt: c.Receipt.Attempt, Verifier: verifier.Address(), Pass: result.Pass, Inconclusive: result.Inconclusive,
		Root: c.Receipt.Root, Evidence: sha256.Sum256(b.Bytes()), Samples: proof.SamplesDigest(e.Verifier), Time: 3}
	if lie != nil {
		lie(&v)
	}
	o := slash.Opinion{Verdict: v, Evidence: b.Bytes()}
	o.Signature, err = verifier.Sign(v.Digest(domain))
	return o, err
}

// refuted judges a case again, as the manager does with every verdict.
func refuted(c slash.Case) (bool, string, error) {
	_, err := slash.Check(c)
	if err == nil {
		return false, "nothing contradicts it", nil
	}
	if !errors.Is(err, slash.ErrCase) {
		return false, "", err
	}
	return true, err.Error(), nil
}

// forged is a case of one honest opinion, after something was changed.
func forged(t func(*Kit) *Task, change func(k *Kit, c *slash.Case, e *proof.Evidence) (lie func(*receipt.Verdict), err error)) func(*Kit, int) (bool, string, error) {
	return func(k *Kit, i int) (bool, string, error) {
		task := t(k)
		c, _, err := k.sealed(task, i)
		if err != nil {
			return false, "", err
		}
		e, err := Evidence(k.Lab, task, k.Honest, key(i))
		if err != nil {
			return false, "", err
		}
		lie, err := change(k, &c, &e)
		if err != nil {
			return false, "", err
		}
		o, err := opinion(c, e, lie)
		if err != nil {
			return false, "", err
		}
		c.Opinions = append(c.Opinions, o)
		return refuted(c)
	}
}

func honestTask(k *Kit) *Task { return k.Honest }
func badTask(k *Kit) *Task    { return k.Bad }

// Tricks are the cheats against the protocol.
var Tricks = slices.Concat(protocolTricks, tileTricks)

var protocolTricks = []Trick{
	{Name: "wrong_recipe", By: "manager and verifier: the receipt's recipe hash", Try: forged(honestTask, func(k *Kit, c *slash.Case, _ *proof.Evidence) (func(*receipt.Verdict), error) {
		other := c.Recipe
		other.Samples++
		worker, err := identity.New()
		if err != nil {
			return nil, err
		}
		c.Receipt.Recipe, c.Receipt.Worker = receipt.RecipeHash(other), worker.Address()
		c.Signature, err = worker.Sign(c.Receipt.Digest(domain))
		return nil, err
	})},
	{Name: "forged_signature", By: "manager and verifier: the signer's address", Try: forged(honestTask, func(_ *Kit, c *slash.Case, _ *proof.Evidence) (func(*receipt.Verdict), error) {
		other, err := identity.New()
		if err != nil {
			return nil, err
		}
		c.Signature, err = other.Sign(c.Receipt.Digest(domain))
		return nil, err
	})},
	{Name: "wrong_merkle_proof", By: "manager and verifier: the path to the signed root", Try: forged(badTask, func(k *Kit, _ *slash.Case, e *proof.Evidence) (func(*receipt.Verdict), error) {
		// Honest pixels under the cheat's root.
		good, err := Evidence(k.Lab, k.Honest, k.Honest, e.Key)
		if err != nil {
			return nil, err
		}
		for i := range e.Worker {
			for _, s := range good.Worker {
				if s.Frame == e.Worker[i].Frame && s.Tile == e.Worker[i].Tile && s.Plane == e.Worker[i].Plane {
					e.Worker[i] = s
				}
			}
			e.Worker[i].TileSample = e.Verifier[i]
		}
		return func(v *receipt.Verdict) { v.Pass = true }, nil
	})},
	{Name: "withheld_upload", By: "verifier, and the manager looks itself: a committed file is missing", Try: func(k *Kit, i int) (bool, string, error) {
		c := k.Bad.Commits[i%len(k.Bad.Commits)]
		got, _, err := proof.CommitBytes(c.Frame, ".png", k.Bad.Files[i%len(k.Bad.Files)].Final, nil)
		if err == nil && got.Hash() == c.Hash() {
			return false, "the commitment holds without the master", nil
		}
		return true, "nothing leads to the committed hash", nil
	}},
	{Name: "late_commit", By: "manager: an attempt is committed once, before its key is shown", Try: forged(badTask, func(k *Kit, _ *slash.Case, e *proof.Evidence) (func(*receipt.Verdict), error) {
		// With the key in hand the worker renders honestly after all and commits to that.
		good, err := Evidence(k.Lab, k.Honest, k.Honest, e.Key)
		*e = good
		return nil, err
	})},
	{Name: "root_grinding", By: "verifier: the challenge needs a key that nobody knows before the commit", Try: func(k *Kit, i int) (bool, string, error) {
		// The worker takes the best of many roots under a key that it guesses.
		best, fewest := k.Patchy, 1<<30
		for n := range 16 {
			try := *k.Patchy
			try.Commits = append([]proof.FrameCommit(nil), k.Patchy.Commits...)
			// The same pixels in a master file that is written in another way.
			try.Commits[0].MasterDigest = sha256.Sum256(fmt.Appendf(nil, "grind-%d-%d", i, n))
			e, err := Evidence(k.Lab, &try, k.Honest, key(-1-i))
			if err != nil {
				return false, "", err
			}
			v, err := proof.Judge(e, e.Policy)
			if err != nil {
				return false, "", err
			}
			bad := 0
			for _, t := range v.Tiles {
				if t.Bad {
					bad++
				}
			}
			if bad < fewest {
				best, fewest = &try, bad
			}
		}
		caught, v, err := Caught(k.Lab, best, k.Honest, key(i))
		return caught, v.Reason, err
	}},
	{Name: "verifier_copies", By: "manager: the pixels that it committed to before it saw the worker's", Try: forged(badTask, func(_ *Kit, _ *slash.Case, e *proof.Evidence) (func(*receipt.Verdict), error) {
		// It commits to something, and shows the worker's pixels as its own.
		was := proof.SamplesDigest([]proof.TileSample{{Bits: []byte("guess")}})
		for i, w := range e.Worker {
			e.Verifier[i] = w.TileSample
		}
		return func(v *receipt.Verdict) { v.Samples = was }, nil
	})},
	{Name: "verifier_says_yes", By: "manager: it recomputes the verdict", Try: forged(badTask, func(*Kit, *slash.Case, *proof.Evidence) (func(*receipt.Verdict), error) {
		return func(v *receipt.Verdict) { v.Pass, v.Inconclusive = true, false }, nil
	})},
	{Name: "verifier_says_no", By: "manager: it recomputes the verdict; a quorum where the verifier invents pixels", Try: func(k *Kit, i int) (bool, string, error) {
		if i%2 == 0 {
			return forged(honestTask, func(*Kit, *slash.Case, *proof.Evidence) (func(*receipt.Verdict), error) {
				return func(v *receipt.Verdict) { v.Pass, v.Inconclusive = false, false }, nil
			})(k, i)
		}
		// Its evidence convicts: only others' pixels contradict it.
		c, _, err := k.sealed(k.Honest, i)
		if err != nil {
			return false, "", err
		}
		for n := range slash.Quorum {
			seen := k.Honest
			if n == 0 {
				seen = k.Bad
			}
			e, err := Evidence(k.Lab, k.Honest, seen, key(i))
			if err != nil {
				return false, "", err
			}
			o, err := opinion(c, e, nil)
			if err != nil {
				return false, "", err
			}
			c.Opinions = append(c.Opinions, o)
		}
		f, err := slash.Check(c)
		return err == nil && !f.Convicts && f.Passes == 2 && f.Fails == 1, fmt.Sprintf("%d pass, %d convict", f.Passes, f.Fails), err
	}},
	{Name: "colluding_verifier", By: "draw: one verifier of twenty colludes, and nobody knows beforehand who is drawn", Odds: 0.95, Try: func(k *Kit, i int) (bool, string, error) {
		caught, why, err := k.drawn(i, 20, func(n int) bool { return false })
		return caught, why, err
	}},
	{Name: "own_second_key", By: "draw: nodes of the worker's owner are left out", Try: func(k *Kit, i int) (bool, string, error) {
		return k.drawn(i, 20, func(n int) bool { return n == 0 })
	}},
}

// drawn lets the draw choose one of n verifiers, of which the first works for the cheating
// worker; barred are those that the manager leaves out.
func (k *Kit) drawn(i, n int, barred func(int) bool) (bool, string, error) {
	chosen, least := -1, uint64(0)
	for v := range n {
		d := proof.VerifierDraw(key(i), "v", fmt.Sprintf("0x%040x", v+1))
		if !barred(v) && (chosen < 0 || d < least) {
			chosen, least = v, d
		}
	}
	if chosen == 0 {
		return false, "the draw chose the worker's own", nil
	}
	caught, v, err := Caught(k.Lab, k.Bad, k.Honest, key(i))
	return caught, v.Reason, err
}
