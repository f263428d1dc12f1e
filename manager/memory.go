package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// headroom is how much may be allocated between two collections while little is in use: a small
	// heap would be collected many times a second.
	headroom = 256 << 20
	// leastPercent and mostPercent bound what follows from it, see GOGC.
	leastPercent, mostPercent = 100, 800
)

// spare trades memory that a manager with few nodes doesn't need for less collecting, until ctx
// ends. An operator who sets GOGC or GOMEMLIMIT has decided it.
func spare(ctx context.Context) error {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		<-ctx.Done()
		return nil
	}
	before := debug.SetGCPercent(leastPercent)
	defer debug.SetGCPercent(before)
	ticker := time.NewTicker(5 * time.Second)
	defer ticker.Stop()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for {
		metrics.Read(live)
		debug.SetGCPercent(percent(live[0].Value.Uint64()))
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// percent is how much of what is live may be allocated before the next collection.
func percent(live uint64) int {
	return int(min(max(headroom*100/max(live, 1), leastPercent), mostPercent))
}
