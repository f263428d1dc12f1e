package proof

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// MaxEvidence bounds one evidence as it is stored, in bytes.
const MaxEvidence = 256 << 20

// evidenceMagic begins evidence. What begins with a brace is JSON, as evidence was first written.
const evidenceMagic = "HELEVID2"

// sameBits stands for the length of a verifier's tile whose bits are those of the worker's tile beside it.
const sameBits = 1<<32 - 1

// tileHead and proofStep are the bytes before a tile's bits and those of a sibling on its path.
const (
	tileHead  = 4 + 4 + 1 + 4*2 + 1 + 1 + 1 + 4
	proofStep = len(Digest{})
)

// EncodeEvidence writes evidence as PROTOCOL.md has it.
func EncodeEvidence(w io.Writer, e Evidence) error {
	text, err := EvidenceBytes(e)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("writing evidence: %w", err)
	}
	return nil
}

// EvidenceBytes is what EncodeEvidence writes.
func EvidenceBytes(e Evidence) ([]byte, error) {
	head := e
	head.Worker, head.Verifier = nil, nil
	text, err := json.Marshal(head)
	if err != nil {
		return nil, fmt.Errorf("writing evidence: %w", err)
	}
	for _, f := range e.Frames {
		if int(int32(f.Frame)) != f.Frame {
			return nil, fmt.Errorf("writing evidence: frame %d", f.Frame)
		}
	}
	be := binary.BigEndian
	size := len(evidenceMagic) + 4 + len(text) + 8
	for _, t := range e.Worker {
		size += tileHead + len(t.Bits) + 1 + proofStep*len(t.Proof)
	}
	out := make([]byte, 0, size+tileHead*len(e.Verifier))
	out = append(out, evidenceMagic...)
	out = append(be.AppendUint32(out, uint32(len(text))), text...)
	out = be.AppendUint32(out, uint32(len(e.Worker)))
	for _, t := range e.Worker {
		if len(t.Proof) > 255 {
			return nil, fmt.Errorf("writing evidence: a path of %d siblings", len(t.Proof))
		}
		out = append(appendTile(out, t.TileSample, len(t.Bits)), t.Bits...)
		out = append(out, byte(len(t.Proof)))
		for _, d := range t.Proof {
			out = append(out, d[:]...)
		}
	}
	out = be.AppendUint32(out, uint32(len(e.Verifier)))
	for i, s := range e.Verifier {
		if i < len(e.Worker) && bytes.Equal(s.Bits, e.Worker[i].Bits) {
			out = appendTile(out, s, sameBits)
			continue
		}
		out = append(appendTile(out, s, len(s.Bits)), s.Bits...)
	}
	return out, nil
}

func appendTile(out []byte, s TileSample, size int) []byte {
	be := binary.BigEndian
	out = be.AppendUint32(out, uint32(int32(s.Frame)))
	out = be.AppendUint32(out, uint32(s.Tile))
	out = append(out, byte(s.Plane))
	for _, v := range []int{s.Rect.X, s.Rect.Y, s.Rect.W, s.Rect.H} {
		out = be.AppendUint16(out, uint16(v))
	}
	out = append(out, byte(s.Channels), byte(s.Lead), byte(s.Depth))
	return be.AppendUint32(out, uint32(size))
}

// DecodeEvidence reads evidence and checks its bounds; Judge checks the rest.
func DecodeEvidence(r io.Reader) (Evidence, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxEvidence+1))
	if err != nil {
		return Evidence{}, fmt.Errorf("%w: %w", ErrEvidence, err)
	}
	return ParseEvidence(raw)
}

// ParseEvidence is DecodeEvidence of bytes, which the evidence's tiles then share.
func ParseEvidence(raw []byte) (e Evidence, err error) {
	if len(raw) > MaxEvidence {
		return Evidence{}, fmt.Errorf("%w: over %d bytes", ErrEvidence, MaxEvidence)
	}
	if rest, ok := bytes.CutPrefix(raw, []byte(evidenceMagic)); ok {
		err = e.parse(rest)
	} else {
		err = json.Unmarshal(raw, &e)
	}
	if err != nil {
		return Evidence{}, fmt.Errorf("%w: %w", ErrEvidence, err)
	}
	return e, e.check()
}

// parse reads what follows the magic.
func (e *Evidence) parse(raw []byte) error {
	r := cursor{raw: raw}
	if err := json.Unmarshal(r.take(int(r.uint32())), e); err != nil {
		if r.short {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	if e.Worker != nil || e.Verifier != nil {
		return errors.New("tiles in its head")
	}
	n := int(r.uint32())
	if n > 2*MaxPicks {
		return fmt.Errorf("over %d tiles", 2*MaxPicks)
	}
	e.Worker = make([]ProvenTile, 0, min(n, len(r.raw)/(tileHead+1)))
	for range n {
		var t ProvenTile
		size := r.tile(&t.TileSample)
		t.Bits = r.take(size)
		path := r.take(int(r.byte()) * proofStep)
		t.Proof = make([]Digest, 0, len(path)/proofStep)
		for d := range slices.Chunk(path, proofStep) {
			t.Proof = append(t.Proof, Digest(d))
		}
		if r.short {
			return io.ErrUnexpectedEOF
		}
		e.Worker = append(e.Worker, t)
	}
	if n = int(r.uint32()); n > 2*MaxPicks {
		return fmt.Errorf("over %d tiles", 2*MaxPicks)
	}
	e.Verifier = make([]TileSample, 0, min(n, len(r.raw)/tileHead))
	for i := range n {
		var s TileSample
		size := r.tile(&s)
		switch {
		case size != sameBits:
			s.Bits = r.take(size)
		case i < len(e.Worker):
			s.Bits = e.Worker[i].Bits
		default:
			return fmt.Errorf("tile %d is said to be like one that isn't there", i)
		}
		if r.short {
			return io.ErrUnexpectedEOF
		}
		e.Verifier = append(e.Verifier, s)
	}
	if r.short {
		return io.ErrUnexpectedEOF
	}
	if len(r.raw) > 0 {
		return fmt.Errorf("%d bytes after its end", len(r.raw))
	}
	return nil
}

// cursor reads integers and bytes; short says that they ended too early, and what was read since is zero.
type cursor struct {
	raw   []byte
	short bool
}

func (r *cursor) take(n int) []byte {
	if n < 0 || n > len(r.raw) {
		r.raw, r.short = nil, true
		return nil
	}
	out := r.raw[:n:n]
	r.raw = r.raw[n:]
	return out
}

func (r *cursor) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *cursor) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// tile reads all of a tile but its bits, and returns how many bytes those have.
func (r *cursor) tile(s *TileSample) int {
	b := r.take(tileHead)
	if b == nil {
		return 0
	}
	be := binary.BigEndian
	s.Frame, s.Tile, s.Plane = int(int32(be.Uint32(b))), int(be.Uint32(b[4:])), Plane(b[8])
	at := func(i int) int { return int(be.Uint16(b[9+2*i:])) }
	s.Rect = Rect{X: at(0), Y: at(1), W: at(2), H: at(3)}
	s.Channels, s.Lead, s.Depth = int(b[17]), int(b[18]), raster.Depth(b[19])
	return int(be.Uint32(b[20:]))
}
