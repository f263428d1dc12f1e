package workerapp

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/rules"
	"github.com/heliostat-render/heliostat/workerapp/sandbox"
)

// Real Blender, confined each way: two tasks in one session, a third that finds every process of
// the renderer stopped and gets another, then a pause in the middle of a frame, with all of them stopped again.
func TestRealBlenderInTheSandbox(t *testing.T) {
	for _, name := range []string{"bubblewrap", "landlock"} {
		t.Run(name, func(t *testing.T) {
			box, err := sandbox.Choose(name)
			if err != nil {
				t.Fatal(err)
			}
			realBlender(t, box)
		})
	}
}

func realBlender(t *testing.T, box render.Sandbox) {
	b := blender.New(blender.Config{})
	installs, err := b.Find(t.Context())
	if err != nil || len(installs) == 0 {
		t.Fatalf("Blender is needed: %v", err)
	}
	scene := t.TempDir()
	rendertest.BlenderScene(t, installs[0].Path, scene, "")
	m, id := fetchtest.New(t), newIdentity(t)
	m.Package(scene, "scene.blend")
	m.Start()
	o := options(m, id, t.TempDir(), b)
	o.Sandbox, o.Threads, o.HangLimit = box, 1, 3*time.Second
	o.Renderers = []render.Renderer{found{b, installs}}
	w := start(t, o)
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	for _, lease := range []string{"a1", "a2"} {
		task := offer(m, lease, 1, 2)
		task.Recipe = rendertest.Recipe(installs[0].Version)
		if answer := give(t, m, task); !answer.Taken {
			t.Fatal(answer.Reason)
		}
		commit := fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
		if len(commit.Frames) != 2 || commit.Frames[0].W != 160 || commit.Frames[0].MasterRoot == (proof.Digest{}) || commit.Frames[0].FinalRoot == (proof.Digest{}) {
			t.Fatalf("commit %+v", commit)
		}
		if commit.Frames[0].Hash() == commit.Frames[1].Hash() {
			t.Fatal("two frames are the same")
		}
		t.Logf("%s: %.1f and %.1f s", lease, commit.Stats[0].Seconds, commit.Stats[1].Seconds)
		fetchtest.Expect(m, wire.TypeWorkerReady, free)
	}
	if len(blenders(t, w.dir)) == 0 {
		t.Fatal("no warm Blender is left between tasks")
	}
	stopped := blenders(t, w.dir)
	for _, pid := range stopped {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Error(err)
		}
	}
	again := offer(m, "again", 1)
	again.Recipe = rendertest.Recipe(installs[0].Version)
	give(t, m, again)
	if commit := fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil); len(commit.Frames) != 1 || commit.Lease != "again" {
		t.Fatalf("commit %+v", commit)
	}
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	for _, pid := range blenders(t, w.dir) {
		if slices.Contains(stopped, pid) {
			t.Errorf("process %d was stopped, and is left", pid)
		}
	}
	long := offer(m, "a3", 3)
	long.Recipe = rendertest.Recipe(installs[0].Version)
	long.Recipe.Samples = 1 << 20
	if answer := give(t, m, long); !answer.Taken {
		t.Fatal(answer.Reason)
	}
	w.until(t, "rendering", func(s Status) bool { return len(s.Tasks) == 1 && s.Tasks[0].Phase == "render" })
	// A renderer that hangs takes no hint; nor does what stands around it.
	for _, pid := range blenders(t, w.dir) {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Error(err)
		}
	}
	paused := time.Now()
	w.Pause(rules.Now, "gaming")
	fetchtest.Expect[wire.LeaseRelease](m, wire.TypeLeaseRelease, nil)
	if took := time.Since(paused); took > 2*time.Second {
		t.Errorf("the pause took %v", took)
	}
	w.until(t, "paused", func(s Status) bool { return s.State == Paused })
	for _, pid := range blenders(t, w.dir) {
		gone(t, pid)
	}
	if left := blenders(t, w.dir); len(left) != 0 {
		t.Fatalf("processes of the renderer are left: %v", left)
	}
	if left, err := os.ReadDir(filepath.Join(w.dir, "scratch")); err != nil || len(left) != 0 {
		t.Fatalf("left in the scratch folder: %v %v", left, err)
	}
}

// found spares a second probe of Blender.
type found struct {
	render.Renderer
	installs []render.Install
}

func (f found) Find(context.Context) ([]render.Install, error) { return f.installs, nil }

// blenders are the processes whose command line names the worker's folder.
// gone waits for a process that was killed: without a namespace of their own, the kernel ends the processes of a group one
// after another.
func gone(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 10_000)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n != 1 {
			t.Errorf("process %d of the renderer lives on: %v", pid, err)
		}
		return
	}
}

func blenders(t *testing.T, dir string) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, e := range entries {
		line, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if pid, e := strconv.Atoi(e.Name()); err == nil && e == nil && strings.Contains(string(line), dir) {
			found = append(found, pid)
		}
	}
	return found
}
