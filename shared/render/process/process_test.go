//go:build linux

package process

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
)

func start(t *testing.T, script string, change func(*Spec)) *Process {
	t.Helper()
	spec := Spec{Name: "the shell", Sandbox: render.NoSandbox{}, Confine: render.SandboxSpec{Argv: []string{"/bin/sh", "-c", script}, Workspace: t.TempDir()}}
	if change != nil {
		change(&spec)
	}
	p, err := Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestTalk(t *testing.T) {
	p := start(t, `read line <&3; echo "$line" >&4; echo printed; read line <&3; exit 3`, func(s *Spec) { s.Talk = true })
	if err := p.Send(map[string]int{"a": 1}); err != nil {
		t.Fatal(err)
	}
	if got := string(<-p.replies); got != `{"a":1}` {
		t.Errorf("%s", got)
	}
	if got := <-p.lines; got != "printed" || !p.Alive() {
		t.Errorf("%q, alive %v", got, p.Alive())
	}
	if err := p.Send(nil); err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	if p.Alive() || p.ExitCode() != 3 || !errors.Is(p.Died(), render.ErrCrashed) || !strings.Contains(p.Died().Error(), "printed") {
		t.Errorf("alive %v, code %d, %v", p.Alive(), p.ExitCode(), p.Died())
	}
	if cpu, peak := p.Usage(); cpu < 0 || peak <= 0 {
		t.Errorf("%v s, %d bytes", cpu, peak)
	}
}

func TestLines(t *testing.T) {
	long := strconv.Itoa(3 * maxLine)
	var seen []string
	p := start(t, `printf 'a\r50%%\r100%%\n\nb\n'; head -c `+long+` /dev/zero | tr '\0' x; echo; echo Malloc returns null`, func(s *Spec) {
		s.Echo, s.Log = true, func(line string) { seen = append(seen, line) }
	})
	<-p.Exited()
	if len(seen) != 8 || strings.Join(seen[:4], " ") != "a 50% 100% b" || len(seen[4]) != maxLine {
		t.Errorf("%d lines: %.40q", len(seen), seen)
	}
	if err := p.Died(); !errors.Is(err, render.ErrOutOfMemory) {
		t.Errorf("%v", err)
	}
}

// TestKill ends a stopped process, the one that it started, and a talkative one. The child
// holds a named pipe open for as long as it lives.
func TestKill(t *testing.T) {
	for name, script := range map[string]string{
		"stopped":   `kill -STOP $$; echo never`,
		"talkative": `while :; do echo reply >&4; done`,
		"gone":      `exit 0`,
	} {
		pipe := filepath.Join(t.TempDir(), "held")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		p := start(t, `(exec 5>`+pipe+`; exec sleep 1000) & read line <&3; `+script, func(s *Spec) { s.Talk = true })
		held, err := os.Open(pipe) // waits for the child
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Send("go"); err != nil {
			t.Fatal(err)
		}
		if name == "gone" {
			<-p.Exited()
		}
		begin := time.Now()
		p.Kill()
		p.Kill()
		if took := time.Since(begin); took > 2*time.Second || p.Alive() {
			t.Errorf("%s: alive %v after %v", name, p.Alive(), took)
		}
		if err := held.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := held.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("%s: its child runs on: %v", name, err)
		}
		held.Close()
	}
}

// TestHung has programs that wait for ever: they are noticed without anybody's doing, and killed
// with their child, which holds a named pipe open for as long as it lives.
func TestHung(t *testing.T) {
	for name, c := range map[string]struct {
		script, says string
		talks        bool
	}{
		"asleep":      {`exec sleep 1000`, "waits for something|wait for something", false},
		"stopped":     {`kill -STOP $$`, "stopped by a signal", true},
		"not reading": {`exec sleep 1000`, "hasn't taken a command", true},
	} {
		pipe := filepath.Join(t.TempDir(), "held")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		p := start(t, `(exec 5>`+pipe+`; exec sleep 1000) & `+c.script, func(s *Spec) { s.Talk, s.Patience = c.talks, 2*beatEvery })
		held, err := os.Open(pipe) // waits for the child
		if err != nil {
			t.Fatal(err)
		}
		if name == "not reading" {
			err = p.Send(strings.Repeat("x", 1<<20))
			p.Kill()
		} else {
			_, err = p.Await(t.Context(), func(string) {}, func() {})
		}
		var why *render.Error
		if !errors.Is(err, render.ErrHung) || !errors.As(err, &why) || !regexp.MustCompile(c.says).MatchString(why.Cause) || p.Alive() {
			t.Errorf("%s: alive %v, %v", name, p.Alive(), err)
		}
		if err := held.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := held.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("%s: its child runs on: %v", name, err)
		}
		held.Close()
	}
}

// TestSilentWork has programs that say nothing for longer than the patience, and work.
func TestSilentWork(t *testing.T) {
	for name, script := range map[string]string{
		"itself":    `while :; do read -t 0 l <&3 && break; done`,
		"its child": `(while :; do :; done) & read l <&3; kill $!`,
	} {
		p := start(t, script+`; echo done >&4`, func(s *Spec) {
			s.Confine.Argv[0] = "/bin/bash"
			s.Talk, s.Patience = true, 2*beatEvery
		})
		beats := 0
		reply, err := p.Await(t.Context(), func(string) {}, func() {
			if beats++; beats == 5 {
				if err := p.Send("stop"); err != nil {
					t.Error(err)
				}
			}
		})
		if err != nil || string(reply) != "done" {
			t.Errorf("%s: %q, %v", name, reply, err)
		}
	}
}

// TestAwait gives replies, then the end; without replies only the end; and ends with its context.
func TestAwait(t *testing.T) {
	p := start(t, `echo one >&4; echo two >&4`, func(s *Spec) { s.Talk = true })
	for _, want := range []string{"one", "two", ""} {
		if got, err := p.Await(t.Context(), func(string) {}, func() {}); err != nil || string(got) != want || (got == nil) != (want == "") {
			t.Errorf("%q, %v instead of %q", got, err, want)
		}
	}
	p = start(t, `echo printed; exit 3`, nil)
	if got, err := p.Await(t.Context(), func(string) {}, func() {}); got != nil || err != nil || p.ExitCode() != 3 {
		t.Errorf("%q, %v, code %d", got, err, p.ExitCode())
	}
	p = start(t, `exec sleep 1000`, nil)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	if _, err := p.Await(ctx, func(string) {}, func() {}); !errors.Is(err, render.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) || p.Alive() {
		t.Errorf("alive %v, %v", p.Alive(), err)
	}
}

func TestNoSandbox(t *testing.T) {
	if _, err := Start(Spec{Name: "x", Confine: render.SandboxSpec{Argv: []string{"/bin/true"}}}); err == nil {
		t.Error("started without a sandbox having been chosen")
	}
	if _, err := Start(Spec{Name: "x", Sandbox: render.NoSandbox{}, Talk: true, Confine: render.SandboxSpec{Argv: []string{"/none"}}}); err == nil {
		t.Error("started a program that isn't there")
	}
}
