package submit

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Blender writes the addresses that its data had in memory into a .blend: each block is
// headed by its own, and pointers inside the blocks name others by theirs. They differ from
// one save to the next though nothing was edited, and they lie scattered over the file, so
// that hardly a chunk would repeat. Steady replaces them by addresses that follow from the
// datablock's name and the block's place in it.

// Bounds of what steady walks; a file beyond them is left alone.
const (
	steadyBlocks   = 8 << 20
	steadySDNA     = 16 << 20
	steadyPointers = 1 << 16 // in one struct
	steadySteps    = 4 << 20 // in working out where they are
	steadyBlock    = 1 << 30 // bytes of one block with pointers
)

// errUnsteady is the reason for leaving a file as it is.
var errUnsteady = errors.New("not a .blend that this program understands")

// Steady rewrites the addresses in an uncompressed .blend so that equal scenes give equal
// bytes. What Blender reads from it stays the same. A file that isn't understood to its end
// is not touched; an error means that the disk failed.
func Steady(path string) error {
	source, err := os.Open(path)
	if err != nil {
		return err
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return err
	}
	// Beside it and renamed: half a rewritten file would be a broken one.
	out, err := os.CreateTemp(filepath.Dir(path), ".steady-*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name()) // gone after the rename
	err = steadied(source, info.Size(), out)
	if err = errors.Join(err, out.Close()); err != nil {
		if errors.Is(err, errUnsteady) {
			return nil
		}
		return err
	}
	return os.Rename(out.Name(), path)
}

// steadied writes the rewritten file, or fails with errUnsteady, perhaps half way.
func steadied(file io.ReaderAt, size int64, to io.Writer) error {
	b := &blendFile{file: file, size: size}
	if err := b.walk(); err != nil {
		return err
	}
	b.assign()
	return b.write(to)
}

type blendBlock struct {
	code  [4]byte
	old   uint64
	head  int64 // where the header begins
	size  int64
	kind  int32 // index of its struct
	count int64
	owner int32 // index of the top-level block it belongs to
	place int32 // how manieth of the owner's
}

type blendFile struct {
	file   io.ReaderAt
	size   int64
	large  bool // headers of Blender 5
	blocks []blendBlock
	// structs and names come from the file's own description of its structs.
	structs  []blendStruct
	nameAt   int // of the name in struct ID
	nameSize int

	global map[uint64]uint64
	own    map[int32]map[uint64]uint64 // by owner
	bases  []uint64                    // by owner, only those of top-level blocks are set
}

type blendStruct struct {
	size     int
	pointers []int    // offsets
	id       bool     // begins with a struct ID
	wipe     [][2]int // offset and length of what only the Blender that saved could use
	edge     bool     // next, previous and the two ends of an edge of the window's layout
}

func (b *blendFile) headLen() int64 {
	if b.large {
		return 32
	}
	return 24
}

// walk reads the block headers and the struct descriptions.
func (b *blendFile) walk() error {
	var head [17]byte
	if _, err := b.file.ReadAt(head[:], 0); err != nil {
		return errUnsteady
	}
	at := int64(12)
	switch {
	case bytes.Equal(head[:9], []byte("BLENDER-v")):
	case bytes.Equal(head[:13], []byte("BLENDER17-01v")):
		b.large, at = true, 17
	default:
		return errUnsteady // compressed, big-endian or with 4-byte pointers
	}
	window := &reading{file: b.file, data: make([]byte, 64<<10), at: -1}
	owner, place := int32(-1), int32(0)
	for {
		raw, err := window.bytes(at, int(b.headLen()))
		if err != nil || len(b.blocks) >= steadyBlocks {
			return errUnsteady
		}
		block := b.header(raw)
		block.head = at
		at += b.headLen() + block.size
		if block.size < 0 || block.count < 0 || at > b.size {
			return errUnsteady
		}
		if string(block.code[:]) == "DATA" {
			if owner < 0 {
				return errUnsteady
			}
			place++
		} else {
			owner, place = int32(len(b.blocks)), 0
		}
		block.owner, block.place = owner, place
		b.blocks = append(b.blocks, block)
		if string(block.code[:]) == "DNA1" {
			if err := b.describe(block); err != nil {
				return err
			}
		}
		if string(block.code[:]) == "ENDB" {
			break
		}
	}
	if b.structs == nil {
		return errUnsteady
	}
	for _, block := range b.blocks {
		if block.kind < 0 || int(block.kind) >= len(b.structs) {
			return errUnsteady
		}
	}
	return nil
}

func (b *blendFile) header(raw []byte) blendBlock {
	block := blendBlock{code: [4]byte(raw[:4])}
	le := binary.LittleEndian
	if b.large {
		block.kind, block.old = int32(le.Uint32(raw[4:])), le.Uint64(raw[8:])
		block.size, block.count = int64(le.Uint64(raw[16:])), int64(le.Uint64(raw[24:]))
	} else {
		block.size, block.old = int64(int32(le.Uint32(raw[4:]))), le.Uint64(raw[8:])
		block.kind, block.count = int32(le.Uint32(raw[16:])), int64(int32(le.Uint32(raw[20:])))
	}
	if block.size < 0 || block.size > b.size {
		block.size = -1
	}
	return block
}

// oldAt is where a header has the address.
const oldAt = 8

// assign gives every block its new address.
func (b *blendFile) assign() {
	b.global, b.own = make(map[uint64]uint64), make(map[int32]map[uint64]uint64)
	b.bases = make([]uint64, len(b.blocks))
	taken := map[uint64]bool{0: true}
	library := ""
	for i, block := range b.blocks {
		if block.place == 0 {
			key := string(block.code[:]) + b.name(block)
			switch string(block.code[:2]) {
			case "LI":
				library = key
			case "ID":
				key = library + key // equal names live in several libraries
			}
			b.bases[i] = base(key, taken)
			if block.old != 0 && b.global[block.old] == 0 {
				b.global[block.old] = b.bases[i]
			}
			continue
		}
		own := b.own[block.owner]
		if own == nil {
			own = make(map[uint64]uint64)
			b.own[block.owner] = own
		}
		// Blocks may share an address, when Blender wrote both from one buffer.
		if _, known := own[block.old]; !known && block.old != 0 {
			own[block.old] = b.address(block.owner, block.place, taken)
		}
	}
}

// An owner's blocks lie 16 bytes apart in a range of their own: near addresses compress
// well. The last place of the range is for pointers to what isn't in the file.
const (
	rangeBits = 20
	perRange  = 1<<(rangeBits-4) - 1
)

func (b *blendFile) address(owner, place int32, taken map[uint64]bool) uint64 {
	if place < perRange {
		return b.bases[owner] + uint64(place)<<4
	}
	more := base(fmt.Sprintf("%x+%d", b.bases[owner], place/perRange), nil)
	for at := more + uint64(place%perRange)<<4; ; at += 1 << rangeBits {
		if !taken[at&^(1<<rangeBits-1)] && !taken[at] {
			taken[at] = true
			return at
		}
	}
}

// base picks a range by the key, and the next free one where that is taken.
func base(key string, taken map[uint64]bool) uint64 {
	sum := fnv.New64a()
	sum.Write([]byte(key)) // never fails
	at := 1<<46 | (sum.Sum64()>>38)<<rangeBits
	if taken == nil {
		return at
	}
	for taken[at] {
		at += 1 << rangeBits
	}
	taken[at] = true
	return at
}

// name is a datablock's name, "" for blocks that are none.
func (b *blendFile) name(block blendBlock) string {
	if !b.structs[block.kind].id || block.size < int64(b.nameAt+b.nameSize) {
		return ""
	}
	raw := make([]byte, b.nameSize)
	if _, err := b.file.ReadAt(raw, block.head+b.headLen()+int64(b.nameAt)); err != nil {
		return ""
	}
	name, _, _ := bytes.Cut(raw, []byte{0})
	return string(name)
}

// pointer is the new value of a pointer in a block.
func (b *blendFile) pointer(block blendBlock, old uint64) (renewed uint64, known bool) {
	if old < 1<<16 {
		return old, true // null, or a number that was put into a pointer
	}
	if at, ok := b.own[block.owner][old]; ok {
		return at, true
	}
	if at, ok := b.global[old]; ok {
		return at, true
	}
	return b.bases[block.owner] + perRange<<4, false
}

// write copies the file with the new addresses.
func (b *blendFile) write(to io.Writer) error {
	out := bufio.NewWriterSize(to, 1<<20)
	from := int64(0)
	copyTo := func(end int64) error {
		_, err := io.Copy(out, io.NewSectionReader(b.file, from, end-from))
		from = end
		return err
	}
	put := func(raw []byte) {
		_, _ = out.Write(raw) // Flush returns the error
		from += int64(len(raw))
	}
	var word [8]byte
	for i, block := range b.blocks {
		if err := copyTo(block.head + oldAt); err != nil {
			return err
		}
		renewed := uint64(0)
		if block.old != 0 {
			if renewed = b.bases[i]; block.place > 0 {
				renewed = b.own[block.owner][block.old]
			}
		}
		binary.LittleEndian.PutUint64(word[:], renewed)
		put(word[:])
		if err := copyTo(block.head + b.headLen()); err != nil {
			return err
		}
		if block.size == 0 || (len(b.structs[block.kind].pointers) == 0 && block.kind != 0) {
			continue
		}
		if block.size > steadyBlock {
			if block.kind == 0 {
				continue // an array of something else than pointers
			}
			return errUnsteady
		}
		raw := make([]byte, block.size)
		if _, err := b.file.ReadAt(raw, from); err != nil {
			return err
		}
		b.renew(block, raw)
		put(raw)
	}
	if err := copyTo(b.size); err != nil {
		return err
	}
	return out.Flush()
}

// renew rewrites the pointers in a block's bytes.
func (b *blendFile) renew(block blendBlock, raw []byte) {
	le := binary.LittleEndian
	if block.kind == 0 {
		// Bytes without a type. An array of pointers is one where every word is an address
		// in this file; anything else is left alone.
		if len(raw)%8 != 0 {
			return
		}
		for at := 0; at < len(raw); at += 8 {
			old := le.Uint64(raw[at:])
			if _, known := b.pointer(block, old); !known || (old != 0 && old < 1<<16) {
				return
			}
		}
		for at := 0; at < len(raw); at += 8 {
			renewed, _ := b.pointer(block, le.Uint64(raw[at:]))
			le.PutUint64(raw[at:], renewed)
		}
		return
	}
	kind := b.structs[block.kind]
	if kind.size == 0 || block.count > int64(len(raw)/kind.size) {
		return
	}
	for n := range int(block.count) {
		one := raw[n*kind.size:][:kind.size]
		for _, at := range kind.pointers {
			renewed, _ := b.pointer(block, le.Uint64(one[at:]))
			le.PutUint64(one[at:], renewed)
		}
		for _, span := range kind.wipe {
			clear(one[span[0]:][:span[1]])
		}
	}
	if kind.edge && len(raw) >= kind.size {
		// The window's layout orders the two ends of an edge by their addresses.
		one, two := raw[kind.pointers[2]:], raw[kind.pointers[3]:]
		if v, w := le.Uint64(one), le.Uint64(two); v > w {
			le.PutUint64(one, w)
			le.PutUint64(two, v)
		}
	}
}

// reading reads small pieces that mostly follow each other.
type reading struct {
	file io.ReaderAt
	data []byte
	at   int64
	n    int
}

func (r *reading) bytes(at int64, n int) ([]byte, error) {
	if r.at < 0 || at < r.at || at+int64(n) > r.at+int64(r.n) {
		read, err := r.file.ReadAt(r.data, at)
		if read < n {
			return nil, errors.Join(err, io.ErrUnexpectedEOF)
		}
		r.at, r.n = at, read
	}
	return r.data[at-r.at:][:n], nil
}

// inside tells whether a path lies in a folder.
func inside(dir, path string) bool {
	rest, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rest)
}

// steadyScene makes the files steady that were written for this submission.
func steadyScene(scene Scene) error {
	if scene.Workdir == "" {
		return nil
	}
	for _, f := range scene.Files {
		if strings.HasSuffix(f.Path, ".blend") && inside(scene.Workdir, f.Path) {
			if err := Steady(f.Path); err != nil {
				return fmt.Errorf("prepare %s: %w", f.Path, err)
			}
		}
	}
	return nil
}
