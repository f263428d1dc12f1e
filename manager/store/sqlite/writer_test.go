package sqlite

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
)

// TestAFailureInAGroupIsItsOwn: updates that share a commit are kept or not one by one, also where one of
// them fails after it has written.
func TestAFailureInAGroupIsItsOwn(t *testing.T) {
	s := opened(t)
	begun, hold := make(chan struct{}), make(chan struct{})
	first := make(chan error)
	once := false
	go func() {
		first <- s.Update(context.Background(), func(tx store.Tx) error {
			if !once {
				once = true
				close(begun)
				<-hold
			}
			return tx.SetMeta("first", "kept")
		})
	}()
	<-begun
	spoilt := errors.New("changed its mind")
	answers := make(chan error, 4)
	runs := 0
	for i, fn := range []func(tx store.Tx) error{
		func(tx store.Tx) error { return tx.SetMeta("second", "kept") },
		func(tx store.Tx) error { // it finds something else when it is done again
			if err := tx.SetMeta("third", "kept"); err != nil {
				return err
			}
			if runs++; runs > 1 {
				return spoilt
			}
			return nil
		},
		func(tx store.Tx) error { return tx.SetMeta("fourth", "kept") },
		func(tx store.Tx) error {
			if err := tx.SetMeta("fifth", "kept"); err != nil {
				return err
			}
			panic("a bug")
		},
	} {
		go func() { answers <- s.Update(context.Background(), fn) }()
		for s.queue.Waiting() <= i {
			runtime.Gosched()
		}
	}
	close(hold)
	if err := <-first; err != nil {
		t.Error(err)
	}
	failures := 0
	for range 4 {
		if err := <-answers; err != nil {
			failures++
		}
	}
	if failures != 2 {
		t.Errorf("%d updates failed, not 2", failures)
	}
	if err := s.View(context.Background(), func(tx store.Tx) error {
		for key, want := range map[string]string{"first": "kept", "second": "kept", "third": "", "fourth": "kept", "fifth": ""} {
			got, err := tx.Meta(key)
			if err != nil {
				return err
			}
			if got != want {
				t.Errorf("%s is %q", key, got)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
