package store

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"sync/atomic"
	"time"
)

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// serial counts ids up within a millisecond: 48 bits of time, 16 of count.
var serial atomic.Uint64

// NewID makes an id: the prefix ("j", "t", "a", "v", "q") and 26 base-32 letters of 8 bytes that rise
// with time and 8 random ones. Rows that are made together lie together in the database, so that
// a commit touches few pages however long its tables are; nobody guesses the other half.
func NewID(prefix string) string {
	var b [16]byte
	now := uint64(time.Now().UnixMilli()) << 16
	for {
		last := serial.Load()
		next := max(now, last+1)
		if serial.CompareAndSwap(last, next) {
			binary.BigEndian.PutUint64(b[:], next)
			break
		}
	}
	rand.Read(b[8:]) // never fails, see crypto/rand
	return prefix + base32Lower.EncodeToString(b[:])
}

// Made orders ids by when they were made; 0 for what is no id.
func Made(id string) uint64 {
	if len(id) < 26 {
		return 0
	}
	b, err := base32Lower.DecodeString(id[len(id)-26:])
	if err != nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// ValidID tells whether the text has the form of an id with the prefix.
func ValidID(prefix, id string) bool {
	return len(id) == len(prefix)+26 && strings.HasPrefix(id, prefix) && strings.Trim(id[len(prefix):], "abcdefghijklmnopqrstuvwxyz234567") == ""
}
