package main

import "testing"

func TestGarbageIsCollectedByWhatIsLive(t *testing.T) {
	for live, want := range map[uint64]int{0: 800, 10 << 20: 800, 64 << 20: 400, 128 << 20: 200, 256 << 20: 100, 8 << 30: 100} {
		if got := percent(live); got != want {
			t.Errorf("%d live bytes: %d %%, want %d", live, got, want)
		}
	}
}
