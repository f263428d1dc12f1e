package link

import (
	"math/rand/v2"
	"time"
)

const (
	dialWait   = 10 * time.Second
	backoffMin = 200 * time.Millisecond
	backoffMax = 15 * time.Second
	// hurry is how long a manager that doesn't answer may take while others were not tried yet.
	hurry = 3 * time.Second
	// steady is how long a connection holds at least whose end is no failed try.
	steady = backoffMax
)

// round is one turn over a network's managers: each is tried once, without a wait between them. A node that two managers
// throw out as soon as they let it in so doesn't go back and forth between them as fast as it can.
type round struct {
	of       int     // managers
	at       int     // whose turn it is
	errs     []error // of those that were tried
	failures int     // rounds in a row in which none let the node in
}

// patience is how long the manager whose turn it is may take to let the node in.
func (r *round) patience() time.Duration {
	if r.of > 1 && r.failures == 0 {
		return hurry
	}
	return dialWait
}

// failed goes on to the next manager after a try that ended with err; opened tells whether it let the node in and held
// for how long the connection then lasted. over is true when every manager has been tried.
func (r *round) failed(err error, opened bool, held time.Duration) (over bool) {
	if opened {
		r.failures = 0
	}
	if opened && held >= steady {
		r.errs = nil
	}
	r.errs = append(r.errs, err)
	r.at = (r.at + 1) % r.of
	return len(r.errs) >= r.of
}

// again begins the next round, and says after which wait.
func (r *round) again() time.Duration {
	r.failures++
	r.errs = nil
	return backoff(r.failures)
}

// backoff doubles from backoffMin to backoffMax and takes a random half off, so that
// nodes that lost their manager together don't come back together.
func backoff(failures int) time.Duration {
	d := backoffMin << min(failures-1, 10)
	d = min(d, backoffMax)
	return d/2 + rand.N(d/2)
}
