package state

import "github.com/heliostat-render/heliostat/shared/job"

// WorkerState is what this machine's worker mode is doing.
type WorkerState string

const (
	WorkerOff      WorkerState = "off"      // never started in this session
	WorkerStarting WorkerState = "starting" // probing devices, signing in
	WorkerOffline  WorkerState = "offline"  // no manager answers; what renders goes on
	WorkerIdle     WorkerState = "idle"     // signed in, waiting for work
	WorkerBusy     WorkerState = "busy"     // rendering
	WorkerPaused   WorkerState = "paused"   // its owner took the machine back
	WorkerFailed   WorkerState = "failed"   // couldn't start; Reason says why and what to do
)

// WorkerStatus is this machine's worker mode as its owner sees it.
type WorkerStatus struct {
	State    WorkerState
	Reason   string     // why it is paused or failed, for people
	Trouble  string     // what else its owner should know: frames that can't be delivered, a task that failed here; "" for nothing
	Job      string     // the job that it renders for; "" when it renders nothing
	Frame    int        // the frame in the works
	Phase    string     // of the task: "download", "load", "render", "upload"
	Progress float64    // of that phase, 0 to 1
	Today    int        // frames finished since local midnight
	Address  string     // of its key, which isn't the artist's; "" before it has run in this session
	Earned   job.Amount // verified ever, paid out or not
	Claimed  job.Amount // of that, withdrawn: worker mode does it by itself
	LastTx   string     // the last withdrawal's transaction
	Device   string     // "CPU · AMD EPYC 7B13, 2 threads"
	Devices  []WorkerDevice
}

// OwnerPause is the reason of a pause that the owner asked for, by hand.
const OwnerPause = "paused by its owner"

// Ruled tells whether a rule holds worker mode back: it goes on by itself.
func (s WorkerStatus) Ruled() bool { return s.State == WorkerPaused && s.Reason != OwnerPause }

// WorkerDevice is one of this machine's processors.
type WorkerDevice struct {
	ID          string
	GPU         bool
	Name        string
	On          bool    // worker mode renders on it, or would
	Memory      int64   // bytes
	Free        int64   // bytes
	Load        float64 // 0 to 1
	Temperature int     // °C; 0 where it isn't known
	Power       float64 // W; 0 where it isn't known
}

// Worker starts and stops worker mode. Its methods return at once; what comes of them is
// told through Watch, whose function is called from any goroutine.
type Worker interface {
	Start()               // begins, or resumes after a pause
	Pause(reason string)  // gives the machine back now: running renders are stopped and their leases released
	Finish(reason string) // ends the task in hand first, then gives the machine back
	Restart()             // gives the task in hand back and begins anew, so that changed settings hold; nothing while it doesn't run
	Status() WorkerStatus
	Watch(func(WorkerStatus))
}
