package pack

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/zeebo/blake3"
)

// The scan cache remembers what streams were cut into. It is private to one program on one
// machine and is thrown away whenever anything about it is unexpected, so its layout isn't
// part of FORMAT.md. A MAC under the tenant's key ends it: a cache of another tenant, or a damaged
// one, is no cache.
const (
	cacheMagic    = "HELC\x01"
	cacheMaxBytes = 1 << 30
	cacheMaxItems = 400_000
	cacheKeepDays = 60
)

// sealedChunk is what is known about a chunk once it has been sealed.
type sealedChunk struct {
	ref   ChunkRef
	plain int
}

// scanned is what a stream turned out to be.
type scanned struct {
	day     int64      // last use, in days since 1970
	digests [][32]byte // of its files, in order
	chunks  []sealedChunk
}

type scanCache map[[32]byte]*scanned

var errCache = errors.New("the scan cache is of no use")

// loadScanCache returns an empty cache when the file is absent or unusable.
func loadScanCache(path string, tenant seal.TenantKey) scanCache {
	if path == "" {
		return scanCache{}
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > cacheMaxBytes {
		return scanCache{}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return scanCache{}
	}
	c, err := parseScanCache(b, tenant)
	if err != nil {
		return scanCache{}
	}
	return c
}

func cacheMAC(b []byte, tenant seal.TenantKey) []byte {
	var key [32]byte
	blake3.DeriveKey("heliostat 2026-11 scan cache", tenant[:], key[:])
	h, err := blake3.NewKeyed(key[:])
	if err != nil {
		panic(err) // only for a key that is not 32 bytes long
	}
	_, _ = h.Write(b)
	return h.Sum(nil)
}

func parseScanCache(b []byte, tenant seal.TenantKey) (scanCache, error) {
	if len(b) < 32 || subtle.ConstantTimeCompare(cacheMAC(b[:len(b)-32], tenant), b[len(b)-32:]) != 1 {
		return nil, errCache
	}
	return parseScanItems(b[:len(b)-32])
}

func parseScanItems(b []byte) (scanCache, error) {
	r := &reader{b: b}
	if !bytes.Equal(r.take(len(cacheMagic)), []byte(cacheMagic)) || r.number(1<<30) != seal.Encoding {
		return nil, errCache
	}
	n := r.count(cacheMaxItems, 35)
	c := make(scanCache, n)
	for range n {
		var key [32]byte
		copy(key[:], r.take(32))
		s := &scanned{day: int64(r.number(1 << 30))}
		s.digests = make([][32]byte, r.count(cacheMaxItems, 32))
		for i := range s.digests {
			copy(s.digests[i][:], r.take(32))
		}
		s.chunks = make([]sealedChunk, r.count(1<<30, 66))
		for i := range s.chunks {
			k := &s.chunks[i]
			copy(k.ref.ID[:], r.take(32))
			k.plain = r.number(chunk.Max)
			k.ref.Size = int64(r.number(seal.MaxStored))
			copy(k.ref.Digest[:], r.take(32))
		}
		if r.err != nil {
			return nil, r.err
		}
		c[key] = s
	}
	if r.err != nil || len(r.b) > 0 {
		return nil, errCache
	}
	return c, nil
}

func (c scanCache) marshal(tenant seal.TenantKey, now time.Time) []byte {
	today := now.Unix() / 86400
	keys := make([][32]byte, 0, len(c))
	for k, s := range c {
		if today-s.day <= cacheKeepDays {
			keys = append(keys, k)
		}
	}
	sort.Slice(keys, func(i, j int) bool {
		if a, b := c[keys[i]].day, c[keys[j]].day; a != b {
			return a > b
		}
		return bytes.Compare(keys[i][:], keys[j][:]) < 0
	})
	keys = keys[:min(len(keys), cacheMaxItems)]
	b := []byte(cacheMagic)
	b = binary.AppendUvarint(b, seal.Encoding)
	b = binary.AppendUvarint(b, uint64(len(keys)))
	for _, k := range keys {
		s := c[k]
		b = append(b, k[:]...)
		b = binary.AppendUvarint(b, uint64(s.day))
		b = binary.AppendUvarint(b, uint64(len(s.digests)))
		for _, d := range s.digests {
			b = append(b, d[:]...)
		}
		b = binary.AppendUvarint(b, uint64(len(s.chunks)))
		for _, ch := range s.chunks {
			b = append(b, ch.ref.ID[:]...)
			b = binary.AppendUvarint(b, uint64(ch.plain))
			b = binary.AppendUvarint(b, uint64(ch.ref.Size))
			b = append(b, ch.ref.Digest[:]...)
		}
	}
	return append(b, cacheMAC(b, tenant)...)
}

// save replaces the file in one step. Of two programs that save at once, one wins; the
// other's files are then read once more next time.
func (c scanCache) save(path string, tenant seal.TenantKey, now time.Time) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the scan cache's folder: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("write the scan cache: %w", err)
	}
	_, err = f.Write(c.marshal(tenant, now))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write the scan cache: %w", err)
	}
	return nil
}

// valid says whether a cached stream describes files of these sizes.
func (s *scanned) valid(st *stream) bool {
	var n int64
	for _, c := range s.chunks {
		if c.plain < 1 || c.ref.Size < 1 {
			return false
		}
		n += int64(c.plain)
	}
	return n == st.size && len(s.digests) == len(st.entries) && (st.large || len(s.chunks) == 1)
}
