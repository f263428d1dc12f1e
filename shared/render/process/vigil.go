package process

import (
	"cmp"
	"fmt"
	"time"
)

// How long a program may say nothing while its processes do nothing. One that renders on a
// graphics device may have nothing to do but to wait for it.
const (
	patience    = 2 * time.Minute
	patienceGPU = 10 * time.Minute
)

// What a process that waits for ever may still use, such as a timer of a library's: more is life.
const (
	idleShare = 1000 // one part of so many of a processor
	idleBytes = 1024 // read and written each second
	// clockTick is what the system counts processor time in.
	clockTick = 10 * time.Millisecond
)

// pulse is what a program's processes have used until now. It leaves out the sandbox's guards,
// which are this same program.
type pulse struct {
	known bool // else this system doesn't tell, or they are gone
	cpu   time.Duration
	bytes int64 // read and written
	// family stands for which processes there are.
	family uint64
	// active says that something runs, waits for a processor that others take, or for a disk.
	active             bool
	processes, stopped int
}

// vigil tells a program that hangs from one that is slow. It convicts by what it sees, not by the
// clock alone: there is no message, and the processes neither use the processor nor read nor write
// nor come nor go. It counts beats that it has itself lived through, so that a machine that slept and a worker
// that was stopped hold nothing against the program.
type vigil struct {
	heard func() int64 // counts the program's messages
	look  func() pulse
	busy  func() bool // whether its graphics device works; may be nil
	limit int         // beats without life that convict
	step  int         // beats between two looks

	last  int64 // of heard
	quiet int   // beats since the last message
	mark  *pulse
	at    int // the quiet beat at which mark was the last sign of life
}

// vigil watches over one wait.
func (p *Process) vigil() *vigil {
	long := patience
	if p.confine.GPU {
		long = patienceGPU
	}
	limit := max(int(cmp.Or(p.patience, long)/beatEvery), 2)
	return &vigil{
		heard: p.heard.Load, last: p.heard.Load(), look: func() pulse { return look(p.PID()) }, busy: p.busy,
		limit: limit, step: min(max(limit/12, 1), 10),
	}
}

// beat is called twice a second. It returns what was seen of a program that hangs, "" else.
func (v *vigil) beat() string {
	if n := v.heard(); n != v.last {
		v.last, v.quiet, v.mark = n, 0, nil
		return ""
	}
	v.quiet++
	if v.quiet%v.step != 0 {
		return ""
	}
	now := v.look()
	if v.mark == nil || v.lives(now) {
		v.mark, v.at = &now, v.quiet
		return ""
	}
	if v.quiet-v.at < v.limit {
		return ""
	}
	return v.seen(now)
}

// lives tells whether the processes did anything since the mark.
func (v *vigil) lives(now pulse) bool {
	since := time.Duration(v.quiet-v.at) * beatEvery
	return !now.known || now.active || now.family != v.mark.family ||
		now.cpu-v.mark.cpu > 2*clockTick+since/idleShare ||
		now.bytes-v.mark.bytes > int64(since.Seconds()*idleBytes) ||
		v.busy != nil && v.busy()
}

// seen is the evidence, for people.
func (v *vigil) seen(now pulse) string {
	processes, wait := "its process", "waits for something that doesn't come"
	if now.processes != 1 {
		processes, wait = fmt.Sprintf("its %d processes", now.processes), "wait for something that doesn't come"
	}
	if now.stopped > 0 {
		wait = fmt.Sprintf("%d stopped by a signal", now.stopped)
	}
	return fmt.Sprintf("has said nothing for %v, and in the last %v %s used %.2f s of processor time and moved no data (%s)",
		time.Duration(v.quiet)*beatEvery, time.Duration(v.quiet-v.at)*beatEvery, processes, (now.cpu - v.mark.cpu).Seconds(), wait)
}
