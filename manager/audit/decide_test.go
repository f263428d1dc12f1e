package audit

import "testing"

func TestDecide(t *testing.T) {
	for _, test := range []struct {
		passes, fails, inconclusive int
		more                        bool
		want                        Decision
	}{
		{1, 0, 0, true, Deliver},
		{1, 0, 0, false, Deliver},
		{1, 0, 3, true, Deliver},
		{0, 1, 0, true, Another},
		{0, 1, 0, false, Reject}, // a lone verdict stands
		{0, 2, 0, true, Reject},
		{1, 1, 0, true, Another},
		{1, 1, 0, false, Reject}, // better rendered again than delivered in doubt
		{2, 1, 0, true, Deliver},
		{1, 2, 0, true, Reject},
		{2, 2, 0, true, Another},
		{3, 2, 0, false, Deliver},
		{0, 0, 1, true, Another},
		{0, 0, 1, false, Repeat},
		{0, 0, 0, false, Repeat},
	} {
		if got := Decide(Tally{test.passes, test.fails, test.inconclusive}, test.more, false); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
	// No number of verdicts delivers against the majority.
	for passes := range 6 {
		for fails := range 6 {
			for _, more := range []bool{true, false} {
				for _, quorum := range []bool{true, false} {
					d := Decide(Tally{Passes: passes, Fails: fails}, more, quorum)
					if d == Deliver && passes <= fails {
						t.Errorf("%d passes and %d fails deliver", passes, fails)
					}
					if d == Another && passes != fails && passes+fails >= quorumOf && (passes >= quorumFor || fails >= quorumFor) {
						t.Errorf("%d passes and %d fails don't decide", passes, fails)
					}
				}
			}
		}
	}
}

// A quorum is three of five; with fewer verifiers the majority of those that are there decides.
func TestQuorum(t *testing.T) {
	for _, test := range []struct {
		passes, fails int
		more          bool
		want          Decision
	}{
		{1, 0, true, Another},
		{2, 0, true, Another},
		{3, 0, true, Deliver},
		{0, 2, true, Another},
		{0, 3, true, Reject},
		{2, 2, true, Another},
		{3, 2, true, Deliver},
		{2, 3, true, Reject},
		{1, 0, false, Deliver},
		{2, 1, false, Deliver},
		{0, 1, false, Reject},
		{1, 2, false, Reject},
		{2, 2, false, Reject},
		{0, 0, true, Another},
		{0, 0, false, Repeat},
	} {
		if got := Decide(Tally{Passes: test.passes, Fails: test.fails}, test.more, true); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
