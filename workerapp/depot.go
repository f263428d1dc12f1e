package workerapp

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/depot"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/session"
)

// depotEvery is how often the network's renderers are looked through.
const depotEvery = 30 * time.Minute

// archives brings the network's renderers over the connection.
type archives struct{ e *Engine }

var _ depot.Source = archives{}

// All lists what the operator put into the network.
func (a archives) All(ctx context.Context) ([]wire.Archive, error) {
	var all wire.Depot
	err := a.e.conn.Request(ctx, wire.TypeDepotList, wire.DepotList{}, &all)
	return all.Renderers, err
}

// Open streams one archive.
func (a archives) Open(ctx context.Context, archive wire.Archive) (io.ReadCloser, error) {
	var urls wire.BlobURLs
	if err := a.e.conn.Request(ctx, wire.TypeDepotGet, wire.DepotGet{Digest: archive.Digest}, &urls); err != nil {
		return nil, err
	}
	if len(urls.URLs) != 1 {
		return nil, fmt.Errorf("the manager answered with %d addresses", len(urls.URLs))
	}
	objects, err := a.e.objects()
	if err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	go func() { // ends with the reader: its Close fails the next write
		w.CloseWithError(objects.Get(ctx, urls.URLs[0], w, archive.Size))
	}()
	return r, nil
}

// runDepot fetches the network's renderers now and then, where the owner allows it.
func (e *Engine) runDepot(ctx context.Context) error {
	if e.options.FromDepot == nil {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	d, err := depot.New(depot.Options{Folder: filepath.Join(e.space.Dir(), "depot"), Source: archives{e}, Log: e.options.Log})
	if err != nil {
		return fmt.Errorf("open the depot: %w", err)
	}
	if _, err := e.conn.Wait(ctx); err != nil {
		return err
	}
	ticker := time.NewTicker(depotEvery)
	defer ticker.Stop()
	for first := true; ; first = false {
		changed, err := d.Sync(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			e.options.Log.Warn("a renderer of the network can't be had", "err", err)
		}
		if changed || first {
			e.adopt(ctx, e.options.FromDepot(d.Programs("blender")))
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// adopt adds what renderers find to what this worker can do.
func (e *Engine) adopt(ctx context.Context, renderers []render.Renderer) {
	found, err := warm.Find(ctx, renderers)
	if err != nil && ctx.Err() == nil {
		e.options.Log.Warn("a renderer of the network doesn't start", "err", err)
	}
	e.mu.Lock()
	all := slices.Clone(e.found)
	for _, f := range found {
		known := slices.ContainsFunc(all, func(x warm.Found) bool { return x.Install.Path == f.Install.Path })
		if !known {
			all = append(all, f)
			e.options.Log.Info("a renderer of the network is here", "renderer", f.Install.Renderer, "version", f.Install.Version)
		}
	}
	changed := len(all) > len(e.found)
	if changed {
		e.found, e.runner = all, e.runner.With(all)
		e.capabilities.Installs, e.capabilities.Class = warm.Installs(all), e.class()
	}
	e.mu.Unlock()
	if changed {
		e.tell()
	}
}

// installs are the renderers now.
func (e *Engine) installs() []warm.Found {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.found
}

// renders is what renders leases now.
func (e *Engine) renders() *session.Runner {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.runner
}
