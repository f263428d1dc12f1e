package workerapp

import (
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/workerapp/gpu"
	"github.com/heliostat-render/heliostat/workerapp/rules"
)

// State is what the worker is doing, for people.
type State string

const (
	Starting  State = "starting"  // looks for renderers, measures the machine
	Offline   State = "offline"   // no connection; what renders goes on
	Idle      State = "idle"      // waits for work
	Rendering State = "rendering" //
	Finishing State = "finishing" // paused, but the task in hand is finished first
	Paused    State = "paused"    // Reason says why
	Stopped   State = "stopped"
)

// Task is a lease in hand.
type Task struct {
	Lease    string  `json:"lease"`
	Job      string  `json:"job"`
	Phase    string  `json:"phase"` // "download", "load", "render", "upload"
	Frame    int     `json:"frame"`
	Fraction float64 `json:"fraction"` // of the phase, 0 to 1
	Done     int     `json:"done"`     // frames rendered
	Total    int     `json:"total"`
	Memory   int64   `json:"memory"` // bytes
}

// Failed is a task that ended here without a result.
type Failed struct {
	Job   string          `json:"job"`
	Kind  job.FailureKind `json:"kind"`
	Cause string          `json:"cause"`
	Time  time.Time       `json:"time"`
}

// Device is one of the machine's, and whether this worker uses it.
type Device struct {
	gpu.Device
	On bool `json:"on"`
}

// Status is a snapshot of the engine.
type Status struct {
	State       State     `json:"state"`
	Reason      string    `json:"reason,omitempty"` // why it is paused, or what is wrong
	Connected   bool      `json:"connected"`
	Manager     string    `json:"manager"` // that it is connected to, else those that it knows
	Address     string    `json:"address"`
	Name        string    `json:"name"`
	Hardware    string    `json:"hardware,omitempty"`
	Bench       float64   `json:"bench,omitempty"` // work units per minute
	Devices     []Device  `json:"devices,omitempty"`
	Tasks       []Task    `json:"tasks,omitempty"` // the first one renders, if any does
	Ahead       int       `json:"ahead"`           // leases that wait for their turn
	Waiting     int       `json:"waiting"`         // leases that are finished but not acknowledged
	FramesToday int       `json:"framesToday"`
	FramesEver  int       `json:"framesEver"`
	Earned      float64   `json:"earned"` // tokens, since the network began
	Claimed     float64   `json:"claimed"`
	Symbol      string    `json:"symbol,omitempty"`
	LastTx      string    `json:"lastTx,omitempty"`
	Trouble     string    `json:"trouble,omitempty"` // of a delivery that is being tried again, or of too many that wait
	Failed      *Failed   `json:"failed,omitempty"`  // the last task that failed here since the start; nil when none did
	Time        time.Time `json:"time"`
	// Holds says that the data folder is this engine's, or was until it stopped: another may work there else.
	Holds bool `json:"-"`
}

// Status is the engine's state now.
func (e *Engine) Status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.statusLocked()
}

// Watch calls f with the state now and after every change, from one goroutine and not more
// than about ten times a second, until the returned function is called or Run ends. f must
// return soon.
func (e *Engine) Watch(f func(Status)) (stop func()) {
	e.mu.Lock()
	e.watcher++
	id := e.watcher
	e.watchers[id] = f
	e.mu.Unlock()
	e.changed()
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.watchers, id)
	}
}

func (e *Engine) statusLocked() Status {
	s := Status{
		Address: e.options.Identity.Address(),
		Name:    e.options.Name, Hardware: e.capabilities.Hardware, Bench: e.capabilities.Bench,
		Connected:   e.conn != nil && e.conn.Connected(),
		FramesToday: e.tally.today(time.Now()), FramesEver: e.tally.Ever,
		Earned: tokens(e.balance.Earned), Claimed: tokens(e.balance.Claimed), LastTx: e.balance.Tx,
		Symbol:  e.money.Symbol,
		Trouble: e.trouble, Failed: e.failed,
		Devices: e.devices,
		Time:    time.Now(),
		Holds:   e.holds,
	}
	s.Manager = e.options.Manager
	if s.Connected {
		s.Manager = e.conn.Manager()
	}
	for _, t := range e.order {
		switch t.stage {
		case rendering:
			s.Tasks = append(s.Tasks, t.view())
		case queued:
			s.Ahead++
		case delivering:
			s.Waiting++
		}
	}
	if n := e.jammedLocked(); n > 0 && s.Trouble == "" {
		s.Trouble = jam(n)
	}
	busy := len(s.Tasks) > 0
	verdict := e.gate.Verdict()
	s.Reason = verdict.Reason
	switch {
	case !e.running && !e.ready:
		s.State = Starting
		if e.ended {
			s.State = Stopped
		}
	case verdict.Paused && busy:
		s.State = Finishing
	case verdict.Paused:
		s.State = Paused
	case busy:
		s.State = Rendering
	case e.conn == nil: // it still looks at the machine
		s.State = Starting
	case !s.Connected:
		s.State = Offline
	default:
		s.State = Idle
	}
	return s
}

// changed wakes the watchers' goroutine.
func (e *Engine) changed() {
	select {
	case e.news <- struct{}{}:
	default:
	}
}

// Pause stops work: rules.Now kills the renderers within two seconds and gives the leases
// back, rules.Finish lets the tasks in hand end. The reason is shown to the owner and to
// the network.
func (e *Engine) Pause(mode rules.Mode, reason string) {
	e.gate.Pause(rules.Owner, mode, reason)
	e.changed()
}

// Resume ends the owner's pause. Others, such as a full disk, hold until they are over.
func (e *Engine) Resume() {
	e.gate.Resume(rules.Owner)
	e.changed()
}
