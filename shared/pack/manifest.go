package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sort"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/seal"
)

// Manifest is a package's table of contents. One that OpenManifest returned is valid.
type Manifest struct {
	Chunks []Chunk
	Files  []File // in ascending bytewise order of paths
	Main   int    // index of the file that the renderer opens
}

// Chunk is a chunk with what opens it.
type Chunk struct {
	ID     chunk.ID
	Key    seal.ChunkKey
	Plain  int // plaintext bytes
	Stored int // stored bytes
}

// File is a file of a package.
type File struct {
	Path   string
	Exec   bool
	Size   int64
	Digest [32]byte // BLAKE3
	Parts  []Part   // none for an empty file
}

// Part is a range of a chunk.
type Part struct {
	Chunk  int // index into Manifest.Chunks
	Offset int // bytes
	Len    int // bytes, at least 1
}

// MainPath returns the path of the file that the renderer opens.
func (m *Manifest) MainPath() string { return m.Files[m.Main].Path }

// Bytes returns the size of all files together.
func (m *Manifest) Bytes() int64 {
	var n int64
	for i := range m.Files {
		n += m.Files[i].Size
	}
	return n
}

var (
	plainMagic   = []byte("HELM\x01\x00")
	sealedHeader = []byte("HELS\x01\x00\x00\x00")
)

// Marshal returns the manifest's bytes as FORMAT.md section 7 lays them out. They hold keys.
func (m *Manifest) Marshal() []byte {
	b := bytes.Clone(plainMagic)
	b = binary.AppendUvarint(b, uint64(len(m.Chunks)))
	for i := range m.Chunks {
		c := &m.Chunks[i]
		b = append(append(b, c.ID[:]...), c.Key[:]...)
		b = binary.AppendUvarint(b, uint64(c.Plain))
		b = binary.AppendUvarint(b, uint64(c.Stored))
	}
	b = binary.AppendUvarint(b, uint64(len(m.Files)))
	for i := range m.Files {
		f := &m.Files[i]
		b = binary.AppendUvarint(b, uint64(len(f.Path)))
		b = append(b, f.Path...)
		var mode byte
		if f.Exec {
			mode = 1
		}
		b = append(b, mode)
		b = binary.AppendUvarint(b, uint64(f.Size))
		b = append(b, f.Digest[:]...)
		b = binary.AppendUvarint(b, uint64(len(f.Parts)))
		for _, p := range f.Parts {
			b = binary.AppendUvarint(b, uint64(p.Chunk))
			b = binary.AppendUvarint(b, uint64(p.Offset))
			b = binary.AppendUvarint(b, uint64(p.Len))
		}
	}
	b = binary.AppendUvarint(b, uint64(m.Main))
	return binary.AppendUvarint(b, 0)
}

// Seal encrypts the manifest under key.
func (m *Manifest) Seal(key seal.JobKey) ([]byte, error) {
	out, err := seal.Seal(key, sealedHeader, m.Marshal())
	if err != nil {
		return nil, fmt.Errorf("seal the manifest: %w", err)
	}
	return out, nil
}

// OpenManifest opens and checks a sealed manifest. A wrong key or damage gives seal.ErrOpen;
// a manifest that breaks FORMAT.md gives ErrManifest, ErrPath or ErrLimit.
func OpenManifest(sealed []byte, key seal.JobKey, limits Limits) (*Manifest, error) {
	limits = limits.withDefaults()
	if int64(len(sealed)) > limits.ManifestBytes {
		return nil, fmt.Errorf("a manifest of %d bytes: %w", len(sealed), ErrLimit)
	}
	if !bytes.HasPrefix(sealed, sealedHeader) {
		return nil, fmt.Errorf("unknown header: %w", ErrManifest)
	}
	plain, err := seal.Open(key, len(sealedHeader), sealed)
	if err != nil {
		return nil, fmt.Errorf("open the manifest: %w", err)
	}
	return ParseManifest(plain, limits)
}

// ParseManifest reads and checks what Marshal wrote.
func ParseManifest(b []byte, limits Limits) (*Manifest, error) {
	limits = limits.withDefaults()
	r := &reader{b: b}
	if !bytes.Equal(r.take(len(plainMagic)), plainMagic) {
		return nil, fmt.Errorf("unknown magic, version or flags: %w", ErrManifest)
	}
	m := &Manifest{}
	n := r.count(limits.Chunks, 66)
	m.Chunks = make([]Chunk, n)
	for i := range m.Chunks {
		c := &m.Chunks[i]
		copy(c.ID[:], r.take(32))
		copy(c.Key[:], r.take(32))
		c.Plain = r.number(chunk.Max)
		c.Stored = r.number(seal.MaxStored)
	}
	n = r.count(limits.Files, 37)
	m.Files = make([]File, n)
	for i := range m.Files {
		f := &m.Files[i]
		f.Path = string(r.take(r.number(maxPath)))
		mode := r.take(1)
		if len(mode) == 1 && mode[0] > 1 {
			return nil, fmt.Errorf("file %d: reserved mode bits: %w", i, ErrManifest)
		}
		f.Exec = len(mode) == 1 && mode[0] == 1
		f.Size = int64(r.number64(math.MaxInt64))
		copy(f.Digest[:], r.take(32))
		parts := r.count(math.MaxInt32, 3)
		if r.err != nil {
			return nil, r.err
		}
		if parts > 0 {
			f.Parts = make([]Part, parts)
		}
		for j := range f.Parts {
			f.Parts[j] = Part{Chunk: r.number(math.MaxInt32), Offset: r.number(chunk.Max), Len: r.number(chunk.Max)}
		}
	}
	m.Main = r.number(math.MaxInt32)
	r.take(r.number(math.MaxInt32)) // the extension: for later versions
	if r.err != nil {
		return nil, r.err
	}
	if len(r.b) > 0 {
		return nil, fmt.Errorf("%d bytes too many: %w", len(r.b), ErrManifest)
	}
	if err := m.Check(limits); err != nil {
		return nil, err
	}
	return m, nil
}

// Check applies every rule of FORMAT.md that is not about encoding.
func (m *Manifest) Check(limits Limits) error {
	limits = limits.withDefaults()
	if len(m.Files) > limits.Files || len(m.Chunks) > limits.Chunks {
		return fmt.Errorf("%d files and %d chunks: %w", len(m.Files), len(m.Chunks), ErrLimit)
	}
	if m.Main < 0 || m.Main >= len(m.Files) {
		return fmt.Errorf("main file %d of %d: %w", m.Main, len(m.Files), ErrManifest)
	}
	ids := make(map[chunk.ID]bool, len(m.Chunks))
	var stored int64
	for i := range m.Chunks {
		c := &m.Chunks[i]
		if c.Plain < 1 || c.Plain > chunk.Max || c.Stored < 1 || c.Stored > seal.MaxStored {
			return fmt.Errorf("chunk %d: %d bytes, %d stored: %w", i, c.Plain, c.Stored, ErrManifest)
		}
		if ids[c.ID] {
			return fmt.Errorf("chunk %s is listed twice: %w", c.ID, ErrManifest)
		}
		ids[c.ID] = true
		stored += int64(c.Stored)
	}
	used := make([]bool, len(m.Chunks))
	paths := newPathSet(len(m.Files))
	var total int64
	for i := range m.Files {
		f := &m.Files[i]
		if err := CheckPath(f.Path); err != nil {
			return errors.Join(ErrManifest, err)
		}
		if i > 0 && m.Files[i-1].Path >= f.Path {
			return fmt.Errorf("%q is out of order or twice: %w", short(f.Path), ErrManifest)
		}
		if err := paths.add(f.Path); err != nil {
			return errors.Join(ErrManifest, err)
		}
		if f.Size < 0 || f.Size > limits.FileBytes || f.Size > limits.TotalBytes-total {
			return fmt.Errorf("%q has %d bytes: %w", short(f.Path), f.Size, ErrLimit)
		}
		total += f.Size
		var sum int64
		for _, p := range f.Parts {
			if p.Chunk < 0 || p.Chunk >= len(m.Chunks) || p.Len < 1 || p.Offset < 0 || p.Offset > m.Chunks[p.Chunk].Plain-p.Len {
				return fmt.Errorf("%q has a part outside its chunk: %w", short(f.Path), ErrManifest)
			}
			used[p.Chunk] = true
			sum += int64(p.Len)
		}
		if sum != f.Size {
			return fmt.Errorf("%q has %d bytes and parts for %d: %w", short(f.Path), f.Size, sum, ErrManifest)
		}
	}
	for i, u := range used {
		if !u {
			return fmt.Errorf("chunk %s is not used: %w", m.Chunks[i].ID, ErrManifest)
		}
	}
	if total > freeExpansion && (total-freeExpansion)/limits.Expansion > stored {
		return fmt.Errorf("%d bytes out of %d stored: %w", total, stored, ErrLimit)
	}
	var opened int64
	m.walk(m.order(), func(c int) { opened += int64(m.Chunks[c].Plain) })
	if opened > total+chunk.Max {
		return fmt.Errorf("it opens %d bytes of chunks for %d of files: %w", opened, total, ErrManifest)
	}
	return nil
}

// order returns the indices of files as FORMAT.md section 7 has them read.
func (m *Manifest) order() []int {
	idx := make([]int, len(m.Files))
	for i := range idx {
		idx[i] = i
	}
	first := func(f *File) (int, int) {
		if len(f.Parts) == 0 {
			return -1, 0
		}
		return f.Parts[0].Chunk, f.Parts[0].Offset
	}
	sort.SliceStable(idx, func(a, b int) bool {
		ca, oa := first(&m.Files[idx[a]])
		cb, ob := first(&m.Files[idx[b]])
		if ca != cb {
			return ca < cb
		}
		return oa < ob // equal ones stay in the order of their paths
	})
	return idx
}

// walk calls open for every opening of a chunk that reading files in this order takes.
func (m *Manifest) walk(files []int, open func(chunk int)) {
	last := -1
	for _, i := range files {
		for _, p := range m.Files[i].Parts {
			if p.Chunk != last {
				open(p.Chunk)
				last = p.Chunk
			}
		}
	}
}

// reader takes values off a slice; after the first error it only returns zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %w", what, ErrManifest)
	}
	r.b = nil
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.fail("it ends too early")
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) number64(limit uint64) uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 || (n > 1 && r.b[n-1] == 0) || v > limit {
		r.fail("a number is malformed or too large")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) number(limit int) int { return int(r.number64(uint64(limit))) }

// count reads how many items of at least size bytes follow.
func (r *reader) count(limit, size int) int {
	v := r.number64(math.MaxInt64)
	if r.err != nil {
		return 0
	}
	if v > uint64(len(r.b)/size) {
		r.fail("a count is larger than the manifest")
		return 0
	}
	if v > uint64(limit) {
		r.err = fmt.Errorf("%d items where %d are allowed: %w", v, limit, ErrLimit)
		r.b = nil
		return 0
	}
	return int(v)
}
