package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/slash"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Faults of an audit that ends without a verdict, as wire.AuditFail names them.
const (
	faultVerifier = "verifier"
	faultMissing  = "missing"
)

// maxFile bounds a worker's file, in bytes.
const maxFile = 2 << 30

// fault is an audit that can't be brought to a verdict.
type fault struct {
	who string
	err error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

func missing(format string, a ...any) error {
	return &fault{faultMissing, fmt.Errorf(format, a...)}
}

// evidence builds what the verdict rests on from the worker's files and our samples. The time
// that it takes to render is added to the state's.
func (v *Verifier) evidence(ctx context.Context, s *State, r wire.AuditReveal) (proof.Evidence, error) {
	if err := checkReveal(*s, r); err != nil {
		return proof.Evidence{}, err
	}
	var key proof.Digest
	if err := key.UnmarshalText([]byte(r.Key)); err != nil {
		return proof.Evidence{}, fmt.Errorf("the revealed key: %w", err)
	}
	picks := proof.Picks(key, r.Commits, r.Policies)
	if len(picks) != len(s.Offer.Tiles) {
		return proof.Evidence{}, fmt.Errorf("the revealed key challenges %d tiles, %d were asked for", len(picks), len(s.Offer.Tiles))
	}
	for i, p := range picks {
		if t := s.Offer.Tiles[i]; t.Frame != p.Frame || t.Tile != p.Tile {
			return proof.Evidence{}, errors.New("the revealed key challenges other tiles than were asked for")
		}
	}
	e := proof.Evidence{
		Key: key, Root: r.Receipt.Root, Frames: r.Commits, Verifier: s.Samples, Layouts: s.Layouts,
		WorkerClass: r.Class, VerifierClass: v.class(s.Offer), Policy: r.Policies,
	}
	if s.joined() {
		err := v.compareJoined(ctx, s, r, &e)
		return e, err
	}
	var trees *proof.Trees
	var commit proof.FrameCommit
	dark := &darkroom{v: v, state: s, policy: r.Policies, eyes: r.Policies.Eyes && hasFurther(s.Channels, r.Commits)}
	defer dark.done()
	for _, p := range picks {
		if trees == nil || trees.Frame != p.Frame {
			var final []byte
			var err error
			if trees, commit, final, err = v.frame(ctx, s.Offer, r, p.Frame); err != nil {
				return proof.Evidence{}, err
			}
			if err := dark.relate(ctx, &e, commit, trees, final, furtherOf(r, p.Frame)); err != nil {
				return proof.Evidence{}, err
			}
			if print, ok := proof.PrintFile(proof.Extension(s.Offer.Recipe.Format), trees.Final, final); ok && final != nil {
				e.Prints = append(e.Prints, proof.FramePrint{Frame: commit.Frame, Print: print})
			}
		}
		for _, plane := range proof.Planes(commit, r.Policies) {
			tile, err := trees.Prove(plane, p.Tile)
			if err != nil {
				return proof.Evidence{}, missing("%w", err)
			}
			e.Worker = append(e.Worker, tile)
		}
	}
	if len(e.Worker) != len(e.Verifier) {
		return proof.Evidence{}, missing("the worker committed to %d challenged tiles where the recipe gives %d", len(e.Worker), len(e.Verifier))
	}
	return e, nil
}

// furtherOf are a revealed frame's further files.
func furtherOf(r wire.AuditReveal, frame int) []wire.Signed {
	if at := slices.Index(r.Frames, frame); at >= 0 && at < len(r.Extras) {
		return r.Extras[at]
	}
	return nil
}

// checkReveal holds the manager to its own messages.
func checkReveal(s State, r wire.AuditReveal) error {
	if err := proof.CheckFrames(r.Commits); err != nil {
		return fmt.Errorf("the revealed commit: %w", err)
	}
	if len(r.Finals) != len(r.Frames) || len(r.Masters) != len(r.Frames) {
		return fmt.Errorf("%d frames were revealed with %d finals and %d masters", len(r.Frames), len(r.Finals), len(r.Masters))
	}
	if err := r.Receipt.Covers(r.Commits); err != nil {
		return fmt.Errorf("the revealed commit: %w", err)
	}
	if err := r.Receipt.Suits(s.Offer.Recipe); err != nil {
		return fmt.Errorf("the revealed receipt: %w", err)
	}
	if class := receipt.Class(s.Offer.Recipe, r.Receipt.Class, r.Receipt.Version, r.Receipt.Build); r.Class != class {
		return fmt.Errorf("the revealed class is %q, the receipt's %q", r.Class, class)
	}
	digest := r.Receipt.Digest(receipt.Domain{ChainID: s.Money.ChainID, Contract: s.Money.Escrow})
	signer, err := identity.Recover(digest, r.Sign)
	if err != nil {
		return fmt.Errorf("the worker's signature: %w", err)
	}
	if !strings.EqualFold(signer, r.Worker) || !strings.EqualFold(signer, r.Receipt.Worker) {
		return fmt.Errorf("the receipt names worker %s and is signed by %s", r.Receipt.Worker, signer)
	}
	var key proof.Digest
	if err := key.UnmarshalText([]byte(r.AttemptKey)); err != nil {
		return fmt.Errorf("the revealed key: %w", err)
	}
	if proof.KeyHash(key) != r.Receipt.Key {
		return errors.New("the revealed key isn't the one that the worker signed under")
	}
	if r.Claim < 0 || slash.ClaimKey(key, r.Claim).String() != r.Key {
		return errors.New("the tiles were drawn with another key than the worker signed under")
	}
	return nil
}

// frame downloads one challenged frame and holds it against its commitment.
func (v *Verifier) frame(ctx context.Context, offer wire.AuditOffer, r wire.AuditReveal, number int) (*proof.Trees, proof.FrameCommit, []byte, error) {
	var want proof.FrameCommit
	for _, c := range r.Commits {
		if c.Frame == number {
			want = c
		}
	}
	at := -1
	for i, f := range r.Frames {
		if f == number {
			at = i
		}
	}
	if at < 0 {
		return nil, want, nil, fmt.Errorf("frame %d is challenged but not revealed", number)
	}
	var final, master []byte
	var err error
	if want.Border == nil { // a tile has a master only
		if final, err = v.download(ctx, number, "final", r.Finals[at], want.FileDigest); err != nil {
			return nil, want, nil, err
		}
	}
	if want.MasterDigest != (proof.Digest{}) {
		if master, err = v.download(ctx, number, "master", r.Masters[at], want.MasterDigest); err != nil {
			return nil, want, nil, err
		}
	}
	got, trees, err := proof.Recommit(want, proof.Extension(offer.Recipe.Format), final, master)
	if err != nil {
		return nil, want, nil, missing("the worker's frame %d: %w", number, err)
	}
	if got.Hash() != want.Hash() {
		return nil, want, nil, missing("the worker's frame %d doesn't lead to the tiles it committed to", number)
	}
	return trees, want, final, nil
}

func (v *Verifier) download(ctx context.Context, frame int, kind string, signed wire.Signed, want proof.Digest) ([]byte, error) {
	if signed.URL == "" {
		return nil, missing("the worker's %s of frame %d isn't in the store", kind, frame)
	}
	var b bytes.Buffer
	if err := v.options.Store.Get(ctx, signed, &b, maxFile); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if v.options.Store.Gone(err) {
			return nil, missing("the worker's %s of frame %d: %w", kind, frame, err)
		}
		return nil, fmt.Errorf("fetch the worker's %s of frame %d: %w", kind, frame, err)
	}
	if got := sha256.Sum256(b.Bytes()); got != [32]byte(want) {
		return nil, missing("the worker's %s of frame %d has the digest %s instead of %s", kind, frame, hex.EncodeToString(got[:4]), hex.EncodeToString(want[:4]))
	}
	return b.Bytes(), nil
}
