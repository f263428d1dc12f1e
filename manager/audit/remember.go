package audit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
)

// What probes rest on outlives a manager: which verifiers owe a honeypot stands in their
// standing, and is written in the transaction that gives the audit it follows from; the attempts whose answer is
// known, and the secret of the draws, stand beside the jobs. The draws are a PRF of that secret, so a manager that is killed
// and does a step again draws the same, and a verifier can't tell its own, whatever it has seen.

// secretMeta holds the secret of the draws, 64 hex digits. All managers of a database share it.
const secretMeta = "audit/probe-secret"

func (u *Auditor) knownMeta() string { return "audit/known/" + u.options.Manager }

// madeSecret reads the secret of the draws; nil where none was made yet.
func madeSecret(tx store.Tx) ([]byte, error) {
	text, err := tx.Meta(secretMeta)
	if err != nil {
		return nil, fmt.Errorf("read the secret of the probes: %w", err)
	}
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == sha256.Size {
		return raw, nil
	}
	return nil, nil
}

// secret reads the secret of the draws, or makes it.
func secret(tx store.Tx) ([]byte, error) {
	raw, err := madeSecret(tx)
	if err != nil || raw != nil {
		return raw, err
	}
	raw = make([]byte, sha256.Size)
	if _, err := rand.Read(raw); err != nil {
		return nil, fmt.Errorf("make a secret for the probes: %w", err)
	}
	return raw, tx.SetMeta(secretMeta, hex.EncodeToString(raw))
}

// knownSecret is the secret, from memory where it is there. Whoever finds it in a transaction that only reads
// may keep it there: it is durable then, and never another one.
func (u *Auditor) knownSecret(tx store.Tx) ([]byte, error) {
	u.mu.Lock()
	known := u.secret
	u.mu.Unlock()
	if known != nil {
		return known, nil
	}
	return madeSecret(tx)
}

// probeDraw is true once in n: the first eight bytes of
//
//	HMAC-SHA256(secret, "heliostat/" ‖ what ‖ "/1" ‖ audit)
//
// modulo n are zero.
func probeDraw(secret []byte, what, audit string, n int) bool {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("heliostat/" + what + "/1" + audit))
	return binary.BigEndian.Uint64(m.Sum(nil))%uint64(n) == 0
}

// drawn draws in a transaction.
func (u *Auditor) drawn(tx store.Tx, what, audit string, n int) (bool, error) {
	u.mu.Lock()
	key := u.secret
	u.mu.Unlock()
	if key == nil {
		var err error
		if key, err = secret(tx); err != nil {
			return false, err
		}
	}
	return u.chance(key, what, audit, n), nil
}

// owe makes a verifier that is given an audit pass a honeypot some time, in the transaction
// that gives it.
func (u *Auditor) owe(tx store.Tx, s *subject, verifier string) (owes bool, err error) {
	if s.probe() {
		return false, nil
	}
	if owes, err = u.drawn(tx, "honeypot-draw", s.audit.ID, ProbeEvery); err != nil || !owes {
		return false, err
	}
	_, err = tx.PutNode(verifier, func(n *store.Node) { n.Standing.Owes = true })
	return true, err
}

// owed notes that a verifier owes one, once that is durable.
func (u *Auditor) owed(verifier string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.due[verifier] = true
}

// lesson is what a verdict taught, to be kept in memory once it is durable.
type lesson struct {
	known *sample
	good  bool
}

// learn notes, in the transaction that records a verdict, its attempt as a probe for others:
// one in learnEvery of those that passed, every one that didn't.
func (u *Auditor) learn(tx store.Tx, s *subject, passed bool) (l lesson, err error) {
	if passed {
		if keep, err := u.drawn(tx, "learn-draw", s.audit.ID, learnEvery); err != nil || !keep {
			return l, err
		}
	}
	a, err := tx.Attempt(s.attempt.ID)
	if err != nil {
		return l, fmt.Errorf("look at attempt %s again: %w", s.attempt.ID, err)
	}
	good := a.State == lifecycle.AttemptPassed && s.audit.Claim == 0
	if !good && !a.Convicted {
		return l, nil
	}
	list, err := u.readKnown(tx)
	if err != nil {
		return l, err
	}
	k := sample{a.ID, !good}
	text, err := json.Marshal(keepKnown(list, k))
	if err != nil {
		return l, fmt.Errorf("encode the known attempts: %w", err)
	}
	return lesson{&k, good}, tx.SetMeta(u.knownMeta(), string(text))
}

// learnt keeps a lesson in memory.
func (u *Auditor) learnt(s *subject, l lesson) {
	if l.known == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.known = keepKnown(u.known, *l.known)
	clear(u.tried)
	if l.good {
		u.wantCanaryLocked(s)
	}
}

// keepKnown adds an attempt, at the cost of the oldest where there are too many.
func keepKnown(list []sample, k sample) []sample {
	list = slices.DeleteFunc(list, func(old sample) bool { return old.Attempt == k.Attempt })
	if len(list) >= maxKnown {
		list = slices.Delete(list, 0, len(list)-maxKnown+1)
	}
	return append(list, k)
}

func (u *Auditor) readKnown(tx store.Tx) (list []sample, err error) {
	text, err := tx.Meta(u.knownMeta())
	if err != nil || text == "" {
		return nil, err
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("read the attempts that serve as probes: %w", err)
	}
	return list, nil
}
