// Package chunk cuts streams into content-defined chunks and names them by keyed BLAKE3
// ids, as sections 3 and 4 of shared/pack/FORMAT.md say.
//
// It is not the place for encryption (shared/seal) or for deciding which files form a
// stream (shared/pack).
//
// Receives: streams of scene bytes from shared/pack.
// Hands on: chunks and their ids to shared/seal.
package chunk

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	chunkers "github.com/PlakarKorp/go-cdc-chunkers"
	_ "github.com/PlakarKorp/go-cdc-chunkers/chunkers/jc" // registers jc-v1.0.0
	"github.com/zeebo/blake3"
)

// Sizes of a chunk in bytes.
const (
	Min    = 256 << 10
	Normal = 1 << 20
	Max    = 4 << 20
)

// algorithm is jc-v1.0.0 and not the faster jc or jc-v1.1.0: at these sizes those two jump
// half a MiB after nearly every hash hit and do not find the old borders again after an insertion.
const algorithm = "jc-v1.0.0"

// ID names a chunk. Equal content has equal ids under one tenant key; without that key
// an id says nothing about the content.
type ID [32]byte

// ErrID is wrapped by Parse's errors.
var ErrID = errors.New("a chunk id is 64 lower-case hexadecimal digits")

// String returns the id as 64 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(b []byte) error {
	v, err := Parse(string(b))
	if err != nil {
		return err
	}
	*id = v
	return nil
}

// Parse reads the form that String writes, and no other.
func Parse(s string) (ID, error) {
	var id ID
	if len(s) != 2*len(id) {
		return ID{}, fmt.Errorf("%d characters: %w", len(s), ErrID)
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return ID{}, fmt.Errorf("character %d: %w", i+1, ErrID)
		}
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err
}

// IDOf returns the id of data under a key from IDKey.
func IDOf(idKey [32]byte, data []byte) ID {
	h, err := blake3.NewKeyed(idKey[:])
	if err != nil {
		panic(err) // only for a key that is not 32 bytes long
	}
	_, _ = h.Write(data)
	var id ID
	h.Sum(id[:0])
	return id
}

// IDKey derives the key that ids are made with from a tenant key.
func IDKey(tenant [32]byte) [32]byte { return derive("heliostat 2026-11 chunk id", tenant) }

// CutKey derives the key that decides where streams are cut from a tenant key.
func CutKey(tenant [32]byte) [32]byte { return derive("heliostat 2026-11 chunk cut", tenant) }

func derive(context string, key [32]byte) [32]byte {
	var out [32]byte
	blake3.DeriveKey(context, key[:], out[:])
	return out
}

// Cutter cuts one stream after the other. It holds 8 MiB. It is not safe for concurrent use.
type Cutter struct{ c *chunkers.Chunker }

// NewCutter returns a Cutter for a key from CutKey.
func NewCutter(cutKey [32]byte) (*Cutter, error) {
	c, err := chunkers.NewChunker(algorithm, eof{}, &chunkers.ChunkerOpts{
		MinSize: Min, NormalSize: Normal, MaxSize: Max, Key: cutKey[:],
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the chunker: %w", err)
	}
	return &Cutter{c: c}, nil
}

// Cut reads r to its end and calls fn with each chunk, in order. data is valid only during
// the call. The chunks' lengths are 1 to Max bytes; only the last may be under Min.
// An error of r or fn ends the cutting and is returned as it is.
func (c *Cutter) Cut(r io.Reader, fn func(offset int64, data []byte) error) error {
	// The chunker reports the stream's end through short data; a reader's own
	// error has to be kept aside so that it never passes for an end.
	src := &errReader{r: r}
	c.c.Reset(src)
	defer c.c.Reset(eof{})
	var offset int64
	for {
		data, err := c.c.Next()
		if src.err != nil {
			return src.err
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(data) > 0 {
			if ferr := fn(offset, data); ferr != nil {
				return ferr
			}
			offset += int64(len(data))
		}
		// Next also reports io.EOF with a short last chunk.
		if len(data) == 0 {
			return nil
		}
	}
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

type errReader struct {
	r   io.Reader
	err error
}

func (e *errReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		e.err = err
	}
	return n, err
}
