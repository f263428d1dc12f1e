package sim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack"
)

// Artist submits jobs of one tiny package.
type Artist struct {
	*client.Client
	id     *identity.Identity
	built  *pack.Built
	drafts atomic.Int64
}

// StartArtist connects an artist and uploads its package; dir is for the scene.
func StartArtist(ctx context.Context, w *World, dir string) (*Artist, error) {
	id, err := identity.New()
	if err != nil {
		return nil, err
	}
	c, err := client.Dial(ctx, client.Options{Manager: w.URL, Identity: id, Software: "sim", Log: w.Log, Timeout: time.Minute})
	if err != nil {
		return nil, err
	}
	a := &Artist{Client: c, id: id}
	if err := a.pack(ctx, id, dir); err != nil {
		c.Close()
		return nil, err
	}
	return a, nil
}

// Identity is the artist's key, for further clients of the same artist.
func (a *Artist) Identity() *identity.Identity { return a.id }

func (a *Artist) pack(ctx context.Context, id *identity.Identity, dir string) error {
	scene := filepath.Join(dir, id.Address()+".blend")
	if err := os.WriteFile(scene, []byte("a simulated scene"), 0o600); err != nil {
		return err
	}
	var err error
	if a.built, err = pack.Build(ctx, pack.BuildOptions{Sources: []pack.Source{{Name: Recipe.MainFile, Path: scene}}, Main: Recipe.MainFile, TenantKey: id.TenantKey(), Sink: a.Sink()}); err != nil {
		return fmt.Errorf("pack the scene: %w", err)
	}
	return a.SealPackage(ctx, a.built)
}

// Submit makes a job of frames 1 to n and funds it.
func (a *Artist) Submit(ctx context.Context, n int) (job.Job, error) {
	j, _, err := a.SubmitTimed(ctx, n)
	return j, err
}

// SubmitTimed is Submit, and tells when the quote was accepted.
func (a *Artist) SubmitTimed(ctx context.Context, n int) (job.Job, time.Time, error) {
	r := client.DraftRequest{Request: fmt.Sprint(a.Address(), a.drafts.Add(1)), Name: "simulated", Built: a.built, Recipe: Recipe, Frames: make([]int, n)}
	for f := range n {
		r.Frames[f] = f + 1
	}
	q, err := a.Draft(ctx, r)
	if err != nil {
		return job.Job{}, time.Time{}, fmt.Errorf("draft: %w", err)
	}
	at := time.Now()
	j, err := a.Fund(ctx, q)
	if err != nil {
		return job.Job{}, time.Time{}, fmt.Errorf("fund: %w", err)
	}
	return j, at, nil
}
