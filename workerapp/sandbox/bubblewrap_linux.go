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

	"golang.org/x/sys/unix"

	"github.com/heliostat-render/heliostat/shared/render"
)

// Defaults where a spec sets no limit.
const (
	defaultFileSize  = 8 << 30 // bytes of one file
	defaultProcesses = 4096    // processes and threads; Blender starts a few per core
	mostProcesses    = 256     // of them, that aren't threads
	openFiles        = 4096
	tmpSize          = 1 << 30 // bytes of the private /tmp, in memory
	shmSize          = 256 << 20
	defaultDisk      = 16 << 30 // bytes of everything that it writes
	defaultFiles     = 100_000
	tryTime          = 30 * time.Second
)

// systemFolders are what a program needs of the system to start. /etc isn't among them.
var systemFolders = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"}

// systemFiles are the parts of /etc that the loader, fonts and GL need; none holds a secret.
var systemFiles = []string{
	"/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/fonts",
	"/etc/glvnd", "/etc/OpenCL", "/etc/vulkan", "/etc/localtime",
}

// Bubblewrap confines with bwrap and prlimit, under a guard that holds all processes
// together to the limits.
type Bubblewrap struct {
	bwrap, prlimit string
	tmpSized       bool // this bwrap can bound a tmpfs
	closed         bool // this bwrap can forbid further user namespaces
	named          bool // this machine's host name stays: setting another is forbidden
	settings
}

var _ render.Sandbox = (*Bubblewrap)(nil)

// Detect finds the best sandbox that works here: Bubblewrap, else Landlock. The error wraps
// ErrNoSandbox and says what is missing.
func Detect() (render.Sandbox, error) {
	b, err := DetectBubblewrap()
	if err == nil {
		return b, nil
	}
	l, e := DetectLandlock()
	if e == nil {
		return l, nil
	}
	return nil, fmt.Errorf("%w; and %w", err, e)
}

// DetectBubblewrap finds bwrap and tries it once on a harmless program.
func DetectBubblewrap() (*Bubblewrap, error) {
	b := &Bubblewrap{}
	var err error
	if b.bwrap, err = exec.LookPath("bwrap"); err != nil {
		return nil, fmt.Errorf("%w: bwrap isn't installed", ErrNoSandbox)
	}
	if b.prlimit, err = exec.LookPath("prlimit"); err != nil {
		return nil, fmt.Errorf("%w: prlimit (of util-linux) isn't installed", ErrNoSandbox)
	}
	ctx, cancel := context.WithTimeout(context.Background(), tryTime)
	defer cancel()
	help, err := exec.CommandContext(ctx, b.bwrap, "--help").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: bwrap --help: %w", ErrNoSandbox, err)
	}
	b.tmpSized = strings.Contains(string(help), "--size ")
	b.closed = strings.Contains(string(help), "--disable-userns")
	if err := b.fit(); err != nil {
		return nil, fmt.Errorf("%w: bwrap doesn't work here: %w", ErrNoSandbox, err)
	}
	return b, nil
}

// fit leaves out what this machine forbids, as little as possible.
func (b *Bubblewrap) fit() error {
	first := try(b)
	if first == nil {
		return nil
	}
	// The filters of container engines let nobody set a host name: there the scene sees the container's.
	for _, c := range []struct{ named, closed bool }{{true, b.closed}, {false, false}, {true, false}} {
		if b.named, b.closed = c.named, c.closed; try(b) == nil {
			return nil
		}
	}
	return first
}

// try runs a harmless program confined.
func try(s render.Sandbox) error {
	dir, err := os.MkdirTemp("", "heliostat-sandbox-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	argv, env, err := s.Wrap(render.SandboxSpec{Argv: []string{"/usr/bin/env", "true"}, Env: []string{"PATH=/usr/bin:/bin"}, Workspace: dir, Memory: 1 << 30})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), tryTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Wrap returns the bwrap command line. The environment of bwrap itself is empty; the
// process gets spec.Env and nothing else.
func (b *Bubblewrap) Wrap(spec render.SandboxSpec) ([]string, []string, error) {
	work, err := checkSpec(spec)
	if err != nil {
		return nil, nil, err
	}
	s := b.limits(spec, work)
	argv := []string{
		self, guardName, "", b.bwrap, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
	}
	if !b.named {
		argv = append(argv, "--hostname", "heliostat")
	}
	if b.closed {
		// In one of its own it may mount: memory that nothing here counts, and most of the kernel's past holes.
		argv = append(argv, "--disable-userns")
	}
	for _, e := range spec.Env {
		name, value, _ := strings.Cut(e, "=")
		argv = append(argv, "--setenv", name, value)
	}
	for _, dir := range systemFolders {
		argv = append(argv, bind(dir)...)
	}
	for _, file := range systemFiles {
		argv = append(argv, "--ro-bind-try", file, file)
	}
	argv = append(argv, "--proc", "/proc", "--dev", "/dev")
	if b.tmpSized {
		// Else it holds as much as half of the machine's memory.
		argv = append(argv, "--size", strconv.Itoa(shmSize), "--tmpfs", "/dev/shm")
	}
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
	if s.Spared, err = inside(spec, work); err != nil {
		return nil, nil, err
	}
	for i, dir := range s.Spared {
		argv = append(argv, "--ro-bind", dir, dir)
		if work != spec.Workspace {
			argv = append(argv, "--ro-bind", dir, spec.Protected[i])
		}
	}
	argv[2] = s.text()
	argv = append(argv, "--chdir", work, "--remount-ro", "/dev", "--remount-ro", "/", "--")
	return append(append(argv, limiter(b.prlimit, s)...), spec.Argv...), []string{}, nil
}

// checkSpec returns the workspace without links in its path.
func checkSpec(spec render.SandboxSpec) (string, error) {
	if len(spec.Argv) == 0 || !filepath.IsAbs(spec.Argv[0]) {
		return "", errors.New("confining a process: its program needs an absolute path")
	}
	work, err := filepath.EvalSymlinks(spec.Workspace)
	if err != nil || !filepath.IsAbs(work) {
		return "", fmt.Errorf("confining a process: workspace %q: an existing absolute folder is needed", spec.Workspace)
	}
	if work == "/" || len(strings.Split(work, "/")) < 3 {
		return "", fmt.Errorf("confining a process: %s is too wide a folder for a workspace", work)
	}
	for _, e := range spec.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" {
			return "", fmt.Errorf("confining a process: environment %q", e)
		}
	}
	return work, nil
}

// settings are what both sandboxes share.
type settings struct {
	low   bool  // runs with low priority
	disk  int64 // bytes of everything that a renderer writes; 0 takes the default
	files int   // likewise
	spare int64 // bytes of memory that the machine keeps; 0 takes the default
}

// limits fills in what the spec leaves open.
func (o settings) limits(spec render.SandboxSpec, work string) guardSpec {
	s := guardSpec{
		Parent: os.Getpid(), Memory: spec.Memory, Processes: spec.Processes, Disk: defaultDisk, Files: defaultFiles, Writable: work,
		FileSize: spec.FileSize, GPU: spec.GPU, Pipes: spec.Pipes, Spare: o.spare,
	}
	s.Low = o.low
	if o.disk > 0 {
		s.Disk = o.disk
	}
	if o.files > 0 {
		s.Files = o.files
	}
	if s.Spare == 0 {
		s.Spare = defaultSpare()
	}
	if s.FileSize == 0 {
		s.FileSize = defaultFileSize
	}
	if s.Processes == 0 {
		s.Processes = defaultProcesses
	}
	return s
}

// inside checks the protected folders and returns them as they lie in work. Bound over
// themselves they are mount points, which can't be renamed or removed inside either.
func inside(spec render.SandboxSpec, work string) ([]string, error) {
	var dirs []string
	for _, path := range spec.Protected {
		rel, err := filepath.Rel(spec.Workspace, path)
		if err != nil || !filepath.IsLocal(rel) || rel == "." {
			return nil, fmt.Errorf("confining a process: %s isn't a folder inside the workspace %s", path, spec.Workspace)
		}
		// Whatever ran in this workspace before may have left a link here.
		dir := filepath.Join(work, rel)
		if real, err := filepath.EvalSymlinks(dir); err != nil || real != dir {
			return nil, fmt.Errorf("confining a process: %s has to be an existing folder, not a link", path)
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}

// limiter is the prlimit command line that sets the kernel's limits inside. None is above what
// this process may have itself: raising one is forbidden, and a container's or a user's may be lower.
func limiter(program string, s guardSpec) []string {
	limit := func(name string, resource int, want int64) string {
		var own unix.Rlimit
		if err := unix.Getrlimit(resource, &own); err == nil && own.Max < uint64(want) {
			want = int64(own.Max)
		}
		return "--" + name + "=" + strconv.FormatInt(want, 10)
	}
	argv := []string{program, "--core=0", limit("nofile", unix.RLIMIT_NOFILE, openFiles),
		limit("fsize", unix.RLIMIT_FSIZE, s.FileSize), limit("nproc", unix.RLIMIT_NPROC, int64(s.Processes))}
	if s.Memory > 0 {
		argv = append(argv, limit("as", unix.RLIMIT_AS, s.Memory))
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
