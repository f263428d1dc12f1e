package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"github.com/heliostat-render/heliostat/shared/render"
)

// hostProcesses is added to the kernel's limit, which counts everything that the user runs,
// threads too. What binds is the guard's own count.
const hostProcesses = 16384

// leastABI is the first Landlock that also keeps files from being cut short (Linux 6.2).
const leastABI = 3

// Landlock confines without namespaces, for machines where bubblewrap isn't installed or
// may not make any. A process may read the system, write only the workspace's folders, open
// no socket, and not leave its process group, by which it is killed. Weaker than
// Bubblewrap: other processes' names are visible, the workspace's first level can't be
// written, and before Linux 6.12 signals can be sent to the owner's other programs.
type Landlock struct {
	prlimit string
	settings
}

var _ render.Sandbox = (*Landlock)(nil)

// DetectLandlock tries it once on a harmless program.
func DetectLandlock() (*Landlock, error) {
	abi, err := ll.LandlockGetABIVersion()
	if err != nil || abi < leastABI {
		return nil, fmt.Errorf("%w: this kernel's Landlock is too old (version %d, %d is needed) or switched off", ErrNoSandbox, abi, leastABI)
	}
	l := &Landlock{}
	if l.prlimit, err = exec.LookPath("prlimit"); err != nil {
		return nil, fmt.Errorf("%w: prlimit (of util-linux) isn't installed", ErrNoSandbox)
	}
	if err := try(l); err != nil {
		return nil, fmt.Errorf("%w: Landlock doesn't work here: %w", ErrNoSandbox, err)
	}
	return l, nil
}

// Wrap returns the guard's command line.
func (l *Landlock) Wrap(spec render.SandboxSpec) ([]string, []string, error) {
	work, err := checkSpec(spec)
	if err != nil {
		return nil, nil, err
	}
	s := l.limits(spec, work)
	s.Group, s.Prlimit = true, l.prlimit
	for _, path := range spec.ReadOnly {
		if !filepath.IsAbs(path) {
			return nil, nil, fmt.Errorf("confining a process: %q isn't an absolute path", path)
		}
		s.ReadOnly = append(s.ReadOnly, path)
	}
	if s.Spared, err = inside(spec, work); err != nil {
		return nil, nil, err
	}
	env := append([]string{}, spec.Env...)
	return append([]string{self, guardName, s.text()}, spec.Argv...), env, nil
}

// confine gives up every right that the renderer doesn't need, and becomes it.
func confine(s guardSpec, argv []string) {
	rules := []landlock.Rule{
		landlock.RODirs(systemFolders...).IgnoreIfMissing(),
		landlock.RWFiles("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom").IgnoreIfMissing(),
		landlock.RODirs("/proc/self", "/proc/sys/kernel", "/sys/devices/system/cpu").IgnoreIfMissing(),
		landlock.ROFiles("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems").IgnoreIfMissing(),
		landlock.RODirs(s.Writable),
	}
	for _, path := range append(append([]string{}, systemFiles...), s.ReadOnly...) {
		rules = append(rules, readable(path))
	}
	entries, err := os.ReadDir(s.Writable)
	if err != nil {
		fail(err)
	}
	for _, entry := range entries {
		path := filepath.Join(s.Writable, entry.Name())
		if entry.IsDir() && !spared(s, path) {
			rules = append(rules, landlock.RWDirs(path).WithRefer())
		}
	}
	if s.GPU {
		rules = append(rules, gpuRules()...)
	}
	if err := os.Chdir(s.Writable); err != nil {
		fail(err)
	}
	if err := landlock.V8.BestEffort().Restrict(rules...); err != nil {
		fail(fmt.Errorf("restrict the renderer: %w", err))
	}
	if err := dropCapabilities(); err != nil {
		fail(fmt.Errorf("give up the rights of root: %w", err))
	}
	if err := denyCalls(); err != nil {
		fail(fmt.Errorf("restrict the renderer's system calls: %w", err))
	}
	s.Processes += hostProcesses
	argv = append(limiter(s.Prlimit, s), argv...)
	fail(fmt.Errorf("start %s: %w", argv[0], syscall.Exec(argv[0], argv, os.Environ())))
}

func readable(path string) landlock.FSRule {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return landlock.ROFiles(path)
	}
	return landlock.RODirs(path).IgnoreIfMissing()
}

// gpuRules show what CUDA, OptiX, HIP, oneAPI and GL need. Untested: no machine with a GPU
// and Blender was at hand.
func gpuRules() []landlock.Rule {
	rules := []landlock.Rule{landlock.RODirs("/sys").IgnoreIfMissing()}
	for _, pattern := range []string{"/dev/nvidia*", "/dev/dri/*", "/dev/kfd"} {
		found, _ := filepath.Glob(pattern)
		for _, path := range found {
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				rules = append(rules, landlock.RWFiles(path).WithIoctlDev())
			}
		}
	}
	return rules
}

// dropCapabilities takes from root what makes it root, for good: without new privileges the
// next program gets none back. Landlock itself lets root reboot the machine.
func dropCapabilities() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	for c := 0; c <= 63; c++ {
		// Refused to whoever has none to drop, and for numbers that the kernel doesn't know.
		_ = unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0)
	}
	_ = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return unix.Capset(&header, &none[0])
}

// denied are the calls by which a process would reach a network (sockets of any kind; also
// through io_uring), leave its group, look into others, or change what files outside are
// allowed and to whom they belong, which Landlock doesn't watch.
var denied = append(deniedHere, []uint32{
	unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT, unix.SYS_UTIMENSAT,
	unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR,
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_REBOOT, unix.SYS_KEXEC_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE,
	unix.SYS_SOCKET, unix.SYS_IO_URING_SETUP, unix.SYS_SETSID, unix.SYS_SETPGID, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV,
	unix.SYS_PROCESS_VM_WRITEV, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_BPF, unix.SYS_USERFAULTFD, unix.SYS_PERF_EVENT_OPEN,
	unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_PIDFD_GETFD,
}...)

// denyCalls installs a seccomp filter on this thread; what it becomes keeps it.
func denyCalls() error {
	arch, ok := auditArch()
	if !ok {
		return errors.New("this processor's calls aren't known")
	}
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		least = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
		ret   = unix.BPF_RET | unix.BPF_K
		// struct seccomp_data: nr, arch, …
		offsetCall, offsetArch = 0, 4
		// Another ABI's calls have other numbers (x32).
		otherABI = 0x40000000
		kill     = 0x80000000
		refuse   = 0x00050000 | uint32(unix.EPERM)
		allow    = 0x7fff0000
	)
	filter := []unix.SockFilter{
		{Code: load, K: offsetArch},
		{Code: equal, K: arch, Jt: 1},
		{Code: ret, K: kill},
		{Code: load, K: offsetCall},
		{Code: least, K: otherABI, Jf: 1},
		{Code: ret, K: refuse},
	}
	for _, call := range denied {
		filter = append(filter, unix.SockFilter{Code: equal, K: call, Jf: 1}, unix.SockFilter{Code: ret, K: refuse})
	}
	filter = append(filter, unix.SockFilter{Code: ret, K: allow})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}
