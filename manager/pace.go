package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// pace prints how far something with many rows is, and how long it may still take.
type pace struct {
	out      io.Writer
	did      string // "saved"
	total    atomic.Int64
	started  time.Time
	reported time.Time
}

func newPace(out io.Writer, did string) *pace {
	now := time.Now()
	return &pace{out: out, did: did, started: now, reported: now}
}

// expect says how many rows there will be. It may be called by another goroutine than tell.
func (p *pace) expect(total int64) { p.total.Store(total) }

func (p *pace) tell(table string, done, total int64) {
	now := time.Now()
	if now.Sub(p.reported) < copyPace {
		return
	}
	p.reported = now
	if total == 0 {
		total = p.total.Load()
	}
	if total < done || done == 0 {
		fmt.Fprintf(p.out, "%s %d rows, at %s\n", p.did, done, table)
		return
	}
	left := time.Duration(float64(now.Sub(p.started)) * float64(total-done) / float64(done))
	fmt.Fprintf(p.out, "%s %d of %d rows, at %s, %s left\n", p.did, done, total, table, left.Round(time.Second))
}
