package link

import (
	"errors"
	"testing"
	"time"
)

// TestRound holds the order and the waits of a node with three managers against what PROTOCOL.md says.
func TestRound(t *testing.T) {
	dead := errors.New("dead")
	r := round{of: 3}
	step := func(what string, opened bool, held time.Duration, over bool, next int) {
		t.Helper()
		if got := r.failed(dead, opened, held); got != over || r.at != next {
			t.Fatalf("%s: over %v at %d, want %v at %d", what, got, r.at, over, next)
		}
	}
	waits := func(what string, least time.Duration) {
		t.Helper()
		if d := r.again(); d < least || d >= 2*least {
			t.Fatalf("%s: waits %s, want %s to %s", what, d, least, 2*least)
		}
	}
	if r.patience() != hurry {
		t.Errorf("a silent manager holds the first try up for %s", r.patience())
	}
	step("the first is dead", false, 0, false, 1)
	step("the second is dead", false, 0, false, 2)
	step("the third is dead", false, 0, true, 0)
	waits("once round", 100*time.Millisecond)
	if r.patience() != dialWait {
		t.Errorf("slow managers get %s", r.patience())
	}
	step("again", false, 0, false, 1)
	step("again", false, 0, false, 2)
	step("again", false, 0, true, 0)
	waits("twice round", 200*time.Millisecond)
	step("the first is dead still", false, 0, false, 1)
	step("the second dies after an hour", true, time.Hour, false, 2)
	step("the third is dead", false, 0, false, 0)
	step("the first is dead", false, 0, true, 1)
	waits("the first time since a connection", 100*time.Millisecond)
	for range 3 { // two that throw the node out again don't get it back at once for ever
		step("thrown out", true, time.Second, false, 2)
		step("thrown out", true, time.Second, false, 0)
		step("dead", false, 0, true, 1)
		waits("thrown out", 100*time.Millisecond)
	}
	one := round{of: 1}
	if !one.failed(dead, true, time.Hour) || one.patience() != dialWait {
		t.Error("one manager alone is tried again without a wait, or in a hurry")
	}
}
