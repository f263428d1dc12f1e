package proof

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"
)

// TrustPolicy says how often a worker's attempts are checked. manager/audit/TRUST.md has the
// argument for each number.
//
// Trust is a number from 0, a newcomer, to 1, never reached. It stands for a score of
// consecutive checks passed, s = Newcomer · trust / (1 − trust), that halves with every HalfLife that
// passes and falls to 0 with the first check failed.
type TrustPolicy struct {
	Newcomer float64       // checks passed in a row below which every attempt is checked
	HalfLife time.Duration // in which a score halves
	// Saving is what a cheat saves at most, as a share of the attempt's pay. 1 is a worker that
	// renders nothing at all.
	Saving float64
	// Detection is the chance that a check finds the cheat that pays best: the least share found
	// over the attack suite, weighted by what the attack saves.
	Detection float64
	// Floor is the least rate for any worker, also where nothing is paid.
	Floor float64
}

// DefaultTrust is what managers use.
func DefaultTrust() TrustPolicy {
	return TrustPolicy{Newcomer: 20, HalfLife: 30 * 24 * time.Hour, Saving: 1, Detection: 0.9, Floor: 0.02}
}

// MinRate is the least share q of attempts to check that keeps cheating from paying: the
// cheat gains saving where it isn't found and loses its pay and its stake where it is, so with a chance
// q·detection of being found
//
//	q_min = saving / (detection · (pay + stake))
//
// All but detection, which is a probability, are amounts of one unit. The result is cut to
// 0…1; 1 means that checking everything is the best that can be done, not that it is enough.
func MinRate(saving, detection, pay, stake float64) float64 {
	if !(saving > 0) {
		return 0
	}
	loss := detection * (max(pay, 0) + max(stake, 0))
	if !(loss > saving) {
		return 1
	}
	return saving / loss
}

// Rate is the share of a worker's attempts to check: all of them from a newcomer, then
// Newcomer in the score, but never less than keeps cheating from paying and never less than Floor. pay
// is what the attempt earns, stake what its worker would lose; both in one unit, 0 where nothing is paid.
func (p TrustPolicy) Rate(trust, pay, stake float64) float64 {
	rate := 1.0
	if trust > 0.5 {
		rate = (1 - min(trust, 1)) / trust // Newcomer / score
	}
	if pay > 0 {
		rate = max(rate, MinRate(p.Saving*pay, p.Detection, pay, stake))
	}
	return min(max(rate, p.Floor), 1)
}

// score and its inverse.
func (p TrustPolicy) score(trust float64) float64 {
	if !(trust > 0) {
		return 0
	}
	trust = min(trust, 1-1e-9)
	return p.Newcomer * trust / (1 - trust)
}

func (p TrustPolicy) trust(score float64) float64 { return score / (score + p.Newcomer) }

// Decayed is a trust after some time without a check. Time that runs backwards changes nothing.
func (p TrustPolicy) Decayed(trust float64, age time.Duration) float64 {
	if age <= 0 || p.HalfLife <= 0 {
		return p.trust(p.score(trust))
	}
	return p.trust(p.score(trust) * math.Exp2(-float64(age)/float64(p.HalfLife)))
}

// Passed is a trust after one more check passed, age after the last one. A failed check
// makes it 0.
func (p TrustPolicy) Passed(trust float64, age time.Duration) float64 {
	return p.trust(p.score(p.Decayed(trust, age)) + 1)
}

// CheckDraw is the number in 0…1 that decides whether a committed attempt is checked: it is
// when the number is below its rate. It needs the worker's root and the verification key, which the worker
// learns after its commit, so neither side can steer it and everybody can recompute it:
//
//	the first 53 bits of HMAC-SHA256(key, "heliostat/check-draw/1" ‖ root), by 2⁵³
func CheckDraw(key [32]byte, root Digest) float64 {
	return float64(drawn(key, "heliostat/check-draw/1", root[:])>>11) / (1 << 53)
}

// VerifierDraw orders verifiers for one audit of an attempt: the free one with the least
// number is asked first. Only who knows the verification key can tell beforehand who that will be.
//
//	the first 8 bytes of HMAC-SHA256(key, "heliostat/verifier-draw/1" ‖ audit ‖ 0x00 ‖ address)
func VerifierDraw(key [32]byte, audit, verifier string) uint64 {
	return drawn(key, "heliostat/verifier-draw/1", []byte(audit+"\x00"+verifier))
}

func drawn(key [32]byte, domain string, what []byte) uint64 {
	m := hmac.New(sha256.New, key[:])
	m.Write([]byte(domain))
	m.Write(what)
	return binary.BigEndian.Uint64(m.Sum(nil))
}

// Comparable tells whether a verdict between two device classes counts as one within a class.
func (p Policy) Comparable(a, b string) bool { return p.comparable(a, b) }
