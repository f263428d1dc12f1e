package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/transfer"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// finishBatch is how many chunks one package.finish message lists: about 150 bytes each,
// well below wire.MaxMessage.
const finishBatch = 8192

// Sink uploads the chunks that the manager's store lacks; shared/pack fills it.
func (c *Client) Sink() pack.Sink { return &sink{client: c} }

// sink remembers the signed URLs that Missing got, for Put.
type sink struct {
	client *Client
	mu     sync.Mutex // guards urls
	urls   map[string]wire.Signed
}

var _ pack.Sink = (*sink)(nil)

func (s *sink) Missing(ctx context.Context, chunks []pack.ChunkRef) ([]pack.ChunkRef, error) {
	var missing []pack.ChunkRef
	for start := 0; start < len(chunks); start += wire.MaxURLs {
		batch := chunks[start:min(start+wire.MaxURLs, len(chunks))]
		urls, err := s.offer(ctx, batch)
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		if s.urls == nil {
			s.urls = make(map[string]wire.Signed)
		}
		for i, u := range urls {
			if u.URL != "" {
				s.urls[batch[i].ID.String()] = u
				missing = append(missing, batch[i])
			}
		}
		s.mu.Unlock()
	}
	return missing, nil
}

func (s *sink) offer(ctx context.Context, batch []pack.ChunkRef) ([]wire.Signed, error) {
	var answer wire.BlobURLs
	if err := s.client.conn.Request(ctx, wire.TypePackageOffer, wire.PackageOffer{Chunks: wireChunks(batch)}, &answer); err != nil {
		return nil, fmt.Errorf("ask which chunks are missing: %w", err)
	}
	if len(answer.URLs) != len(batch) {
		return nil, fmt.Errorf("ask which chunks are missing: %d answers to %d chunks", len(answer.URLs), len(batch))
	}
	return answer.URLs, nil
}

func (s *sink) Put(ctx context.Context, chunk pack.ChunkRef, stored []byte) error {
	id := chunk.ID.String()
	s.mu.Lock()
	signed, ok := s.urls[id]
	delete(s.urls, id)
	s.mu.Unlock()
	for try := 0; ; try++ {
		if !ok {
			urls, err := s.offer(ctx, []pack.ChunkRef{chunk})
			if err != nil {
				return err
			}
			if urls[0].URL == "" {
				return nil // somebody else's identical upload came first
			}
			signed = urls[0]
		}
		err := s.client.put(ctx, signed, stored)
		if err == nil {
			return nil
		}
		// A URL that lay in the queue too long is asked for again, once, and so is one of a chunk that came meanwhile as
		// another version of the software seals it.
		if (errors.Is(err, transfer.ErrExpired) || errors.Is(err, blob.ErrExists)) && try == 0 {
			ok = false
			continue
		}
		return fmt.Errorf("upload chunk %s: %w", id, err)
	}
}

func (c *Client) put(ctx context.Context, signed wire.Signed, body []byte) error {
	return c.transfer.Put(ctx, Signed(signed), bytes.NewReader(body), int64(len(body)))
}

// SealPackage uploads the manifest and registers the package. All chunks have to be
// uploaded before.
func (c *Client) SealPackage(ctx context.Context, b *pack.Built) error {
	digest := sha256.Sum256(b.Manifest)
	var answer wire.BlobURLs
	request := wire.PackageSeal{Package: b.ID, Size: int64(len(b.Manifest)), Digest: hex.EncodeToString(digest[:])}
	if err := c.conn.Request(ctx, wire.TypePackageSeal, request, &answer); err != nil {
		return fmt.Errorf("announce the package: %w", err)
	}
	if len(answer.URLs) != 1 {
		return fmt.Errorf("announce the package: %d answers to one manifest", len(answer.URLs))
	}
	if answer.URLs[0].URL != "" {
		if err := c.put(ctx, answer.URLs[0], b.Manifest); err != nil {
			return fmt.Errorf("upload the manifest: %w", err)
		}
	}
	chunks := wireChunks(b.Chunks)
	for start := 0; ; start += finishBatch {
		end := min(start+finishBatch, len(chunks))
		part := wire.PackageFinish{Package: b.ID, Chunks: chunks[start:end], Bytes: b.Bytes, Files: b.Files, More: end < len(chunks)}
		if err := c.conn.Request(ctx, wire.TypePackageFinish, part, nil); err != nil {
			return fmt.Errorf("register the package: %w", err)
		}
		if !part.More {
			return nil
		}
	}
}

func wireChunks(refs []pack.ChunkRef) []wire.Chunk {
	chunks := make([]wire.Chunk, len(refs))
	for i, r := range refs {
		chunks[i] = wire.Chunk{ID: r.ID.String(), Size: r.Size, Digest: hex.EncodeToString(r.Digest[:])}
	}
	return chunks
}
