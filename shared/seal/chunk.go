package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/seal/polygon"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/crypto/chacha20poly1305"
)

// The stored chunk's header.
const (
	headerSize    = 32
	version       = 1
	filterNone    = 0
	filterPolygon = 1
	codecStored   = 0
	codecZstd     = 1
)

// MaxStored bounds a stored chunk in bytes.
const MaxStored = chunk.Max + 1024

// Encoding changes whenever SealChunk starts to make other bytes of the same plaintext. A
// cache of stored chunks' digests is good for one value only.
const Encoding = 1

// Hint describes an array inside a chunk; see polygon.Hint.
type Hint = polygon.Hint

// Sealer seals the chunks of one tenant. It is safe for concurrent use.
type Sealer struct {
	idKey   [32]byte
	keyBase [32]byte
}

// NewSealer derives a tenant's keys once.
func NewSealer(tenant TenantKey) *Sealer {
	return &Sealer{idKey: chunk.IDKey(tenant), keyBase: chunkKeyKey(tenant)}
}

// ID returns the id of a plaintext chunk.
func (s *Sealer) ID(plaintext []byte) chunk.ID { return chunk.IDOf(s.idKey, plaintext) }

// Key returns the key of a chunk.
func (s *Sealer) Key(id chunk.ID) ChunkKey { return keyOf(s.keyBase, id) }

// Seal filters, compresses and encrypts a chunk whose id is known. hints may be nil.
// Equal arguments give equal bytes.
func (s *Sealer) Seal(id chunk.ID, plaintext []byte, hints []Hint) ([]byte, error) {
	if len(plaintext) == 0 || len(plaintext) > chunk.Max {
		return nil, fmt.Errorf("seal a chunk of %d bytes: %w", len(plaintext), ErrTooLarge)
	}
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)

	filter, codec := byte(filterNone), byte(codecZstd)
	in := plaintext
	var ok bool
	if buf.filtered, ok = polygon.Encode(buf.filtered[:0], plaintext, hints); ok {
		filter, in = filterPolygon, buf.filtered
	}
	enc := encoders.Get().(*zstd.Encoder)
	buf.packed = enc.EncodeAll(in, buf.packed[:0])
	encoders.Put(enc)
	payload := buf.packed
	if len(payload) >= len(plaintext) {
		filter, codec, payload = filterNone, codecStored, plaintext
	}

	out := make([]byte, headerSize, headerSize+len(payload)+chacha20poly1305.Overhead)
	out[0], out[1], out[2] = version, filter, codec
	binary.LittleEndian.PutUint32(out[4:], uint32(len(plaintext)))
	key := s.Key(id)
	nonce := keyed(derive("heliostat 2026-11 chunk nonce", key), out[:8], payload)
	copy(out[8:headerSize], nonce[:])
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("prepare the cipher: %w", err)
	}
	return aead.Seal(out, out[8:headerSize], payload, additional(out[:headerSize], id)), nil
}

// SealChunk names and seals one chunk; see Sealer for many.
func SealChunk(tenant TenantKey, plaintext []byte) (chunk.ID, []byte, error) {
	s := NewSealer(tenant)
	id := s.ID(plaintext)
	stored, err := s.Seal(id, plaintext, nil)
	return id, stored, err
}

// OpenChunk opens a stored chunk. maxPlain bounds the plaintext in bytes; more gives
// ErrTooLarge before anything is decompressed. ErrOpen: wrong key, another chunk's bytes, or damage.
func OpenChunk(key ChunkKey, id chunk.ID, stored []byte, maxPlain int) ([]byte, error) {
	h, err := parseHeader(stored)
	if err != nil {
		return nil, fmt.Errorf("chunk %s: %w", id, err)
	}
	if h.plain > maxPlain {
		return nil, fmt.Errorf("chunk %s holds %d bytes, at most %d expected: %w", id, h.plain, maxPlain, ErrTooLarge)
	}
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("prepare the cipher: %w", err)
	}
	payload, err := aead.Open(nil, stored[8:headerSize], stored[headerSize:], additional(stored[:headerSize], id))
	if err != nil {
		return nil, fmt.Errorf("chunk %s: %w", id, ErrOpen)
	}
	plain, err := decode(h, payload)
	if err != nil {
		return nil, fmt.Errorf("chunk %s: %w", id, err)
	}
	return plain, nil
}

type header struct {
	filter, codec byte
	plain         int
}

func parseHeader(stored []byte) (header, error) {
	if len(stored) < headerSize+chacha20poly1305.Overhead+1 || len(stored) > MaxStored {
		return header{}, fmt.Errorf("%d bytes: %w", len(stored), ErrFormat)
	}
	h := header{filter: stored[1], codec: stored[2]}
	n := binary.LittleEndian.Uint32(stored[4:])
	switch {
	case stored[0] != version:
		return header{}, fmt.Errorf("version %d: %w", stored[0], ErrFormat)
	case h.filter > filterPolygon, h.codec > codecZstd, stored[3] != 0:
		return header{}, fmt.Errorf("filter %d, codec %d, reserved %d: %w", h.filter, h.codec, stored[3], ErrFormat)
	case n == 0 || n > chunk.Max:
		return header{}, fmt.Errorf("plaintext of %d bytes: %w", n, ErrFormat)
	}
	h.plain = int(n)
	return h, nil
}

func decode(h header, payload []byte) ([]byte, error) {
	limit := h.plain
	if h.filter == filterPolygon {
		limit += polygon.MaxTable
	}
	if h.codec == codecZstd {
		dec := decoders.Get().(*zstd.Decoder)
		out, err := decompress(dec, payload, h.plain, limit)
		decoders.Put(dec)
		if err != nil {
			return nil, err
		}
		payload = out
	}
	if h.filter == filterPolygon {
		out, err := polygon.Decode(nil, payload, h.plain)
		if err != nil {
			return nil, errors.Join(ErrFormat, err)
		}
		payload = out
	}
	if len(payload) != h.plain {
		return nil, fmt.Errorf("%d bytes where %d were announced: %w", len(payload), h.plain, ErrFormat)
	}
	return payload, nil
}

func decompress(dec *zstd.Decoder, in []byte, plain, limit int) ([]byte, error) {
	var zh zstd.Header
	if err := zh.Decode(in); err != nil || zh.Skippable {
		return nil, fmt.Errorf("zstd header: %w", ErrFormat)
	}
	if zh.HasFCS && zh.FrameContentSize > uint64(limit) {
		return nil, fmt.Errorf("zstd announces %d bytes: %w", zh.FrameContentSize, ErrTooLarge)
	}
	// The decoder's memory limit is a chunk's; capacity stops a frame that lies about its size.
	out, err := dec.DecodeAll(in, make([]byte, 0, plain+64))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", errors.Join(ErrFormat, err))
	}
	if len(out) > limit {
		return nil, fmt.Errorf("zstd made %d bytes: %w", len(out), ErrTooLarge)
	}
	return out, nil
}

func additional(header []byte, id chunk.ID) []byte {
	ad := make([]byte, 0, headerSize+len(id))
	return append(append(ad, header...), id[:]...)
}

type buffer struct{ filtered, packed []byte }

var (
	// Of full size at once: growing them chunk by chunk would leave more garbage than they are large.
	buffers = sync.Pool{New: func() any {
		return &buffer{filtered: make([]byte, 0, chunk.Max+polygon.MaxTable), packed: make([]byte, 0, MaxStored)}
	}}
	encoders = sync.Pool{New: func() any {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault),
			zstd.WithEncoderCRC(false), zstd.WithWindowSize(4<<20), zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic(err) // only for options that are wrong in themselves
		}
		return e
	}}
	decoders = sync.Pool{New: func() any {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(chunk.Max+polygon.MaxTable),
			zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			panic(err) // only for options that are wrong in themselves
		}
		return d
	}}
)
