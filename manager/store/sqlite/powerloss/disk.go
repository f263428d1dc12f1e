package powerloss

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// Kinds of events, as the record has them.
const (
	wrote        = 1
	truncated    = 2
	synced       = 3
	removed      = 4
	acknowledged = 5
)

// headSize is that of an event's head in bytes: kind, length of the name, offset, size.
const headSize = 24

// sector is what a disk writes at once, in bytes.
const sector = 512

// Event is one thing that happened.
type Event struct {
	kind   uint32
	path   string
	offset int64
	size   int64
	data   []byte
}

// Acknowledged returns the name that was said to be durable, "" for other events.
func (e Event) Acknowledged() string {
	if e.kind == acknowledged {
		return e.path
	}
	return ""
}

// Syncs tells whether the event made a file durable.
func (e Event) Syncs() bool { return e.kind == synced }

// Read reads a record. An event that the end of the process has cut off is left out.
func Read(file string) ([]Event, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the record: %w", err)
	}
	var events []Event
	for len(raw) >= headSize {
		e := Event{kind: binary.LittleEndian.Uint32(raw), offset: int64(binary.LittleEndian.Uint64(raw[8:])), size: int64(binary.LittleEndian.Uint64(raw[16:]))}
		name, body := int(binary.LittleEndian.Uint32(raw[4:])), 0
		if e.kind == wrote {
			body = int(e.size)
		}
		if e.kind < wrote || e.kind > acknowledged || name > 1<<16 || body > 1<<30 {
			return nil, fmt.Errorf("read the record: event %d is none", len(events))
		}
		if len(raw) < headSize+name+body {
			break
		}
		e.path, e.data = string(raw[headSize:headSize+name]), raw[headSize+name:headSize+name+body]
		raw = raw[headSize+name+body:]
		events = append(events, e)
	}
	return events, nil
}

// file is what the disk has of a file.
type file struct {
	durable []byte
	pending []Event // since its last sync
	listed  bool    // its folder was synced since it was made
	gone    bool    // it was removed, which its folder doesn't durably say yet
}

// apply changes the content.
func apply(content []byte, e Event) []byte {
	switch e.kind {
	case wrote:
		end := int(e.offset) + len(e.data)
		if end > len(content) {
			content = append(content, make([]byte, end-len(content))...)
		}
		copy(content[e.offset:end], e.data)
	case truncated:
		if int(e.size) <= len(content) {
			content = content[:e.size]
		} else {
			content = append(content, make([]byte, int(e.size)-len(content))...)
		}
	}
	return content
}

// Cut makes in the folder to what of the folder root may be left when the power goes after the
// events.
func Cut(events []Event, root, to string, r *rand.Rand) error {
	files := make(map[string]*file)
	for _, e := range events {
		f := files[e.path]
		switch e.kind {
		case wrote, truncated:
			if f == nil {
				f = &file{}
				files[e.path] = f
			}
			f.gone = false
			f.pending = append(f.pending, e)
		case synced:
			if f != nil {
				for _, p := range f.pending {
					f.durable = apply(f.durable, p)
				}
				f.pending = nil
				continue
			}
			for path, f := range files { // a folder
				if filepath.Dir(path) != e.path {
					continue
				}
				f.listed = true
				if f.gone {
					delete(files, path)
				}
			}
		case removed:
			if f != nil {
				f.gone = true
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		f := files[path]
		if (!f.listed || f.gone) && r.IntN(2) == 0 {
			continue
		}
		content := slices.Clone(f.durable)
		for _, p := range f.pending {
			switch r.IntN(4) {
			case 0, 1:
				content = apply(content, p)
			case 2: // torn
				if n := len(p.data) / sector; n > 0 {
					p.data = p.data[:sector*r.IntN(n)]
					content = apply(content, p)
				}
			}
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return fmt.Errorf("after the cut: %w", err)
		}
		if err := os.WriteFile(filepath.Join(to, name), content, 0o600); err != nil {
			return fmt.Errorf("after the cut: %w", err)
		}
	}
	return nil
}

// Tally counts the syncs in a record, and says after which events something was acknowledged.
func Tally(events []Event) (syncs int, acknowledged []int) {
	for i, e := range events {
		if e.Syncs() {
			syncs++
		}
		if e.Acknowledged() != "" {
			acknowledged = append(acknowledged, i)
		}
	}
	return syncs, acknowledged
}

// Moments draws when to cut the power: n times just after an acknowledgement and n times at any event, and after
// the first acknowledgement and the last event, in order. A moment is how many events were before.
func Moments(events []Event, n int, r *rand.Rand) []int {
	_, acknowledged := Tally(events)
	moments := []int{acknowledged[0] + 1, len(events)}
	for range n {
		moments = append(moments, acknowledged[r.IntN(len(acknowledged))]+1, r.IntN(len(events)))
	}
	slices.Sort(moments)
	return slices.Compact(moments)
}

// Unsynced is the record of a disk that never syncs: where nothing is lost on it, the model models nothing.
func Unsynced(events []Event) []Event {
	return slices.DeleteFunc(slices.Clone(events), Event.Syncs)
}
