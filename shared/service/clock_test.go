package service_test

import (
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/service"
)

func TestClockDoesNotJump(t *testing.T) {
	start := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	for name, jump := range map[string]time.Duration{"forward": 24 * time.Hour, "back": -24 * time.Hour, "to the past": -50 * 365 * 24 * time.Hour, "a little": 100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			wall, ran := start, time.Duration(0)
			c := service.NewClock(func() (time.Time, time.Duration) { return wall, ran })
			last := c.Now()
			if !last.Equal(start) {
				t.Fatalf("starts at %v", last)
			}
			wall = wall.Add(jump)
			if now := c.Now(); now.Sub(last).Abs() > time.Millisecond {
				t.Errorf("the jump of %s moves it by %s", jump, now.Sub(last))
			}
			// A deadline of a minute comes after a minute, give or take the slew.
			deadline := c.Now().Add(time.Minute)
			passed := time.Duration(0)
			for ; !c.Now().After(deadline); passed += time.Second {
				if now := c.Now(); now.Before(last) {
					t.Fatalf("went back to %v from %v", now, last)
				} else {
					last = now
				}
				wall, ran = wall.Add(time.Second), ran+time.Second
				if passed > 2*time.Minute {
					t.Fatal("the deadline never came")
				}
			}
			if passed < 57*time.Second || passed > 65*time.Second {
				t.Errorf("a minute took %s", passed)
			}
		})
	}
}

func TestClockComesToTheWallClock(t *testing.T) {
	wall, ran := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC), time.Duration(0)
	c := service.NewClock(func() (time.Time, time.Duration) { return wall, ran })
	wall = wall.Add(time.Minute)
	for range 25 * 60 {
		wall, ran = wall.Add(time.Second), ran+time.Second
		c.Now()
	}
	if off := wall.Sub(c.Now()); off != 0 {
		t.Errorf("still %s off after 25 minutes", off)
	}
}
