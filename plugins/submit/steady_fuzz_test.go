package submit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// tiny is a .blend of one datablock with one block of data, as small as they come.
func tiny() []byte {
	le := binary.LittleEndian
	var dna []byte
	texts := func(tag string, list ...string) {
		dna = le.AppendUint32(append(dna, tag...), uint32(len(list)))
		for _, text := range list {
			dna = append(append(dna, text...), 0)
		}
		for len(dna)%4 != 0 {
			dna = append(dna, 0)
		}
	}
	shorts := func(list ...uint16) {
		for _, n := range list {
			dna = le.AppendUint16(dna, n)
		}
	}
	dna = append(dna, "SDNA"...)
	texts("NAME", "*next", "*prev", "name[66]", "pad[6]", "id", "*data")
	texts("TYPE", "char", "Link", "ID", "Thing")
	dna = append(dna, "TLEN"...)
	shorts(1, 16, 88, 96)
	dna = le.AppendUint32(append(dna, "STRC"...), 3)
	shorts(1, 2, 1, 0, 1, 1)             // Link: *next, *prev
	shorts(2, 4, 1, 0, 1, 1, 0, 2, 0, 3) // ID: *next, *prev, name, pad
	shorts(3, 2, 2, 4, 1, 5)             // Thing: id, *data
	file := []byte("BLENDER-v304")
	block := func(code string, old uint64, kind uint32, raw []byte) {
		file = le.AppendUint32(append(file, code...), uint32(len(raw)))
		file = le.AppendUint32(le.AppendUint32(le.AppendUint64(file, old), kind), 1)
		file = append(file, raw...)
	}
	thing := make([]byte, 96)
	copy(thing[16:], "OBCube")
	le.PutUint64(thing[88:], 0x7fff00001000)
	block("OB\x00\x00", 0x7fff00002000, 2, thing)
	block("DATA", 0x7fff00001000, 0, le.AppendUint64(nil, 0x7fff00002000))
	block("DNA1", 0x1234567, 0, dna)
	block("ENDB", 0, 0, nil)
	return file
}

func FuzzSteady(f *testing.F) {
	f.Add(tiny())
	f.Fuzz(func(t *testing.T, raw []byte) {
		var out bytes.Buffer
		err := steadied(bytes.NewReader(raw), int64(len(raw)), &out)
		if err == nil && out.Len() != len(raw) {
			t.Fatalf("%d bytes became %d", len(raw), out.Len())
		}
		if err != nil && !errors.Is(err, errUnsteady) {
			t.Fatalf("memory can't fail: %v", err)
		}
	})
}
