package group

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
)

func TestQueue(t *testing.T) {
	q := New()
	own, shared := errors.New("own"), errors.New("shared")
	answers := make(chan error, 3)
	for _, fn := range []func(store.Tx) error{
		func(store.Tx) error { return nil },
		func(store.Tx) error { return own },
		func(store.Tx) error { panic("hello") },
	} {
		go func() { answers <- q.Update(context.Background(), fn) }()
	}
	var group []*Request
	for len(group) < 3 {
		r := q.Next()
		r.Err = r.Run(func(fn func(store.Tx) error) error { return fn(nil) })
		group = append(group, r)
	}
	if q.More() != nil {
		t.Error("more than three wait")
	}
	Finish(group, shared)
	q.Shared(len(group))
	found := make(map[string]bool)
	for range 3 {
		err := <-answers
		switch {
		case errors.Is(err, own), errors.Is(err, shared):
			found[err.Error()] = true
		case err != nil && strings.Contains(err.Error(), "panicked: hello"):
			found["panic"] = true
		}
	}
	if len(found) != 3 {
		t.Errorf("answered %v", found)
	}
	if commits, updates := q.Commits(); commits != 1 || updates != 3 {
		t.Errorf("%d commits of %d updates", commits, updates)
	}
}

func TestClosedQueue(t *testing.T) {
	q := New()
	ctx, cancel := context.WithCancel(context.Background())
	answer := make(chan error)
	go func() { answer <- q.Update(ctx, func(store.Tx) error { return nil }) }()
	group := q.Group(5)
	cancel()
	if len(group) != 1 || !errors.Is(group[0].Gone(), context.Canceled) {
		t.Errorf("a group of %d, of which the first is %v", len(group), group[0].Gone())
	}
	group[0].Err = group[0].Gone()
	Finish(group, nil)
	if err := <-answer; !errors.Is(err, context.Canceled) {
		t.Errorf("answered %v", err)
	}
	if !q.Close() || q.Close() {
		t.Error("a queue is closed once")
	}
	if err := q.Update(context.Background(), nil); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a closed queue answers %v", err)
	}
	if q.Group(5) != nil || q.Next() != nil || Closed().Next() != nil {
		t.Error("a closed queue has something")
	}
}
