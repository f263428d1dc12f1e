package gateway

import (
	"context"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// DepotKey is where an archive of the renderer depot lies.
func DepotKey(digest string) string { return "depot/" + digest }

func (g *Gateway) archives(ctx context.Context) (archives []wire.Archive, err error) {
	err = g.options.Store.View(ctx, func(tx store.Tx) (err error) { archives, err = tx.Archives(); return err })
	if err != nil {
		return nil, fmt.Errorf("read the depot: %w", err)
	}
	return archives, nil
}

func (g *Gateway) depotList(ctx context.Context, _ *link.Session, _ link.Message) (wire.Type, any, error) {
	archives, err := g.archives(ctx)
	return wire.TypeDepot, wire.Depot{Renderers: append([]wire.Archive{}, archives...)}, err
}

func (g *Gateway) depotGet(ctx context.Context, _ *link.Session, m link.Message) (wire.Type, any, error) {
	q, err := decode[wire.DepotGet](m)
	if err != nil {
		return "", nil, err
	}
	archives, err := g.archives(ctx)
	if err != nil {
		return "", nil, err
	}
	if !slices.ContainsFunc(archives, func(a wire.Archive) bool { return a.Digest == q.Digest }) {
		return "", nil, &wire.Error{Code: wire.CodeNotFound, Message: "the depot has no archive " + wire.Trim(q.Digest, 80), Next: "ask for depot.list again"}
	}
	get, err := g.options.Blobs.SignGet(ctx, DepotKey(q.Digest), lease.URLLife)
	if err != nil {
		return "", nil, fmt.Errorf("sign archive %s: %w", q.Digest, err)
	}
	return wire.TypeBlobURLs, wire.BlobURLs{URLs: []wire.Signed{lease.Signed(get)}}, nil
}
