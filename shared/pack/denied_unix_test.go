//go:build unix

package pack

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/heliostat-render/heliostat/shared/seal"
)

const nobody = 65534

// unprivileged runs f as a user whom permissions bind: root starts the calling test again as nobody.
func unprivileged(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	if os.Getuid() != 0 {
		f(t)
		return
	}
	// The test binary lies where only root may look.
	dir, err := os.MkdirTemp("", "heliostat-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(dir, "test")
	if err := os.WriteFile(exe, program, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("as nobody: %v\n%s", err, out)
	}
}

// Files that may not be read are named; folders that may not be written are refused.
func TestPermissionDenied(t *testing.T) {
	unprivileged(t, func(t *testing.T) {
		ctx, dir := context.Background(), t.TempDir()
		write := func(name string, mode os.FileMode) string {
			p := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, []byte(strings.Repeat(name, 30_000)), mode); err != nil {
				t.Fatal(err)
			}
			return p
		}
		scene := Source{Name: "scene.blend", Path: write("scene.blend", 0o644)}
		small := write("small.txt", 0o644)
		if err := os.WriteFile(small, []byte("x"), 0o200); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(small, 0o200); err != nil {
			t.Fatal(err)
		}
		hidden := write("closed/wood.png", 0o644)
		closed := filepath.Dir(hidden)
		if err := os.Chmod(closed, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(closed, 0o755) })
		store := newMemory()
		build := func(cache string, src ...Source) (*Built, error) {
			return Build(ctx, BuildOptions{Sources: src, Main: "scene.blend", TenantKey: seal.TenantKey{1}, Sink: store, ScanCache: cache})
		}
		for _, s := range []Source{
			{Name: "tex/large.png", Path: write("large.png", 0o200), Kind: "texture"},
			{Name: "tex/small.txt", Path: small, Kind: "texture"},
			{Name: "tex/wood.png", Path: hidden, Kind: "texture"},
		} {
			_, err := build("", scene, s)
			var f *FileError
			if !errors.As(err, &f) || !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), s.Path) || !strings.Contains(err.Error(), "texture") {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
		// A scan cache that can't be written costs time next time, and no package.
		locked := filepath.Join(dir, "locked")
		if err := os.Mkdir(locked, 0o555); err != nil {
			t.Fatal(err)
		}
		built, err := build(filepath.Join(locked, "scan"), scene)
		if err != nil || !errors.Is(built.Warning, fs.ErrPermission) {
			t.Fatal(err, built)
		}
		m, err := OpenManifest(built.Manifest, built.JobKey, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []string{locked, filepath.Join(locked, "below")} {
			err := Extract(ctx, ExtractOptions{Manifest: m, Dir: to, Fetch: store})
			if !errors.Is(err, fs.ErrPermission) {
				t.Errorf("unpack into %s: %v", to, err)
			}
		}
	})
}
