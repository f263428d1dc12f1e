package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/heliostat-render/heliostat/shared/render"
)

// Untested: no Windows machine was at hand. What a restricted token leaves open: the
// network, and reading what every user may read. A firewall rule for the renderer's program
// is advised.

const advice = "use Windows 8 or newer"

var kinds = map[string]func() (render.Sandbox, error){"job": Detect}

// Job confines with a job object (memory, processes, end with the worker, no user
// interface) and a token without privileges and without the user's own groups' rights.
type Job struct{ low bool }

var _ render.Sandbox = Job{}

const (
	guardName        = "heliostat-guard"
	defaultProcesses = 512
	luaToken         = 0x4 // LUA_TOKEN: as a program that isn't elevated
	maxPrivilege     = 0x1 // DISABLE_MAX_PRIVILEGE
)

var createRestrictedToken = windows.NewLazySystemDLL("advapi32.dll").NewProc("CreateRestrictedToken")

// Detect finds the system's own means.
func Detect() (render.Sandbox, error) {
	if err := createRestrictedToken.Find(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoSandbox, err)
	}
	return Job{}, nil
}

// Low makes processes run with low priority.
func Low(s render.Sandbox) render.Sandbox {
	if s, ok := s.(Job); ok {
		s.low = true
		return s
	}
	return s
}

// Name says in a word what confines.
func Name(s render.Sandbox) string {
	if _, ok := s.(Job); ok {
		return "job"
	}
	return "none"
}

type guardSpec struct {
	Memory    int64 `json:"memory,omitempty"`
	Processes int   `json:"processes,omitempty"`
	Low       bool  `json:"low,omitempty"`
}

// Wrap returns the guard's command line: this program, started again.
func (j Job) Wrap(spec render.SandboxSpec) ([]string, []string, error) {
	if len(spec.Argv) == 0 || !filepath.IsAbs(spec.Argv[0]) {
		return nil, nil, errors.New("confining a process: its program needs an absolute path")
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("confining a process: %w", err)
	}
	s := guardSpec{Memory: spec.Memory, Processes: spec.Processes, Low: j.low}
	if s.Processes == 0 {
		s.Processes = defaultProcesses
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, nil, err
	}
	return append([]string{self, guardName, string(text)}, spec.Argv...), spec.Env, nil
}

// init makes any program that imports this package able to be the guard.
func init() {
	if len(os.Args) < 4 || os.Args[1] != guardName {
		return
	}
	var s guardSpec
	err := json.Unmarshal([]byte(os.Args[2]), &s)
	code := 125
	if err == nil {
		code, err = guard(s, os.Args[3:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "heliostat sandbox:", err)
	}
	os.Exit(code)
}

// guard puts itself into the job, so that nothing it starts is ever outside of it.
func guard(s guardSpec, argv []string) (int, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 125, fmt.Errorf("make a job object: %w", err)
	}
	var limits windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS |
		windows.JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
	limits.BasicLimitInformation.ActiveProcessLimit = uint32(s.Processes)
	if s.Memory > 0 {
		limits.BasicLimitInformation.LimitFlags |= windows.JOB_OBJECT_LIMIT_JOB_MEMORY
		limits.JobMemoryLimit = uintptr(s.Memory)
	}
	if s.Low {
		limits.BasicLimitInformation.LimitFlags |= windows.JOB_OBJECT_LIMIT_PRIORITY_CLASS
		limits.BasicLimitInformation.PriorityClass = windows.IDLE_PRIORITY_CLASS
	}
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits))); err != nil {
		return 125, fmt.Errorf("limit the job: %w", err)
	}
	if err := windows.AssignProcessToJobObject(job, windows.CurrentProcess()); err != nil {
		return 125, fmt.Errorf("enter the job: %w", err)
	}
	token, err := restricted()
	if err != nil {
		return 125, err
	}
	defer token.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Token: syscall.Token(token), HideWindow: true}
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 125, err
	}
	return 0, nil
}

// restricted is this process's token without its privileges.
func restricted() (windows.Token, error) {
	var own windows.Token
	if err := windows.OpenProcessToken(windows.CurrentProcess(), windows.TOKEN_DUPLICATE|windows.TOKEN_ASSIGN_PRIMARY|windows.TOKEN_QUERY, &own); err != nil {
		return 0, fmt.Errorf("open the worker's token: %w", err)
	}
	defer own.Close()
	var token windows.Token
	ok, _, err := createRestrictedToken.Call(uintptr(own), maxPrivilege|luaToken, 0, 0, 0, 0, 0, 0, uintptr(unsafe.Pointer(&token)))
	if ok == 0 {
		return 0, fmt.Errorf("restrict the worker's token: %w", err)
	}
	return token, nil
}
