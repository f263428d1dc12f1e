package identity

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/accounts/keystore"
	"github.com/ethereum/go-ethereum/crypto"
)

// FileName is the identity's file inside a data folder.
const FileName = "identity.json"

// file is the identity on disk. Exactly one of Secret and Crypto is set: without a
// passphrase the file's mode, 0600, is its only protection, and it says so by being plain.
type file struct {
	Version int                  `json:"version"`
	Address string               `json:"address"`
	Secret  string               `json:"secret,omitempty"` // hex, without passphrase
	Crypto  *keystore.CryptoJSON `json:"crypto,omitempty"` // Web3 secret storage, with passphrase
}

const fileVersion = 1

// ErrPassphrase means that the file is encrypted and the passphrase doesn't open it.
var ErrPassphrase = errors.New("the passphrase does not open the identity")

// Open reads the identity of a data folder and makes it on first use. With a passphrase a
// new file is encrypted (scrypt, Web3 secret storage); an existing one opens either way it
// was written. The folder is made if missing.
func Open(dir string, passphrase []byte) (*Identity, error) {
	path := filepath.Join(dir, FileName)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return create(dir, path, passphrase)
	}
	if err != nil {
		return nil, fmt.Errorf("read the identity: %w; check who owns the file", err)
	}
	id, err := parse(raw, passphrase)
	if err != nil {
		return nil, fmt.Errorf("identity %s: %w", path, err)
	}
	return id, nil
}

func parse(raw []byte, passphrase []byte) (*Identity, error) {
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("not an identity file: %w; restore it from your backup", err)
	}
	if f.Version != fileVersion {
		return nil, fmt.Errorf("version %d is not known here; use the version of Heliostat that wrote it", f.Version)
	}
	var secret []byte
	var err error
	switch {
	case f.Crypto != nil:
		if secret, err = keystore.DecryptDataV3(*f.Crypto, string(passphrase)); err != nil {
			return nil, fmt.Errorf("%w; set HELIOSTAT_PASSPHRASE", ErrPassphrase)
		}
	default:
		if secret, err = hex.DecodeString(f.Secret); err != nil {
			return nil, errors.New("the secret is damaged; restore the file from your backup")
		}
	}
	key, err := crypto.ToECDSA(secret)
	if err != nil {
		return nil, errors.New("the secret is damaged; restore the file from your backup")
	}
	id, err := FromKey(key)
	if err != nil {
		return nil, err
	}
	if id.Address() != f.Address {
		return nil, fmt.Errorf("the secret belongs to %s, but the file says %s; restore it from your backup", id.Address(), f.Address)
	}
	return id, nil
}

// create writes a new identity so that two processes that start at once agree on one.
func create(dir, path string, passphrase []byte) (*Identity, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	id, err := New()
	if err != nil {
		return nil, err
	}
	f := file{Version: fileVersion, Address: id.Address()}
	secret := crypto.FromECDSA(id.key)
	if len(passphrase) > 0 {
		sealed, err := keystore.EncryptDataV3(secret, passphrase, keystore.StandardScryptN, keystore.StandardScryptP)
		if err != nil {
			return nil, fmt.Errorf("encrypt the identity: %w", err)
		}
		f.Crypto = &sealed
	} else {
		f.Secret = hex.EncodeToString(secret)
	}
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the identity: %w", err)
	}
	temp, err := os.CreateTemp(dir, FileName+".*")
	if err != nil {
		return nil, fmt.Errorf("write the identity: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(append(raw, '\n'))
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err != nil {
		return nil, fmt.Errorf("write the identity: %w", err)
	}
	// A link fails where a rename would overwrite: the first writer wins.
	if err := os.Link(temp.Name(), path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return Open(dir, passphrase)
		}
		return nil, fmt.Errorf("write the identity: %w", err)
	}
	return id, nil
}
