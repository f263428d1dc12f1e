package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// slow is a store that answers no question before as many are asked as may be at once.
type slow struct {
	Store
	asked atomic.Int32
	all   chan struct{}
	err   error
}

func (s *slow) Stat(ctx context.Context, key string) (Object, error) {
	if s.asked.Add(1) == statsAtOnce {
		close(s.all)
	}
	select {
	case <-s.all:
	case <-ctx.Done():
		return Object{}, ctx.Err()
	}
	var n int
	if _, err := fmt.Sscan(key, &n); err != nil {
		return Object{}, err
	}
	switch {
	case n == 20 && s.err != nil:
		return Object{}, s.err
	case n%3 == 0:
		return Object{}, fmt.Errorf("%w: %s", ErrNotFound, key)
	}
	return Object{Key: key, Size: int64(n)}, nil
}

func TestStats(t *testing.T) {
	keys := make([]string, 100)
	for i := range keys {
		keys[i] = fmt.Sprint(i)
	}
	synctest.Test(t, func(t *testing.T) {
		objects, err := Stats(t.Context(), &slow{all: make(chan struct{})}, keys)
		if err != nil || len(objects) != len(keys) {
			t.Fatal(len(objects), err)
		}
		for i, o := range objects {
			if (o == nil) != (i%3 == 0) || o != nil && o.Key != keys[i] {
				t.Errorf("%d: %v", i, o)
			}
		}
		down := errors.New("the server is down")
		if _, err := Stats(t.Context(), &slow{all: make(chan struct{}), err: down}, keys); !errors.Is(err, down) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Stats(ctx, &slow{all: make(chan struct{})}, keys); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// full is a store that lists the keys from 0 to 99 and has the content of none.
type full struct{ *slow }

func (f full) List(_ context.Context, _ string, fn func(Object) error) error {
	for i := range 100 {
		if err := fn(Object{Key: fmt.Sprint(i)}); err != nil {
			return err
		}
	}
	return nil
}

func (f full) Get(context.Context, string) (io.ReadCloser, Object, error) {
	return nil, Object{}, errors.New("nothing is to be read")
}

// TestCopy: objects are compared side by side, what is deleted meanwhile doesn't matter, and the first failure ends it.
func TestCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		there := make(map[string]bool)
		src, dst := full{&slow{all: make(chan struct{})}}, &slow{all: make(chan struct{})}
		if err := Copy(t.Context(), dst, src, "", func(o Object, copied bool) { there[o.Key] = !copied }); err != nil {
			t.Fatal(err)
		}
		if len(there) != 66 || !there["98"] || there["99"] {
			t.Errorf("%d were there: %v", len(there), there)
		}
		down := errors.New("the server is down")
		if err := Copy(t.Context(), dst, full{&slow{all: make(chan struct{}), err: down}}, "", nil); !errors.Is(err, down) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := Copy(ctx, dst, full{&slow{all: make(chan struct{})}}, "", nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
