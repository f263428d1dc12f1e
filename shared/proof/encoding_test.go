package proof

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
)

// fourTiles is evidence of a frame whose verifier has three tiles as the worker has them and one of its own.
func fourTiles(t testing.TB) Evidence {
	t.Helper()
	e := Evidence{Key: Digest{1}, Root: Digest{2}, WorkerClass: "a", VerifierClass: "b", Policy: Policy{Version: 1}}
	e.Frames = []FrameCommit{{Frame: -7, W: 40, H: 20, MasterRoot: Digest{3}, Activity: make([]byte, 6)}}
	for tile := range 4 {
		rect, err := TileRect(40, 20, tile)
		if err != nil {
			t.Fatal(err)
		}
		s := TileSample{Frame: -7, Tile: tile, Rect: rect, Channels: 3, Depth: 1, Bits: bytes.Repeat([]byte{byte(tile)}, rect.W*rect.H*3)}
		e.Worker = append(e.Worker, ProvenTile{TileSample: s, Proof: make([]Digest, tile)})
		if tile == 2 {
			s.Bits = bytes.Repeat([]byte{9}, len(s.Bits))
		}
		e.Verifier = append(e.Verifier, s)
	}
	return e
}

func inBytes(t testing.TB, e Evidence) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := EncodeEvidence(&b, e); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// same compares what the two say; an empty list is none.
func same(t *testing.T, a, b Evidence) {
	t.Helper()
	for _, e := range []*Evidence{&a, &b} {
		e.Worker, e.Verifier = slices.Concat(e.Worker), slices.Concat(e.Verifier)
		for i := range e.Worker {
			e.Worker[i].Proof = slices.Concat(e.Worker[i].Proof)
		}
	}
	ja, err1 := json.Marshal(a)
	jb, err2 := json.Marshal(b)
	if err := errors.Join(err1, err2); err != nil || !bytes.Equal(ja, jb) {
		t.Errorf("%s\nis not\n%s (%v)", ja, jb, err)
	}
}

func TestEvidenceComesBack(t *testing.T) {
	e := fourTiles(t)
	raw := inBytes(t, e)
	back, err := ParseEvidence(raw)
	if err != nil {
		t.Fatal(err)
	}
	same(t, e, back)
	again, err := DecodeEvidence(bytes.NewReader(raw))
	if err != nil || !reflect.DeepEqual(back, again) {
		t.Errorf("read from a stream: %v", err)
	}
	// Equal bits are there once.
	pixels := 0
	for _, w := range e.Worker {
		pixels += len(w.Bits)
	}
	if most := pixels + len(e.Verifier[2].Bits) + 4096; len(raw) > most {
		t.Errorf("%d bytes, expected at most %d", len(raw), most)
	}

	// As it was first written.
	old, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	first, err := ParseEvidence(old)
	if err != nil {
		t.Fatal(err)
	}
	same(t, e, first)
}

func TestEvidenceOfPROTOCOL(t *testing.T) {
	text, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"` + evidenceMagic + `" ‖ u32 length`, "2³² − 1 bytes", "256 MiB", "2¹⁷ tiles"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("PROTOCOL.md lacks %q", want)
		}
	}
	// Byte by byte, for a worker's tile of one pixel and the verifier's, which is the same.
	e := Evidence{Frames: []FrameCommit{{Frame: 2, W: 1, H: 1, MasterRoot: Digest{3}, Activity: []byte{0}}}}
	s := TileSample{Frame: 2, Rect: Rect{W: 1, H: 1}, Channels: 2, Lead: 1, Depth: 1, Bits: []byte{0xa, 0xb}}
	e.Layouts = []Layout{{Channels: []string{"V", "L.Depth.Z"}}}
	e.Worker, e.Verifier = []ProvenTile{{TileSample: s, Proof: []Digest{{5}}}}, []TileSample{s}
	raw := inBytes(t, e)
	head := 12 + int(binary.BigEndian.Uint32(raw[8:]))
	tile := []byte{0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 1, 1}
	want := slices.Concat([]byte{0, 0, 0, 1}, tile, []byte{0, 0, 0, 2, 0xa, 0xb, 1, 5}, make([]byte, 31), []byte{0, 0, 0, 1}, tile, []byte{0xff, 0xff, 0xff, 0xff})
	if !bytes.Equal(raw[head:], want) {
		t.Errorf("the tiles are\n%x, expected\n%x", raw[head:], want)
	}
	back, err := ParseEvidence(raw)
	if err != nil {
		t.Fatal(err)
	}
	same(t, e, back)
}

func TestBadEvidenceIsRefused(t *testing.T) {
	raw := inBytes(t, fourTiles(t))
	for cut := range raw {
		if _, err := ParseEvidence(raw[:cut]); !errors.Is(err, ErrEvidence) {
			t.Fatalf("cut after %d bytes of %d: %v", cut, len(raw), err)
		}
	}
	e := fourTiles(t)
	e.Worker = e.Worker[:3] // the last of the verifier's has nothing to be like
	orphan := bytes.Clone(inBytes(t, e))
	n := len(orphan) - len(e.Verifier[3].Bits)
	binary.BigEndian.PutUint32(orphan[n-4:], sameBits)
	text, err := json.Marshal(fourTiles(t))
	if err != nil {
		t.Fatal(err)
	}
	many := bytes.Clone(raw)
	binary.BigEndian.PutUint32(many[12+binary.BigEndian.Uint32(many[8:]):], 2*MaxPicks+1)
	for name, bad := range map[string][]byte{
		"more after it":        append(bytes.Clone(raw), 0),
		"like nothing":         orphan[:n],
		"tiles in its head":    slices.Concat([]byte(evidenceMagic), binary.BigEndian.AppendUint32(nil, uint32(len(text))), text, make([]byte, 8)),
		"too many tiles":       many,
		"another magic":        append([]byte("HELEVID3"), raw[8:]...),
		"JSON, and more of it": append(text, '{'),
	} {
		if _, err := ParseEvidence(bad); !errors.Is(err, ErrEvidence) {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := fourTiles(t)
	long.Worker[0].Proof = make([]Digest, 256)
	if err := EncodeEvidence(&bytes.Buffer{}, long); err == nil {
		t.Error("a path of 256 siblings is written")
	}
	far := fourTiles(t)
	far.Frames[0].Frame = 1 << 33
	if err := EncodeEvidence(&bytes.Buffer{}, far); err == nil {
		t.Error("a frame of more than 32 bits is written")
	}
}

func FuzzParseEvidence(f *testing.F) {
	f.Add([]byte(`{"key":"` + strings.Repeat("00", 32) + `","frames":[{"frame":1,"w":16,"h":16,"activity":"AA==","masterRoot":"` + strings.Repeat("11", 32) + `"}],` +
		`"worker":[{"frame":1,"tile":0,"plane":0,"rect":{"w":16,"h":16},"channels":1,"depth":1,"bits":"AAAA","proof":[]}]}`))
	f.Add(inBytes(f, fourTiles(f)))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseEvidence(data)
		if err != nil {
			return
		}
		_, _ = Judge(e, PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES"}))
		var b bytes.Buffer
		if EncodeEvidence(&b, e) != nil {
			return // of frames that no task has
		}
		back, err := ParseEvidence(b.Bytes())
		if err != nil {
			t.Fatalf("what was read isn't read again: %v", err)
		}
		same(t, e, back)
	})
}
