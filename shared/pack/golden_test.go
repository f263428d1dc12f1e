package pack

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/seal/polygon"
)

var update = flag.Bool("update", false, "write testdata/vectors.json anew: only for a new version of the format")

// vectors are FORMAT.md section 12. Binary values are hexadecimal.
type vectors struct {
	TenantKey string `json:"tenantKey"`
	// Stream is described, not listed: 6 MiB; from x = 1, each byte is
	// x = x·6364136223846793005 + 1442695040888963407 mod 2^64, shifted right by 56.
	Cuts []int `json:"cuts"`

	Plain    string `json:"plain"`
	ID       string `json:"id"`
	ChunkKey string `json:"chunkKey"`
	Stored   string `json:"stored"`

	Filtered      string `json:"filtered"`
	FilteredPlain string `json:"filteredPlain"`

	Bundles [][]string `json:"bundles"` // names in each bundle, of files "f/000".."f/099" with 20000 + 977*i bytes

	Manifest       string `json:"manifest"`
	JobKey         string `json:"jobKey"`
	SealedManifest string `json:"sealedManifest"`
	PackageID      string `json:"packageId"`

	Private      string `json:"private"`
	SealedJobKey string `json:"sealedJobKey"`
}

func goldenStream() []byte {
	b := make([]byte, 6<<20)
	x := uint64(1)
	for i := range b {
		x = x*6364136223846793005 + 1442695040888963407
		b[i] = byte(x >> 56)
	}
	return b
}

func goldenPlain() []byte {
	return bytes.Repeat([]byte{0, 0, 128, 63, 1, 0, 0, 0, 7, 9}, 60)
}

func cuts(t *testing.T, tenant seal.TenantKey) []int {
	c, err := chunk.NewCutter(chunk.CutKey(tenant))
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	if err := c.Cut(bytes.NewReader(goldenStream()), func(_ int64, b []byte) error {
		out = append(out, len(b))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func bundles() [][]string {
	var es []entry
	for i := range 100 {
		es = append(es, entry{src: Source{Name: "f/" + string([]byte{'0', byte('0' + i/10), byte('0' + i%10)})}, size: int64(20000 + 977*i)})
	}
	var out [][]string
	for _, s := range planStreams(es) {
		var names []string
		for _, e := range s.entries {
			names = append(names, es[e].src.Name)
		}
		out = append(out, names)
	}
	return out
}

func makeVectors(t *testing.T) vectors {
	h := hex.EncodeToString
	tenant := seal.TenantKey{1, 2, 3}
	id, stored, err := seal.SealChunk(tenant, goldenPlain())
	if err != nil {
		t.Fatal(err)
	}
	key := seal.KeyOf(tenant, id)
	job := seal.JobKey{4, 5, 6}
	m := sample()
	sealed, err := m.Seal(job)
	if err != nil {
		t.Fatal(err)
	}
	priv, pub, err := seal.GenerateRecipient()
	if err != nil {
		t.Fatal(err)
	}
	sealedKey, err := seal.SealJobKey(pub, IDOf(sealed), job)
	if err != nil {
		t.Fatal(err)
	}
	// Two segments by hand: u32 delta at stride 8 over 20 bytes, then 3 raw ones.
	return vectors{
		TenantKey: tenant.Hex(), Cuts: cuts(t, tenant),
		Plain: h(goldenPlain()), ID: id.String(), ChunkKey: h(key[:]), Stored: h(stored),
		Filtered:      "02" + "140408" + "030000" + "01050000020600000306000004080000" + "aabbccdd" + "616263",
		FilteredPlain: "0100020003000400" + "0600080009000c00" + "aabbccdd" + "616263",
		Bundles:       bundles(),
		Manifest:      h(m.Marshal()), JobKey: h(job[:]), SealedManifest: h(sealed), PackageID: IDOf(sealed),
		Private: h(priv), SealedJobKey: h(sealedKey),
	}
}

func TestGoldenVectors(t *testing.T) {
	const file = "testdata/vectors.json"
	if *update {
		b, err := json.MarshalIndent(makeVectors(t), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	raw := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	tenant, err := seal.ParseTenantKey(v.TenantKey)
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string, got, want any) {
		t.Helper()
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		if !bytes.Equal(a, b) {
			t.Errorf("%s: %.200s, want %.200s", what, a, b)
		}
	}
	same("cuts", cuts(t, tenant), v.Cuts)
	same("bundles", bundles(), v.Bundles)
	plain := raw(v.Plain)
	id := chunk.IDOf(chunk.IDKey(tenant), plain)
	same("chunk id", id.String(), v.ID)
	key := seal.KeyOf(tenant, id)
	same("chunk key", hex.EncodeToString(key[:]), v.ChunkKey)
	got, err := seal.OpenChunk(key, id, raw(v.Stored), len(plain))
	if err != nil || !bytes.Equal(got, plain) {
		t.Errorf("stored chunk: %v", err)
	}
	got, err = polygon.Decode(nil, raw(v.Filtered), len(raw(v.FilteredPlain)))
	if err != nil || !bytes.Equal(got, raw(v.FilteredPlain)) {
		t.Errorf("filtered: %x, %v", got, err)
	}
	same("manifest", hex.EncodeToString(sample().Marshal()), v.Manifest)
	same("package id", IDOf(raw(v.SealedManifest)), v.PackageID)
	job, err := seal.OpenJobKey(raw(v.Private), v.PackageID, raw(v.SealedJobKey))
	if err != nil {
		t.Fatal(err)
	}
	same("job key", hex.EncodeToString(job[:]), v.JobKey)
	m, err := OpenManifest(raw(v.SealedManifest), job, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	same("sealed manifest", hex.EncodeToString(m.Marshal()), v.Manifest)
}
