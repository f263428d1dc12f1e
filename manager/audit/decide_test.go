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
		if got := Decide(test.passes, test.fails, test.inconclusive, test.more); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
	// No number of verdicts delivers against the majority.
	for passes := range 6 {
		for fails := range 6 {
			for _, more := range []bool{true, false} {
				if Decide(passes, fails, 0, more) == Deliver && passes <= fails {
					t.Errorf("%d passes and %d fails deliver", passes, fails)
				}
			}
		}
	}
}
