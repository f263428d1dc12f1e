package session

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/heliostat-render/heliostat/shared/blob/transfer"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/outbox"
)

const (
	// fetches is how many tiles are fetched at the same time.
	fetches = 4
	// pasted and read are how much of an assembly is done, in people's eyes, once the tiles are
	// joined, and once the joined master is decoded.
	pasted, read = 0.5, 0.7
)

// part is a lease for one tile of a still, or for its assembly; nil for whole frames. Its files lie
// where no renderer can put a link in their place.
type part struct {
	*Runner
	dir   string
	tiles []raster.Placed // of an assembly
}

// begin fetches what a part of a still needs beside its package.
func (r *Runner) begin(ctx context.Context, offer wire.LeaseOffer, progress func(fraction float64)) (*part, error) {
	if offer.Kind != job.TaskTile && offer.Kind != job.TaskAssemble {
		return nil, nil
	}
	if err := os.MkdirAll(r.Scratch, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for a still: %w", err)
	}
	dir, err := os.MkdirTemp(r.Scratch, "still-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a still: %w", err)
	}
	p := &part{Runner: r, dir: dir}
	if err := r.fetch(ctx, p, offer.Parts, progress); err != nil {
		p.wipe()
		return nil, err
	}
	return p, nil
}

// wipe is best effort: what it leaves goes with the scratch folder.
func (p *part) wipe() {
	if p != nil {
		_ = warm.Wipe(p.dir)
	}
}

// fetch brings the verified tiles of an assembly.
func (r *Runner) fetch(ctx context.Context, p *part, parts []wire.Part, progress func(fraction float64)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetches)
	var whole int64
	for _, tile := range parts {
		whole += tile.Master.Size
	}
	var done atomic.Int64
	fractions := make(chan float64, 1)
	for i, tile := range parts {
		path := filepath.Join(p.dir, fmt.Sprintf("%d.exr", i))
		rect := raster.Rect(tile.Border)
		p.tiles = append(p.tiles, raster.Placed{Rect: rect, Open: func() (*raster.EXR, error) {
			return raster.OpenEXRFile(path, raster.Limits{W: rect.W, H: rect.H})
		}})
		group.Go(func() error {
			var digest proof.Digest
			if err := digest.UnmarshalText([]byte(tile.Master.Digest)); err != nil {
				return fmt.Errorf("fetch tile %d: %w", i, err)
			}
			if err := r.Object(ctx, tile.Master.Get, path, tile.Master.Size, digest); err != nil {
				return fmt.Errorf("fetch tile %d: %w", i, err)
			}
			select {
			case fractions <- float64(done.Add(tile.Master.Size)) / float64(whole):
			default: // an older one is about to be shown
			}
			return nil
		})
	}
	ended := make(chan error, 1)
	go func() { ended <- group.Wait() }()
	for {
		select {
		case f := <-fractions:
			progress(f)
		case err := <-ended:
			if errors.Is(err, transfer.ErrExpired) {
				// Another offer has fresh addresses.
				return &Failure{Kind: job.FailYield, Cause: "the task waited until the addresses of its tiles had expired", Err: err}
			}
			return err
		}
	}
}

// tile renders one border and promises its master, the only file. held is given back.
func (p *part) tile(ctx context.Context, held *warm.Held, e *outbox.Entry, install render.Install, at Progress, progress func(Progress)) error {
	offer := e.Lease().Offer
	frame, tile, err := p.border(ctx, held, offer, raster.Rect(*offer.Border), at, progress)
	held.Done()
	if err != nil {
		return err
	}
	path := filepath.Join(p.dir, "tile.exr")
	if err := write(path, tile); err != nil {
		return fmt.Errorf("store frame %d: %w", frame.Number, err)
	}
	uploads, err := e.Take(frame.Number, []outbox.File{{Path: path, Kind: outbox.Master}})
	if err != nil {
		return err
	}
	data, err := os.ReadFile(e.Path(uploads[0]))
	if err != nil {
		return fmt.Errorf("store frame %d: %w", frame.Number, err)
	}
	guided := proof.PolicyFor(offer.Recipe).ForBorder(*offer.Border).Guides
	commit, _, err := proof.CommitTile(frame.Number, *offer.Border, data, guided)
	if err != nil {
		return err
	}
	if uploads[0].Digest != commit.MasterDigest.String() {
		return fmt.Errorf("store frame %d: its tile changed on disk", frame.Number)
	}
	return add(e, install, frame, uploads, commit)
}

// border renders a region, once it is sure that a still can be joined from such.
func (p *part) border(ctx context.Context, held *warm.Held, offer wire.LeaseOffer, b raster.Rect, at Progress, progress func(Progress)) (render.Frame, *raster.Raster, error) {
	f := offer.Frames[0]
	at.Phase, at.Frame, at.Fraction = "render", f.Frame, 0
	progress(at)
	if _, err := held.Develop(ctx, render.Develop{Frame: f.Frame, Exact: true}); err != nil {
		return render.Frame{}, nil, fmt.Errorf("a still in tiles: %w", err)
	}
	frame, err := held.Render(ctx, render.Request{Frame: f.Frame, Seed: f.Seed, Borders: []render.Rect{b}, Master: true}, func(now render.Progress) {
		at.Fraction, at.Memory, at.DeviceMemory = now.Fraction, now.Memory, max(at.DeviceMemory, now.DeviceMemory)
		progress(at)
	})
	if err != nil {
		return frame, nil, fmt.Errorf("render %d×%d pixels at %d, %d of frame %d: %w", b.W, b.H, b.X, b.Y, f.Frame, p.full(err))
	}
	if len(frame.Tiles) != 1 || frame.Tiles[0].Master == nil {
		return frame, nil, &render.Error{Kind: render.ErrUnsupported, Cause: fmt.Sprintf("the renderer gave no master for a tile of frame %d", f.Frame)}
	}
	p.masters.note(offer, frame.Tiles[0].Master.Channels)
	return frame, frame.Tiles[0].Master, nil
}

// masters remembers what the channels of scenes' masters are called, so that a still which is
// joined where a tile of it was rendered needs no sampling. The zero value knows none.
type masters struct {
	mu    sync.Mutex
	names map[string][]string // guarded by mu; by package and recipe
}

// maxMasters bounds it.
const maxMasters = 256

func (m *masters) key(o wire.LeaseOffer) string {
	return o.Package + " " + receipt.RecipeHash(o.Recipe).String()
}

func (m *masters) of(o wire.LeaseOffer) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.names[m.key(o)]
}

func (m *masters) note(o wire.LeaseOffer, channels []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names == nil || len(m.names) >= maxMasters {
		m.names = map[string][]string{}
	}
	m.names[m.key(o)] = channels
}

// assemble joins the tiles and makes the delivered image from them. held is given back.
func (p *part) assemble(ctx context.Context, held *warm.Held, e *outbox.Entry, install render.Install, at Progress, progress func(Progress)) error {
	offer := e.Lease().Offer
	frame, uploads, err := p.join(ctx, held, e, at, progress)
	held.Done()
	if err != nil {
		return err
	}
	return promise(e, offer, install, frame, uploads)
}

func (p *part) join(ctx context.Context, held *warm.Held, e *outbox.Entry, at Progress, progress func(Progress)) (render.Frame, []wire.UploadFile, error) {
	offer := e.Lease().Offer
	r, f := offer.Recipe, offer.Frames[0]
	at.Phase, at.Frame, at.Fraction = "render", f.Frame, 0
	progress(at)
	fail := func(err error) (render.Frame, []wire.UploadFile, error) {
		return render.Frame{}, nil, fmt.Errorf("join frame %d from %d tiles: %w", f.Frame, len(p.tiles), err)
	}
	// What strangers call the channels of their tiles means nothing: the scene tells.
	channels := p.masters.of(offer)
	if channels == nil {
		sampled, corner, err := p.border(ctx, held, offer, raster.Rect{W: min(proof.TileSize, r.Width), H: min(proof.TileSize, r.Height)}, at, func(at Progress) {
			at.Fraction = 0
			progress(at)
		})
		if err != nil {
			return fail(err)
		}
		channels = corner.Channels
		at.Memory, at.DeviceMemory = sampled.PeakMemory, max(at.DeviceMemory, sampled.DeviceMemory)
	}
	show := func(from, to float64) func(done float64) error {
		return func(done float64) error {
			at.Fraction = from + (to-from)*done
			progress(at)
			return context.Cause(ctx)
		}
	}
	path := filepath.Join(p.dir, "master.exr")
	if err := create(path, func(out *os.File) error {
		return raster.Paste(out, r.Width, r.Height, channels, p.tiles, show(0, pasted))
	}); err != nil {
		return fail(err)
	}
	master, err := decode(path, raster.Limits{W: r.Width, H: r.Height}, show(pasted, read))
	if err != nil {
		return fail(err)
	}
	made, err := held.Develop(ctx, render.Develop{Frame: f.Frame, Seed: f.Seed, Master: master, Exact: true})
	if err != nil {
		return fail(p.full(err))
	}
	if err := show(read, 1)(1); err != nil {
		return fail(err)
	}
	frame := render.Frame{
		Number: f.Frame, Files: []render.File{made.File}, Extras: made.Extras, Master: path,
		PeakMemory: at.Memory, Seconds: made.Seconds, CPUSeconds: made.CPUSeconds,
	}
	uploads, err := keep(e, frame)
	return frame, uploads, err
}

func decode(path string, limits raster.Limits, progress func(done float64) error) (*raster.Raster, error) {
	e, err := raster.OpenEXRFile(path, limits)
	if err != nil {
		return nil, err
	}
	img, err := e.All(progress)
	return img, errors.Join(err, e.Close())
}

func write(path string, img *raster.Raster) error {
	return create(path, func(out *os.File) error {
		w := bufio.NewWriterSize(out, 1<<20)
		return errors.Join(raster.EncodeEXR(w, img, true), w.Flush())
	})
}

// create makes a new file.
func create(path string, fill func(*os.File) error) error {
	out, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(fill(out), out.Sync(), out.Close())
}
