//go:build linux

package process

import (
	"errors"
	"io"
	"os"
	"path/filepath"
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
	if got := string(<-p.Replies()); got != `{"a":1}` {
		t.Errorf("%s", got)
	}
	if got := <-p.Lines(); got != "printed" || !p.Alive() {
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

func TestNoSandbox(t *testing.T) {
	if _, err := Start(Spec{Name: "x", Confine: render.SandboxSpec{Argv: []string{"/bin/true"}}}); err == nil {
		t.Error("started without a sandbox having been chosen")
	}
	if _, err := Start(Spec{Name: "x", Sandbox: render.NoSandbox{}, Talk: true, Confine: render.SandboxSpec{Argv: []string{"/none"}}}); err == nil {
		t.Error("started a program that isn't there")
	}
}
