package proof_test

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/proof"
)

func TestMinRate(t *testing.T) {
	for name, test := range map[string]struct{ saving, detection, pay, stake, want float64 }{
		"nothing to save":             {0, 0.9, 10, 0, 0},
		"nothing to lose":             {10, 0.9, 0, 0, 1},
		"no stake, all of it saved":   {10, 0.9, 10, 0, 1},
		"no stake, a little saved":    {0.3125, 1, 10, 0, 0.03125},
		"a stake of ninety-nine pays": {10, 1, 10, 990, 0.01},
		"half of them found":          {10, 0.5, 10, 990, 0.02},
		"never found":                 {10, 0, 10, 990, 1},
		"negative stake is none":      {5, 1, 10, -3, 0.5},
		"not a number":                {math.NaN(), 1, 10, 0, 0},
	} {
		if got := proof.MinRate(test.saving, test.detection, test.pay, test.stake); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// At the rate that the policy gives, cheating earns less than honesty, whatever the stake.
func TestRateMakesCheatingUnprofitable(t *testing.T) {
	p := proof.DefaultTrust()
	for _, stake := range []float64{10, 20, 100, 1000} {
		for _, trust := range []float64{0, 0.5, 0.9, 0.99, 1} {
			const pay = 1.0
			q := p.Rate(trust, pay, stake)
			for _, saved := range []float64{1. / 32, 0.5, 1} {
				gain := saved*pay - q*p.Detection*(pay+stake)
				if q < 1 && gain > 1e-12 {
					t.Errorf("stake %v, trust %v: rate %v leaves a gain of %v to who saves %v", stake, trust, q, gain, saved)
				}
			}
		}
	}
}

func TestTrustGrowsDecaysAndIsLost(t *testing.T) {
	p := proof.DefaultTrust()
	trust := 0.0
	for n := range 20 {
		if q := p.Rate(trust, 0, 0); q != 1 {
			t.Fatalf("after %d checks the rate is %v", n, q)
		}
		trust = p.Passed(trust, 0)
	}
	if math.Abs(trust-0.5) > 1e-9 {
		t.Fatalf("after twenty checks the trust is %v", trust)
	}
	for range 180 {
		trust = p.Passed(trust, 0)
	}
	if q := p.Rate(trust, 0, 0); math.Abs(q-0.1) > 1e-9 {
		t.Errorf("after two hundred checks the rate is %v, not 20/200", q)
	}
	later := p.Decayed(trust, p.HalfLife)
	if q := p.Rate(later, 0, 0); math.Abs(q-0.2) > 1e-9 {
		t.Errorf("a half-life later the rate is %v", q)
	}
	if p.Decayed(trust, -time.Hour) != p.Decayed(trust, 0) {
		t.Error("time that runs backwards changes trust")
	}
	for range 100_000 {
		trust = p.Passed(trust, 0)
	}
	if q := p.Rate(trust, 0, 0); q != p.Floor || trust >= 1 {
		t.Errorf("the rate of a saint is %v, its trust %v", q, trust)
	}
	for _, odd := range []float64{math.NaN(), -1, 1, 2, math.Inf(1)} {
		if q := p.Rate(odd, 0, 0); !(q >= p.Floor && q <= 1) {
			t.Errorf("the rate at a trust of %v is %v", odd, q)
		}
		if v := p.Passed(odd, 0); !(v >= 0 && v < 1) {
			t.Errorf("a pass at a trust of %v makes it %v", odd, v)
		}
	}
}

// The draws are uniform, depend on both sides, and are pinned byte by byte.
func TestDraws(t *testing.T) {
	var key [32]byte
	var root proof.Digest
	if got := proof.CheckDraw(key, root); math.Abs(got-checkDrawVector) > 1e-15 {
		t.Errorf("the draw of zeros is %.17g", got)
	}
	if got := proof.VerifierDraw(key, "v1", "0xA"); got != verifierDrawVector {
		t.Errorf("the verifier's draw is %#x", got)
	}
	if proof.VerifierDraw(key, "v1", "0xA") == proof.VerifierDraw(key, "v2", "0xA") || proof.VerifierDraw(key, "v1", "0xA") == proof.VerifierDraw(key, "v1", "0xB") {
		t.Error("the verifier's draw ignores the audit or the verifier")
	}
	const n = 4096
	below := 0
	for i := range n {
		binary.BigEndian.PutUint32(key[:], uint32(i))
		d := proof.CheckDraw(key, root)
		if d < 0 || d >= 1 {
			t.Fatalf("a draw of %v", d)
		}
		if d < 0.1 {
			below++
		}
		other := root
		other[0] = 1
		if proof.CheckDraw(key, other) == d {
			t.Fatal("the draw ignores the root")
		}
	}
	if share := float64(below) / n; math.Abs(share-0.1) > 0.02 {
		t.Errorf("%.3f of the draws are below 0.1", share)
	}
}

const (
	checkDrawVector    = 0.43682153077505048
	verifierDrawVector = 0xce5a91cbf1dad3a
)
