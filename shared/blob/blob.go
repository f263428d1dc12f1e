// Package blob stores immutable objects under keys, behind one interface with two
// implementations: dir, a folder that a manager serves itself, and s3, any S3 server. Nobody but the
// manager has a Store; everyone else gets signed URLs for exactly one object and uses
// shared/blob/transfer behind them.
//
// It knows nothing of chunks, frames or jobs, and does not encrypt (shared/seal).
//
// Receives: stored chunks, manifests, frames and evidence, by Put or by a signed URL.
// Hands on: the same bytes to whoever holds a signed URL for them.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Object describes a stored object.
type Object struct {
	Key      string
	Size     int64    // bytes
	Digest   [32]byte // SHA-256 of the content
	Modified time.Time
}

// Signed is a URL that allows one request for one object, made by anyone who has it.
type Signed struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`              // may be relative to the manager's HTTP address
	Header  map[string]string `json:"header,omitempty"` // to be sent exactly so
	Expires time.Time         `json:"expires"`
}

// Errors that a Store's methods wrap.
var (
	ErrNotFound = errors.New("no such object")
	ErrKey      = errors.New("not a valid key")
	ErrDigest   = errors.New("the content does not have the announced digest")
	ErrSize     = errors.New("the content does not have the announced size")
	ErrTooLarge = errors.New("the object is larger than the store takes")
	ErrFull     = errors.New("the store is full")
	ErrExists   = errors.New("another object is already stored under this key")
	ErrClosed   = errors.New("the store is closed")
)

// MaxObject bounds an object in bytes: what one S3 request takes.
const MaxObject = 5 << 30

// MaxKey bounds a key in bytes.
const MaxKey = 256

// Store keeps objects. All methods are safe for concurrent use and stop early when their
// context ends. Objects are immutable: a key gets content once. Keys are checked by CheckKey; a bad one gives ErrKey.
type Store interface {
	// Put stores size bytes of r under key. It returns nil only when the object is durable
	// and whole; before that, and after an error, the key is as it was. It is idempotent: if the
	// same content is already there, nothing changes and r may be left unread. Errors: ErrExists if other content is
	// there, ErrDigest, ErrSize, ErrTooLarge, ErrFull.
	Put(ctx context.Context, key string, r io.Reader, size int64, digest [32]byte) error

	// Get opens an object; the caller closes it. It does not verify the digest: the reader
	// may, and dir's Scrub does. ErrNotFound.
	Get(ctx context.Context, key string) (io.ReadCloser, Object, error)

	// Stat describes an object. ErrNotFound.
	Stat(ctx context.Context, key string) (Object, error)

	// Delete removes an object for good. It is no error if there is none.
	Delete(ctx context.Context, key string) error

	// List calls fn for each object whose key starts with prefix (any string of key characters), in bytewise order of keys.
	// An error of fn ends it and is returned. fn may call Delete for the object it got. Objects put meanwhile may or may not be listed.
	// Digest is set by dir; s3 leaves it zero where its server doesn't list it.
	List(ctx context.Context, prefix string, fn func(Object) error) error

	// SignPut returns a URL by which exactly this content can be put, any number of times, until it expires. It doesn't
	// look at what is there: the PUT itself changes nothing where the key has content, whoever signed what before.
	// Whether it is this content, Stat tells. ErrTooLarge.
	SignPut(ctx context.Context, key string, size int64, digest [32]byte, ttl time.Duration) (Signed, error)

	// SignGet returns a URL by which the object can be read until it expires. It need not exist yet.
	SignGet(ctx context.Context, key string, ttl time.Duration) (Signed, error)

	// Close waits for calls under way and frees what the store holds. Later calls give ErrClosed.
	Close() error
}

// CheckKey says whether a key is valid: 1 to 256 bytes of [a-z0-9._/-], no empty
// component, none that begins or ends with a dot, none that Windows reserves. Its errors wrap ErrKey.
func CheckKey(key string) error {
	if key == "" || len(key) > MaxKey {
		return fmt.Errorf("a key of %d bytes: %w", len(key), ErrKey)
	}
	if err := checkPrefix(key); err != nil {
		return err
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part[0] == '.' || part[len(part)-1] == '.' || len(part) > 200 || device(part) {
			return fmt.Errorf("%q has the component %q: %w", key, part, ErrKey)
		}
	}
	return nil
}

func checkPrefix(s string) error {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '/' && c != '-' {
			return fmt.Errorf("byte %d is not one of [a-z0-9._/-]: %w", i, ErrKey)
		}
	}
	return nil
}

// CheckPrefix says whether a prefix can be listed. Its errors wrap ErrKey.
func CheckPrefix(prefix string) error {
	if len(prefix) > MaxKey {
		return fmt.Errorf("a prefix of %d bytes: %w", len(prefix), ErrKey)
	}
	return checkPrefix(prefix)
}

func device(part string) bool {
	stem, _, _ := strings.Cut(part, ".")
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	if len(stem) == 4 && (stem[:3] == "com" || stem[:3] == "lpt") {
		return stem[3] >= '0' && stem[3] <= '9'
	}
	return false
}

// CheckSize says whether an object's size is allowed.
func CheckSize(size int64) error {
	if size < 0 {
		return fmt.Errorf("%d bytes: %w", size, ErrSize)
	}
	if size > MaxObject {
		return fmt.Errorf("%d bytes: %w", size, ErrTooLarge)
	}
	return nil
}
