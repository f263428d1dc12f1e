package farm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/desktop/farm"
)

// programs are shell scripts that stand for the three programs: each writes what happens
// to it into the journal, says that it is ready and waits for SIGTERM.
type programs struct {
	dir, journal string
}

func newPrograms(t *testing.T) *programs {
	t.Helper()
	p := &programs{dir: t.TempDir()}
	p.journal = filepath.Join(p.dir, "journal")
	for _, name := range []string{"heliostat-manager", "heliostat-worker", "heliostat-verifier"} {
		p.write(t, name, `ready; wait_for_end`)
	}
	return p
}

func (p *programs) write(t *testing.T, name, body string) {
	t.Helper()
	script := fmt.Sprintf(`#!/bin/sh
journal=%q
name=%q
echo "start $name $*" >>"$journal"
child=
# Set before ready is said: the end may come at once. What sleeps must not hold the output open.
trap '[ -z "$child" ] || kill $child; echo "stop $name" >>"$journal"; exit 0' TERM
ready() { echo "ready address=http://127.0.0.1:7 id=0x$$"; }
wait_for_end() {
	sleep 1000 >/dev/null 2>&1 & child=$!
	wait $child
}
%s
`, p.journal, name, body)
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
}

func (p *programs) find(name string) (string, error) { return filepath.Join(p.dir, name), nil }

func (p *programs) lines(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(p.journal)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// begin runs a farm and returns once it is ready.
func begin(t *testing.T, p *programs, dir string) (status farm.Status, end func() error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ready := make(chan farm.Status, 1)
	done := make(chan error, 1)
	go func() {
		done <- farm.Run(ctx, farm.Options{
			Dir: dir, Listen: "127.0.0.1:0", Workers: 2, Settlement: "off", Studio: []string{"0xabc"}, Operators: []string{"0xabc"}, Find: p.find,
		}, func(s farm.Status) { ready <- s })
	}()
	end = func() error { stop(); return <-done }
	t.Cleanup(stop)
	select {
	case status = <-ready:
	case err := <-done:
		t.Fatal(err)
	case <-time.After(time.Minute):
		t.Fatal("the farm isn't ready after a minute")
	}
	return status, end
}

func TestAFarmStartsInOrderAndStopsInReverse(t *testing.T) {
	p, dir := newPrograms(t), t.TempDir()
	status, end := begin(t, p, dir)
	if status.Address != "http://127.0.0.1:7" || len(status.Children) != 4 || status.Children[0].Name != "manager" || status.Children[3].Name != "verifier" {
		t.Fatalf("ready with %+v", status)
	}
	read, err := farm.Read(dir)
	if err != nil || read.PID != os.Getpid() || len(read.Children) != 4 {
		t.Fatalf("others read %+v, %v", read, err)
	}
	err = farm.Run(t.Context(), farm.Options{Dir: dir, Listen: "127.0.0.1:0", Workers: 1, Find: p.find}, nil)
	if !errors.Is(err, farm.ErrRunning) {
		t.Fatalf("a second farm in the same folder: %v", err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	lines := p.lines(t)
	if !strings.HasPrefix(lines[0], "start heliostat-manager serve --data "+dir) || !strings.HasSuffix(lines[0], "--settlement off --studio 0xabc --operator 0xabc") {
		t.Fatalf("the manager began as %q", lines[0])
	}
	if !strings.Contains(lines[1], "run --manager http://127.0.0.1:7 --data "+filepath.Join(dir, "worker-1")) {
		t.Fatalf("the first worker began as %q", lines[1])
	}
	if len(lines) != 8 || lines[7] != "stop heliostat-manager" {
		t.Fatalf("the manager wasn't last to stop: %q", lines)
	}
	if _, err := farm.Read(dir); !errors.Is(err, farm.ErrStopped) {
		t.Fatalf("after the stop: %v", err)
	}
}

func TestAProgramThatDiesIsStartedAgain(t *testing.T) {
	p, dir := newPrograms(t), t.TempDir()
	// The verifier dies once, as soon as it is told to.
	if err := os.Mkdir(filepath.Join(p.dir, "alive"), 0o700); err != nil {
		t.Fatal(err)
	}
	p.write(t, "heliostat-verifier", `ready; if rmdir "`+p.dir+`/alive"; then kill -9 $$; fi; wait_for_end`)
	status, end := begin(t, p, dir)
	first := status.Children[3].PID
	deadline, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if now, err := farm.Read(dir); err == nil && now.Children[3].PID != first {
			break
		}
		select {
		case <-ticker.C:
		case <-deadline.Done():
			t.Fatal("the verifier wasn't started again")
		}
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
}

func TestAProgramThatCantStartSaysWhy(t *testing.T) {
	p, dir := newPrograms(t), t.TempDir()
	p.write(t, "heliostat-manager", `echo "listen 127.0.0.1:7777: the port is in use; choose another with --listen" >&2; exit 1`)
	err := farm.Run(t.Context(), farm.Options{Dir: dir, Listen: "127.0.0.1:7777", Workers: 1, Find: p.find}, nil)
	if err == nil || !strings.Contains(err.Error(), "manager: exit status 1") || !strings.Contains(err.Error(), "the port is in use; choose another") || !strings.Contains(err.Error(), filepath.Join(dir, "logs", "manager.log")) {
		t.Fatalf("the error is %v", err)
	}
	p = newPrograms(t)
	p.write(t, "heliostat-worker", `wait_for_end`)
	err = farm.Run(t.Context(), farm.Options{Dir: t.TempDir(), Listen: "127.0.0.1:7777", Workers: 1, Find: p.find, Ready: 200 * time.Millisecond}, nil)
	if err == nil || !strings.Contains(err.Error(), "worker-1 wasn't ready") {
		t.Fatalf("the error is %v", err)
	}
	if lines := p.lines(t); lines[len(lines)-1] != "stop heliostat-manager" {
		t.Fatalf("something was left running: %q", lines)
	}
}

func TestAMissingProgramIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := farm.Find("heliostat-manager")
	if err == nil || !strings.Contains(err.Error(), "heliostat-manager is found neither beside heliostat nor in PATH") {
		t.Fatalf("the error is %v", err)
	}
}

func TestDamagedStatusIsRefused(t *testing.T) {
	p, dir := newPrograms(t), t.TempDir()
	_, end := begin(t, p, dir)
	path := filepath.Join(dir, "farm.json")
	for _, text := range []string{"{", `{"pid":-1}`, `{"pid":1}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := farm.Read(dir); err == nil {
			t.Errorf("%s was read as %+v", text, s)
		}
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "logs", "manager.log")); err != nil || !bytes.Contains(data, []byte("ready address=")) {
		t.Fatalf("the log holds %q, %v", data, err)
	}
}
