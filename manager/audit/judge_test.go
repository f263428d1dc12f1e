package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// judge has a verifier do an audit. With pixels it uses those instead of rendering: a
// verifier that colludes with the worker.
func (r *rig) judge(p *party, o wire.AuditOffer, pixels map[string][]byte) {
	r.t.Helper()
	if err := r.tryJudge(p, o, pixels); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) tryJudge(p *party, o wire.AuditOffer, pixels map[string][]byte) error {
	r.t.Helper()
	ctx := context.Background()
	session, dir := p.open(o.Recipe, o.Kind)
	seeds := make(map[int]int32)
	for _, f := range o.Frames {
		seeds[f.Frame] = f.Seed
	}
	var samples []proof.TileSample
	for _, tile := range o.Tiles {
		if pixels != nil {
			_, trees, err := proof.CommitBytes(tile.Frame, ".png", pixels[fmt.Sprint("final", tile.Frame)], pixels[fmt.Sprint("master", tile.Frame)])
			if err != nil {
				return err
			}
			commit := proof.FrameCommit{Frame: tile.Frame, MasterRoot: proof.Digest{1}, FinalRoot: proof.Digest{1}}
			proven, err := trees.ProveAll(commit, proof.PolicyFor(o.Recipe), []proof.Pick{{Frame: tile.Frame, Tile: tile.Tile}})
			if err != nil {
				return err
			}
			for _, t := range proven {
				samples = append(samples, t.TileSample)
			}
			continue
		}
		got, err := session.Render(ctx, render.Request{Frame: tile.Frame, Seed: seeds[tile.Frame], Borders: []render.Rect{{X: tile.X, Y: tile.Y, W: tile.W, H: tile.H}}, OutDir: dir, Master: true}, nil)
		if err != nil {
			return err
		}
		w, h := o.Recipe.Width, o.Recipe.Height
		if o.Border != nil {
			w, h = o.Border.W, o.Border.H
		}
		noisy, guides := got.Tiles[0].Master, (*raster.Raster)(nil)
		if o.Border != nil && o.Recipe.Denoise {
			if noisy, guides, err = proof.SplitGuides(noisy); err != nil {
				return err
			}
		}
		master, err := proof.Sample(tile.Frame, w, h, tile.Tile, proof.Master, noisy)
		if err != nil {
			return err
		}
		samples = append(samples, master)
		if guides != nil {
			s, err := proof.Sample(tile.Frame, w, h, tile.Tile, proof.Guides, guides)
			if err != nil {
				return err
			}
			samples = append(samples, s)
		}
		if o.Border != nil {
			continue
		}
		final, err := proof.Sample(tile.Frame, o.Recipe.Width, o.Recipe.Height, tile.Tile, proof.Final, got.Tiles[0].Final)
		if err != nil {
			return err
		}
		samples = append(samples, final)
	}
	bound := proof.SamplesDigest(samples)
	var developed []byte
	if o.Kind == job.TaskAssemble {
		raw, err := r.Auditor.read(ctx, r.masterOf(o.Audit))
		if err != nil {
			return err
		}
		master, err := raster.DecodeEXR(raw, raster.Limits{})
		if err != nil {
			return err
		}
		developed = r.develop(session, dir, o.Frames[0], master, true)
		bound = sha256.Sum256(developed)
	}
	v, err := r.Commit(ctx, p.address(), wire.AuditCommit{Audit: o.Audit, Samples: bound})
	if err != nil {
		return err
	}
	e := proof.Evidence{Root: v.Receipt.Root, Frames: v.Commits, Verifier: samples, WorkerClass: v.Class, VerifierClass: receipt.Class(o.Recipe, p.class, p.version, ""), Policy: v.Policies}
	if err := e.Key.UnmarshalText([]byte(v.Key)); err != nil {
		return err
	}
	a := r.attempt(v.Attempt)
	for _, frame := range v.Frames {
		files := make(map[string][]byte)
		for _, f := range a.Commit.Files {
			if f.Frame == frame {
				if files[f.Kind], err = r.Auditor.read(ctx, lease.FrameKey(a.Job, a.ID, f)); err != nil {
					return err
				}
			}
		}
		commit, trees, err := proof.Recommit(v.Commits[slices.IndexFunc(v.Commits, func(c proof.FrameCommit) bool { return c.Frame == frame })], ".png", files[lease.KindFinal], files[lease.KindMaster])
		if err != nil {
			return err
		}
		if v.Policies.Assembled {
			relation, err := proof.Relate(commit, v.Policies, ".png", files[lease.KindFinal], developed, false)
			if err != nil {
				return err
			}
			commit.Extras = v.Commits[0].Extras
			var made []proof.Made
			for name, body := range r.made {
				made = append(made, proof.Made{Name: name, Digest: sha256.Sum256(body), Open: func() ([]byte, error) { return body, nil }})
			}
			err = relation.RelateFurther(commit, v.Policies, false, made, func(at int) ([]byte, string, error) {
				if len(v.Extras) != 1 || len(v.Extras[0]) != len(commit.Extras) || v.Extras[0][at].URL == "" {
					return nil, "", fmt.Errorf("the reveal names the further files %v", v.Extras)
				}
				return r.further[commit.Extras[at].Name], "", nil
			})
			if err != nil {
				return err
			}
			e.Delivered = append(e.Delivered, relation)
		}
		tiles, err := trees.ProveAll(commit, v.Policies, proof.Picks(e.Key, v.Commits, v.Policies))
		if err != nil {
			return err
		}
		e.Worker = append(e.Worker, tiles...)
	}
	result, err := proof.Judge(e, v.Policies)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := proof.EncodeEvidence(&b, e); err != nil {
		return err
	}
	digest := sha256.Sum256(b.Bytes())
	if err := r.options.Blobs.Put(ctx, lease.EvidenceKey(o.Audit, hex.EncodeToString(digest[:])), bytes.NewReader(b.Bytes()), int64(b.Len()), digest); err != nil {
		return err
	}
	verdict := receipt.Verdict{Audit: o.Audit, Attempt: v.Attempt, Verifier: p.address(), Pass: result.Pass, Inconclusive: result.Inconclusive, Root: e.Root, Evidence: digest, Samples: bound, Time: 3}
	signature, err := p.id.Sign(verdict.Digest(r.options.Settler.Domain()))
	if err != nil {
		return err
	}
	return r.Verdict(ctx, p.address(), wire.AuditVerdict{Audit: o.Audit, Verdict: verdict, Signature: signature, Result: result, Seconds: 1})
}

// masterOf is where the master of the attempt of an audit lies.
func (r *rig) masterOf(audit string) (key string) {
	r.t.Helper()
	a := r.load(audit).attempt
	for _, f := range a.Commit.Files {
		if f.Kind == lease.KindMaster {
			key = lease.FrameKey(a.Job, a.ID, f)
		}
	}
	return key
}

func (r *rig) load(audit string) (s *subject) {
	r.t.Helper()
	r.update(func(tx store.Tx) (err error) { s, err = load(tx, audit); return err })
	return s
}
