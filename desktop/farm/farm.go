package farm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// MaxWorkers bounds the workers of one machine.
const MaxWorkers = 64

// Options say what to run.
type Options struct {
	Dir        string   // everything is kept here; made when missing
	Listen     string   // the manager's address, "127.0.0.1:7777"
	Workers    int      // how many; 1 to MaxWorkers
	Settlement string   // "off", "devchain" or "rpc=URL"
	Studio     []string // addresses that see every job and node
	Operators  []string // addresses that steer every job
	Device     string   // of the workers; "" leaves their default
	Log        *slog.Logger
	// Find names the program to run; nil looks beside this executable, then in PATH.
	Find func(name string) (string, error)
	// Ready bounds how long a program may take to start; 0 is two minutes.
	Ready time.Duration
}

// Child is one running program.
type Child struct {
	Name string `json:"name"` // "manager", "worker-1", "verifier"
	PID  int    `json:"pid"`
	ID   string `json:"id"` // the node's address
	Log  string `json:"log"`
}

// Status is a running farm.
type Status struct {
	PID      int       `json:"pid"`
	Address  string    `json:"address"` // of the manager
	Started  time.Time `json:"started"`
	Children []Child   `json:"children"`
}

// ErrRunning and ErrStopped tell which it is.
var (
	ErrRunning = errors.New("a farm already runs here")
	ErrStopped = errors.New("no farm runs here")
)

func lockPath(dir string) string   { return filepath.Join(dir, "farm.lock") }
func statusPath(dir string) string { return filepath.Join(dir, "farm.json") }

// Run starts the farm, calls ready once all of it is, and keeps it until the context ends.
// It returns nil after a clean stop. An error names the program and its log.
func Run(ctx context.Context, options Options, ready func(Status)) error {
	if err := check(&options); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(options.Dir, "logs"), 0o700); err != nil {
		return fmt.Errorf("preparing the farm's folder: %w; choose another with --data", err)
	}
	lock := flock.New(lockPath(options.Dir))
	taken, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("locking the farm's folder %s: %w", options.Dir, err)
	}
	if !taken {
		return fmt.Errorf("%w: %s; stop it with `heliostat farm stop`, or name another folder with --data", ErrRunning, options.Dir)
	}
	defer lock.Unlock()
	defer os.Remove(statusPath(options.Dir))
	f := &farm{options: options, status: Status{PID: os.Getpid(), Started: time.Now().UTC()}, failed: make(chan error, 1)}
	return f.run(ctx, ready)
}

func check(o *Options) error {
	if o.Workers < 1 || o.Workers > MaxWorkers {
		return fmt.Errorf("--workers %d is out of range; use 1 to %d", o.Workers, MaxWorkers)
	}
	host, port, err := net.SplitHostPort(o.Listen)
	if n, convert := strconv.Atoi(port); err != nil || convert != nil || n < 0 || n > 65535 || host == "" {
		return fmt.Errorf("--listen %q is not an address; use one such as 127.0.0.1:7777", o.Listen)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Find == nil {
		o.Find = Find
	}
	if o.Ready == 0 {
		o.Ready = 2 * time.Minute
	}
	return nil
}

// farm is one Run.
type farm struct {
	options Options
	failed  chan error // the first child that can't be kept alive

	mu     sync.Mutex // guards status
	status Status
}

func (f *farm) run(ctx context.Context, ready func(Status)) error {
	programs := make(map[string]string)
	for _, name := range []string{"heliostat-manager", "heliostat-worker", "heliostat-verifier"} {
		path, err := f.options.Find(name)
		if err != nil {
			return err
		}
		programs[name] = path
	}
	// Children outlive the context: they are stopped in order, nodes before the manager.
	nodes, stopNodes := context.WithCancel(context.WithoutCancel(ctx))
	defer stopNodes()
	base, stopManager := context.WithCancel(context.WithoutCancel(ctx))
	defer stopManager()
	var nodeGroup, managerGroup sync.WaitGroup
	defer func() {
		stopNodes()
		nodeGroup.Wait()
		stopManager()
		managerGroup.Wait()
	}()

	o := f.options
	manager := f.child("manager", programs["heliostat-manager"], "serve", "--data", filepath.Join(o.Dir, "manager"), "--listen", o.Listen, "--settlement", o.Settlement)
	for _, address := range o.Studio {
		manager.args = append(manager.args, "--studio", address)
	}
	for _, address := range o.Operators {
		manager.args = append(manager.args, "--operator", address)
	}
	if err := f.launch(ctx, base, manager, &managerGroup); err != nil {
		return err
	}
	address := manager.said["address"]
	if address == "" {
		return fmt.Errorf("the manager's ready line has no address; look into %s", manager.log)
	}
	f.mu.Lock()
	f.status.Address = address
	f.mu.Unlock()
	host, _ := os.Hostname()
	if host == "" {
		host = "farm"
	}
	for i := 1; i <= o.Workers; i++ {
		name := fmt.Sprintf("worker-%d", i)
		worker := f.child(name, programs["heliostat-worker"], "run", "--manager", address, "--data", filepath.Join(o.Dir, name), "--name", fmt.Sprintf("%s-%d", host, i))
		if o.Device != "" {
			worker.args = append(worker.args, "--device", o.Device)
		}
		if err := f.launch(ctx, nodes, worker, &nodeGroup); err != nil {
			return err
		}
	}
	verifier := f.child("verifier", programs["heliostat-verifier"], "run", "--manager", address, "--data", filepath.Join(o.Dir, "verifier"))
	if err := f.launch(ctx, nodes, verifier, &nodeGroup); err != nil {
		return err
	}
	ready(f.snapshot())
	select {
	case <-ctx.Done():
		o.Log.Info("stopping the farm")
		return nil
	case err := <-f.failed:
		return err
	}
}

// launch starts a child, waits until it is ready, and keeps it alive until keep ends.
func (f *farm) launch(ctx, keep context.Context, c *child, group *sync.WaitGroup) error {
	first := make(chan error, 1)
	group.Go(func() { c.supervise(keep, first) })
	select {
	case err := <-first:
		return err
	case err := <-f.failed:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (f *farm) snapshot() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.status
	s.Children = append([]Child(nil), s.Children...)
	return s
}

// note records a child that has become ready, and writes the status for others to read.
func (f *farm) note(c Child) {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := false
	for i := range f.status.Children {
		if f.status.Children[i].Name == c.Name {
			f.status.Children[i], found = c, true
		}
	}
	if !found {
		f.status.Children = append(f.status.Children, c)
	}
	if err := write(statusPath(f.options.Dir), f.status); err != nil {
		f.options.Log.Warn("the farm's status isn't written", "error", err)
	}
}

func write(path string, s Status) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	temp := path + ".part"
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

// Read tells what runs in a folder; ErrStopped when nothing does.
func Read(dir string) (Status, error) {
	stopped := fmt.Errorf("%w: %s; start one with `heliostat farm start`, or name its folder with --data", ErrStopped, dir)
	if _, err := os.Stat(lockPath(dir)); errors.Is(err, fs.ErrNotExist) {
		return Status{}, stopped
	}
	lock := flock.New(lockPath(dir))
	free, err := lock.TryLock()
	if err != nil {
		return Status{}, fmt.Errorf("reading the farm in %s: %w", dir, err)
	}
	if free {
		lock.Unlock()
		return Status{}, stopped
	}
	data, err := os.ReadFile(statusPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return Status{}, fmt.Errorf("the farm in %s is still starting; ask again in a moment", dir)
	}
	if err != nil {
		return Status{}, fmt.Errorf("reading the farm in %s: %w", dir, err)
	}
	var s Status
	if err := json.Unmarshal(data, &s); err != nil {
		return Status{}, fmt.Errorf("reading the farm in %s: %w", dir, err)
	}
	if s.PID <= 1 {
		return Status{}, fmt.Errorf("reading the farm in %s: it names no process", dir)
	}
	return s, nil
}

// Stop ends the farm of a folder and waits until all of it is gone.
func Stop(ctx context.Context, dir string) error {
	s, err := Read(dir)
	if err != nil {
		return err
	}
	process, err := os.FindProcess(s.PID)
	if err != nil {
		return fmt.Errorf("stopping the farm: %w", err)
	}
	if err := interrupt(process); err != nil {
		return fmt.Errorf("stopping the farm: process %d: %w", s.PID, err)
	}
	lock := flock.New(lockPath(dir))
	if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return fmt.Errorf("the farm in %s (process %d) didn't stop in time: %w; see its logs in %s", dir, s.PID, err, filepath.Join(dir, "logs"))
	}
	return lock.Unlock()
}
