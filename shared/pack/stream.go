package pack

import (
	"encoding/binary"
	"time"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/zeebo/blake3"
)

// entry is a file that Build found.
type entry struct {
	src   Source
	size  int64
	mtime time.Time
	exec  bool
}

// stream is what is cut into chunks: one large file, or a bundle of small ones.
type stream struct {
	entries []int // indices of entries; one for a large file
	size    int64
	large   bool
}

// planStreams groups entries, which are in order of their names, as FORMAT.md section 3 says.
// Empty files are in no stream.
func planStreams(entries []entry) []stream {
	var out []stream
	open := -1 // index of the bundle that still takes files
	for i := range entries {
		e := &entries[i]
		switch {
		case e.size == 0:
			continue
		case e.size >= chunk.Min:
			out = append(out, stream{entries: []int{i}, size: e.size, large: true})
			continue
		}
		if open >= 0 && out[open].size+e.size > chunk.Max {
			open = -1
		}
		if open < 0 {
			open = len(out)
			out = append(out, stream{})
		}
		b := &out[open]
		b.entries = append(b.entries, i)
		b.size += e.size
		if b.size >= chunk.Min && endsBundle(e.src.Name, e.size) {
			open = -1
		}
	}
	return out
}

// endsBundle is a coin whose chance grows with the file's size, so that bundles have a
// size on average and yet end at places that only the files next to them decide.
func endsBundle(name string, size int64) bool {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(size))
	sum := blake3.Sum256(append(append([]byte(name), 0), n[:]...))
	const per = (1 << 63) / (384 << 10) // 2^64 / 786432, as an integer
	// size is under 256 KiB here, so that the product stays under 2^64.
	return binary.LittleEndian.Uint64(sum[:8]) < per*uint64(size)
}

// cacheKey names what a stream was read from: every path, size and time of change.
func (s *stream) cacheKey(entries []entry) [32]byte {
	h := blake3.New()
	var n [8]byte
	num := func(v int64) {
		binary.LittleEndian.PutUint64(n[:], uint64(v))
		_, _ = h.Write(n[:])
	}
	for _, i := range s.entries {
		e := &entries[i]
		num(int64(len(e.src.Path)))
		_, _ = h.Write([]byte(e.src.Path))
		num(e.size)
		num(e.mtime.UnixNano())
	}
	var out [32]byte
	h.Sum(out[:0])
	return out
}

// settled says whether all of a stream's files were last changed long enough ago that a
// further change must show in their times: some file systems count in steps of two seconds.
func (s *stream) settled(entries []entry, now time.Time) bool {
	for _, i := range s.entries {
		if now.Sub(entries[i].mtime) < 2*time.Second {
			return false
		}
	}
	return true
}
