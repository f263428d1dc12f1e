package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/workspace"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"heliostat-worker": main})
}

func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata"})
}

// A worker that finds another in its folder leaves the other's state alone.
func TestASecondWorkerSaysNothingOfTheFirst(t *testing.T) {
	dir := t.TempDir()
	space, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	const told = `{"state":"rendering"}`
	if err := os.WriteFile(filepath.Join(dir, statusFile), []byte(told), 0o600); err != nil {
		t.Fatal(err)
	}
	c := root()
	c.SetErr(io.Discard)
	c.SetArgs([]string{"run", "--manager", "http://127.0.0.1:1", "--data", dir, "--sandbox", "none"})
	if err := c.Execute(); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("it ended with %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, statusFile)); err != nil || string(text) != told {
		t.Errorf("the state is %s, %v", text, err)
	}
}

// The whole command with this machine's Blender: one ready line, a clean stop, and a state
// for `status`.
func TestRunIsReadyAndStopsCleanly(t *testing.T) {
	m := fetchtest.New(t)
	m.Start()
	dir := filepath.Join(t.TempDir(), "worker")
	read, write := io.Pipe()
	defer read.Close()
	c := root()
	c.SetOut(write)
	c.SetErr(io.Discard)
	c.SetArgs([]string{"run", "--manager", m.URL(), "--data", dir, "--name", "test", "--threads", "1", "--min-free", "1"})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- c.ExecuteContext(ctx) }()
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready id=0x") || !strings.HasSuffix(line, " manager="+m.URL()+"\n") {
		t.Fatalf("%q, %v", line, err)
	}
	ready := fetchtest.Expect[wire.WorkerReady](m, wire.TypeWorkerReady, nil)
	if ready.Free != 1 || ready.Capabilities.Name != "test" || len(ready.Capabilities.Installs) == 0 || ready.Capabilities.Class == "" {
		t.Fatalf("ready %+v", ready)
	}
	stop()
	stopped := time.Now()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if took := time.Since(stopped); took > 5*time.Second {
		t.Fatalf("it took %v to stop", took)
	}
	if info, err := os.Stat(filepath.Join(dir, "identity.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key's file: %v, %v", info, err)
	}
	var out strings.Builder
	c = root()
	c.SetOut(&out)
	c.SetArgs([]string{"status", "--data", dir})
	if err := c.Execute(); err != nil || !strings.Contains(out.String(), "is stopped") {
		t.Fatalf("status: %q, %v", out.String(), err)
	}
}
