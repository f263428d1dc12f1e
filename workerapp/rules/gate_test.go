package rules

import "testing"

func TestGateOpensWhenEveryPauseIsGone(t *testing.T) {
	var g Gate
	if g.Verdict().Paused {
		t.Fatal("a new gate is closed")
	}
	g.Pause("disk", Finish, "the disk is full")
	g.Pause(Owner, Now, "gaming")
	if v := g.Verdict(); v.Mode != Now || v.Reason != "gaming" || v.Source != Owner {
		t.Fatalf("the stricter pause doesn't speak: %+v", v)
	}
	g.Resume(Owner)
	if v := g.Verdict(); !v.Paused || v.Mode != Finish || v.Reason != "the disk is full" {
		t.Fatalf("the other pause is lost: %+v", v)
	}
	g.Resume("disk")
	if g.Verdict().Paused {
		t.Fatal("the gate stays closed")
	}
}

func TestEveryPauseHasAReason(t *testing.T) {
	var g Gate
	g.Pause(Owner, "", "")
	if v := g.Verdict(); v.Reason == "" || v.Mode != Finish {
		t.Fatalf("got %+v", v)
	}
}

func TestChangedWakes(t *testing.T) {
	var g Gate
	_, changed := g.Changed()
	g.Pause(Owner, Now, "x")
	<-changed
	_, changed = g.Changed()
	g.Pause(Owner, Now, "x") // the same again is no change
	select {
	case <-changed:
		t.Fatal("an unchanged pause woke the watcher")
	default:
	}
	g.Resume(Owner)
	<-changed
	g.Resume(Owner)
}
