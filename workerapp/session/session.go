// Package session renders one lease: it fetches the package, takes a warm renderer, and
// turns every frame that isn't finished yet into a durable frame of the outbox, then seals
// the commit. While a frame is hashed and stored, the next one renders. A lease may also be for one
// tile of a still, or for joining a still from its tiles.
//
// It is not the place for delivery (workerapp/outbox), for keeping renderers alive
// (shared/render/warm), or for deciding whether to work (workerapp/rules).
//
// Receives: leases from the engine.
// Hands on: finished frames and the signed commit to workerapp/outbox.
package session

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/outbox"
)

// Package is what a Fetch needs to get a scene.
type Package struct {
	ID       string
	Lease    string
	Manifest wire.Signed
	JobKey   seal.JobKey
}

// Progress is how far a lease has come.
type Progress struct {
	Phase    string  // "download", "load", "render"
	Frame    int     // in phase render
	Fraction float64 // of the phase, 0 to 1
	Done     int     // frames finished
	Total    int
	Memory   int64 // bytes
	// DeviceMemory is the most that the rendering device held so far for this lease, in bytes: of
	// a GPU, what the scene needs. 0 when the renderer doesn't tell.
	DeviceMemory int64
}

// Runner renders leases. Its fields are set once; Render may run for several leases at a time.
type Runner struct {
	Pool     *warm.Pool
	Identity *identity.Identity
	Found    []warm.Found
	// Class gives the device class that the receipt names; nil takes the install's own.
	Class func(render.Install) string
	// Fetch puts the package's files into dir.
	Fetch func(ctx context.Context, p Package, dir string, progress func(fraction float64)) error
	// Object gets an object of size bytes with this SHA-256 into a new file.
	Object func(ctx context.Context, signed wire.Signed, path string, size int64, digest [32]byte) error
	// Scratch is a folder that no renderer reaches, for files on their way; nothing in it has to
	// outlive the process.
	Scratch string
	// Free measures the room on the disk that renderers write to, in bytes; nil isn't asked. A
	// renderer that finds it full says little of that.
	Free func() (int64, error)
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	masters masters
}

// With is a runner like r that has these renderers.
func (r *Runner) With(found []warm.Found) *Runner {
	return &Runner{
		Pool: r.Pool, Identity: r.Identity, Found: found, Class: r.Class, Fetch: r.Fetch, Object: r.Object,
		Scratch: r.Scratch, Free: r.Free, Now: r.Now,
	}
}

// Render finishes the entry's frames and seals its commit. Frames that a crash left
// finished aren't rendered again. An error is a *Failure unless ctx ended.
func (r *Runner) Render(ctx context.Context, e *outbox.Entry, progress func(Progress)) error {
	err := r.render(ctx, e, progress)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return Classify(err)
}

// fullDisk is less than a renderer needs for anything, in bytes.
const fullDisk = 8 << 20

// full adds to a renderer's error that its disk is full. It is asked before the workspace is
// wiped, which makes room.
func (r *Runner) full(err error) error {
	if r.Free == nil || errors.Is(err, syscall.ENOSPC) {
		return err
	}
	if free, e := r.Free(); e != nil || free >= fullDisk {
		return err
	}
	return fmt.Errorf("%w: %w", syscall.ENOSPC, err)
}

func (r *Runner) render(ctx context.Context, e *outbox.Entry, progress func(Progress)) error {
	lease := e.Lease()
	offer := lease.Offer
	started := r.now()
	key, err := r.Identity.OpenJobKey(offer.Package, offer.JobKey)
	if err != nil {
		return fmt.Errorf("open the job key: %w", err)
	}
	found, err := r.choose(e)
	if err != nil {
		return err
	}
	at := Progress{Phase: "download", Total: len(offer.Frames), Done: len(e.Records())}
	if at.Done < at.Total {
		part, err := r.begin(ctx, offer, func(fraction float64) {
			at.Fraction = fraction
			progress(at)
		})
		if err != nil {
			return err
		}
		defer part.wipe()
		held, err := r.Pool.Take(ctx, warm.Want{
			Package: offer.Package,
			Recipe:  offer.Recipe,
			Found:   found,
			Tiled:   offer.Kind != job.TaskRender,
			Extract: func(ctx context.Context, dir string) error {
				return r.Fetch(ctx, Package{ID: offer.Package, Lease: offer.Lease, Manifest: offer.Manifest, JobKey: key}, dir, func(fraction float64) {
					at.Fraction = fraction
					progress(at)
				})
			},
			Phase: func(phase string) {
				at.Phase, at.Fraction = phase, 0
				progress(at)
			},
		})
		if err != nil {
			return err
		}
		switch offer.Kind {
		case job.TaskTile:
			err = part.tile(ctx, held, e, found.Install, at, progress)
		case job.TaskAssemble:
			err = part.assemble(ctx, held, e, found.Install, at, progress)
		default:
			err = r.frames(ctx, held, e, found.Install, at, progress)
			held.Done()
		}
		if err != nil {
			return err
		}
	}
	return r.seal(e, found.Install, started)
}

// frames renders what is missing; a second goroutine stores each frame meanwhile.
func (r *Runner) frames(ctx context.Context, held *warm.Held, e *outbox.Entry, install render.Install, at Progress, progress func(Progress)) error {
	offer := e.Lease().Offer
	finished := map[int]bool{}
	for _, record := range e.Records() {
		finished[record.Frame] = true
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	rendered := make(chan render.Frame, 1)
	stored := make(chan error, 1)
	go func() {
		var failed error
		for frame := range rendered {
			if failed != nil {
				continue
			}
			if failed = store(e, offer, install, frame); failed != nil {
				cancel(failed)
			}
		}
		stored <- failed
	}()
	var failed error
	master := needsMaster(offer.Recipe)
	for _, f := range offer.Frames {
		if finished[f.Frame] {
			continue
		}
		at.Phase, at.Frame, at.Fraction = "render", f.Frame, 0
		progress(at)
		frame, err := held.Render(ctx, render.Request{Frame: f.Frame, Seed: f.Seed, Master: master}, func(p render.Progress) {
			at.Fraction, at.Memory, at.DeviceMemory = p.Fraction, p.Memory, max(at.DeviceMemory, p.DeviceMemory)
			progress(at)
		})
		if err != nil {
			failed = r.full(err) // it names the frame
			break
		}
		at.Done++
		at.Memory, at.DeviceMemory = frame.PeakMemory, max(at.DeviceMemory, frame.DeviceMemory)
		progress(at)
		select {
		case rendered <- frame:
		case <-ctx.Done():
			failed = context.Cause(ctx)
		}
		if failed != nil {
			break
		}
	}
	close(rendered)
	return errors.Join(<-stored, failed)
}

// needsMaster tells whether the noisy linear pass is delivered beside the image, because the
// verdict on this recipe compares it.
func needsMaster(recipe job.Recipe) bool { return proof.PolicyFor(recipe).NeedMaster }

// store makes one rendered frame durable, with its commitment.
func store(e *outbox.Entry, offer wire.LeaseOffer, install render.Install, frame render.Frame) error {
	uploads, err := keep(e, frame)
	if err != nil {
		return err
	}
	return promise(e, offer, install, frame, uploads)
}

// keep moves a rendered frame's files into the outbox: the image, its master when it has one,
// then the further files.
func keep(e *outbox.Entry, frame render.Frame) ([]wire.UploadFile, error) {
	if len(frame.Files) == 0 {
		return nil, fmt.Errorf("store frame %d: the renderer wrote no image", frame.Number)
	}
	files := []outbox.File{{Path: frame.Files[0].Path, Kind: outbox.Final}}
	if frame.Master != "" {
		files = append(files, outbox.File{Path: frame.Master, Kind: outbox.Master})
	}
	for _, x := range frame.Extras {
		files = append(files, outbox.File{Path: x.Path, Kind: outbox.Extra, Name: x.Name})
	}
	return e.Take(frame.Number, files)
}

// promise adds the commitment to a frame whose files are in the outbox.
func promise(e *outbox.Entry, offer wire.LeaseOffer, install render.Install, frame render.Frame, uploads []wire.UploadFile) error {
	final, master, first := e.Path(uploads[0]), "", 1 // first of the further files
	if frame.Master != "" {
		master, first = e.Path(uploads[1]), 2
	}
	commit, _, err := proof.Commit(frame.Number, final, master)
	if err != nil {
		return err
	}
	commit.Assembled = offer.Kind == job.TaskAssemble
	for _, x := range uploads[first:] {
		var digest proof.Digest
		if err := digest.UnmarshalText([]byte(x.Digest)); err != nil {
			return fmt.Errorf("store frame %d: %s: %w", frame.Number, x.Name, err)
		}
		commit.Extras = append(commit.Extras, proof.Extra{Name: x.Name, Digest: digest})
	}
	if w, h := offer.Recipe.Width, offer.Recipe.Height; commit.W != w || commit.H != h {
		return fmt.Errorf("store frame %d: the renderer gave %d×%d pixels, the recipe asks for %d×%d", frame.Number, commit.W, commit.H, w, h)
	}
	for i, digest := range []proof.Digest{commit.FileDigest, commit.MasterDigest} {
		if i < first && uploads[i].Digest != hex.EncodeToString(digest[:]) {
			return fmt.Errorf("store frame %d: its %s file changed on disk", frame.Number, uploads[i].Kind)
		}
	}
	return add(e, install, frame, uploads, commit)
}

// add makes a frame that is promised durable.
func add(e *outbox.Entry, install render.Install, frame render.Frame, uploads []wire.UploadFile, commit proof.FrameCommit) error {
	return e.Add(outbox.Record{
		Frame:   frame.Number,
		Files:   uploads,
		Commit:  commit,
		Version: install.Version,
		Build:   install.BuildHash,
		Stats:   wire.FrameStats{Frame: frame.Number, Seconds: frame.Seconds, CPUSeconds: frame.CPUSeconds, Memory: frame.PeakMemory},
	})
}

// SealPartial seals what is finished when the owner takes the machine back: at least one
// frame. The rest of the task returns to the queue. It changes nothing when the entry is sealed.
func (r *Runner) SealPartial(e *outbox.Entry) error {
	if _, sealed := e.Commit(); sealed {
		return nil
	}
	found, err := r.choose(e)
	if err != nil {
		return err
	}
	return r.seal(e, found.Install, time.UnixMilli(e.Lease().Taken))
}

// choose picks the install that renders the entry: one and the same for all of its frames, since the
// receipt names it. A crash and an update may lie between two of them.
func (r *Runner) choose(e *outbox.Entry) (warm.Found, error) {
	offer := e.Lease().Offer
	recipe := offer.Recipe
	if records := e.Records(); len(records) > 0 && records[0].Version != "" {
		recipe.Version, recipe.BuildHash, recipe.AnyPatch = records[0].Version, records[0].Build, false
	}
	return warm.Choose(r.Found, recipe, offer.Kind)
}

// seal signs the promise over the finished frames.
func (r *Runner) seal(e *outbox.Entry, install render.Install, started time.Time) error {
	lease := e.Lease()
	offer := lease.Offer
	c := wire.TaskCommit{Lease: offer.Lease}
	for _, record := range e.Records() {
		c.Frames = append(c.Frames, record.Commit)
		c.Files = append(c.Files, record.Files...)
		c.Stats = append(c.Stats, record.Stats)
	}
	c.Partial = len(c.Frames) < len(offer.Frames)
	class := install.Class
	if r.Class != nil {
		class = r.Class(install)
	}
	c.Receipt = receipt.Receipt{
		Attempt:  offer.Lease,
		Task:     offer.Task,
		Job:      offer.Job,
		Worker:   r.Identity.Address(),
		Class:    class,
		Renderer: install.Renderer,
		Version:  install.Version,
		Build:    install.BuildHash,
		Recipe:   receipt.RecipeHash(offer.Recipe),
		Started:  started.UnixMilli(),
		Finished: r.now().UnixMilli(),
	}.Over(c.Frames)
	if err := c.Receipt.Key.UnmarshalText([]byte(offer.KeyHash)); err != nil {
		return fmt.Errorf("the lease's key hash: %w", err)
	}
	signature, err := r.Identity.Sign(c.Receipt.Digest(receipt.Domain{ChainID: lease.Money.ChainID, Contract: lease.Money.Escrow}))
	if err != nil {
		return fmt.Errorf("sign the receipt: %w", err)
	}
	c.Signature = signature
	return e.Seal(c)
}

func (r *Runner) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}
