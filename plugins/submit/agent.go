package submit

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	connectWait    = 10 * time.Second // until a first sign-in counts as failed
	connectAgain   = 2 * time.Second  // between tries
	renderersEvery = 10 * time.Second // between questions for what the network can render
	requestWait    = 30 * time.Second // for requests that don't carry a scene
)

// Options configure an Agent.
type Options struct {
	Manager    string        // http(s) address, or several with commas between; "" is client.DefaultManager
	DataDir    string        // submissions and, unless Identity says otherwise, the identity; "" is the user's data folder
	Identity   string        // folder of the identity file; "" is DataDir
	CacheDir   string        // scan cache and temporary scenes; "" is "cache" in DataDir
	Passphrase []byte        // of the identity file, if it has one
	Software   string        // how this client calls itself
	Upload     int64         // bytes per second, 0 for no cap
	Connect    time.Duration // how long one try to sign in may take; 0 is 10 s
	Log        *slog.Logger
}

// Agent keeps one connection to a manager and the submissions that use it. Its methods
// return at once and are safe for concurrent use.
type Agent struct {
	options  Options
	identity *identity.Identity
	log      *slog.Logger
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup // the connection and every submission

	mu          sync.Mutex // guards what follows
	client      *client.Client
	tries       int // finished tries to sign in
	problem     *Problem
	final       bool          // the manager refused; no further tries
	changed     chan struct{} // closed and replaced at every change
	installs    []wire.RendererCount
	submissions map[string]*Submission
	closed      bool
}

// AgentStatus is a snapshot of an Agent.
type AgentStatus struct {
	Manager    string               `json:"manager"`   // that it is connected to, else those that it knows
	Address    string               `json:"address"`   // of this artist
	Connected  bool                 `json:"connected"` // now
	Settlement string               `json:"settlement,omitempty"`
	Symbol     string               `json:"symbol,omitempty"`
	Renderers  []wire.RendererCount `json:"renderers,omitempty"`
	Error      *Problem             `json:"error,omitempty"` // why it is not connected
}

// DefaultDataDir is where an artist's identity and submissions are kept.
func DefaultDataDir() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "heliostat"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", problem("set HOME, or name a data folder", "the user's data folder is not known: %v", err)
	}
	return filepath.Join(home, ".local", "share", "heliostat"), nil
}

// New opens the identity and starts to connect. Close ends it.
func New(o Options) (*Agent, error) {
	var err error
	if o.DataDir == "" {
		if o.DataDir, err = DefaultDataDir(); err != nil {
			return nil, err
		}
	}
	if o.Manager == "" {
		o.Manager = client.DefaultManager
	}
	if o.Identity == "" {
		o.Identity = o.DataDir
	}
	if o.CacheDir == "" {
		o.CacheDir = filepath.Join(o.DataDir, "cache")
	}
	if o.Software == "" {
		o.Software = "heliostat-submit"
	}
	if o.Connect == 0 {
		o.Connect = connectWait
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if _, err := link.BaseURLs(o.Manager); err != nil {
		return nil, problemOf("read the manager's address", err)
	}
	id, err := identity.Open(o.Identity, o.Passphrase)
	if err != nil {
		return nil, problemOf("open the identity", err)
	}
	if err := os.MkdirAll(o.CacheDir, 0o700); err != nil {
		return nil, problemOf("make the cache folder", err)
	}
	forgetScenes(o.CacheDir)
	ctx, cancel := context.WithCancel(context.Background())
	a := &Agent{options: o, identity: id, log: o.Log, ctx: ctx, cancel: cancel, changed: make(chan struct{}), submissions: make(map[string]*Submission)}
	a.wg.Go(a.connect)
	return a, nil
}

// scenesKept is how long the files of a scene stay that was described and not uploaded: a
// submission that failed or was left may still be gone on with.
const scenesKept = 7 * 24 * time.Hour

// forgetScenes deletes what submissions that nobody has gone on with left in the cache folder.
func forgetScenes(cacheDir string) {
	folders, err := filepath.Glob(filepath.Join(cacheDir, scenePrefix+"*"))
	if err != nil {
		return
	}
	for _, folder := range folders {
		if info, err := os.Lstat(folder); err == nil && info.IsDir() && time.Since(info.ModTime()) > scenesKept {
			_ = os.RemoveAll(folder) // at the next start, if not now
		}
	}
}

// Close ends the connection and every submission's work on this machine; their jobs go on
// and Resume picks them up.
func (a *Agent) Close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.cancel()
	a.wg.Wait()
}

// Status is how the agent stands now.
func (a *Agent) Status() AgentStatus {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := AgentStatus{Manager: a.options.Manager, Address: a.identity.Address(), Error: a.problem, Renderers: a.installs}
	if a.client != nil {
		if s.Connected = a.client.Connected(); s.Connected {
			s.Manager = a.client.Manager()
		}
		money := a.client.Welcome().Money
		s.Settlement, s.Symbol = money.Settlement, money.Symbol
		if !s.Connected {
			s.Error = problem("it is tried again by itself", "the connection to %s is lost", a.options.Manager)
		}
	}
	return s
}

// connect signs in, trying again until it works, is refused, or the agent closes; then
// keeps what the network can render fresh.
func (a *Agent) connect() {
	defer func() {
		if r := recover(); r != nil {
			a.log.Error("the connection failed inside", "panic", r, "stack", string(debug.Stack()))
			a.mu.Lock()
			a.client, a.final, a.problem = nil, true, problem("connect again, and report this text", "heliostat failed inside: %v", r)
			close(a.changed)
			a.changed = make(chan struct{})
			a.mu.Unlock()
		}
	}()
	var c *client.Client
	for a.ctx.Err() == nil {
		var err error
		c, err = client.Dial(a.ctx, client.Options{
			Manager: a.options.Manager, Identity: a.identity, Roles: []job.Role{job.RoleArtist}, Software: a.options.Software,
			Log: a.log, Timeout: a.options.Connect, Upload: a.options.Upload,
		})
		a.mu.Lock()
		a.tries++
		a.client, a.problem = c, nil
		if err != nil {
			a.client, a.problem, a.final = nil, problemOf("connect", err), link.Refused(err)
		}
		close(a.changed)
		a.changed = make(chan struct{})
		final := a.final
		a.mu.Unlock()
		if err == nil {
			break
		}
		a.log.Info("not connected", "manager", a.options.Manager, "err", err)
		if final || !pause(a.ctx, connectAgain) {
			return
		}
	}
	if c == nil {
		return
	}
	defer c.Close()
	for a.ctx.Err() == nil {
		if _, err := a.renderers(a.ctx, c); err != nil && a.ctx.Err() == nil {
			a.log.Info("what the network can render is not known", "err", err)
		}
		if !pause(a.ctx, renderersEvery) {
			return
		}
	}
}

func (a *Agent) renderers(ctx context.Context, c *client.Client) ([]wire.RendererCount, error) {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	installs, err := c.Renderers(ctx)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.installs = installs
	a.mu.Unlock()
	return installs, nil
}

// connection waits for the client. It gives up with the reason when a try to sign in that
// was still open at the call, or a later one, has failed.
func (a *Agent) connection(ctx context.Context) (*client.Client, error) {
	first := -1
	for {
		a.mu.Lock()
		c, tries, failed, final, changed := a.client, a.tries, a.problem, a.final, a.changed
		a.mu.Unlock()
		if first < 0 {
			first = tries
		}
		switch {
		case c != nil:
			return c, nil
		case failed != nil && (final || tries > first):
			return nil, failed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// pause waits, and tells whether ctx is still good.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Start begins a submission. What is wrong with the scene shows in its State.
func (a *Agent) Start(ctx context.Context, scene Scene) *Submission {
	r := &record{Version: recordVersion, Key: newKey(), Manager: a.options.Manager, Scene: scene, Started: time.Now(), Phase: Preflight}
	s := newSubmission(a, r)
	if err := scene.check(); err != nil {
		s.fail(problemOf("read the scene description", err))
		s.finish()
		return s
	}
	r.Scene = scene
	a.launch(ctx, s)
	return s
}

// Resume continues a submission from its file: key is a Status.Key or a job's id.
func (a *Agent) Resume(ctx context.Context, key string) (*Submission, error) {
	a.mu.Lock()
	for _, s := range a.submissions {
		if s.matches(key) && !s.ended() {
			a.mu.Unlock()
			return s, nil
		}
	}
	a.mu.Unlock()
	r, err := findRecord(a.options.DataDir, key)
	if err != nil {
		return nil, err
	}
	s := newSubmission(a, r)
	a.launch(ctx, s)
	return s, nil
}

// List names the submissions on disk, newest first.
func (a *Agent) List() ([]Summary, error) { return listRecords(a.options.DataDir) }

func (a *Agent) launch(ctx context.Context, s *Submission) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		s.fail(problem("open it again", "this connection is closed"))
		s.finish()
		return
	}
	a.submissions[s.record.Key] = s
	// The submission belongs to the agent; the caller's context may end it earlier.
	run, cancel := context.WithCancel(a.ctx)
	stop := context.AfterFunc(ctx, cancel)
	s.cancelRun = cancel
	a.wg.Go(func() {
		defer stop()
		defer cancel()
		s.run(run)
	})
}

// newKey is a submission's name and the Request of its draft.
func newKey() string {
	var raw [16]byte
	rand.Read(raw[:]) // never fails, see crypto/rand
	return "s" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:]))
}

func (a *Agent) scanCache() string { return filepath.Join(a.options.CacheDir, "scan.cache") }
