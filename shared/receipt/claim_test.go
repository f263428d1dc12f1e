package receipt_test

import (
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

// Both sides reckon what a bad-result claim names and holds; the order of the frames doesn't matter, anything else does.
func TestClaimsNameAndHold(t *testing.T) {
	base := receipt.FramesHash([]int{7, -3}, "dark")
	if base != receipt.FramesHash([]int{-3, 7, 7}, "dark") {
		t.Error("the order of frames changes what is claimed")
	}
	for name, other := range map[string][32]byte{
		"a frame more": receipt.FramesHash([]int{-3, 7, 8}, "dark"), "another": receipt.FramesHash([]int{-3, 8}, "dark"), "a reason": receipt.FramesHash([]int{7, -3}, "darker"),
	} {
		if other == base {
			t.Errorf("%s changes nothing", name)
		}
	}
	if got, want := base.Hex(), "0xa5c88685e0daa84290c8998b89b89bb42ac3229df83889bab14853f023c00b23"; got != want {
		t.Errorf("the hash is %s, was %s: other programs reckon it too", got, want)
	}
	q := job.Quote{PerFrame: 10, VerifyFee: 2}
	for frames, want := range map[int]uint64{0: 0, 1: 12, 4: 48, 5: 50} {
		if got := receipt.HeldFor(frames, q, 50); got != want {
			t.Errorf("%d frames hold %d, want %d", frames, got, want)
		}
	}
	if receipt.HeldFor(3, q, -1) != 0 {
		t.Error("a claim on nothing holds something")
	}
}
