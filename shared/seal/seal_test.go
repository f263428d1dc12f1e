package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/crypto/chacha20poly1305"
)

func ramp(n int) []byte {
	var b []byte
	for i := 0; len(b) < n; i++ {
		b = binary.LittleEndian.AppendUint32(b, uint32(i*i))
	}
	return b[:n]
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(5)).Read(b)
	return b
}

func TestChunkRoundTrip(t *testing.T) {
	tenant := TenantKey{1}
	for _, data := range [][]byte{{0}, []byte("a scene"), ramp(300000), noise(chunk.Max), make([]byte, chunk.Max)} {
		id, stored, err := SealChunk(tenant, data)
		if err != nil {
			t.Fatal(err)
		}
		if len(stored) > MaxStored {
			t.Fatalf("%d bytes stored for %d", len(stored), len(data))
		}
		_, again, _ := SealChunk(tenant, data)
		if !bytes.Equal(stored, again) {
			t.Fatal("sealing is not deterministic")
		}
		got, err := OpenChunk(KeyOf(tenant, id), id, stored, chunk.Max)
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%d bytes: %v", len(data), err)
		}
	}
	for _, n := range []int{0, chunk.Max + 1} {
		if _, _, err := SealChunk(tenant, make([]byte, n)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("sealed %d bytes: %v", n, err)
		}
	}
}

func TestTenantsShareNothing(t *testing.T) {
	data := ramp(9000)
	id1, s1, _ := SealChunk(TenantKey{1}, data)
	id2, s2, _ := SealChunk(TenantKey{2}, data)
	if id1 == id2 || bytes.Equal(s1[headerSize:], s2[headerSize:]) {
		t.Fatal("equal content shows between tenants")
	}
	if _, err := OpenChunk(KeyOf(TenantKey{2}, id1), id1, s1, chunk.Max); !errors.Is(err, ErrOpen) {
		t.Fatal(err)
	}
}

func TestDamageSwapAndTruncationAreRefused(t *testing.T) {
	tenant := TenantKey{3}
	id, stored, _ := SealChunk(tenant, ramp(5000))
	key := KeyOf(tenant, id)
	for i := range stored {
		bad := bytes.Clone(stored)
		bad[i] ^= 0x40
		if _, err := OpenChunk(key, id, bad, chunk.Max); !errors.Is(err, ErrOpen) && !errors.Is(err, ErrFormat) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := OpenChunk(key, id, stored[:i], chunk.Max); !errors.Is(err, ErrOpen) && !errors.Is(err, ErrFormat) {
			t.Fatalf("cut to %d: %v", i, err)
		}
	}
	if _, err := OpenChunk(key, id, append(bytes.Clone(stored), 0), chunk.Max); !errors.Is(err, ErrOpen) {
		t.Fatal(err)
	}
	other, otherStored, _ := SealChunk(tenant, ramp(6000))
	if _, err := OpenChunk(key, id, otherStored, chunk.Max); !errors.Is(err, ErrOpen) {
		t.Fatal(err)
	}
	if _, err := OpenChunk(KeyOf(tenant, other), id, otherStored, chunk.Max); !errors.Is(err, ErrOpen) {
		t.Fatal("a chunk opened under another chunk's id")
	}
	if _, err := OpenChunk(key, id, stored, 4999); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
}

// forge seals a payload as a node that holds the key could.
func forge(key ChunkKey, id chunk.ID, filter, codec byte, plain int, payload []byte) []byte {
	out := make([]byte, headerSize)
	out[0], out[1], out[2] = version, filter, codec
	binary.LittleEndian.PutUint32(out[4:], uint32(plain))
	aead, _ := chacha20poly1305.NewX(key[:])
	return aead.Seal(out, out[8:headerSize], payload, additional(out[:headerSize], id))
}

func TestBombsAreRefused(t *testing.T) {
	key, id := ChunkKey{1}, chunk.ID{2}
	enc, _ := zstd.NewWriter(nil)
	bomb := enc.EncodeAll(make([]byte, 64<<20), nil)
	var streamed bytes.Buffer // a frame that does not say how large it is
	w, _ := zstd.NewWriter(&streamed, zstd.WithWindowSize(1<<20))
	for range 16 {
		_, _ = w.Write(make([]byte, 1<<20))
	}
	_ = w.Close()
	two := append(enc.EncodeAll(make([]byte, 50), nil), enc.EncodeAll(make([]byte, 50), nil)...)
	for name, stored := range map[string][]byte{
		"announced":    forge(key, id, filterNone, codecZstd, 100, bomb),
		"unannounced":  forge(key, id, filterNone, codecZstd, 100, streamed.Bytes()),
		"two frames":   forge(key, id, filterNone, codecZstd, 50, two),
		"short":        forge(key, id, filterNone, codecStored, 100, make([]byte, 99)),
		"long":         forge(key, id, filterNone, codecStored, 100, make([]byte, 101)),
		"no zstd":      forge(key, id, filterNone, codecZstd, 100, make([]byte, 100)),
		"no filter":    forge(key, id, filterPolygon, codecStored, 100, make([]byte, 103)),
		"filter bombs": forge(key, id, filterPolygon, codecZstd, 100, bomb),
	} {
		_, err := OpenChunk(key, id, stored, chunk.Max)
		if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRecipients(t *testing.T) {
	priv, pub, err := GenerateRecipient()
	if err != nil || len(priv) != 32 || len(pub) != 32 {
		t.Fatal(len(priv), len(pub), err)
	}
	id := strings.Repeat("ab", 32)
	key := NewJobKey()
	sealed, err := SealJobKey(pub, id, key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := OpenJobKey(priv, id, sealed)
	if err != nil || got != key {
		t.Fatal(err)
	}
	if _, err := OpenJobKey(priv, strings.Repeat("ac", 32), sealed); !errors.Is(err, ErrOpen) {
		t.Fatal("a job key opened for another package")
	}
	other, _, _ := GenerateRecipient()
	if _, err := OpenJobKey(other, id, sealed); !errors.Is(err, ErrOpen) {
		t.Fatal("a stranger opened the job key")
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := OpenJobKey(priv, id, bad); err == nil {
			t.Fatalf("byte %d changed and it opened", i)
		}
	}
	if _, err := SealTo(pub[:31], nil, nil); err == nil {
		t.Fatal("a short public key was accepted")
	}
	if _, err := SealTo(make([]byte, 32), nil, nil); err == nil {
		t.Fatal("the all-zero public key was accepted")
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	k := TenantKey{0xde, 0xad}
	for _, s := range []string{fmt.Sprint(k), fmt.Sprintf("%v %+v %s", k, k, k), fmt.Sprintf("%#v", k), fmt.Sprint(JobKey{0xde}), fmt.Sprint(ChunkKey{0xde}), fmt.Sprint(struct{ K TenantKey }{k})} {
		if strings.Contains(strings.ToLower(s), "de") || strings.Contains(s, "222") {
			t.Fatalf("a key shows in %q", s)
		}
	}
	if back, err := ParseTenantKey(k.Hex()); err != nil || back != k {
		t.Fatal(err)
	}
	if _, err := ParseTenantKey("deadbeef-secret"); err == nil || strings.Contains(err.Error(), "deadbeef") {
		t.Fatal(err)
	}
}

func FuzzOpenChunk(f *testing.F) {
	id, stored, _ := SealChunk(TenantKey{1}, ramp(500))
	key := KeyOf(TenantKey{1}, id)
	f.Add(stored)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := OpenChunk(key, id, b, chunk.Max); err == nil && !bytes.Equal(b, stored) {
			t.Fatal("other bytes opened")
		}
	})
}

// FuzzPayload reaches the decoders behind the cipher.
func FuzzPayload(f *testing.F) {
	enc, _ := zstd.NewWriter(nil)
	f.Add(byte(1), byte(1), 12, enc.EncodeAll([]byte{1, 12, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, nil))
	f.Add(byte(0), byte(0), 3, []byte("abc"))
	f.Fuzz(func(t *testing.T, filter, codec byte, plain int, payload []byte) {
		if plain < 1 || plain > chunk.Max || len(payload) == 0 || len(payload) > 1<<20 {
			return
		}
		got, err := OpenChunk(ChunkKey{}, chunk.ID{}, forge(ChunkKey{}, chunk.ID{}, filter, codec, plain, payload), chunk.Max)
		if err == nil && len(got) != plain {
			t.Fatalf("%d bytes, not %d", len(got), plain)
		}
		if err != nil && !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) {
			t.Fatal(err)
		}
	})
}

// Measures id, filter, zstd and cipher together, in plaintext bytes.
func BenchmarkSealChunk(b *testing.B) {
	for name, data := range map[string][]byte{"ramp": ramp(1 << 20), "noise": noise(1 << 20)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				_, _, _ = SealChunk(TenantKey{}, data)
			}
		})
	}
}
