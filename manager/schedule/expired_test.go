package schedule

import (
	"testing"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// TestWhoSatOnATaskDoesNotGetItAgain as long as anybody else could have it, though they are the ones that are free.
func TestWhoSatOnATaskDoesNotGetItAgain(t *testing.T) {
	c := candidate("a", "A", 0, 1, 2)
	c.Failures = []store.Failure{{Task: "a.0", Worker: "w1", Kind: job.FailExpired}, {Task: "a.0", Worker: "w2", Kind: job.FailExpired}}
	for name, test := range map[string]struct {
		free int
		want string
	}{"free": {1, "a.0>w3 a.1>w1"}, "busy": {0, "a.1>w1"}} {
		if got := text(Plan([]Candidate{c}, []fleet.Member{worker("w1", 1), worker("w2", 1), worker("w3", test.free)}, Shares{}, start)); got != test.want {
			t.Errorf("the third is %s: %q, want %q", name, got, test.want)
		}
	}
}
