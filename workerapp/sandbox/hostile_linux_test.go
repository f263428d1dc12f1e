package sandbox

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
)

// scenes that attack, and what has to come of each: "" renders, harmlessly.
var hostile = map[string]error{
	"autorun":         nil,
	"bombs":           nil,
	"driver":          render.ErrBadScene, // the frame would be wrong without it
	"output-absolute": nil,
	"output-parent":   nil,
	"output-slot":     nil,
	"texture-passwd":  render.ErrMissingAsset,
	"texture-key":     render.ErrMissingAsset,
	"texture-parent":  render.ErrMissingAsset,
	"paths":           nil,
}

// victim is what the scenes are after.
type victim struct {
	outside string // nothing may appear here
	key     string // nobody may read this
	calls   chan string
	port    string
}

const secret = "SECRET-OF-THE-NODE"

func newVictim(t *testing.T) *victim {
	t.Helper()
	v := &victim{outside: t.TempDir(), calls: make(chan string, 16)}
	v.key = filepath.Join(t.TempDir(), "identity.json")
	if err := os.WriteFile(v.key, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, v.port, _ = net.SplitHostPort(l.Addr().String())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			v.calls <- c.RemoteAddr().String()
			c.Close()
		}
	}()
	return v
}

// unharmed checks that nothing got out.
func (v *victim) unharmed(t *testing.T, workspace string) {
	t.Helper()
	if left, err := os.ReadDir(v.outside); err != nil || len(left) > 0 {
		t.Errorf("outside lies %v, %v", left, err)
	}
	select {
	case from := <-v.calls:
		t.Errorf("somebody called home from %s", from)
	default:
	}
	err := filepath.WalkDir(workspace, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, ".blend") {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(secret)) || bytes.Contains(text, []byte("root:x:0:0")) {
			t.Errorf("%s holds a secret", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func install(t *testing.T) (*blender.Blender, render.Install) {
	t.Helper()
	b := blender.New(blender.Config{})
	found, err := b.Find(t.Context())
	if err != nil || len(found) == 0 {
		t.Fatalf("no Blender found (%v); install it: apt-get install blender", err)
	}
	return b, found[0]
}

// makeHostile saves the scenes into a folder.
func makeHostile(t *testing.T, program string, v *victim) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program, "-b", "--factory-startup", "--python-exit-code", "3", "-P", "testdata/hostile.py", "--", dir, v.outside, v.key, v.port)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// TestHostileScenes renders scenes that attack, as a worker would.
func TestHostileScenes(t *testing.T) {
	b, i := install(t)
	v := newVictim(t)
	scenes := makeHostile(t, i.Path, v)
	made, err := filepath.Glob(filepath.Join(scenes, "*.blend"))
	if err != nil || len(made) != len(hostile) {
		t.Fatalf("made %v, %v", made, err)
	}
	box := detect(t)
	for name, want := range hostile {
		t.Run(name, func(t *testing.T) {
			w := workspace(t)
			if err := os.Mkdir(filepath.Join(w, render.SceneFolder), 0o700); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(scenes, name+".blend"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(w, render.SceneFolder, "scene.blend"), text, 0o600); err != nil {
				t.Fatal(err)
			}
			rc := rendertest.Recipe(i.Version)
			rc.Width, rc.Height, rc.Samples, rc.Compositing = 32, 32, 1, strings.HasPrefix(name, "output-")
			err = once(t.Context(), b, render.Options{Install: i, Workspace: w, Recipe: rc, Sandbox: box, Threads: 1, MemoryLimit: 8 << 30})
			switch {
			case want == nil && err != nil:
				t.Errorf("it didn't render: %v\n%s", err, render.LastLog(err))
			case !errors.Is(err, want):
				t.Errorf("it ended with %v, want %v", err, want)
			}
			v.unharmed(t, w)
		})
	}
}

func once(ctx context.Context, b *blender.Blender, o render.Options) error {
	s, err := b.Open(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Render(ctx, render.Request{Frame: 1, OutDir: filepath.Join(o.Workspace, "out")}, nil)
	return err
}

func TestATakenOverBlender(t *testing.T) { each(t, takenOver) }

// takenOver runs the scenes' own payload inside of a confined Blender, as if a hole in it
// had been used, and then some.
func takenOver(t *testing.T, s render.Sandbox) {
	_, i := install(t)
	began := time.Now().Add(-time.Minute)
	v := newVictim(t)
	w := workspace(t)
	payload := `
import os, socket, subprocess
def attempt(f):
    try: f()
    except Exception as e: print("refused", type(e).__name__)
key, outside, port = ` + "'" + v.key + "', '" + v.outside + "', " + v.port + `
attempt(lambda: open("out/loot", "wb").write(open(key, "rb").read()))
attempt(lambda: open("out/loot", "wb").write(open("/etc/passwd", "rb").read()))
attempt(lambda: open("out/loot", "wb").write(open("/proc/%d/environ" % os.getppid(), "rb").read()))
attempt(lambda: open(outside + "/escaped", "w").write("x"))
attempt(lambda: os.symlink(key, "out/link") or open("out/loot", "wb").write(open("out/link", "rb").read()))
attempt(lambda: os.link(key, "out/hard"))
attempt(lambda: subprocess.run(["cp", key, "out/loot"]))
attempt(lambda: socket.create_connection(("127.0.0.1", port), 2))
attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port)))
attempt(lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM).connect(("::1", port)))
attempt(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect("\0/tmp/.X11-unix/X0"))
attempt(lambda: os.mkdir("/proc/self/x"))
attempt(lambda: os.chmod(outside, 0o777))
attempt(lambda: os.chmod(key, 0o666))
attempt(lambda: os.utime(key, (1, 1)))
attempt(lambda: os.chown(key, 12345, 12345))
attempt(lambda: os.setxattr(key, "user.x", b"x"))
open("out/caps", "w").write([l for l in open("/proc/self/status") if l.startswith("CapEff")][0].split()[1])
attempt(lambda: open("/dev/shm/fill", "wb").write(bytes(400 << 20)))
open("out/done", "w").close()
`
	argv, env, err := s.Wrap(render.SandboxSpec{
		Argv: []string{i.Path, "-b", "--factory-startup", "-noaudio", "--python-exit-code", "3", "--python-expr", payload},
		Env:  []string{"PATH=/usr/bin:/bin", "HOME=" + w + "/out", "TMPDIR=" + w + "/out"}, Workspace: w, ReadOnly: []string{filepath.Dir(i.Path)},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = env, w
	out, err := cmd.CombinedOutput()
	if _, e := os.Stat(filepath.Join(w, "out", "done")); e != nil {
		t.Fatalf("the attack didn't run to its end: %v\n%s", err, out)
	}
	v.unharmed(t, w)
	if info, err := os.Stat(v.key); err != nil || info.Mode().Perm() != 0o600 || info.ModTime().Before(began) || info.Sys().(*syscall.Stat_t).Uid == 12345 {
		t.Errorf("the key is %+v, %v", info, err)
	}
	if info, err := os.Stat(v.outside); err != nil || info.Mode().Perm() == 0o777 {
		t.Errorf("a folder outside is %+v, %v", info, err)
	}
	if caps, err := os.ReadFile(filepath.Join(w, "out", "caps")); err != nil || strings.Trim(string(caps), "0") != "" {
		t.Errorf("it has the rights %s, %v", caps, err)
	}
	for _, name := range []string{"loot", "hard"} {
		if info, err := os.Lstat(filepath.Join(w, "out", name)); err == nil && info.Size() > 0 {
			t.Errorf("it got away with %s of %d bytes", name, info.Size())
		}
	}
	if n := strings.Count(string(out), "refused"); n < 13 {
		t.Errorf("only %d attempts were refused:\n%s", n, out)
	}
	if left, err := filepath.Glob("/dev/shm/fill"); err != nil || slices.Contains(left, "/dev/shm/fill") {
		os.Remove("/dev/shm/fill")
		t.Error("the machine's shared memory was filled")
	}
}
