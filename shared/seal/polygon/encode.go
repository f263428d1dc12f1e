package polygon

import (
	"encoding/binary"
	"math/bits"
	"sort"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Hint says that plaintext[Off:Off+Len] is an array of records of Stride bytes. Hints come
// from file formats that describe themselves; a wrong hint costs size, never correctness.
type Hint struct{ Off, Len, Stride int }

const (
	blockSize  = 64 << 10 // bytes that share one decision
	sampleSize = 8 << 10  // bytes of a block that decide
	minHint    = 4 << 10  // a shorter array isn't worth a segment
	minGain    = 0.94     // a coded sample has to be this much smaller than the plain one
)

// Encode returns the filtered form of src, appended to dst, or ok=false where filtering
// would not pay. src is 1 byte to a few MiB long. The result depends on src and hints alone.
func Encode(dst, src []byte, hints []Hint) (out []byte, ok bool) {
	a := analyzers.Get().(*analyzer)
	defer analyzers.Put(a)
	segs := a.plan(src, hints)
	useful := false
	for _, s := range segs {
		useful = useful || s.kind != raw
	}
	if !useful || len(segs) > maxSegments {
		return dst, false
	}
	dst = appendTable(dst, segs)
	at := len(dst)
	dst = append(dst, src...) // makes room; each segment is overwritten
	pos := 0
	for _, s := range segs {
		forward(dst[at+pos:at+pos+s.n], src[pos:pos+s.n], s.kind, s.stride)
		pos += s.n
	}
	return dst, true
}

var analyzers = sync.Pool{New: func() any { return newAnalyzer() }}

// analyzer decides how to code blocks, by compressing samples.
type analyzer struct {
	trial   *zstd.Encoder
	coded   []byte
	scratch []byte
}

func newAnalyzer() *analyzer {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithWindowSize(64<<10))
	if err != nil {
		panic(err) // only for options that are wrong in themselves
	}
	return &analyzer{trial: enc, coded: make([]byte, sampleSize)}
}

// choice is a way to code with what it costs, in compressed bytes per byte.
type choice struct {
	kind   kind
	stride int
	cost   float64
}

func (a *analyzer) plan(src []byte, hints []Hint) []segment {
	var segs []segment
	add := func(n int, c choice) {
		if last := len(segs) - 1; last >= 0 && segs[last].kind == c.kind && segs[last].stride == c.stride {
			segs[last].n += n
			return
		}
		segs = append(segs, segment{n: n, kind: c.kind, stride: c.stride})
	}
	var prev choice
	guess := func(b []byte) {
		for len(b) > 0 {
			n := min(blockSize, len(b))
			if len(b)-n < blockSize/4 {
				n = len(b)
			}
			prev = a.decide(b[:n], prev)
			add(n, prev)
			b = b[n:]
		}
	}
	pos := 0
	hints = append([]Hint(nil), hints...)
	sort.Slice(hints, func(i, j int) bool { return hints[i].Off < hints[j].Off })
	for _, h := range hints {
		from, to := max(h.Off, pos), min(h.Off+h.Len, len(src))
		if to-from < minHint || h.Stride < 1 || h.Stride > maxStride || len(segs) > maxSegments-4 {
			continue
		}
		guess(src[pos:from])
		c := a.decideStride(src[from:to], h.Stride)
		if c.kind == raw {
			// The structure's size said nothing; its content may.
			prev = choice{}
			guess(src[from:to])
		} else {
			add(to-from, c)
		}
		pos = to
	}
	guess(src[pos:])
	return segs
}

// sample returns the bytes of b that stand for it.
func sample(b []byte) []byte {
	if len(b) <= sampleSize {
		return b
	}
	at := (len(b) - sampleSize) / 2
	return b[at : at+sampleSize]
}

// cost compresses s, coded in the given way, and returns compressed bytes per byte.
func (a *analyzer) cost(s []byte, k kind, stride int) float64 {
	in := s
	if k != raw {
		in = a.coded[:len(s)]
		forward(in, s, k, stride)
	}
	a.scratch = a.trial.EncodeAll(in, a.scratch[:0])
	return float64(len(a.scratch)) / float64(len(s))
}

func (a *analyzer) best(s []byte, plain float64, tries []choice) choice {
	win := choice{kind: raw, cost: plain}
	limit := plain * minGain
	for _, t := range tries {
		if t.cost = a.cost(s, t.kind, t.stride); t.cost < limit {
			win, limit = t, t.cost
		}
	}
	return win
}

// decideStride chooses for an array whose record size is known.
func (a *analyzer) decideStride(b []byte, stride int) choice {
	s := sample(b)
	if len(s) < 4*stride {
		return choice{kind: raw}
	}
	tries := []choice{{kind: shuffle, stride: stride}}
	for _, k := range []kind{delta8, delta16, delta32, delta64} {
		if stride%k.width() == 0 {
			tries = append(tries, choice{kind: k, stride: stride})
		}
	}
	return a.best(s, a.cost(s, raw, 0), tries)
}

// candidates are tried where nothing is known. limit is a little under the bits per byte
// that random bytes need in that width: beyond it there is no array.
var candidates = []struct {
	kind    kind
	limit   float64
	strides []int
}{
	{delta8, 6.6, []int{1, 2, 3, 4, 6, 8}},
	{delta16, 7.2, []int{2, 4, 6, 8, 12, 16}},
	{delta32, 7.5, []int{4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 72, 80, 96}},
	{delta64, 7.6, []int{8, 16, 24, 32, 48, 64}},
}

// decide chooses for bytes of which nothing is known, trying first what served before.
func (a *analyzer) decide(b []byte, prev choice) choice {
	s := sample(b)
	if len(s) < 1<<10 {
		return choice{kind: raw}
	}
	plain := a.cost(s, raw, 0)
	if plain < 0.02 {
		return choice{kind: raw, cost: plain}
	}
	if prev.kind != raw {
		if c := a.cost(s, prev.kind, prev.stride); c < plain*minGain && c < prev.cost*1.15 {
			prev.cost = c
			return prev
		}
	}
	look := s
	if plain > 0.99 {
		look = s[:min(len(s), 2<<10)] // most likely compressed already; a glance is enough
	}
	var tries []choice
	for _, c := range candidates {
		t := choice{kind: c.kind, cost: 1e9}
		for _, stride := range c.strides {
			if len(look) < 16*stride {
				break
			}
			if v := spread(look, c.kind, stride); v < t.cost*0.98 {
				t.cost, t.stride = v, stride
			}
		}
		if t.stride > 0 && t.cost < c.limit {
			tries = append(tries, t)
		}
	}
	if len(tries) == 0 {
		return choice{kind: raw, cost: plain}
	}
	sort.SliceStable(tries, func(i, j int) bool { return tries[i].cost < tries[j].cost })
	tries = tries[:min(2, len(tries))]
	tries = append(tries, choice{kind: shuffle, stride: tries[0].stride})
	return a.best(s, plain, tries)
}

// spread returns the bits per byte that the differences at this stride need: cheap to
// compute, and close enough to pick which ways are worth a trial.
func spread(s []byte, k kind, stride int) float64 {
	var sum, count int
	w := k.width()
	switch k {
	case delta8:
		for i := stride; i < len(s); i++ {
			d := int8(s[i] - s[i-stride])
			sum += bits.Len8(uint8(d<<1) ^ uint8(d>>7))
			count++
		}
	case delta16:
		for i := stride; i+2 <= len(s); i += w {
			d := int16(binary.LittleEndian.Uint16(s[i:]) - binary.LittleEndian.Uint16(s[i-stride:]))
			sum += bits.Len16(uint16(d<<1) ^ uint16(d>>15))
			count++
		}
	case delta32:
		for i := stride; i+4 <= len(s); i += w {
			d := int32(binary.LittleEndian.Uint32(s[i:]) - binary.LittleEndian.Uint32(s[i-stride:]))
			sum += bits.Len32(uint32(d<<1) ^ uint32(d>>31))
			count++
		}
	case delta64:
		for i := stride; i+8 <= len(s); i += w {
			d := int64(binary.LittleEndian.Uint64(s[i:]) - binary.LittleEndian.Uint64(s[i-stride:]))
			sum += bits.Len64(uint64(d<<1) ^ uint64(d>>63))
			count++
		}
	}
	if count == 0 {
		return 1e9
	}
	return float64(sum) / float64(count*w)
}
