// Package identity holds a node's keys: one secp256k1 secret, an Ethereum account, from
// which the X25519 key for sealed messages and the tenant key for packages are derived, so
// that one file is all that a person has to back up.
//
// It is not a wallet: it signs what its callers built (shared/receipt, the sign-in text)
// and sends nothing.
package identity

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/heliostat-render/heliostat/shared/seal"
)

// The labels keep the derived keys apart; they are part of the identity's format.
const (
	labelSeal   = "heliostat seal key v1"
	labelTenant = "heliostat tenant key v1"
)

// Identity signs for one address. It is safe for concurrent use.
type Identity struct {
	key        *ecdsa.PrivateKey
	address    string
	sealSecret []byte
	sealPublic []byte
	tenant     seal.TenantKey
}

// New makes an identity that lives in memory only.
func New() (*Identity, error) {
	key, err := crypto.GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("generate a key: %w", err)
	}
	return FromKey(key)
}

// FromKey makes the identity of a secp256k1 key.
func FromKey(key *ecdsa.PrivateKey) (*Identity, error) {
	secret := crypto.FromECDSA(key)
	sealSecret, err := hkdf.Key(sha256.New, secret, nil, labelSeal, 32)
	if err != nil {
		return nil, fmt.Errorf("derive the seal key: %w", err)
	}
	private, err := ecdh.X25519().NewPrivateKey(sealSecret)
	if err != nil {
		return nil, fmt.Errorf("derive the seal key: %w", err)
	}
	tenant, err := hkdf.Key(sha256.New, secret, nil, labelTenant, len(seal.TenantKey{}))
	if err != nil {
		return nil, fmt.Errorf("derive the tenant key: %w", err)
	}
	id := &Identity{
		key:        key,
		address:    crypto.PubkeyToAddress(key.PublicKey).Hex(),
		sealSecret: sealSecret,
		sealPublic: private.PublicKey().Bytes(),
	}
	copy(id.tenant[:], tenant)
	return id, nil
}

// Address is the node's name in the network: its EIP-55 checksummed Ethereum address.
func (id *Identity) Address() string { return id.address }

// PrivateKey is for what builds its own transactions, the manager's operator account.
func (id *Identity) PrivateKey() *ecdsa.PrivateKey { return id.key }

// SealKey is the X25519 public key, 32 bytes, that others seal messages to.
func (id *Identity) SealKey() []byte { return append([]byte(nil), id.sealPublic...) }

// TenantKey keys the chunks of this artist's packages.
func (id *Identity) TenantKey() seal.TenantKey { return id.tenant }

// OpenSealed opens what was sealed to SealKey with the same info.
func (id *Identity) OpenSealed(info, sealed []byte) ([]byte, error) {
	return seal.OpenWith(id.sealSecret, info, sealed)
}

// Sign signs a 32-byte digest: r, s and v (27 or 28), 65 bytes, as Solidity's ecrecover
// takes them.
func (id *Identity) Sign(digest [32]byte) ([]byte, error) {
	signature, err := crypto.Sign(digest[:], id.key)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	signature[64] += 27
	return signature, nil
}

// String keeps the secrets out of logs.
func (id *Identity) String() string { return id.address }

// GoString keeps the secrets out of logs.
func (id *Identity) GoString() string { return "identity " + id.address }

// ErrSignature is any signature that doesn't name a signer.
var ErrSignature = errors.New("the signature is not valid")

// Recover returns the EIP-55 address that signed the digest. Signatures with a high s
// are refused, as contracts refuse them.
func Recover(digest [32]byte, signature []byte) (string, error) {
	if len(signature) != crypto.SignatureLength {
		return "", fmt.Errorf("%w: %d bytes instead of %d", ErrSignature, len(signature), crypto.SignatureLength)
	}
	v := signature[64]
	if v != 27 && v != 28 {
		return "", fmt.Errorf("%w: recovery value %d", ErrSignature, v)
	}
	if bytes.Compare(signature[32:64], halfOrder) > 0 {
		return "", fmt.Errorf("%w: s is not in the lower half", ErrSignature)
	}
	raw := append([]byte(nil), signature...)
	raw[64] -= 27
	// The key that comes out is the one that verifies, so nothing is left to verify.
	public, err := crypto.Ecrecover(digest[:], raw)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return common.BytesToAddress(crypto.Keccak256(public[1:])[12:]).Hex(), nil
}

// halfOrder is half of the curve's order, rounded down: the largest s that isn't high.
var halfOrder = new(big.Int).Rsh(crypto.S256().Params().N, 1).FillBytes(make([]byte, 32))

// OpenJobKey opens a job key that was sealed to SealKey for the named package.
func (id *Identity) OpenJobKey(packageID string, sealed []byte) (seal.JobKey, error) {
	return seal.OpenJobKey(id.sealSecret, packageID, sealed)
}
