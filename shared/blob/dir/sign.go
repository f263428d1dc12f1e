package dir

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
)

// Prefix is the path that Handler serves; what follows it is the key.
const Prefix = "/blob/"

// claim is what a signed URL allows.
type claim struct {
	method  string // GET or PUT
	key     string
	size    int64 // of a PUT
	digest  [32]byte
	expires int64 // seconds since 1970
}

var (
	errSignature = errors.New("the URL's signature doesn't fit")
	errExpired   = errors.New("the URL has expired")
)

func (s *Store) mac(c claim) []byte {
	h := hmac.New(sha256.New, s.secret)
	fmt.Fprintf(h, "heliostat blob url 1\n%s\n%s\n%d\n%x\n%d\n", c.method, c.key, c.size, c.digest, c.expires)
	return h.Sum(nil)
}

func (s *Store) sign(c claim) blob.Signed {
	q := url.Values{"e": {strconv.FormatInt(c.expires, 10)}, "s": {hex.EncodeToString(s.mac(c))}}
	if c.method == http.MethodPut {
		q.Set("n", strconv.FormatInt(c.size, 10))
		q.Set("d", hex.EncodeToString(c.digest[:]))
	}
	return blob.Signed{
		Method: c.method, URL: s.base + Prefix + c.key + "?" + q.Encode(), Expires: time.Unix(c.expires, 0).UTC(),
	}
}

// parseClaim reads a request's URL. It does not verify the signature.
func parseClaim(method, path, rawQuery string) (c claim, sig []byte, err error) {
	key, ok := strings.CutPrefix(path, Prefix)
	if !ok {
		return claim{}, nil, errSignature
	}
	if err := blob.CheckKey(key); err != nil {
		return claim{}, nil, err
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	c = claim{method: method, key: key}
	if len(rawQuery) > 512 {
		return claim{}, nil, errSignature
	}
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return claim{}, nil, errSignature
	}
	if c.expires, err = strconv.ParseInt(q.Get("e"), 10, 64); err != nil || c.expires < 0 {
		return claim{}, nil, errSignature
	}
	if sig, err = hex.DecodeString(q.Get("s")); err != nil || len(sig) != sha256.Size {
		return claim{}, nil, errSignature
	}
	switch method {
	case http.MethodGet:
	case http.MethodPut:
		if c.size, err = strconv.ParseInt(q.Get("n"), 10, 64); err != nil || blob.CheckSize(c.size) != nil {
			return claim{}, nil, errSignature
		}
		d, err := hex.DecodeString(q.Get("d"))
		if err != nil || len(d) != len(c.digest) {
			return claim{}, nil, errSignature
		}
		copy(c.digest[:], d)
	default:
		return claim{}, nil, errSignature
	}
	return c, sig, nil
}

func (s *Store) verify(method, path, rawQuery string) (claim, error) {
	c, sig, err := parseClaim(method, path, rawQuery)
	if err != nil {
		return claim{}, err
	}
	if !hmac.Equal(sig, s.mac(c)) {
		return claim{}, errSignature
	}
	if s.now().Unix() >= c.expires {
		return claim{}, errExpired
	}
	return c, nil
}

// SignPut implements blob.Store.
func (s *Store) SignPut(ctx context.Context, key string, size int64, digest [32]byte, ttl time.Duration) (blob.Signed, error) {
	if err := s.change(ctx, key); err != nil {
		return blob.Signed{}, err
	}
	defer s.leave()
	if err := blob.CheckSize(size); err != nil {
		return blob.Signed{}, fmt.Errorf("sign a put of %s: %w", key, err)
	}
	return s.sign(claim{method: http.MethodPut, key: key, size: size, digest: digest, expires: s.expiry(ttl)}), nil
}

// SignGet implements blob.Store.
func (s *Store) SignGet(ctx context.Context, key string, ttl time.Duration) (blob.Signed, error) {
	if err := s.change(ctx, key); err != nil {
		return blob.Signed{}, err
	}
	defer s.leave()
	return s.sign(claim{method: http.MethodGet, key: key, expires: s.expiry(ttl)}), nil
}

// expiry rounds up, so that a short time is never none.
func (s *Store) expiry(ttl time.Duration) int64 {
	return s.now().Add(ttl + time.Second - 1).Unix()
}
