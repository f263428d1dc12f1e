package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
)

// Defaults where a spec sets no limit.
const (
	defaultFileSize  = 8 << 30 // bytes of one file
	defaultProcesses = 4096    // processes and threads; Blender starts a few per core
	openFiles        = 4096
	tmpSize          = 1 << 30 // bytes of the private /tmp, in memory
)

// systemFolders are what a program needs of the system to start. /etc isn't among them.
var systemFolders = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"}

// systemFiles are the parts of /etc that the loader, fonts and GL need; none holds a secret.
var systemFiles = []string{
	"/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/fonts",
	"/etc/glvnd", "/etc/OpenCL", "/etc/vulkan", "/etc/localtime",
}

// Bubblewrap confines with bwrap and prlimit. The limit on processes binds only when the
// worker doesn't run as root, whom the kernel exempts; memory is limited per process.
type Bubblewrap struct {
	bwrap, prlimit string
	tmpSized       bool // this bwrap can bound a tmpfs
}

var _ render.Sandbox = (*Bubblewrap)(nil)

// Detect finds a sandbox and tries it once on a harmless program. The error wraps
// ErrNoSandbox and says what is missing.
func Detect() (render.Sandbox, error) {
	b := &Bubblewrap{}
	var err error
	if b.bwrap, err = exec.LookPath("bwrap"); err != nil {
		return nil, fmt.Errorf("%w: bwrap isn't installed", ErrNoSandbox)
	}
	if b.prlimit, err = exec.LookPath("prlimit"); err != nil {
		return nil, fmt.Errorf("%w: prlimit (of util-linux) isn't installed", ErrNoSandbox)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	help, err := exec.CommandContext(ctx, b.bwrap, "--help").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: bwrap --help: %w", ErrNoSandbox, err)
	}
	b.tmpSized = strings.Contains(string(help), "--size ")
	dir, err := os.MkdirTemp("", "heliostat-sandbox-")
	if err != nil {
		return nil, fmt.Errorf("trying bwrap: %w", err)
	}
	defer os.RemoveAll(dir)
	argv, env, err := b.Wrap(render.SandboxSpec{Argv: []string{"/usr/bin/env", "true"}, Workspace: dir, Memory: 1 << 30})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: bwrap doesn't work here: %w: %s", ErrNoSandbox, err, strings.TrimSpace(string(out)))
	}
	return b, nil
}

// Wrap returns the bwrap command line. The environment of bwrap itself is empty; the
// process gets spec.Env and nothing else.
func (b *Bubblewrap) Wrap(spec render.SandboxSpec) ([]string, []string, error) {
	if len(spec.Argv) == 0 || !filepath.IsAbs(spec.Argv[0]) {
		return nil, nil, errors.New("confining a process: its program needs an absolute path")
	}
	work, err := filepath.EvalSymlinks(spec.Workspace)
	if err != nil || !filepath.IsAbs(work) {
		return nil, nil, fmt.Errorf("confining a process: workspace %q: an existing absolute folder is needed", spec.Workspace)
	}
	if work == "/" || len(strings.Split(work, "/")) < 3 {
		return nil, nil, fmt.Errorf("confining a process: %s is too wide a folder for a workspace", work)
	}
	argv := []string{
		b.bwrap, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
		"--hostname", "heliostat",
	}
	for _, e := range spec.Env {
		name, value, ok := strings.Cut(e, "=")
		if !ok || name == "" {
			return nil, nil, fmt.Errorf("confining a process: environment %q", e)
		}
		argv = append(argv, "--setenv", name, value)
	}
	for _, dir := range systemFolders {
		argv = append(argv, bind(dir)...)
	}
	for _, file := range systemFiles {
		argv = append(argv, "--ro-bind-try", file, file)
	}
	argv = append(argv, "--proc", "/proc", "--dev", "/dev")
	if spec.GPU {
		argv = append(argv, gpuDevices()...)
	}
	if b.tmpSized {
		argv = append(argv, "--size", strconv.Itoa(tmpSize))
	}
	argv = append(argv, "--tmpfs", "/tmp")
	for _, path := range spec.ReadOnly {
		if !filepath.IsAbs(path) {
			return nil, nil, fmt.Errorf("confining a process: %q isn't an absolute path", path)
		}
		if !inSystem(path) {
			argv = append(argv, "--ro-bind", path, path)
		}
	}
	argv = append(argv, "--bind", work, work)
	if work != spec.Workspace {
		argv = append(argv, "--bind", work, spec.Workspace)
	}
	kept, err := protected(spec, work)
	if err != nil {
		return nil, nil, err
	}
	argv = append(argv, kept...)
	argv = append(argv, "--chdir", work, "--remount-ro", "/", "--")
	return append(append(argv, b.limits(spec)...), spec.Argv...), []string{}, nil
}

// protected binds folders of the workspace over themselves, read-only. Being mount points, they
// can't be renamed or removed inside either.
func protected(spec render.SandboxSpec, work string) ([]string, error) {
	var argv []string
	for _, path := range spec.Protected {
		rel, err := filepath.Rel(spec.Workspace, path)
		if err != nil || !filepath.IsLocal(rel) || rel == "." {
			return nil, fmt.Errorf("confining a process: %s isn't a folder inside the workspace %s", path, spec.Workspace)
		}
		// Whatever ran in this workspace before may have left a link here.
		inside := filepath.Join(work, rel)
		if real, err := filepath.EvalSymlinks(inside); err != nil || real != inside {
			return nil, fmt.Errorf("confining a process: %s has to be an existing folder, not a link", path)
		}
		argv = append(argv, "--ro-bind", inside, inside)
		if work != spec.Workspace {
			argv = append(argv, "--ro-bind", inside, path)
		}
	}
	return argv, nil
}

// limits is the prlimit command line that runs inside.
func (b *Bubblewrap) limits(spec render.SandboxSpec) []string {
	argv := []string{b.prlimit, "--core=0", "--nofile=" + strconv.Itoa(openFiles)}
	size, processes := spec.FileSize, spec.Processes
	if size == 0 {
		size = defaultFileSize
	}
	if processes == 0 {
		processes = defaultProcesses
	}
	argv = append(argv, "--fsize="+strconv.FormatInt(size, 10), "--nproc="+strconv.Itoa(processes))
	if spec.Memory > 0 {
		argv = append(argv, "--as="+strconv.FormatInt(spec.Memory, 10))
	}
	return append(argv, "--")
}

// bind shows a system folder read-only, as the symlink that it may be.
func bind(dir string) []string {
	info, err := os.Lstat(dir)
	if err != nil {
		return nil
	}
	if info.Mode()&os.ModeSymlink != 0 {
		if to, err := os.Readlink(dir); err == nil {
			return []string{"--symlink", to, dir}
		}
		return nil
	}
	return []string{"--ro-bind", dir, dir}
}

func inSystem(path string) bool {
	path = filepath.Clean(path)
	for _, dir := range systemFolders {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return true
		}
	}
	return false
}

// gpuDevices shows what CUDA, OptiX, HIP, oneAPI and GL need. Untested: no machine with a
// GPU and Blender was at hand.
func gpuDevices() []string {
	argv := []string{"--dev-bind-try", "/dev/dri", "/dev/dri", "--dev-bind-try", "/dev/kfd", "/dev/kfd", "--ro-bind-try", "/sys", "/sys"}
	found, err := filepath.Glob("/dev/nvidia*")
	if err != nil {
		return argv
	}
	for _, dev := range found {
		argv = append(argv, "--dev-bind-try", dev, dev)
	}
	return argv
}
