// Package seal encrypts: chunks for storage, small messages under a symmetric key, and job
// keys for the nodes that may have them. Sections 4, 5, 8 and 9 of shared/pack/FORMAT.md specify
// the bytes.
//
// It does not sign (shared/identity), keep keys on disk, or know what a package is (shared/pack).
//
// Receives: chunks from shared/pack.
// Hands on: stored chunks, which shared/pack gives to a store.
package seal

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/zeebo/blake3"
	"golang.org/x/crypto/chacha20poly1305"
)

// TenantKey belongs to one artist or studio and never leaves their machines. Its String
// and LogValue hide it.
type TenantKey [32]byte

// JobKey opens one package's manifest.
type JobKey [32]byte

// ChunkKey opens one chunk.
type ChunkKey [32]byte

// Errors that callers branch on.
var (
	// ErrOpen means that a key does not fit or that the bytes were changed.
	ErrOpen = errors.New("can't be decrypted: the key doesn't fit or the data is damaged")
	// ErrFormat means that the bytes are not what FORMAT.md describes, whatever the key.
	ErrFormat = errors.New("not in the format that this version reads")
	// ErrTooLarge means that the plaintext would exceed the caller's limit.
	ErrTooLarge = errors.New("larger than the limit")
)

const hidden = "(secret)"

// String hides the key.
func (TenantKey) String() string { return hidden }

// LogValue hides the key from every slog handler.
func (TenantKey) LogValue() slog.Value { return slog.StringValue(hidden) }

// GoString hides the key.
func (TenantKey) GoString() string { return hidden }

// String hides the key.
func (JobKey) String() string { return hidden }

// LogValue hides the key from every slog handler.
func (JobKey) LogValue() slog.Value { return slog.StringValue(hidden) }

// GoString hides the key.
func (JobKey) GoString() string { return hidden }

// String hides the key.
func (ChunkKey) String() string { return hidden }

// LogValue hides the key from every slog handler.
func (ChunkKey) LogValue() slog.Value { return slog.StringValue(hidden) }

// GoString hides the key.
func (ChunkKey) GoString() string { return hidden }

// NewTenantKey returns a random key.
func NewTenantKey() TenantKey {
	var k TenantKey
	_, _ = rand.Read(k[:]) // never fails since Go 1.24
	return k
}

// NewJobKey returns a random key.
func NewJobKey() JobKey {
	var k JobKey
	_, _ = rand.Read(k[:])
	return k
}

// Hex returns the key's 64 hexadecimal digits, for a key file and for nothing else.
func (k TenantKey) Hex() string { return hex.EncodeToString(k[:]) }

// ParseTenantKey reads what Hex wrote. Its error does not repeat the input.
func ParseTenantKey(s string) (TenantKey, error) {
	var k TenantKey
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(k) {
		return TenantKey{}, errors.New("a tenant key is 64 hexadecimal digits")
	}
	copy(k[:], b)
	return k, nil
}

// GenerateRecipient makes an X25519 key pair for SealTo and OpenWith, 32 bytes each.
func GenerateRecipient() (private []byte, public []byte, err error) {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make an X25519 key: %w", err)
	}
	return k.Bytes(), k.PublicKey().Bytes(), nil
}

// SealTo encrypts plaintext to an X25519 public key with HPKE (RFC 9180, base mode,
// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305). Only the same info opens it. The result is 48
// bytes longer than plaintext.
func SealTo(public []byte, info, plaintext []byte) ([]byte, error) {
	pk, err := hpke.DHKEM(ecdh.X25519()).NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("read the recipient's public key: %w", err)
	}
	out, err := hpke.Seal(pk, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, plaintext)
	if err != nil {
		return nil, fmt.Errorf("seal to the recipient: %w", err)
	}
	return out, nil
}

// OpenWith opens what SealTo made for the private key's owner. A wrong key, another info
// and damaged bytes all give ErrOpen.
func OpenWith(private []byte, info, sealed []byte) ([]byte, error) {
	sk, err := hpke.DHKEM(ecdh.X25519()).NewPrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("read the private key: %w", err)
	}
	out, err := hpke.Open(sk, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, sealed)
	if err != nil {
		return nil, fmt.Errorf("sealed message: %w", ErrOpen)
	}
	return out, nil
}

// JobKeyInfo is the info that binds a sealed job key to its package. packageID is the hex
// id that shared/pack gives out.
func JobKeyInfo(packageID string) ([]byte, error) {
	id, err := hex.DecodeString(packageID)
	if err != nil || len(id) != 32 {
		return nil, errors.New("a package id is 64 hexadecimal digits")
	}
	return append([]byte("heliostat 2026-11 job key"), id...), nil
}

// SealJobKey seals key to a node's public key, for the named package only.
func SealJobKey(public []byte, packageID string, key JobKey) ([]byte, error) {
	info, err := JobKeyInfo(packageID)
	if err != nil {
		return nil, err
	}
	return SealTo(public, info, key[:])
}

// OpenJobKey opens what SealJobKey made.
func OpenJobKey(private []byte, packageID string, sealed []byte) (JobKey, error) {
	info, err := JobKeyInfo(packageID)
	if err != nil {
		return JobKey{}, err
	}
	b, err := OpenWith(private, info, sealed)
	if err != nil {
		return JobKey{}, err
	}
	var k JobKey
	if len(b) != len(k) {
		return JobKey{}, fmt.Errorf("a job key of %d bytes: %w", len(b), ErrFormat)
	}
	copy(k[:], b)
	return k, nil
}

// KeyOf derives the key of one chunk.
func KeyOf(tenant TenantKey, id chunk.ID) ChunkKey {
	return keyOf(chunkKeyKey(tenant), id)
}

func chunkKeyKey(tenant TenantKey) [32]byte {
	return derive("heliostat 2026-11 chunk key", tenant)
}

func keyOf(base [32]byte, id chunk.ID) ChunkKey { return ChunkKey(keyed(base, id[:])) }

// Seal encrypts plaintext under key with a random nonce; header is authenticated and comes
// first in the result, then the nonce, then the ciphertext.
func Seal(key [32]byte, header, plaintext []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("prepare the cipher: %w", err)
	}
	out := make([]byte, len(header)+aead.NonceSize(), len(header)+aead.NonceSize()+len(plaintext)+aead.Overhead())
	copy(out, header)
	nonce := out[len(header):]
	_, _ = rand.Read(nonce)
	return aead.Seal(out, nonce, plaintext, header), nil
}

// Open opens what Seal made; headerLen is the header's length in bytes.
func Open(key [32]byte, headerLen int, sealed []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, fmt.Errorf("prepare the cipher: %w", err)
	}
	if len(sealed) < headerLen+aead.NonceSize()+aead.Overhead() {
		return nil, fmt.Errorf("%d sealed bytes: %w", len(sealed), ErrFormat)
	}
	header, rest := sealed[:headerLen], sealed[headerLen:]
	out, err := aead.Open(nil, rest[:aead.NonceSize()], rest[aead.NonceSize():], header)
	if err != nil {
		return nil, ErrOpen
	}
	return out, nil
}

func derive(context string, key [32]byte) [32]byte {
	var out [32]byte
	blake3.DeriveKey(context, key[:], out[:])
	return out
}

func keyed(key [32]byte, parts ...[]byte) [32]byte {
	h, err := blake3.NewKeyed(key[:])
	if err != nil {
		panic(err) // only for a key that is not 32 bytes long
	}
	for _, p := range parts {
		_, _ = h.Write(p)
	}
	var out [32]byte
	h.Sum(out[:0])
	return out
}
