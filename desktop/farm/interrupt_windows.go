package farm

import "os"

// interrupt ends a process: Windows has no signal that asks it to stop, and every program
// of the farm survives being killed.
func interrupt(process *os.Process) error { return process.Kill() }
