package sandbox

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
)

func detect(t *testing.T) render.Sandbox {
	t.Helper()
	s, err := DetectBubblewrap()
	if err != nil {
		t.Fatalf("%v; install it: apt-get install bubblewrap", err)
	}
	return s
}

// each runs a test in every sandbox of this system.
func each(t *testing.T, test func(t *testing.T, s render.Sandbox)) {
	t.Run("bubblewrap", func(t *testing.T) { test(t, detect(t)) })
	t.Run("landlock", func(t *testing.T) {
		s, err := DetectLandlock()
		if err != nil {
			t.Fatalf("%v; a kernel of 6.2 or newer with Landlock is needed", err)
		}
		test(t, s)
	})
}

// workspace is a folder with what the worker makes in one.
func workspace(t *testing.T) string {
	t.Helper()
	w := t.TempDir()
	if err := os.Mkdir(filepath.Join(w, "out"), 0o700); err != nil {
		t.Fatal(err)
	}
	return w
}

// sh runs a shell script confined, in a workspace of its own.
func sh(t *testing.T, s render.Sandbox, spec render.SandboxSpec, script string) (string, error) {
	t.Helper()
	if spec.Workspace == "" {
		spec.Workspace = workspace(t)
	}
	spec.Argv = []string{"/bin/sh", "-c", script}
	spec.Env = append(spec.Env, "PATH=/usr/bin:/bin")
	argv, env, err := s.Wrap(spec)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Env = env
	cmd.Dir = spec.Workspace
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestReadsNothingOutside(t *testing.T) { each(t, readsNothingOutside) }

func readsNothingOutside(t *testing.T, s render.Sandbox) {
	node := t.TempDir()
	key := filepath.Join(node, "node.key")
	if err := os.WriteFile(key, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := workspace(t)
	if err := os.Symlink(key, filepath.Join(w, "link")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{key, filepath.Join(w, "link"), "/etc/passwd", "/etc/shadow", "/root", "/home", "/var", "/proc/1/environ", "/proc/1/root" + key, "/sys/class/net"} {
		out, err := sh(t, s, render.SandboxSpec{Workspace: w}, "cat "+path+" 2>/dev/null || ls "+path+"/.")
		if strings.Contains(out, "secret") || strings.Contains(out, "root:") || (err == nil && path != "/proc/1/environ") {
			t.Errorf("%s can be read: %q, %v", path, out, err)
		}
	}
	t.Setenv("HELIOSTAT_SECRET", "s3cret")
	if out, err := sh(t, s, render.SandboxSpec{}, "env; cat /proc/*/environ; true"); err != nil || strings.Contains(out, "s3cret") {
		t.Errorf("our environment is visible: %q, %v", out, err)
	}
}

func TestWritesNothingOutside(t *testing.T) { each(t, writesNothingOutside) }

func writesNothingOutside(t *testing.T, s render.Sandbox) {
	outside, w := t.TempDir(), workspace(t)
	target := filepath.Join(outside, "file")
	if err := os.WriteFile(target, []byte("before"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(w, "link")); err != nil {
		t.Fatal(err)
	}
	script := "echo x >" + target + "; echo x >" + w + "/link; echo x >" + w + "/../escaped; echo x >/usr/escaped; echo x >/escaped; mkdir -p " + outside + "/new; echo x >/tmp/t; echo fine >out/in"
	if out, err := sh(t, s, render.SandboxSpec{Workspace: w}, script); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(target)
	if err != nil || string(data) != "before" {
		t.Errorf("%q, %v", data, err)
	}
	for _, path := range []string{filepath.Join(filepath.Dir(w), "escaped"), "/usr/escaped", "/escaped", filepath.Join(outside, "new"), "/tmp/t"} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s was written", path)
		}
	}
	if data, err := os.ReadFile(filepath.Join(w, "out", "in")); err != nil || string(data) != "fine\n" {
		t.Errorf("the workspace: %q, %v", data, err)
	}
}

func TestProtectsFolders(t *testing.T) { each(t, protectsFolders) }

func protectsFolders(t *testing.T, s render.Sandbox) {
	real := t.TempDir()
	link := filepath.Join(t.TempDir(), "w")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	scene := filepath.Join(real, "scene")
	for _, dir := range []string{filepath.Join(scene, "textures"), filepath.Join(real, "out")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(scene, "textures", "a.png")
	if err := os.WriteFile(file, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{real, link} {
		spec := render.SandboxSpec{Workspace: w, Protected: []string{filepath.Join(w, "scene")}}
		out, err := sh(t, s, spec, "cat "+w+"/scene/textures/a.png; for s in "+w+"/scene "+real+"/scene; do echo x >$s/textures/a.png; rm -rf $s/textures; echo x >$s/new; "+
			"chmod 777 $s; mv $s $s.old; rmdir $s; mount -o remount,rw $s; umount $s; ln -sfn /tmp $s; done; echo fine >"+w+"/out/free")
		if err != nil || !strings.HasPrefix(out, "before") {
			t.Errorf("%v: %s", err, out)
		}
		if data, err := os.ReadFile(filepath.Join(real, "out", "free")); err != nil || string(data) != "fine\n" {
			t.Errorf("beside it: %q, %v", data, err)
		}
		data, err := os.ReadFile(file)
		if err != nil || string(data) != "before" {
			t.Errorf("%q, %v", data, err)
		}
		if left, err := os.ReadDir(scene); err != nil || len(left) != 1 {
			t.Errorf("in the scene: %v, %v", left, err)
		}
	}
}

func TestNoNetwork(t *testing.T) { each(t, noNetwork) }

func noNetwork(t *testing.T, s render.Sandbox) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	script := "import socket,sys\ntry:\n socket.create_connection(('127.0.0.1'," + port + "),2); sys.exit(9)\nexcept OSError: pass\n" +
		"try:\n s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n s.sendto(b'x',('192.0.2.1',9)); sys.exit(8)\nexcept OSError: pass\n"
	w := t.TempDir()
	if err := os.WriteFile(filepath.Join(w, "net.py"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := sh(t, s, render.SandboxSpec{Workspace: w}, "exec python3 net.py"); err != nil {
		t.Errorf("reached the network: %v %s", err, out)
	}
	out, err := sh(t, s, render.SandboxSpec{}, "cat /proc/net/dev")
	if strings.Contains(out, "eth") {
		t.Errorf("interfaces: %s, %v", out, err)
	}
}

func TestLimits(t *testing.T) { each(t, limited) }

func limited(t *testing.T, s render.Sandbox) {
	if out, err := sh(t, s, render.SandboxSpec{Memory: 512 << 20}, "python3 -c 'b=bytearray(1<<30)'"); err == nil || !strings.Contains(out, "MemoryError") {
		t.Errorf("memory: %v %s", err, out)
	}
	w := workspace(t)
	if _, err := sh(t, s, render.SandboxSpec{Workspace: w, FileSize: 1 << 20}, "head -c 4194304 /dev/zero >out/big"); err == nil {
		t.Error("a file over the limit")
	}
	if info, err := os.Stat(filepath.Join(w, "out", "big")); err != nil || info.Size() > 1<<20 {
		t.Errorf("big: %v, %v", info, err)
	}
	if _, is := s.(*Bubblewrap); !is {
		return // the kernel counts the whole user's processes outside of a namespace; the guard binds
	}
	if out, err := sh(t, s, render.SandboxSpec{Processes: 77}, "ulimit -u 2>/dev/null || grep processes /proc/self/limits"); err != nil || !strings.Contains(out, "77") {
		t.Errorf("processes: %v %s", err, out)
	}
}

// TestLimitsStayBelowTheOwners looks at the kernel's limits from a process that has lower ones
// itself, as a container's has: raising them is forbidden there.
func TestLimitsStayBelowTheOwners(t *testing.T) {
	if os.Getenv("HELIOSTAT_LIMITED") != "" {
		fmt.Println(strings.Join(limiter("prlimit", guardSpec{FileSize: 1 << 30, Processes: 100, Memory: 4 << 30}), " "))
		return
	}
	cmd := exec.Command("prlimit", "--nofile=300:400", "--fsize=5000000:6000000", os.Args[0], "-test.run=^TestLimitsStayBelowTheOwners$")
	cmd.Env = append(os.Environ(), "HELIOSTAT_LIMITED=1")
	out, err := cmd.CombinedOutput()
	if want := "prlimit --core=0 --nofile=400 --fsize=6000000 --nproc=100 --as=4294967296 --"; err != nil || !strings.Contains(string(out), want) {
		t.Fatalf("%v: %s; want %s", err, out, want)
	}
}

func TestDescriptorsSurvive(t *testing.T) { each(t, descriptorsSurvive) }

func descriptorsSurvive(t *testing.T, s render.Sandbox) {
	w := t.TempDir()
	argv, env, err := s.Wrap(render.SandboxSpec{Argv: []string{"/bin/sh", "-c", "cat <&3 >&4"}, Env: []string{"PATH=/usr/bin:/bin"}, Workspace: w, Pipes: true})
	if err != nil {
		t.Fatal(err)
	}
	inR, inW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Env, cmd.ExtraFiles = env, []*os.File{inR, outW}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inR.Close()
	outW.Close()
	if _, err := inW.WriteString("hello"); err != nil {
		t.Fatal(err)
	}
	inW.Close()
	got, err := io.ReadAll(outR)
	if err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestNothingElseIsInherited leaves files open for the renderer, as a shell or a desktop does.
func TestNothingElseIsInherited(t *testing.T) { each(t, nothingElseIsInherited) }

func nothingElseIsInherited(t *testing.T, s render.Sandbox) {
	secrets := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(secrets, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(secrets)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	argv, env, err := s.Wrap(render.SandboxSpec{Argv: []string{"/bin/sh", "-c", "for fd in 3 4 5 6 7 8 9; do cat <&$fd; done; true"}, Env: []string{"PATH=/usr/bin:/bin"}, Workspace: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Env, cmd.ExtraFiles = env, []*os.File{file, file, file, file, file}
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "secret") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestKillingTheWrapperKillsAll holds a pipe open from a grandchild; it ends only when the
// last process is gone.
func TestKillingTheWrapperKillsAll(t *testing.T) { each(t, killingTheWrapperKillsAll) }

func killingTheWrapperKillsAll(t *testing.T, s render.Sandbox) {
	argv, env, err := s.Wrap(render.SandboxSpec{
		Argv: []string{"/bin/sh", "-c", "setsid sleep 1000 & echo up; sleep 1000"}, Env: []string{"PATH=/usr/bin:/bin"}, Workspace: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env, cmd.Stdout = env, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := io.ReadFull(r, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := r.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); err != nil {
		t.Errorf("something lives on: %v", err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("it ended by itself")
	}
}

func TestRefusals(t *testing.T) {
	s := detect(t)
	linked := t.TempDir()
	if err := os.Symlink(t.TempDir(), filepath.Join(linked, "scene")); err != nil {
		t.Fatal(err)
	}
	for _, spec := range []render.SandboxSpec{
		{Argv: []string{"sh"}, Workspace: t.TempDir()},
		{Argv: []string{"/bin/sh"}, Workspace: "/"},
		{Argv: []string{"/bin/sh"}, Workspace: "/tmp"},
		{Argv: []string{"/bin/sh"}, Workspace: "/nowhere/at/all"},
		{Argv: []string{"/bin/sh"}, Workspace: t.TempDir(), Env: []string{"NOVALUE"}},
		{Argv: []string{"/bin/sh"}, Workspace: t.TempDir(), ReadOnly: []string{"relative"}},
		{Argv: []string{"/bin/sh"}, Workspace: t.TempDir(), Protected: []string{"scene"}},
		{Argv: []string{"/bin/sh"}, Workspace: t.TempDir(), Protected: []string{"/etc"}},
		{Argv: []string{"/bin/sh"}, Workspace: linked, Protected: []string{linked}},
		{Argv: []string{"/bin/sh"}, Workspace: linked, Protected: []string{filepath.Join(linked, "none")}},
		{Argv: []string{"/bin/sh"}, Workspace: linked, Protected: []string{filepath.Join(linked, "scene")}},
	} {
		if _, _, err := s.Wrap(spec); err == nil {
			t.Errorf("%+v accepted", spec)
		}
	}
	if _, err := Choose("nonsense"); err == nil {
		t.Error("unknown sandbox accepted")
	}
	if s, err := Choose("none"); err != nil || s != render.Sandbox(None{}) {
		t.Errorf("none: %v, %v", s, err)
	}
	bare := t.TempDir()
	if err := os.Symlink("/usr/bin/prlimit", filepath.Join(bare, "prlimit")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bare)
	if s, err := Choose("auto"); err != nil || Name(s) != "landlock" {
		t.Errorf("without bwrap: %v, %v", s, err)
	}
	if _, err := Choose("bubblewrap"); !errors.Is(err, ErrNoSandbox) || !strings.Contains(err.Error(), "bubblewrap") {
		t.Errorf("without bwrap: %v", err)
	}
}

// TestBlenderConfined puts real Blender through the renderers' suite inside the sandbox.
func TestBlenderConfined(t *testing.T) { each(t, blenderConfined) }

func blenderConfined(t *testing.T, s render.Sandbox) {
	b := blender.New(blender.Config{})
	found, err := b.Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	scene := t.TempDir()
	rendertest.BlenderScene(t, found[0].Path, scene, "")
	rendertest.Run(t, rendertest.Config{
		Renderer: b, Install: found[0], Recipe: rendertest.Recipe(found[0].Version), Sandbox: s, LongSamples: 1 << 16,
		Scene: func(t *testing.T, folder string) {
			if err := os.CopyFS(folder, os.DirFS(scene)); err != nil {
				t.Fatal(err)
			}
		},
	})
}

// hijacked is the sandbox with a Blender in it that attacks its own scene, and then goes on
// as a session.
type hijacked struct{ render.Sandbox }

func (h hijacked) Wrap(spec render.SandboxSpec) ([]string, []string, error) {
	script := "import glob,os,shutil\nfor p in glob.glob('scene/**',recursive=True)+['scene/new']:\n" +
		" for f in (lambda: open(p,'wb').write(b'other'), lambda: os.remove(p), lambda: os.rename(p,p+'.old'), lambda: shutil.rmtree(p)):\n" +
		"  try: f()\n  except OSError: pass\n" +
		"open('out/attacked','w').close()\n"
	spec.Argv = append([]string{spec.Argv[0], "-b", "--python-expr", script}, spec.Argv[1:]...)
	return h.Sandbox.Wrap(spec)
}

// TestSceneSurvivesItsSession lets Blender try to change the files that the next session of
// the same workspace loads.
func TestSceneSurvivesItsSession(t *testing.T) { each(t, sceneSurvivesItsSession) }

func sceneSurvivesItsSession(t *testing.T, box render.Sandbox) {
	b := blender.New(blender.Config{})
	found, err := b.Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	w := workspace(t)
	scene := filepath.Join(w, render.SceneFolder)
	rendertest.BlenderScene(t, found[0].Path, scene, "")
	before := contents(t, scene)
	s, err := b.Open(t.Context(), render.Options{Install: found[0], Workspace: w, Recipe: rendertest.Recipe(found[0].Version), Sandbox: hijacked{box}})
	if err != nil {
		t.Fatalf("%v\n%s", err, render.LastLog(err))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(w, "out", "attacked")); err != nil {
		t.Fatalf("the attack didn't run: %v", err)
	}
	if after := contents(t, scene); !maps.Equal(before, after) {
		t.Errorf("the scene has changed from %d files to %d", len(before), len(after))
	}
}

// contents reads every file under a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all[path] = string(data)
		return err
	})
	if err != nil || len(all) < 2 {
		t.Fatalf("%d files in %s, %v", len(all), dir, err)
	}
	return all
}

// TestMemoryLimitIsTyped gives Blender too little memory to load.
func TestMemoryLimitIsTyped(t *testing.T) { each(t, memoryLimitIsTyped) }

func memoryLimitIsTyped(t *testing.T, box render.Sandbox) {
	b := blender.New(blender.Config{})
	found, err := b.Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	w := workspace(t)
	rendertest.BlenderScene(t, found[0].Path, filepath.Join(w, render.SceneFolder), "")
	rc := rendertest.Recipe(found[0].Version)
	rc.Width, rc.Height, rc.Samples = 8192, 8192, 1
	s, err := b.Open(t.Context(), render.Options{Install: found[0], Workspace: w, Recipe: rc, Sandbox: box, MemoryLimit: 1 << 30})
	if err == nil {
		defer s.Close()
		_, err = s.Render(t.Context(), render.Request{Frame: 1, OutDir: w}, nil)
	}
	if !errors.Is(err, render.ErrOutOfMemory) {
		t.Errorf("%v\n%s", err, render.LastLog(err))
	}
}
