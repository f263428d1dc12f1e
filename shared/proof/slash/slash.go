// Package slash holds the whole case against a worker, or for it: its signed receipt, the
// key that drew the tiles, and every verifier's signed verdict with its evidence. Anybody can judge it
// again offline, with nothing but this file.
//
// It is not for collecting cases (manager/audit), for taking stake (contracts) or for the
// judgement itself (shared/proof).
//
// Receives: receipts, verdicts and evidence from manager/audit.
// Hands on: findings to manager/audit, verifier and whoever wants to know.
package slash

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// Bounds on a case.
const (
	MaxOpinions = 16
	MaxCase     = 1 << 30 // bytes of JSON
)

// Quorum is how many of at most five verifiers have to convict before stake is taken.
const Quorum = 3

// ErrCase means that a case contradicts itself, so that it says nothing about the worker.
var ErrCase = errors.New("invalid case")

// Case is everything that a conviction rests on.
type Case struct {
	Version   int             `json:"version"`
	ChainID   uint64          `json:"chainId"`  // of the signatures' domain
	Contract  string          `json:"contract"` //
	Recipe    job.Recipe      `json:"recipe"`
	Key       proof.Digest    `json:"key"` // revealed after the commit; the receipt names its hash
	Receipt   receipt.Receipt `json:"receipt"`
	Signature []byte          `json:"signature"` // of the worker over the receipt
	Opinions  []Opinion       `json:"opinions"`
}

// CaseVersion is the version of what Encode writes.
const CaseVersion = 2

// Opinion is one verifier's verdict.
type Opinion struct {
	Claim     int             `json:"claim,omitempty"` // which bad-result claim it is on; 0 for none
	Verdict   receipt.Verdict `json:"verdict"`
	Signature []byte          `json:"signature"`
	Evidence  []byte          `json:"evidence"` // exactly the bytes whose digest the verdict names
}

// Finding is what a case gives when it is judged again.
type Finding struct {
	Passes       int             `json:"passes"`
	Fails        int             `json:"fails"`
	Inconclusive int             `json:"inconclusive"` // without pass
	Convicts     bool            `json:"convicts"`     // Quorum verifiers convict, and more than pass
	Verdicts     []proof.Verdict `json:"verdicts"`     // in the opinions' order
}

// ClaimKey is the key of a bad-result claim's challenge, drawn from the attempt's own so that
// other tiles are looked at: SHA-256("heliostat/claim/1" ‖ key ‖ the claim's number in decimal).
// Claim 0 is no claim: the key itself.
func ClaimKey(key proof.Digest, claim int) proof.Digest {
	if claim == 0 {
		return key
	}
	return sha256.Sum256(fmt.Appendf(append([]byte("heliostat/claim/1"), key[:]...), "%d", claim))
}

// Encode writes a case as JSON.
func Encode(w io.Writer, c Case) error {
	c.Version = CaseVersion
	if err := json.NewEncoder(w).Encode(c); err != nil {
		return fmt.Errorf("writing a case: %w", err)
	}
	return nil
}

// Decode reads a case and checks its bounds; Check checks the rest.
func Decode(r io.Reader) (Case, error) {
	var c Case
	lr := &io.LimitedReader{R: r, N: MaxCase + 1}
	if err := json.NewDecoder(lr).Decode(&c); err != nil {
		if lr.N == 0 {
			return c, fmt.Errorf("%w: over %d bytes", ErrCase, MaxCase)
		}
		return c, fmt.Errorf("%w: %w", ErrCase, err)
	}
	if c.Version != CaseVersion {
		return c, fmt.Errorf("%w: version %d; this program reads version %d", ErrCase, c.Version, CaseVersion)
	}
	if len(c.Opinions) == 0 || len(c.Opinions) > MaxOpinions {
		return c, fmt.Errorf("%w: %d opinions, a case has 1 to %d", ErrCase, len(c.Opinions), MaxOpinions)
	}
	return c, nil
}

// Check holds every signature, digest and verdict of a case to each other and judges each
// piece of evidence again. An error (it wraps ErrCase) means that the case is no good.
func Check(c Case) (Finding, error) {
	var f Finding
	bad := func(format string, a ...any) (Finding, error) {
		return Finding{}, fmt.Errorf("%w: "+format, append([]any{ErrCase}, a...)...)
	}
	domain := receipt.Domain{ChainID: c.ChainID, Contract: c.Contract}
	if proof.KeyHash(c.Key) != c.Receipt.Key {
		return bad("the key isn't the one that the receipt was signed under")
	}
	if err := c.Receipt.Suits(c.Recipe); err != nil {
		return bad("the receipt: %w", err)
	}
	if err := signed(c.Receipt.Digest(domain), c.Signature, c.Receipt.Worker); err != nil {
		return bad("the receipt: %w", err)
	}
	seen := map[string]bool{strings.ToLower(c.Receipt.Worker): true}
	for i, o := range c.Opinions {
		v := o.Verdict
		if name := strings.ToLower(v.Verifier); seen[name] {
			return bad("verdict %d is the worker's own, or a second one of %s", i+1, v.Verifier)
		} else {
			seen[name] = true
		}
		if err := signed(v.Digest(domain), o.Signature, v.Verifier); err != nil {
			return bad("verdict %d: %w", i+1, err)
		}
		result, err := c.judge(o)
		if err != nil {
			return bad("verdict %d: %w", i+1, err)
		}
		f.Verdicts = append(f.Verdicts, result)
		switch {
		case result.Pass:
			f.Passes++
		case result.Inconclusive:
			f.Inconclusive++
		default:
			f.Fails++
		}
	}
	f.Convicts = f.Fails >= Quorum && f.Fails > f.Passes
	return f, nil
}

// judge recomputes one verdict.
func (c Case) judge(o Opinion) (proof.Verdict, error) {
	v := o.Verdict
	if v.Attempt != c.Receipt.Attempt || v.Root != c.Receipt.Root {
		return proof.Verdict{}, errors.New("it is on another attempt")
	}
	if proof.Digest(sha256.Sum256(o.Evidence)) != v.Evidence {
		return proof.Verdict{}, errors.New("its evidence isn't what was signed")
	}
	e, err := proof.DecodeEvidence(bytes.NewReader(o.Evidence))
	if err != nil {
		return proof.Verdict{}, err
	}
	switch {
	case e.Key != ClaimKey(c.Key, o.Claim):
		return proof.Verdict{}, errors.New("its tiles were drawn with another key")
	case e.WorkerClass != receipt.Class(c.Recipe, c.Receipt.Class, c.Receipt.Version, c.Receipt.Build):
		return proof.Verdict{}, errors.New("its evidence is on a render of another device class or version")
	case proof.Bound(e) != v.Samples:
		return proof.Verdict{}, errors.New("its pixels aren't those that the verifier committed to")
	}
	if err := c.Receipt.Covers(e.Frames); err != nil {
		return proof.Verdict{}, err
	}
	if err := samePolicy(e.Policy, proof.PolicyOf(c.Recipe, e.Frames)); err != nil {
		return proof.Verdict{}, err
	}
	result, err := proof.Judge(e, e.Policy)
	if err != nil {
		return result, err
	}
	if result.Pass != v.Pass || result.Inconclusive != v.Inconclusive {
		return result, fmt.Errorf("its evidence gives pass %v, inconclusive %v (%s)", result.Pass, result.Inconclusive, result.Reason)
	}
	return result, nil
}

// samePolicy holds a stored policy to the recipe. Of the same version everything but the
// number of tiles and the pairs of classes follows from it; of an older one, what says which images are compared.
func samePolicy(stored, current proof.Policy) error {
	if stored.Version > current.Version || stored.Version < 1 {
		return fmt.Errorf("its policy has version %d; this program knows 1 to %d", stored.Version, current.Version)
	}
	same := stored.Method == current.Method && stored.NeedMaster == current.NeedMaster && stored.CompareFinal == current.CompareFinal &&
		stored.W == current.W && stored.H == current.H && stored.Assembled == current.Assembled && stored.Guides == current.Guides
	if stored.Version == current.Version {
		stored.Tiles, stored.Pairs = current.Tiles, current.Pairs
		if stored.Every == 0 {
			stored.Every = current.Every // a claim looks at every frame
		}
		same = reflect.DeepEqual(stored, current)
	}
	if !same {
		return errors.New("its policy isn't the recipe's")
	}
	return nil
}

func signed(digest [32]byte, signature []byte, by string) error {
	signer, err := identity.Recover(digest, signature)
	if err != nil {
		return err
	}
	if !strings.EqualFold(signer, by) {
		return fmt.Errorf("it names %s and is signed by %s", by, signer)
	}
	return nil
}
