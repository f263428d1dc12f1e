package proof

import (
	"cmp"
	"slices"
)

// Pair is two device classes that were compared on canary tiles of one job.
type Pair struct {
	A         string  `json:"a"` // A < B
	B         string  `json:"b"`
	Tiles     int     `json:"tiles"`
	Textured  int     `json:"textured"`
	Outliers  float64 `json:"outliers"` // of the worst tile
	Noise     float64 `json:"noise"`    // of the worst tile
	Separates bool    `json:"separates"`
}

const (
	// MinCanaries is how many textured tiles a pair of classes has to agree on.
	MinCanaries = 32
	// canaryShare of a limit is what canary tiles may use up, so that others stay below it.
	canaryShare = 0.5
)

// Calibrate finds out which device classes agree on a job. Its canaries are the challenged
// tiles of attempts that a verifier of the worker's own class passed: evidence of a verifier of another
// class on the same attempt then compares two honest renders. Evidence of one class, or that
// doesn't judge, is left out. Pairs come in the order of their names.
//
// A pair separates when MinCanaries textured tiles agree so well that each figure uses up less
// than half of its limit. Where it does, a cheat between the two classes stands out as it does within one.
func Calibrate(honest []Evidence, p Policy) []Pair {
	var out []Pair
	p.Pairs = nil
	for _, e := range honest {
		v, err := Judge(e, p)
		if err != nil || v.SameClass || e.WorkerClass == "" || e.VerifierClass == "" {
			continue
		}
		a, b := min(e.WorkerClass, e.VerifierClass), max(e.WorkerClass, e.VerifierClass)
		i := slices.IndexFunc(out, func(x Pair) bool { return x.A == a && x.B == b })
		if i < 0 {
			i, out = len(out), append(out, Pair{A: a, B: b})
		}
		pair := &out[i]
		for _, t := range v.Tiles {
			pair.Tiles++
			if t.Textured && (t.Plane == Master || !p.NeedMaster) { // a place counts once
				pair.Textured++
			}
			pair.Outliers, pair.Noise = max(pair.Outliers, t.Outliers), max(pair.Noise, t.Noise)
		}
		for _, f := range v.Passes {
			pair.Outliers, pair.Noise = max(pair.Outliers, f.Worst.Outliers), max(pair.Noise, f.Worst.Noise)
		}
	}
	for i := range out {
		x := &out[i]
		x.Separates = x.Textured >= MinCanaries && x.Outliers <= canaryShare*p.MaxOutliers && x.Noise <= canaryShare*p.MaxNoise
	}
	slices.SortFunc(out, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	return out
}

// comparable tells whether a difference between two classes counts.
func (p Policy) comparable(a, b string) bool {
	if a == b {
		return a != ""
	}
	a, b = min(a, b), max(a, b)
	return slices.ContainsFunc(p.Pairs, func(x Pair) bool { return x.A == a && x.B == b && x.Separates })
}
