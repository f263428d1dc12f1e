//go:build unix

package submit_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/plugins/submit"
	"github.com/heliostat-render/heliostat/plugins/submit/submittest"
	"github.com/heliostat-render/heliostat/shared/pack"
)

// The same seed kills after the same numbers of bytes.
var killSeed = flag.Uint64("kill-seed", rand.Uint64(), "seed of the moments at which a submission is killed")

const childArguments = "HELIOSTAT_TEST_SUBMIT"

// TestSubmitChild is the process that is killed: it does nothing unless a test started it.
func TestSubmitChild(t *testing.T) {
	words := strings.Split(os.Getenv(childArguments), "\n")
	if len(words) != 4 {
		return
	}
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	defer stop()
	a, err := submit.New(submit.Options{Manager: words[0], DataDir: words[1]})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var s *submit.Submission
	if words[3] == "" {
		raw, err := os.ReadFile(words[2])
		if err != nil {
			t.Fatal(err)
		}
		described, err := submit.ParseScene(raw)
		if err != nil {
			t.Fatal(err)
		}
		s = a.Start(context.WithoutCancel(ctx), described)
	} else if s, err = a.Resume(context.WithoutCancel(ctx), words[3]); err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdout.WriteString("key " + s.Key() + "\n")
	if now, err := s.Wait(ctx, phase(submit.Settled)); err != nil {
		t.Fatal(now.Phase, err)
	}
}

// counter passes connections on to a manager and calls after once so many bytes have passed. Where that killed the sender nothing
// more passes: what it had sent waits in the kernel, megabytes for each connection.
type counter struct {
	net.Listener
	to string

	wg   sync.WaitGroup // connections
	left atomic.Int64

	mu    sync.Mutex  // guards what follows
	after func() bool // called once, and tells whether what still comes is passed on
	cut   bool
}

func (c *counter) trap(bytes int64, after func() (goesOn bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after, c.cut = after, false
	c.left.Store(bytes)
}

func (c *counter) Write(p []byte) (int, error) {
	if c.left.Add(-int64(len(p))) <= 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.after != nil {
			c.cut = !c.after()
			c.after = nil
		}
		if c.cut {
			return 0, io.ErrClosedPipe
		}
	}
	return len(p), nil
}

func (c *counter) serve() {
	for {
		from, err := c.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", c.to)
		if err != nil {
			from.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
			c.wg.Go(func() {
				_, _ = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(pair[1], c)}, struct{ io.Reader }{pair[0]}, make([]byte, 4096))
				pair[0].Close()
				pair[1].Close()
			})
		}
	}
}

func count(t *testing.T, m *submittest.Manager) *counter {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{Listener: l, to: strings.TrimPrefix(m.URL(), "http://")}
	c.left.Store(1 << 60)
	c.wg.Go(c.serve)
	t.Cleanup(func() { l.Close(); c.wg.Wait() })
	return c
}

// big writes files that don't compress and describes them.
func big(t *testing.T, frames ...int) submit.Scene {
	t.Helper()
	sc := scene(t, frames...)
	r := rand.NewChaCha8([32]byte{5})
	for _, f := range sc.Files {
		raw := make([]byte, 16<<20)
		_, _ = r.Read(raw)
		if err := os.WriteFile(f.Path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return sc
}

// TestKilledSubmissionResumes interrupts and kills a submission's process at random moments
// of its upload and of its download, and goes on with a new one each time.
func TestKilledSubmissionResumes(t *testing.T) {
	t.Logf("-kill-seed %d", *killSeed)
	random := rand.New(rand.NewPCG(*killSeed, 2))
	m := manager(t, blender341)
	c := count(t, m)
	sc := big(t, 1, 2, 3, 4, 5, 6)
	sc.AcceptQuote, sc.AcceptFrames = true, true
	sc.Recipe.Width, sc.Recipe.Height = 1280, 720
	raw, err := json.Marshal(sc)
	if err != nil {
		t.Fatal(err)
	}
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "scene.json")
	write(t, file, string(raw))
	key := ""
	run := func(at int64, how os.Signal, while func()) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestSubmitChild$", "-test.count=1")
		cmd.Env = append(os.Environ(), childArguments+"="+strings.Join([]string{"http://" + c.Addr().String(), data, file, key}, "\n"))
		var log bytes.Buffer
		cmd.Stderr = &log
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if at > 0 {
			t.Logf("%v after %d bytes", how, at)
			c.trap(at, func() bool { _ = cmd.Process.Signal(how); return how == os.Interrupt })
		}
		reader := bufio.NewReader(out)
		for key == "" || at == 0 {
			line, err := reader.ReadString('\n')
			if found, ok := strings.CutPrefix(strings.TrimSpace(line), "key "); ok {
				key = found
				break
			}
			if err != nil {
				break
			}
		}
		if while != nil {
			while()
		}
		rest, _ := io.ReadAll(reader)
		err = cmd.Wait()
		c.trap(1<<60, nil)
		if (err != nil) != (at > 0) {
			t.Fatalf("to be ended after %d bytes: %v\n%s%s", at, err, rest, log.Bytes())
		}
	}
	for _, how := range []os.Signal{os.Interrupt, os.Kill, os.Kill} {
		run(300_000+random.Int64N(3<<20), how, nil)
	}
	select {
	case <-m.Funded():
		t.Fatal("a job was funded before its upload was whole")
	default:
	}
	var j *submittest.Job
	run(0, nil, func() {
		j = funded(t, m)
		deliver(t, m, j, 1, 2, 3, 4, 5, 6)
	})
	select {
	case <-m.Funded():
		t.Error("a second job was funded")
	default:
	}
	manifest, err := m.Manifest(j)
	if err != nil {
		t.Fatal(err)
	}
	// Chunks whose upload a kill has cut are asked for again, with those of their batch.
	t.Logf("%d chunks, %d uploads were asked for", len(manifest.Chunks), m.Chunks())
	for _, n := range sc.Frames {
		if _, err := os.Stat(sc.Output.Path(n)); err != nil {
			t.Error(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(sc.Root, "render", ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestCancelDuringUpload cancels an upload that its cap makes slow.
func TestCancelDuringUpload(t *testing.T) {
	m := manager(t, blender341)
	a, err := submit.New(submit.Options{Manager: m.URL(), DataDir: t.TempDir(), Upload: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	s := a.Start(t.Context(), big(t, 1))
	now := wait(t, s, "an upload with an estimate", func(now submit.Status) bool {
		return now.Phase == submit.Pack && now.Upload.Uploaded > 0 && now.ETA > 0
	})
	began := time.Now()
	if err := s.Cancel("too slow"); err != nil {
		t.Fatal(err)
	}
	now = wait(t, s, "the end", phase(submit.Cancelled))
	if now.Upload.Done >= now.Upload.Bytes {
		t.Error("everything was uploaded first")
	}
	t.Logf("cancelled within %v at %d of %d bytes", time.Since(began), now.Upload.Done, now.Upload.Bytes)
}

// TestRehash changes a file behind the scan cache's back.
func TestRehash(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := big(t, 1)
	old := time.Now().Add(-time.Hour)
	put := func(raw []byte) {
		t.Helper()
		if err := os.WriteFile(sc.Files[1].Path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(sc.Files[1].Path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(sc.Files[1].Path)
	if err != nil {
		t.Fatal(err)
	}
	put(raw)
	digest := func() [32]byte {
		t.Helper()
		sc.AcceptQuote = true
		a.Start(t.Context(), sc)
		manifest, err := m.Manifest(funded(t, m))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(manifest.Files, func(f pack.File) bool { return f.Path == sc.Files[1].Name })
		return manifest.Files[i].Digest
	}
	first := digest()
	raw[len(raw)/2] ^= 1
	put(raw)
	if digest() != first {
		t.Error("an unchanged size and time were not trusted")
	}
	sc.Rehash = true
	if digest() == first {
		t.Error("rehash trusted size and time")
	}
}
