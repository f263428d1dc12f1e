package store

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewID makes an id: the prefix ("j", "t", "a", "v", "q") and 26 base-32 letters of 16
// random bytes.
func NewID(prefix string) string {
	var b [16]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return prefix + base32Lower.EncodeToString(b[:])
}

// ValidID tells whether the text has the form of an id with the prefix.
func ValidID(prefix, id string) bool {
	return len(id) == len(prefix)+26 && strings.HasPrefix(id, prefix) && strings.Trim(id[len(prefix):], "abcdefghijklmnopqrstuvwxyz234567") == ""
}
