package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"

	"github.com/heliostat-render/heliostat/shared/render"
)

// tight is the sandbox with little room on the disk.
func tight(s render.Sandbox) render.Sandbox {
	switch s := s.(type) {
	case *Bubblewrap:
		c := *s
		c.disk, c.files = 20<<20, 3000
		return &c
	case *Landlock:
		c := *s
		c.disk, c.files = 20<<20, 3000
		return &c
	}
	return s
}

func TestBombs(t *testing.T) { each(t, bombs) }

// bombs go off, one after the other; the guard ends each, with a word about it, and nothing
// of it lives on.
func bombs(t *testing.T, s render.Sandbox) {
	for name, c := range map[string]struct {
		spec   render.SandboxSpec
		script string
		want   string
	}{
		"many processes":        {render.SandboxSpec{Processes: 60}, "import os,time\nfor i in range(5000):\n if os.fork()==0: time.sleep(600)\ntime.sleep(600)", "too many processes"},
		"forks that fork":       {render.SandboxSpec{Processes: 60}, "import os,time\nwhile True:\n os.fork(); time.sleep(0.05)", "too many processes"},
		"orphans":               {render.SandboxSpec{Processes: 60}, "import os,time\nfor i in range(5000):\n if os.fork()==0:\n  if os.fork()==0: time.sleep(600)\n  os._exit(0)\ntime.sleep(600)", "too many processes"},
		"memory in parts":       {render.SandboxSpec{Memory: 300 << 20}, "import os,time\nfor i in range(6):\n if os.fork()==0:\n  b=bytearray(os.urandom(1))*(90<<20); time.sleep(600)\ntime.sleep(600)", "out of memory"},
		"memory that is shared": {render.SandboxSpec{Memory: 300 << 20}, "import os,time,mmap\nfor i in range(6):\n if os.fork()==0:\n  m=mmap.mmap(-1,90<<20)\n  for k in range(0,90<<20,4096): m[k]=1\n  time.sleep(600)\ntime.sleep(600)", "out of memory"},
		"memory in files":       {render.SandboxSpec{Memory: 300 << 20}, "import os,time\nl=[]\nfor i in range(400):\n l.append(os.memfd_create('x')); os.write(l[-1],bytes(1<<20))\ntime.sleep(600)", "out of memory"},
		"a removed file":        {render.SandboxSpec{}, "import os\nf=open('out/f','wb'); os.unlink('out/f')\nwhile True: f.write(bytes(1<<20))", "20 MB are allowed"},
		"one huge file":         {render.SandboxSpec{}, "f=open('out/f','wb')\nwhile True: f.write(bytes(1<<20))", "20 MB are allowed"},
		"many files":            {render.SandboxSpec{}, "i=0\nwhile True:\n open('out/%d'%i,'w').close(); i+=1", "more than 3000 files"},
	} {
		t.Run(name, func(t *testing.T) {
			c.spec.Workspace = workspace(t)
			if err := os.WriteFile(filepath.Join(c.spec.Workspace, "bomb.py"), []byte(c.script), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := sh(t, tight(s), c.spec, "exec python3 bomb.py")
			if err == nil || !strings.Contains(out, c.want) {
				t.Errorf("it ended with %v: %.500s", err, out)
			}
			if left := named(t, c.spec.Workspace); left > 0 {
				t.Errorf("%d processes are left", left)
			}
		})
	}
}

// named counts processes that work in a folder.
func named(t *testing.T, dir string) int {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, link := range links {
		if at, err := os.Readlink(link); err == nil && at == dir {
			n++
		}
	}
	return n
}

func TestOthersAreOutOfReach(t *testing.T) { each(t, outOfReach) }

// outOfReach lets a renderer send signals to another program of the same user.
func outOfReach(t *testing.T, s render.Sandbox) {
	other := exec.Command("sleep", "600")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		other.Wait()
		close(ended)
	}()
	defer func() {
		other.Process.Kill()
		<-ended
	}()
	if abi, err := ll.LandlockGetABIVersion(); Name(s) == "landlock" && (err != nil || abi < 6) {
		t.Logf("Landlock %d lets signals through; see the type's comment", abi)
		return
	}
	out, err := sh(t, s, render.SandboxSpec{}, "kill -9 "+strconv.Itoa(other.Process.Pid)+"; setsid true && echo left; true")
	if err != nil || Name(s) == "landlock" && strings.Contains(out, "left") {
		t.Errorf("%v: %s", err, out)
	}
	if err := other.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("it was killed: %v", err)
	}
}

// TestTheMachineKeepsMemory has a machine that is nearly full, whoever filled it.
func TestTheMachineKeepsMemory(t *testing.T) { each(t, machineKeepsMemory) }

func machineKeepsMemory(t *testing.T, s render.Sandbox) {
	const more = 1 << 50 // than any machine has
	switch b := s.(type) {
	case *Bubblewrap:
		c := *b
		c.spare, s = more, &c
	case *Landlock:
		c := *b
		c.spare, s = more, &c
	}
	w := workspace(t)
	if out, err := sh(t, s, render.SandboxSpec{Workspace: w}, "sleep 600"); err == nil || !strings.Contains(out, "out of memory: this machine has") {
		t.Errorf("it ended with %v: %s", err, out)
	}
	if left := named(t, w); left > 0 {
		t.Errorf("%d processes are left", left)
	}
}

// TestNoFurtherNamespaces tries what opens most of the kernel to a process, and memory that nobody counts.
func TestNoFurtherNamespaces(t *testing.T) { each(t, noFurtherNamespaces) }

func noFurtherNamespaces(t *testing.T, s render.Sandbox) {
	if out, err := sh(t, s, render.SandboxSpec{}, "unshare --user --mount true"); err == nil {
		t.Errorf("a user namespace could be made: %s", out)
	}
}

func TestLowPriority(t *testing.T) { each(t, lowPriority) }

func lowPriority(t *testing.T, s render.Sandbox) {
	out, err := sh(t, Low(s), render.SandboxSpec{}, "nice")
	if err != nil || strings.TrimSpace(out) != "15" {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := sh(t, s, render.SandboxSpec{}, "nice"); err != nil || strings.TrimSpace(out) == "15" {
		t.Errorf("%v: %s", err, out)
	}
}

func TestCodesPassThrough(t *testing.T) { each(t, codes) }

func codes(t *testing.T, s render.Sandbox) {
	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -TERM $$": 128 + int(syscall.SIGTERM)} {
		code := 0
		if _, err := sh(t, s, render.SandboxSpec{}, script); err != nil {
			exit, ok := err.(*exec.ExitError)
			if !ok {
				t.Fatal(err)
			}
			code = exit.ExitCode()
		}
		if code != want {
			t.Errorf("%s: %d", script, code)
		}
	}
}

// A guard whose worker is gone doesn't start anything.
func TestAGuardNeedsItsWorker(t *testing.T) {
	argv, _, err := detect(t).Wrap(render.SandboxSpec{Argv: []string{"/usr/bin/env", "true"}, Workspace: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	argv[2] = strings.Replace(argv[2], `"parent":`+strconv.Itoa(os.Getpid()), `"parent":1`, 1)
	if out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput(); err == nil || !strings.Contains(string(out), "has ended") {
		t.Errorf("%v: %s", err, out)
	}
}
