// Package process runs a renderer's program: confined, in a process group of its own, its
// output read line by line, and, where asked for, with a private pair of pipes on which
// both sides write lines of JSON.
//
// It is not for what the program is told or how its answers are understood
// (shared/render/resident and the renderers), nor for confining it (the caller's Sandbox).
//
// Receives: a command line and a sandbox, from the renderers.
// Hands on: the program's lines, replies and end, to the same.
package process

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
)

// Bounds on what the process may tell us.
const (
	maxReply  = 1 << 20
	maxLine   = 4096 // bytes kept of one line of output
	tailLines = 40
)

// takeTime is how long a program may leave a command in its pipe that doesn't fit into it: one
// that waits for commands takes them at once.
const takeTime = 10 * time.Second

// Spec is what a process is started with.
type Spec struct {
	Name    string         // of the program, for people: "Blender"
	Sandbox render.Sandbox // required
	Confine render.SandboxSpec
	// Talk gives the process a pipe to read commands from, descriptor 3, and one to write
	// replies to, descriptor 4.
	Talk bool
	// Echo keeps each line that ends at a carriage return, as progress bars write them.
	Echo bool
	Log  func(line string) // of every line of output; may be nil
	// Patience is how long the program may say nothing while its processes do nothing, before it
	// counts as hung; 0 is two minutes, or ten where it needs the graphics devices.
	Patience time.Duration
	// Busy tells whether the program's graphics device works, which is life too; may be nil.
	Busy func() bool
}

// Process is a running program. Its methods may be called from any goroutine, except that
// Send has one caller at a time.
type Process struct {
	name     string
	log      func(string)
	echo     bool
	talks    bool
	confine  render.SandboxSpec
	patience time.Duration
	busy     func() bool
	heard    atomic.Int64 // lines and replies

	cmd     *exec.Cmd
	in      *os.File // commands; nil when it doesn't talk
	back    *os.File // replies; nil when it doesn't talk
	out     *os.File // what it prints
	replies chan []byte
	lines   chan string
	exited  chan struct{} // closed after exit is set
	exit    error
	readers sync.WaitGroup

	mu     sync.Mutex // guards last, reaped
	last   []string
	reaped bool // it has been waited for; its number may be another's now
}

// Start starts the program. Whoever started it calls Close.
func Start(spec Spec) (_ *Process, err error) {
	if spec.Sandbox == nil {
		return nil, fmt.Errorf("starting %s: no sandbox given; render.NoSandbox has to be chosen on purpose", spec.Name)
	}
	spec.Confine.Pipes = spec.Talk
	argv, env, err := spec.Sandbox.Wrap(spec.Confine)
	if err != nil {
		return nil, fmt.Errorf("confining %s: %w", spec.Name, err)
	}
	p := &Process{
		name: spec.Name, log: spec.Log, echo: spec.Echo, talks: spec.Talk,
		confine: spec.Confine, patience: spec.Patience, busy: spec.Busy,
		replies: make(chan []byte, 16), lines: make(chan string, 64), exited: make(chan struct{}),
	}
	// Until the process owns them, every opened file is ours to close.
	var files []io.Closer
	defer func() {
		if err != nil {
			for _, f := range files {
				f.Close()
			}
		}
	}()
	pipe := func() (r, w *os.File) {
		if err != nil {
			return nil, nil
		}
		if r, w, err = os.Pipe(); err == nil {
			files = append(files, r, w)
		}
		return r, w
	}
	outR, outW := pipe()
	p.out = outR
	theirs := []*os.File{outW}
	p.cmd = exec.Command(argv[0], argv[1:]...)
	if spec.Talk {
		commandR, commandW := pipe()
		replyR, replyW := pipe()
		p.in, p.back = commandW, replyR
		theirs = append(theirs, commandR, replyW)
		p.cmd.ExtraFiles = []*os.File{commandR, replyW}
	}
	if err != nil {
		return nil, fmt.Errorf("making pipes for %s: %w", spec.Name, err)
	}
	p.cmd.Env, p.cmd.Dir = env, spec.Confine.Workspace
	p.cmd.Stdout, p.cmd.Stderr = outW, outW
	OwnGroup(p.cmd)
	if err = p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", argv[0], err)
	}
	for _, f := range theirs {
		f.Close()
	}
	p.readers.Add(1)
	go p.readLines()
	if spec.Talk {
		p.readers.Add(1)
		go p.readReplies()
	} else {
		close(p.replies)
	}
	go p.wait()
	return p, nil
}

// wait reaps the process; it ends after both readers.
func (p *Process) wait() {
	p.exit = p.cmd.Wait()
	KillGroup(p.cmd.Process) // what it started
	p.mu.Lock()
	p.reaped = true
	p.mu.Unlock()
	// A descendant may still hold the pipes; don't wait for it longer than this.
	deadline := time.Now().Add(time.Second)
	_ = p.out.SetReadDeadline(deadline)
	if p.back != nil {
		_ = p.back.SetReadDeadline(deadline)
	}
	p.readers.Wait()
	close(p.exited)
}

// readLines ends with the process.
func (p *Process) readLines() {
	defer p.readers.Done()
	defer close(p.lines)
	s := bufio.NewScanner(p.out)
	s.Buffer(make([]byte, maxLine), maxLine)
	s.Split(p.split)
	for s.Scan() {
		p.heard.Add(1)
		text := strings.TrimRight(s.Text(), "\r")
		if text == "" {
			continue
		}
		p.Note(text)
		select {
		case p.lines <- text:
		default: // nobody renders; progress may be lost
		}
	}
}

// split cuts at line ends, at carriage returns too where the program echoes, and where a
// line grows too long.
func (p *Process) split(data []byte, end bool) (int, []byte, error) {
	ends := "\n"
	if p.echo {
		ends = "\r\n"
	}
	switch i := bytes.IndexAny(data, ends); {
	case i >= 0:
		return i + 1, data[:i], nil
	case len(data) >= maxLine, end && len(data) > 0:
		return len(data), data, nil
	}
	return 0, nil, nil
}

// readReplies ends with the process, or at a reply that is too long.
func (p *Process) readReplies() {
	defer p.readers.Done()
	defer close(p.replies)
	s := bufio.NewScanner(p.back)
	s.Buffer(nil, maxReply)
	for s.Scan() {
		p.heard.Add(1)
		p.replies <- bytes.Clone(s.Bytes())
	}
}

// Exited is closed when the process is gone and its output has been read.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Exit is how the process ended; nil for success. Only after Exited.
func (p *Process) Exit() error { return p.exit }

// ExitCode is the code that the process ended with, -1 after a signal. Only after Exited.
func (p *Process) ExitCode() int {
	if p.cmd.ProcessState == nil {
		return -1
	}
	return p.cmd.ProcessState.ExitCode()
}

// Usage is the processor time in seconds and the peak memory in bytes of the process and
// what it waited for. Only after Exited; a sandbox in between hides it.
func (p *Process) Usage() (cpu float64, peak int64) {
	s := p.cmd.ProcessState
	if s == nil {
		return 0, 0
	}
	return (s.UserTime() + s.SystemTime()).Seconds(), peakMemory(s)
}

// PID is the process's number, for diagnostics.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Alive tells whether the process runs.
func (p *Process) Alive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.reaped
}

// Note adds a line to the tail and the log, as if the program had printed it.
func (p *Process) Note(line string) {
	p.mu.Lock()
	p.last = append(p.last, line)
	if len(p.last) > tailLines {
		p.last = p.last[len(p.last)-tailLines:]
	}
	p.mu.Unlock()
	if p.log != nil {
		p.log(line)
	}
}

// Tail returns the last lines, oldest first.
func (p *Process) Tail() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.last)
}

// Send writes one command.
func (p *Process) Send(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("asking %s: %w", p.name, err)
	}
	limit := min(takeTime, cmp.Or(p.patience, takeTime))
	_ = p.in.SetWriteDeadline(time.Now().Add(limit))
	_, err = p.in.Write(append(line, '\n'))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &render.Error{Kind: render.ErrHung, Cause: fmt.Sprintf("%s hasn't taken a command in %v", p.name, limit), Log: p.Tail()}
	}
	if err != nil {
		return fmt.Errorf("asking %s: %w", p.name, err)
	}
	return nil
}

// Kill ends the whole process group, stopped or hung as it may be, and waits for it.
func (p *Process) Kill() {
	p.mu.Lock()
	if !p.reaped {
		KillGroup(p.cmd.Process)
	}
	p.mu.Unlock()
	for replies := p.replies; ; {
		select {
		case <-p.exited:
			return
		case _, ok := <-replies: // readReplies may be waiting to hand one over
			if !ok {
				replies = nil
			}
		}
	}
}

// Close kills what still runs and closes the pipes. It may be called twice.
func (p *Process) Close() error {
	p.Kill()
	for _, f := range []*os.File{p.in, p.out, p.back} {
		if f == nil {
			continue
		}
		if err := f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			return fmt.Errorf("closing %s's pipes: %w", p.name, err)
		}
	}
	return nil
}

// memoryWords are what renderers and the C++ runtime say before they give up.
var memoryWords = []string{"malloc returns null", "calloc returns null", "bad_alloc", "out of memory", "cannot allocate memory", "memoryerror"}

// Died explains why the process ended by itself. Only after Exited.
func (p *Process) Died() error {
	log := p.Tail()
	e := &render.Error{Kind: render.ErrCrashed, Log: log}
	low := strings.ToLower(strings.Join(log, "\n"))
	for _, w := range memoryWords {
		if strings.Contains(low, w) {
			e.Kind = render.ErrOutOfMemory
			e.Cause = p.name + " couldn't get more memory; a machine with more may render this"
			return e
		}
	}
	e.Cause = p.name + " ended by itself"
	if p.exit != nil {
		e.Cause = fmt.Sprintf("%s ended: %v", p.name, p.exit)
	}
	if n := len(log); n > 0 {
		e.Cause += "; its last line: " + log[n-1]
	}
	return e
}
