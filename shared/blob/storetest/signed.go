package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/transfer"
)

func signedPut(t *testing.T, h Harness) {
	for _, n := range sizes {
		t.Run(fmt.Sprint(n), func(t *testing.T) { signedPutOf(t, h, n) })
	}
}

func signedPutOf(t *testing.T, h Harness, n int) {
	ctx := context.Background()
	c := h.client()
	data, sum := content(1, n)
	key, none := fmt.Sprintf("s/%d/1", n), fmt.Sprintf("s/%d/2", n)
	s, err := h.Store.SignPut(ctx, key, int64(len(data)), sum, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := content(2, n)
	if err := c.PutBytes(ctx, s, other); !errors.Is(err, blob.ErrDigest) {
		t.Errorf("other content of the same size: %v", err)
	}
	mustNotHave(t, h.Store, key)
	if err := c.PutBytes(ctx, s, data[:n-1]); err == nil {
		t.Error("shorter content was taken")
	}
	if err := c.PutBytes(ctx, s, append(slices.Clone(data), 1)); err == nil {
		t.Error("longer content was taken")
	}
	mustNotHave(t, h.Store, key)
	for range 2 { // twice: the first answer may have got lost
		if err := c.PutBytes(ctx, s, data); err != nil {
			t.Fatal(err)
		}
	}
	mustHave(t, h.Store, key, data)

	for name, change := range map[string]func(*blob.Signed){
		"key":    func(s *blob.Signed) { s.URL = strings.Replace(s.URL, key, none, 1) },
		"method": func(s *blob.Signed) { s.Method = "GET" },
		"expiry": func(s *blob.Signed) {
			u, _ := url.Parse(s.URL)
			q := u.Query()
			for _, k := range []string{"e", "X-Amz-Expires"} {
				if q.Has(k) {
					q.Set(k, q.Get(k)+"0")
				}
			}
			u.RawQuery = q.Encode()
			s.URL = u.String()
		},
	} {
		bad := s
		change(&bad)
		if name == "method" {
			if _, err := c.GetBytes(ctx, bad, 1<<20, nil); !errors.Is(err, transfer.ErrRefused) {
				t.Errorf("%s changed: %v", name, err)
			}
			continue
		}
		if err := c.PutBytes(ctx, bad, data); !errors.Is(err, transfer.ErrRefused) {
			t.Errorf("%s changed: %v", name, err)
		}
	}
	mustNotHave(t, h.Store, none)
	empty, err := h.Store.SignPut(ctx, key+"-empty", 0, sha256.Sum256(nil), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.PutBytes(ctx, empty, nil); err != nil {
		t.Fatal(err)
	}
	mustHave(t, h.Store, key+"-empty", nil)
}

func signedGet(t *testing.T, h Harness) {
	ctx := context.Background()
	c := h.client()
	var s blob.Signed
	for _, n := range sizes {
		data, sum := content(1, n)
		key := fmt.Sprint("g/", n, "/1")
		mustPut(t, h.Store, key, data)
		var err error
		if s, err = h.Store.SignGet(ctx, key, time.Minute); err != nil {
			t.Fatal(err)
		}
		got, err := c.GetBytes(ctx, s, int64(n), &sum)
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%d bytes of %d, %v", len(got), n, err)
		}
		if _, err := c.GetBytes(ctx, s, int64(n)-1, nil); !errors.Is(err, blob.ErrTooLarge) {
			t.Errorf("beyond the limit: %v", err)
		}
		if _, err := c.GetBytes(ctx, s, 1<<20, &[32]byte{}); !errors.Is(err, blob.ErrDigest) {
			t.Errorf("another digest: %v", err)
		}
	}
	bad := s
	bad.URL = strings.Replace(s.URL, "/1?", "/2?", 1)
	if _, err := c.GetBytes(ctx, bad, 1<<20, nil); !errors.Is(err, transfer.ErrRefused) {
		t.Errorf("another key: %v", err)
	}
	s, err := h.Store.SignGet(ctx, "g/none", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetBytes(ctx, s, 1<<20, nil); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("absent: %v", err)
	}
}
