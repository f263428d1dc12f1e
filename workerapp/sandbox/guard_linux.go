package sandbox

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/heliostat-render/heliostat/shared/render/process"
)

// A confined renderer doesn't run under the worker itself but under a guard: this same
// program, started again. It passes the renderer's pipes on, watches the processes that it
// becomes, and kills all of them when they take more than they may. Limits that the kernel
// keeps by process can be walked around by starting more processes, and root's processes it
// doesn't count at all.
const (
	guardName   = "heliostat-guard"
	keeperName  = "heliostat-keeper"
	confineName = "heliostat-confine"
)

// self is this program, also after its file was replaced.
const self = "/proc/self/exe"

// init makes any program that imports this package able to be the guard.
func init() {
	if len(os.Args) < 4 {
		return
	}
	switch os.Args[1] {
	case guardName, keeperName, confineName:
		runtime.LockOSThread() // a parent's death is told to the thread's children
		var s guardSpec
		if err := json.Unmarshal([]byte(os.Args[2]), &s); err != nil {
			fail(err)
		}
		switch os.Args[1] {
		case guardName:
			guard(s, os.Args[3:])
		case keeperName:
			keeper(s, os.Args[3:])
		case confineName:
			confine(s, os.Args[3:])
		}
	}
}

// fail ends a guard that can't guard.
func fail(err error) {
	fmt.Fprintln(os.Stderr, "heliostat sandbox:", err)
	os.Exit(125)
}

// guardSpec travels on a guard's command line.
type guardSpec struct {
	Parent    int      `json:"parent"` // the process that must live
	Memory    int64    `json:"memory,omitempty"`
	Processes int      `json:"processes,omitempty"` // and threads
	Disk      int64    `json:"disk,omitempty"`      // bytes in Writable
	Files     int      `json:"files,omitempty"`
	Writable  string   `json:"writable"`
	Spared    []string `json:"spared,omitempty"` // folders of Writable that don't count
	Low       bool     `json:"low,omitempty"`    // low priority
	Pipes     bool     `json:"pipes,omitempty"`  // descriptors 3 and 4 are the renderer's
	Spare     int64    `json:"spare,omitempty"`  // bytes of memory that have to stay available on the machine
	Group     bool     `json:"group,omitempty"`  // there is no process namespace: a keeper holds the process group

	FileSize int64    `json:"fileSize,omitempty"`
	ReadOnly []string `json:"readOnly,omitempty"`
	GPU      bool     `json:"gpu,omitempty"`
	Prlimit  string   `json:"prlimit,omitempty"` // the program of util-linux
}

func (s guardSpec) text() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // numbers and strings
	}
	return string(text)
}

// processes is how many of the allowed threads may be processes. No renderer comes near: it has threads.
func (s guardSpec) processes() int { return min(s.Processes, mostProcesses) }

// guard runs the command, watches it and ends as it ends.
func guard(s guardSpec, argv []string) {
	die := func(sig syscall.Signal) {
		if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(sig), 0, 0, 0); err != nil {
			fail(fmt.Errorf("follow the worker: %w", err))
		}
	}
	die(syscall.SIGKILL)
	if os.Getppid() != s.Parent {
		fail(fmt.Errorf("the worker has ended"))
	}
	if s.Low {
		lowest()
	}
	// The renderer is what should go when the machine runs out of memory, not the owner's work.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0)
	if s.Group {
		s.Parent = os.Getpid()
		argv = append([]string{self, keeperName, s.text()}, argv...)
	}
	if err := closeRest(s.Pipes); err != nil {
		fail(fmt.Errorf("close what the worker left open: %w", err))
	}
	cmd := command(argv)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if s.Group {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGCONT // the keeper has something to do first, and may be stopped
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fail(err)
	}
	if err := cmd.Start(); err != nil {
		fail(err)
	}
	if s.Group {
		wait(cmd, nil, killOrphans)
	}
	wait(cmd, newWatch(s, func() { _ = cmd.Process.Kill() }), killOrphans)
}

// killOrphans ends what was left to this process: a bwrap that is killed at its start hasn't bound its child
// to itself yet, and a keeper may fall where there is no room for a thread more.
func killOrphans() {
	left, err := process.Children(os.Getpid())
	if err != nil {
		return
	}
	for _, pid := range left {
		if group, err := unix.Getpgid(pid); err == nil && group != unix.Getpgrp() {
			_ = syscall.Kill(-group, syscall.SIGKILL)
		}
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended already
	}
}

// keeper stands between the guard and the confined process group, outside of it: it kills
// the group when the guard is gone.
func keeper(s guardSpec, argv []string) {
	gone := make(chan os.Signal, 1)
	signal.Notify(gone, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGCONT)
	if err := syscall.Setpgid(0, 0); err != nil { // what kills the guard's group doesn't kill this
		fail(err)
	}
	if os.Getppid() != s.Parent {
		fail(fmt.Errorf("the guard has ended"))
	}
	// What loses its parent comes here, so that the watch goes on to see it.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fail(err)
	}
	cmd := command(append([]string{self, confineName, s.text()}, argv...))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		fail(err)
	}
	kill := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	go func() {
		for sig := range gone {
			if sig != syscall.SIGCONT || os.Getppid() != s.Parent { // else somebody let it go on
				kill()
			}
		}
	}()
	wait(cmd, newWatch(s, kill), kill)
}

// closeRest keeps from the renderer what the worker itself was started with and doesn't know of: whatever
// a shell, a desktop or a service manager left open reaches every child.
func closeRest(pipes bool) error {
	const standard, pipe = 2, 4
	kept := standard
	if pipes {
		kept = pipe
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > kept {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// command passes on everything that this process was given.
func command(argv []string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if cmd.Env = os.Environ(); len(cmd.Env) == 0 {
		cmd.Env = []string{} // nil would mean the same here, but not by accident
	}
	for fd := uintptr(3); fd <= 4; fd++ {
		if flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC != 0 {
			break
		}
		cmd.ExtraFiles = append(cmd.ExtraFiles, os.NewFile(fd, "pipe"))
	}
	return cmd
}

// wait ends this process as the command ends, after last, for what outlives the first process.
func wait(cmd *exec.Cmd, w *watch, last func()) {
	for _, f := range cmd.ExtraFiles {
		f.Close() // the other end has to see that the renderer closed its own
	}
	os.Stdin.Close()
	if w != nil {
		go w.run()
	}
	err := cmd.Wait()
	if last != nil {
		last()
	}
	state := cmd.ProcessState
	if state == nil {
		fail(err)
	}
	status, _ := state.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		os.Exit(128 + int(status.Signal())) // as bwrap and the shells say it
	}
	os.Exit(status.ExitStatus())
}

// lowest leaves the machine to everything else.
func lowest() {
	const niceness, idleClass, whoProcess = 15, 3, 1
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, niceness)
	_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, whoProcess, 0, idleClass<<13)
}

// How often the processes are looked at: often while their number changes.
const (
	watchOften = 20 * time.Millisecond
	watchCalm  = 200 * time.Millisecond
	diskEvery  = time.Second
)

// watch holds everything under this process to its limits.
type watch struct {
	spec guardSpec
	kill func()
}

func newWatch(s guardSpec, kill func()) *watch { return &watch{spec: s, kill: kill} }

// run looks until the process ends; it kills at most once.
func (w *watch) run() {
	pause, before := watchOften, 0
	var walked time.Time
	// With hundreds that all run, an equal among them is hardly given the time to count them. The kernel lets
	// root do this, whom its own limit of processes doesn't bind.
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, -20)
	for {
		u, err := under(os.Getpid(), w.spec.processes())
		why := ""
		if err == nil {
			why = w.judge(u)
		}
		if why == "" {
			why = w.judgeSpare(available())
		}
		if why == "" && time.Since(walked) >= diskEvery {
			files, bytes := written(w.spec)
			why = w.judgeFiles(files, bytes+u.unlinked)
			walked = time.Now()
		}
		if why != "" {
			fmt.Fprintln(os.Stderr, "heliostat sandbox:", why)
			w.kill()
			return
		}
		if pause = min(2*pause, watchCalm); u.processes != before {
			pause = watchOften
		}
		before = u.processes
		time.Sleep(pause)
	}
}

// judge says which limit the processes break, "" when none.
func (w *watch) judge(u usage) string {
	s := w.spec
	switch {
	case s.Processes > 0 && u.processes > s.processes():
		return fmt.Sprintf("too many processes: the renderer started more than the %d that are allowed", s.processes())
	case s.Processes > 0 && u.threads > s.Processes:
		return fmt.Sprintf("too many processes: the renderer started %d threads, %d are allowed", u.threads, s.Processes)
	case s.Memory > 0 && u.memory > s.Memory:
		return fmt.Sprintf("out of memory: the renderer's processes took %d MB together, %d MB are allowed", u.memory>>20, s.Memory>>20)
	}
	return ""
}

// judgeSpare says whether the machine has too little memory left. There are ways to hold memory that no
// process shows, and whoever holds it: the renderer is what the owner can do without.
func (w *watch) judgeSpare(left int64) string {
	if left < 0 || left >= w.spec.Spare {
		return ""
	}
	return fmt.Sprintf("out of memory: this machine has %d MB left, %d MB are kept for its owner", left>>20, w.spec.Spare>>20)
}

// judgeFiles says which limit the files break.
func (w *watch) judgeFiles(files int, bytes int64) string {
	s := w.spec
	switch {
	case s.Disk > 0 && bytes > s.Disk:
		return fmt.Sprintf("the renderer wrote %d MB, %d MB are allowed", bytes>>20, s.Disk>>20)
	case s.Files > 0 && files > s.Files:
		return fmt.Sprintf("the renderer wrote more than %d files", s.Files)
	}
	return ""
}

func spared(s guardSpec, path string) bool {
	for _, dir := range s.Spared {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return true
		}
	}
	return false
}
