// Package store carries out the signed requests that a manager hands to a node: files and
// bytes up, objects down.
//
// It is not the place for retries or for the store's protocol (shared/blob/transfer); it
// only joins that to the messages of shared/wire.
//
// Receives: signed requests from a manager, files from workerapp/outbox.
// Hands on: bytes to and from the object store.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/transfer"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/outbox"
)

// Store is the object store of a network, seen from a node.
type Store struct{ down, up transfer.Client }

// Limits cap the bandwidth; nil is no cap.
type Limits struct{ Down, Up transfer.Limiter }

// New resolves relative URLs against the address of the managers, one or several with commas between.
func New(managers string) (*Store, error) { return Limited(managers, Limits{}) }

// Limited is New behind limits.
func Limited(managers string, l Limits) (*Store, error) {
	bases, err := link.BaseURLs(managers)
	if err != nil {
		return nil, err
	}
	guarded := client(bases)
	return &Store{down: transfer.Client{Bases: bases, HTTP: guarded, Limiter: l.Down}, up: transfer.Client{Bases: bases, HTTP: guarded, Limiter: l.Up}}, nil
}

var _ outbox.Store = (*Store)(nil)

// Get writes an object of at most max bytes to w.
func (s *Store) Get(ctx context.Context, signed wire.Signed, w io.Writer, max int64) error {
	return s.down.Get(ctx, request(signed), w, max, nil)
}

// GetFile gets an object of size bytes with this SHA-256 into a new file.
func (s *Store) GetFile(ctx context.Context, signed wire.Signed, path string, size int64, digest [32]byte) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(s.down.GetFile(ctx, request(signed), f, size, digest), f.Close())
}

// Put uploads a file. What no other try can mend wraps outbox.ErrUnusable.
func (s *Store) Put(ctx context.Context, signed wire.Signed, path string, size int64) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%w: %w", outbox.ErrUnusable, err)
	}
	defer f.Close()
	err = s.up.Put(ctx, request(signed), f, size)
	if errors.Is(err, blob.ErrDigest) || errors.Is(err, blob.ErrSize) || errors.Is(err, blob.ErrExists) || errors.Is(err, blob.ErrTooLarge) {
		return fmt.Errorf("%w: %w", outbox.ErrUnusable, err)
	}
	return err
}

// PutBytes uploads bytes.
func (s *Store) PutBytes(ctx context.Context, signed wire.Signed, body []byte) error {
	return s.up.PutBytes(ctx, request(signed), body)
}

// Gone tells whether an error of Get says that the object isn't there, or isn't what it
// was announced to be.
func (s *Store) Gone(err error) bool {
	return errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrTooLarge)
}

func request(s wire.Signed) blob.Signed {
	return blob.Signed{Method: s.Method, URL: s.URL, Header: s.Header, Expires: time.Unix(s.Expires, 0)}
}
