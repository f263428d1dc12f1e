package proof

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"sort"
)

// Bounds on one challenge.
const (
	MaxFrames = 4096    // of one task
	MaxTiles  = 1 << 20 // of one frame: 16384×16384 pixels
	MaxPicks  = 1 << 16
	// MinTextured is how many textured tiles a verdict rests on, where the task has them.
	MinTextured = 8
)

// FrameInfo is what a challenge needs to know of a committed frame.
type FrameInfo struct {
	Frame    int
	W, H     int    // pixels
	Activity []byte // one a tile, as committed
}

// Pick is one challenged tile.
type Pick struct {
	Frame int `json:"frame"`
	Tile  int `json:"tile"`
}

// DefaultPicks is the number of tiles challenged in a task of so many frames.
func DefaultPicks(frames int) int { return max(24, 6*frames) }

// Challenge derives the tiles to check from the verification key and the committed root:
// in every frame one uniform tile and one textured one, half of n uniform and the same number in each
// frame, half weighted by activity, then as many more textured ones as MinTextured asks for. n <= 0 means
// DefaultPicks. Picks come sorted by frame (in the given order) and tile, without
// duplicates. The same arguments always give the same picks.
func Challenge(key [32]byte, root Digest, frames []FrameInfo, n int) []Pick {
	if len(frames) == 0 {
		return nil
	}
	if n <= 0 {
		n = DefaultPicks(len(frames))
	}
	d := newDraw(key, root, frames)
	n = min(max(n, len(frames)), MaxPicks, d.total)
	d.taken = make(map[int]bool, n+MinTextured)

	uniform := func(f int) {
		if size := d.start[f+1] - d.start[f]; size > 0 {
			d.take(d.start[f] + int(d.prf.below(uint64(size))))
		}
	}
	for f := range frames {
		uniform(f)
	}
	for f := range frames {
		once := min(len(d.taken)+1, n)
		d.weighted(f, f+1, func() bool { return len(d.taken) < once }, byActivity)
	}
	for f := 0; len(d.taken) < n/2; f = (f + 1) % len(frames) {
		uniform(f)
	}
	d.weighted(0, len(frames), func() bool { return len(d.taken) < n }, byActivity)
	for len(d.taken) < n {
		d.take(int(d.prf.below(uint64(d.total))))
	}
	textured := 0
	for t := range d.taken {
		if d.activity(t) >= TexturedActivity {
			textured++
		}
	}
	most := len(d.taken) + MinTextured - textured
	d.weighted(0, len(frames), func() bool { return len(d.taken) < most }, func(a byte) uint64 { return min(byActivity(a), 1) })
	return d.picks()
}

// byActivity is the weight of a tile: none where it isn't textured.
func byActivity(a byte) uint64 {
	if a < TexturedActivity {
		return 0
	}
	return uint64(a) - TexturedActivity + 8
}

// draw is a challenge being made; tiles are numbered through all frames.
type draw struct {
	prf    prf
	frames []FrameInfo
	start  []int // first tile of each frame, and the total
	total  int
	taken  map[int]bool
}

func newDraw(key [32]byte, root Digest, frames []FrameInfo) *draw {
	d := &draw{prf: newPRF(key, root), frames: frames, start: make([]int, 1, len(frames)+1)}
	for _, f := range frames {
		d.total += TileCount(f.W, f.H)
		d.start = append(d.start, d.total)
	}
	return d
}

// frame returns the frame's index and the tile inside it.
func (d *draw) frame(tile int) (int, int) {
	f := sort.SearchInts(d.start, tile+1) - 1
	return f, tile - d.start[f]
}

func (d *draw) activity(tile int) byte {
	f, t := d.frame(tile)
	if t < len(d.frames[f].Activity) {
		return d.frames[f].Activity[t]
	}
	return 0
}

// take picks a tile, or the next one that is still free. The caller makes sure that one is.
func (d *draw) take(tile int) {
	for d.taken[tile] {
		tile = (tile + 1) % d.total
	}
	d.taken[tile] = true
}

// weighted draws tiles of frames from to end-1 in proportion to their weight, while more says so and any
// weight is left.
func (d *draw) weighted(from, end int, more func() bool, weight func(byte) uint64) {
	if !more() {
		return
	}
	most := min(d.start[end]-d.start[from], 1<<10)
	tiles, sums := make([]int, 0, most), make([]uint64, 0, most)
	var sum uint64
	for f := from; f < end; f++ {
		info := d.frames[f]
		for t := range d.start[f+1] - d.start[f] {
			if t >= len(info.Activity) {
				break
			}
			if w := weight(info.Activity[t]); w > 0 && !d.taken[d.start[f]+t] {
				sum += w
				tiles, sums = append(tiles, d.start[f]+t), append(sums, sum)
			}
		}
	}
	for left := len(tiles); left > 0 && more(); left-- {
		at := d.prf.below(sum)
		i := sort.Search(len(sums), func(i int) bool { return sums[i] > at })
		for d.taken[tiles[i]] {
			i = (i + 1) % len(tiles)
		}
		d.taken[tiles[i]] = true
	}
}

func (d *draw) picks() []Pick {
	all := make([]int, 0, len(d.taken))
	for t := range d.taken {
		all = append(all, t)
	}
	slices.Sort(all)
	out := make([]Pick, len(all))
	for i, t := range all {
		f, tile := d.frame(t)
		out[i] = Pick{Frame: d.frames[f].Frame, Tile: tile}
	}
	return out
}

// prf is HMAC-SHA256 in counter mode: block i is HMAC(key, "heliostat/challenge/1" ‖ root
// ‖ u64 i), read as four big-endian u64.
type prf struct {
	mac   hash.Hash
	text  []byte // what a block is made of, its counter last
	block [sha256.Size]byte
	next  uint64 // counter of the next block
	left  int    // unread bytes of block
}

func newPRF(key [32]byte, root Digest) prf {
	text := append([]byte("heliostat/challenge/1"), root[:]...)
	return prf{mac: hmac.New(sha256.New, key[:]), text: append(text, make([]byte, 8)...)}
}

func (p *prf) uint64() uint64 {
	if p.left == 0 {
		binary.BigEndian.PutUint64(p.text[len(p.text)-8:], p.next)
		p.mac.Reset()
		p.mac.Write(p.text)
		p.mac.Sum(p.block[:0])
		p.next++
		p.left = len(p.block)
	}
	v := binary.BigEndian.Uint64(p.block[len(p.block)-p.left:])
	p.left -= 8
	return v
}

// below returns a uniform number under n > 0, by rejecting the biased tail.
func (p *prf) below(n uint64) uint64 {
	limit := -n % n // 2^64 mod n
	for {
		if v := p.uint64(); v >= limit {
			return v % n
		}
	}
}
