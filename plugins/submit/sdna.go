package submit

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
)

// describe reads the block in which a .blend describes its structs: names of fields, names
// and sizes of types, and for each struct its fields as pairs of type and name.
func (b *blendFile) describe(block blendBlock) error {
	if block.size == 0 || block.size > steadySDNA {
		return errUnsteady
	}
	raw := make([]byte, block.size)
	if _, err := b.file.ReadAt(raw, block.head+b.headLen()); err != nil {
		return err
	}
	s := &sdna{raw: raw}
	s.tag("SDNA")
	s.tag("NAME")
	s.names = s.texts()
	s.tag("TYPE")
	s.types = s.texts()
	s.tag("TLEN")
	s.sizes = make([]int, len(s.types))
	for i := range s.sizes {
		s.sizes[i] = s.short()
	}
	s.align()
	s.tag("STRC")
	s.read()
	if s.bad {
		return errUnsteady
	}
	return s.into(b)
}

type sdna struct {
	raw   []byte
	at    int
	bad   bool
	names []string
	types []string
	sizes []int
	// order lists the structs' types as the file does; fields is by type.
	order  []int
	fields map[int][][2]int // type and name
	steps  int
}

func (s *sdna) take(n int) []byte {
	if s.bad || n < 0 || n > len(s.raw)-s.at {
		s.bad = true
		return make([]byte, min(max(n, 0), 8))
	}
	s.at += n
	return s.raw[s.at-n : s.at]
}

func (s *sdna) tag(want string) {
	if string(s.take(4)) != want {
		s.bad = true
	}
}

func (s *sdna) short() int { return int(binary.LittleEndian.Uint16(s.take(2))) }

// count is a number of things that take a byte each or more.
func (s *sdna) count() int {
	n := int(int32(binary.LittleEndian.Uint32(s.take(4))))
	if n < 0 || n > len(s.raw)-s.at {
		s.bad = true
		return 0
	}
	return n
}

func (s *sdna) align() { s.take((4 - s.at%4) % 4) }

func (s *sdna) texts() []string {
	list := make([]string, 0, 64)
	for range s.count() {
		end := bytes.IndexByte(s.raw[s.at:], 0)
		if end < 0 || s.bad {
			s.bad = true
			return nil
		}
		list = append(list, string(s.take(end)))
		s.take(1)
	}
	s.align()
	return list
}

func (s *sdna) read() {
	s.fields = make(map[int][][2]int)
	for range s.count() {
		kind, n := s.short(), s.short()
		if s.bad || kind >= len(s.types) || n > (len(s.raw)-s.at)/4 {
			s.bad = true
			return
		}
		list := make([][2]int, n)
		for i := range list {
			list[i] = [2]int{s.short(), s.short()}
			if list[i][0] >= len(s.types) || list[i][1] >= len(s.names) {
				s.bad = true
				return
			}
		}
		s.order = append(s.order, kind)
		s.fields[kind] = list
	}
}

// into hands the structs to the file.
func (s *sdna) into(b *blendFile) error {
	b.structs = make([]blendStruct, len(s.order))
	id := -1
	for kind, name := range s.types {
		if name == "ID" {
			id = kind
		}
	}
	at := 0
	for _, field := range s.fields[id] {
		if name, many := dimensions(s.names[field[1]]); name == "name" {
			b.nameAt, b.nameSize = at, many
		}
		at += s.size(field)
	}
	if b.nameSize == 0 || b.nameSize > 1024 {
		return errUnsteady
	}
	for i, kind := range s.order {
		list, size, ok := s.pointers(kind, 0, nil, 0)
		if !ok || size != s.sizes[kind] {
			return errUnsteady
		}
		fields := s.fields[kind]
		made := blendStruct{size: size, pointers: list, edge: s.types[kind] == "ScrEdge" && len(list) == 4}
		made.id = kind == id || (len(fields) > 0 && fields[0][0] == id && isPlain(s.names[fields[0][1]]))
		if made.id {
			made.wipe = s.passing(id, made.wipe)
		}
		if s.types[kind] == "Library" {
			made.wipe = s.passing(kind, made.wipe)
		}
		for _, span := range made.wipe {
			if span[0]+span[1] > size {
				return errUnsteady
			}
		}
		b.structs[i] = made
	}
	return nil
}

// passing are the fields that readers work out anew: a running number, what was to be
// recalculated, and where a library lay on this machine.
func (s *sdna) passing(kind int, list [][2]int) [][2]int {
	at := 0
	for _, field := range s.fields[kind] {
		name, _ := dimensions(s.names[field[1]])
		switch name {
		case "session_uuid", "session_uid", "recalc", "recalc_up_to_undo_push", "recalc_after_undo_push", "filepath_abs":
			list = append(list, [2]int{at, s.size(field)})
		}
		at += s.size(field)
	}
	return list
}

// size is what a field takes, in bytes.
func (s *sdna) size(field [2]int) int {
	name, many := dimensions(s.names[field[1]])
	if !isPlain(name) {
		return 8 * many
	}
	return s.sizes[field[0]] * many
}

// pointers appends the offsets of a struct's pointers, those of structs inside it included.
func (s *sdna) pointers(kind, at int, list []int, depth int) (_ []int, end int, ok bool) {
	for _, field := range s.fields[kind] {
		// A description made to nest without end is bounded by its steps.
		if s.steps++; s.steps > steadySteps || depth > 16 {
			return nil, 0, false
		}
		name, many := dimensions(s.names[field[1]])
		if many > steadyPointers {
			if !isPlain(name) || s.fields[field[0]] != nil {
				return nil, 0, false
			}
		}
		switch {
		case !isPlain(name):
			for i := range many {
				list = append(list, at+8*i)
			}
		case s.fields[field[0]] != nil:
			inner := at
			for range many {
				if list, inner, ok = s.pointers(field[0], inner, list, depth+1); !ok || len(list) > steadyPointers {
					return nil, 0, false
				}
			}
		}
		at += s.size(field)
	}
	return list, at, len(list) <= steadyPointers
}

func isPlain(name string) bool { return !strings.HasPrefix(name, "*") && !strings.HasPrefix(name, "(") }

// dimensions splits "co[3][2]" into "co" and 6.
func dimensions(name string) (string, int) {
	name, rest, found := strings.Cut(name, "[")
	many := 1
	for found {
		var part string
		part, rest, _ = strings.Cut(rest, "]")
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || n > 1<<20 || many > 1<<20 {
			return name, 1
		}
		many *= n
		_, rest, found = strings.Cut(rest, "[")
	}
	return name, many
}
