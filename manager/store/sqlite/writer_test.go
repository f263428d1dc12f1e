package sqlite

import (
	"context"
	"errors"
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
	answers := make(chan error, 3)
	for _, fn := range []func(tx store.Tx) error{
		func(tx store.Tx) error { return tx.SetMeta("second", "kept") },
		func(tx store.Tx) error {
			if err := tx.SetMeta("third", "kept"); err != nil {
				return err
			}
			return spoilt
		},
		func(tx store.Tx) error {
			if err := tx.SetMeta("fourth", "kept"); err != nil {
				return err
			}
			panic("a bug")
		},
	} {
		go func() { answers <- s.Update(context.Background(), fn) }()
	}
	close(hold)
	if err := <-first; err != nil {
		t.Error(err)
	}
	failures := 0
	for range 3 {
		if err := <-answers; err != nil {
			failures++
		}
	}
	if failures != 2 {
		t.Errorf("%d updates failed, not 2", failures)
	}
	if err := s.View(context.Background(), func(tx store.Tx) error {
		for key, want := range map[string]string{"first": "kept", "second": "kept", "third": "", "fourth": ""} {
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
