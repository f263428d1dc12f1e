package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/heliostat-render/heliostat/shared/render"
)

// Untested: no macOS machine was at hand.

const (
	advice      = "use a macOS that has /usr/bin/sandbox-exec"
	sandboxExec = "/usr/bin/sandbox-exec"
)

var kinds = map[string]func() (render.Sandbox, error){"seatbelt": Detect}

// Seatbelt confines with sandbox-exec: no network, nothing written outside of the
// workspace, nothing of the users read. Memory and processes aren't limited.
type Seatbelt struct{ low bool }

var _ render.Sandbox = Seatbelt{}

// Detect finds sandbox-exec.
func Detect() (render.Sandbox, error) {
	if _, err := os.Stat(sandboxExec); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoSandbox, err)
	}
	return Seatbelt{}, nil
}

// Low makes processes run with low priority.
func Low(s render.Sandbox) render.Sandbox {
	if s, ok := s.(Seatbelt); ok {
		s.low = true
		return s
	}
	return s
}

// Name says in a word what confines.
func Name(s render.Sandbox) string {
	if _, ok := s.(Seatbelt); ok {
		return "seatbelt"
	}
	return "none"
}

// Wrap returns the sandbox-exec command line.
func (s Seatbelt) Wrap(spec render.SandboxSpec) ([]string, []string, error) {
	work, err := filepath.EvalSymlinks(spec.Workspace)
	if err != nil || len(spec.Argv) == 0 || !filepath.IsAbs(spec.Argv[0]) {
		return nil, nil, errors.Join(errors.New("confining a process: a workspace and an absolute program are needed"), err)
	}
	var p strings.Builder
	p.WriteString("(version 1)\n(allow default)\n(deny network*)\n(deny file-write*)\n(deny file-read* (subpath \"/Users\") (subpath \"/private/var/root\") (subpath \"/private/etc\"))\n")
	fmt.Fprintf(&p, "(allow file-read* file-write* (subpath %s) (literal \"/dev/null\"))\n", quote(work))
	for _, path := range append([]string{filepath.Dir(spec.Argv[0])}, spec.ReadOnly...) {
		fmt.Fprintf(&p, "(allow file-read* (subpath %s))\n", quote(path))
	}
	for _, path := range spec.Protected {
		rel, err := filepath.Rel(spec.Workspace, path)
		if err != nil || !filepath.IsLocal(rel) {
			return nil, nil, fmt.Errorf("confining a process: %s isn't a folder inside the workspace", path)
		}
		fmt.Fprintf(&p, "(deny file-write* (subpath %s))\n", quote(filepath.Join(work, rel)))
	}
	argv := []string{sandboxExec, "-p", p.String()}
	if s.low {
		argv = append([]string{"/usr/bin/nice", "-n", "15"}, argv...)
	}
	return append(argv, spec.Argv...), spec.Env, nil
}

func quote(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}
