// Package stage starts a whole network of real processes on this machine, for the demo,
// the end-to-end tests and the benchmarks: it waits for ready lines, keeps logs, kills
// and stops, and leaves nothing behind.
//
// It is not a supervisor for production: `heliostat farm start` and systemd are.
package stage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stopWait is how long a process may take to stop cleanly before it is killed, which
// counts as a failure.
const stopWait = 30 * time.Second

// Stage is a folder with binaries, a folder for data and logs, and the processes started
// from them.
type Stage struct {
	Bin string // holds heliostat-manager, heliostat-worker, …
	Dir string // holds a data folder and a log for each process

	mu        sync.Mutex // guards processes
	processes []*Process
}

// Process is one started program.
type Process struct {
	Name  string
	Ready map[string]string // key=value pairs of its ready line
	Log   string            // path of its log
	cmd   *exec.Cmd
	done  chan struct{}
	err   error // of Wait, once done is closed
}

// Data is the data folder of the process with that name.
func (s *Stage) Data(name string) string { return filepath.Join(s.Dir, name) }

// Start runs a program of Bin and waits for its ready line. args are passed as they are.
func (s *Stage) Start(ctx context.Context, name, program string, args ...string) (*Process, error) {
	if err := os.MkdirAll(s.Data(name), 0o700); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	path := s.Data(name) + ".log"
	log, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer log.Close()
	if !filepath.IsAbs(program) {
		program = filepath.Join(s.Bin, program)
	}
	cmd := exec.Command(program, args...)
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	// A stage that is killed takes its processes along.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w; build it first", name, err)
	}
	p := &Process{Name: name, Log: path, cmd: cmd, done: make(chan struct{})}
	s.mu.Lock()
	s.processes = append(s.processes, p)
	s.mu.Unlock()
	ready := make(chan map[string]string, 1)
	go func() {
		defer close(p.done)
		out := bufio.NewScanner(stdout)
		for out.Scan() {
			if pairs, ok := parseReady(out.Text()); ok {
				select {
				case ready <- pairs:
				default:
				}
			}
		}
		_, _ = io.Copy(io.Discard, stdout)
		p.err = cmd.Wait()
	}()
	select {
	case p.Ready = <-ready:
		return p, nil
	case <-p.done:
		return nil, fmt.Errorf("%s ended before it was ready (%v); its log ends:\n%s", name, p.err, Tail(path, 20))
	case <-ctx.Done():
		p.Kill()
		return nil, fmt.Errorf("%s was not ready in time (%w); its log ends:\n%s", name, ctx.Err(), Tail(path, 20))
	}
}

func parseReady(line string) (map[string]string, bool) {
	fields := strings.Fields(line)
	if len(fields) == 0 || fields[0] != "ready" {
		return nil, false
	}
	pairs := make(map[string]string, len(fields)-1)
	for _, f := range fields[1:] {
		key, value, _ := strings.Cut(f, "=")
		pairs[key] = value
	}
	return pairs, true
}

// Kill is kill -9 of the process alone, as a crash would be.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Stop asks the process to end and waits. Being slow or ending with an error is reported.
func (p *Process) Stop() error {
	select {
	case <-p.done:
		return nil
	default:
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(stopWait)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.Kill()
		return fmt.Errorf("%s did not stop within %s of SIGTERM; its log ends:\n%s", p.Name, stopWait, Tail(p.Log, 20))
	}
	if p.err != nil {
		return fmt.Errorf("%s stopped with an error: %w; its log ends:\n%s", p.Name, p.err, Tail(p.Log, 20))
	}
	return nil
}

// Alive tells whether the process still runs.
func (p *Process) Alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Close stops everything, the last started first.
func (s *Stage) Close() error {
	s.mu.Lock()
	processes := s.processes
	s.processes = nil
	s.mu.Unlock()
	var errs []error
	for i := len(processes) - 1; i >= 0; i-- {
		errs = append(errs, processes[i].Stop())
	}
	return errors.Join(errs...)
}

// Tail is the last n lines of a file, for error messages.
func Tail(path string, n int) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
