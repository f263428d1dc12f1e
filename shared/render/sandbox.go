package render

// SandboxSpec is a process to be confined.
type SandboxSpec struct {
	Argv      []string // the program, an absolute path, and its arguments
	Env       []string // "NAME=value"; nothing else of our own environment reaches it
	Workspace string   // the only folder that it may write, absolute
	Protected []string // folders inside Workspace that it may read, but not write; absolute, they exist
	ReadOnly  []string // further paths that it must be able to read, such as its installation
	Memory    int64    // bytes of address space; 0 sets no limit
	FileSize  int64    // bytes of the largest file it may write; 0 takes the sandbox's default
	Processes int      // processes and threads; 0 takes the sandbox's default
	GPU       bool     // it needs the graphics devices
	Pipes     bool     // it keeps file descriptors 3 and 4
}

// Sandbox turns a process into the command line that runs it confined. The wrapped process
// gets no file descriptors but the standard ones and its pipes, dies with its parent, and killing the wrapper kills all
// of it.
type Sandbox interface {
	Wrap(spec SandboxSpec) (argv []string, env []string, err error)
}

// NoSandbox runs the process as it is, with our own rights. A scene is hostile input:
// choose this only for scenes that you would open yourself.
type NoSandbox struct{}

var _ Sandbox = NoSandbox{}

// Wrap returns the command unchanged.
func (NoSandbox) Wrap(spec SandboxSpec) ([]string, []string, error) {
	return spec.Argv, spec.Env, nil
}
