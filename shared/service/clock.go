package service

import (
	"sync"
	"time"
)

// slew is the most that a Clock runs fast or slow to come to the wall clock's time, as a
// fraction: 1/20, so that an interval is never off by more than 5 %.
const slew = 20

// Clock tells the time of day and never jumps. When the machine's clock is set, or the machine
// slept, a Clock goes on evenly and moves to the new time by and by; deadlines that were made with it
// come neither early nor never. Its zero value is not usable.
type Clock struct {
	read func() (wall time.Time, ran time.Duration)

	mu  sync.Mutex // guards what follows
	now time.Time
	ran time.Duration
}

// NewClock starts at the machine's time. read is for tests: the wall clock, and how long the process
// has run by a clock that can't be set; nil reads the machine's.
func NewClock(read func() (wall time.Time, ran time.Duration)) *Clock {
	if read == nil {
		start := time.Now()
		read = func() (time.Time, time.Duration) {
			t := time.Now()
			return t.Round(0), t.Sub(start) // Sub uses the monotonic reading
		}
	}
	wall, ran := read()
	return &Clock{read: read, now: wall, ran: ran}
}

// Now is the time. It never goes back.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall, ran := c.read()
	passed := max(0, ran-c.ran)
	c.ran += passed
	c.now = c.now.Add(passed)
	bound := passed / slew
	c.now = c.now.Add(min(max(wall.Sub(c.now), -bound), bound))
	return c.now
}
