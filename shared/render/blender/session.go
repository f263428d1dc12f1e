package blender

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
)

//go:embed session.py
var sessionScript string

// Bounds on what the process may tell us.
const (
	maxReply   = 1 << 20
	maxLine    = 4096 // bytes kept of one line of output
	tailLines  = 40
	maxBorders = 1024 // of one request
	homeFolder = ".blender"
)

// reply is a line from the script.
type reply struct {
	Event    string
	Kind     string
	Cause    string
	Warnings []string
	ID       int
	Done     int
	Final    string
	Master   string
	CPU      float64
	RSS      int64
	Tiles    []tileReply
}

// tileReply is a rendered border: its files, and the region that they show, which is the
// border with its margin.
type tileReply struct {
	Final, Master string
	X, Y, W, H    int
}

type session struct {
	opts    render.Options
	cmd     *exec.Cmd
	in      *os.File // commands to the script
	out     *os.File // what Blender prints
	back    *os.File // the script's replies
	root    *os.Root // the workspace
	replies chan reply
	lines   chan string
	exited  chan struct{} // closed after exit is set
	exit    error
	readers sync.WaitGroup
	track   tracker
	id      int

	mu     sync.Mutex // guards last, dead, reaped
	last   []string
	dead   bool
	reaped bool // the process has been waited for; its number may be another's now
}

var _ render.Session = (*session)(nil)

// Open starts Blender, loads the scene and applies the recipe.
func (b *Blender) Open(ctx context.Context, o render.Options) (render.Session, error) {
	s, err := b.start(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, b.cfg.OpenTimeout)
	defer cancel()
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func checkOptions(o render.Options) error {
	unsupported := func(format string, args ...any) error {
		return &render.Error{Kind: render.ErrUnsupported, Cause: fmt.Sprintf(format, args...)}
	}
	r := o.Recipe
	switch {
	case o.Sandbox == nil:
		return errors.New("opening Blender: no sandbox given; render.NoSandbox has to be chosen on purpose")
	case !filepath.IsAbs(o.Workspace) || !filepath.IsAbs(o.Install.Path):
		return errors.New("opening Blender: workspace and program need absolute paths")
	case !filepath.IsLocal(filepath.FromSlash(r.MainFile)):
		return &render.Error{Kind: render.ErrBadScene, Cause: fmt.Sprintf("main file %q isn't inside the package", r.MainFile)}
	case r.Width < 4 || r.Height < 4 || r.Width > 65535 || r.Height > 65535:
		return unsupported("%d×%d pixels; a side has 4 to 65535", r.Width, r.Height)
	case r.Samples < 0 || r.Samples > 1<<24:
		return unsupported("%d samples", r.Samples)
	case r.Version != "" && r.Version != o.Install.Version:
		return unsupported("the recipe needs Blender %s, %s is %s", r.Version, o.Install.Path, o.Install.Version)
	case r.BuildHash != "" && r.BuildHash != o.Install.BuildHash:
		return unsupported("the recipe needs build %s of Blender %s, %s is build %q", r.BuildHash, r.Version, o.Install.Path, o.Install.BuildHash)
	case !slices.Contains(o.Install.Engines, r.Engine):
		return unsupported("Blender %s at %s has no engine %s", o.Install.Version, o.Install.Path, r.Engine)
	case r.Engine == "CYCLES" && r.Denoise && len(o.Install.Denoisers) == 0:
		return unsupported("the recipe denoises, and Blender %s at %s has no denoiser; turn denoising off, or use workers with an official Blender build",
			o.Install.Version, o.Install.Path)
	case r.Device == "GPU" && r.Engine == "CYCLES" && (o.Device == "" || o.Device == "CPU"):
		return unsupported("the recipe asks for a GPU and the session has none; a GPU job never runs on a CPU silently")
	case o.Device != "" && len(o.Install.Devices) > 0 && !slices.Contains(o.Install.Devices, o.Device):
		return unsupported("Blender %s at %s has no device %s", o.Install.Version, o.Install.Path, o.Device)
	}
	return nil
}

func (b *Blender) start(o render.Options) (_ *session, err error) {
	if err := checkOptions(o); err != nil {
		return nil, err
	}
	s := &session{
		opts: o, replies: make(chan reply, 16), lines: make(chan string, 64), exited: make(chan struct{}),
		track: tracker{now: time.Now},
	}
	// Until the process owns them, every opened file is ours to close.
	var files []io.Closer
	defer func() {
		if err != nil {
			for _, f := range files {
				f.Close()
			}
		}
	}()
	if s.root, err = os.OpenRoot(o.Workspace); err != nil {
		return nil, fmt.Errorf("opening the workspace: %w", err)
	}
	files = append(files, s.root)
	// A session before this one may have left anything in the workspace: links, or scripts that
	// Blender would load from its home. Only the scene was out of its reach.
	home, script := filepath.Join(o.Workspace, homeFolder), filepath.Join(homeFolder, "session.py")
	if err := errors.Join(s.root.RemoveAll(homeFolder), s.root.Mkdir(homeFolder, 0o700)); err != nil {
		return nil, fmt.Errorf("making Blender's home in the workspace: %w", err)
	}
	if err := s.root.WriteFile(script, []byte(sessionScript), 0o600); err != nil {
		return nil, fmt.Errorf("writing the session script: %w", err)
	}
	argv := []string{o.Install.Path, "-b", "--factory-startup", "-noaudio"}
	if o.Threads > 0 {
		argv = append(argv, "-t", strconv.Itoa(o.Threads))
	}
	// The last of -y and -Y wins wherever it stands, so nothing of a job's may come after.
	argv = append(argv, "-Y", "--python-exit-code", "64", "-P", filepath.Join(o.Workspace, script))
	argv, env, err := o.Sandbox.Wrap(render.SandboxSpec{
		Argv: argv, Env: environment(home, b.cfg.Env), Workspace: o.Workspace,
		Protected: []string{filepath.Join(o.Workspace, render.SceneFolder)},
		ReadOnly:  []string{filepath.Dir(o.Install.Path)}, Memory: o.MemoryLimit, GPU: o.Device != "" && o.Device != "CPU",
	})
	if err != nil {
		return nil, fmt.Errorf("confining Blender: %w", err)
	}
	var theirs []*os.File
	pipe := func() (r, w *os.File) {
		if err != nil {
			return nil, nil
		}
		if r, w, err = os.Pipe(); err == nil {
			files = append(files, r, w)
		}
		return r, w
	}
	commandR, commandW := pipe()
	replyR, replyW := pipe()
	outR, outW := pipe()
	if err != nil {
		return nil, fmt.Errorf("making pipes for Blender: %w", err)
	}
	s.in, s.back, s.out = commandW, replyR, outR
	theirs = []*os.File{commandR, replyW, outW}
	s.cmd = exec.Command(argv[0], argv[1:]...)
	s.cmd.Env, s.cmd.Dir = env, o.Workspace
	s.cmd.Stdout, s.cmd.Stderr = outW, outW
	s.cmd.ExtraFiles = []*os.File{commandR, replyW}
	ownGroup(s.cmd)
	if err = s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", argv[0], err)
	}
	for _, f := range theirs {
		f.Close()
	}
	s.readers.Add(2)
	go s.readLines()
	go s.readReplies()
	go func() {
		s.exit = s.cmd.Wait()
		killGroup(s.cmd.Process) // what it started
		s.mu.Lock()
		s.dead, s.reaped = true, true
		s.mu.Unlock()
		// A descendant may still hold the pipes; don't wait for it longer than this.
		deadline := time.Now().Add(time.Second)
		_, _ = s.out.SetReadDeadline(deadline), s.back.SetReadDeadline(deadline)
		s.readers.Wait()
		close(s.exited)
	}()
	return s, nil
}

// readLines ends with the process.
func (s *session) readLines() {
	defer s.readers.Done()
	defer close(s.lines)
	r := bufio.NewReaderSize(s.out, maxLine)
	for {
		line, err := r.ReadSlice('\n')
		text := string(line)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.ReadSlice('\n') // the rest of an overlong line
		}
		for len(text) > 0 && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
			text = text[:len(text)-1]
		}
		if text != "" {
			s.note(text)
			select {
			case s.lines <- text:
			default: // nobody renders; progress may be lost
			}
		}
		if err != nil {
			return
		}
	}
}

// readReplies ends with the process, or at a reply that is none.
func (s *session) readReplies() {
	defer s.readers.Done()
	defer close(s.replies)
	sc := bufio.NewScanner(s.back)
	sc.Buffer(nil, maxReply)
	for sc.Scan() {
		var a reply
		if err := json.Unmarshal(sc.Bytes(), &a); err != nil {
			s.note("unreadable reply: " + err.Error())
			return
		}
		s.replies <- a
	}
}

func (s *session) note(line string) {
	s.mu.Lock()
	s.last = append(s.last, line)
	if len(s.last) > tailLines {
		s.last = s.last[len(s.last)-tailLines:]
	}
	s.mu.Unlock()
	if s.opts.Log != nil {
		s.opts.Log(line)
	}
}

func (s *session) tail() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.last)
}

func (s *session) send(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("asking Blender: %w", err)
	}
	// A pipe that stays full belongs to a process that has stopped reading.
	_ = s.in.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if _, err := s.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("asking Blender: %w", err)
	}
	return nil
}

func (s *session) open(ctx context.Context) error {
	device := s.opts.Device
	if device == "" {
		device = "CPU"
	}
	err := s.send(map[string]any{
		"do": "open", "recipe": s.opts.Recipe, "device": device,
		"path": filepath.Join(s.opts.Workspace, render.SceneFolder, filepath.FromSlash(s.opts.Recipe.MainFile)),
	})
	if err != nil {
		return s.gone(ctx, err)
	}
	a, err := s.await(ctx, nil)
	if err != nil {
		return fmt.Errorf("loading the scene: %w", err)
	}
	if a.Event != "opened" {
		return &render.Error{Kind: render.ErrCrashed, Cause: fmt.Sprintf("Blender answered %q to loading", a.Event), Log: s.tail()}
	}
	for _, w := range a.Warnings {
		s.note("warning: " + w)
	}
	return nil
}

// await returns the next reply that isn't progress. When ctx ends first, the process dies.
func (s *session) await(ctx context.Context, progress func(render.Progress)) (reply, error) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	lines := s.lines
	show := func() {
		if progress != nil {
			progress(s.track.last)
		}
	}
	for {
		select {
		case <-ctx.Done():
			s.kill()
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return reply{}, fmt.Errorf("%w: %w", &render.Error{Kind: render.ErrTimeout, Log: s.tail()}, ctx.Err())
			}
			return reply{}, ctx.Err()
		case line, ok := <-lines:
			if !ok {
				lines = nil
			} else if s.track.line(line) {
				show()
			}
		case <-tick.C:
			s.track.tick()
			show()
		case a, ok := <-s.replies:
			switch {
			case !ok:
				return reply{}, s.gone(ctx, nil)
			case a.Event == "error":
				return reply{}, s.refused(a)
			case a.Event == "tile":
				s.track.tile(a.Done)
				show()
			default:
				return a, nil
			}
		}
	}
}

// gone explains a conversation that broke off.
func (s *session) gone(ctx context.Context, err error) error {
	s.kill()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && s.exit == nil {
		return &render.Error{Kind: render.ErrCrashed, Cause: err.Error(), Log: s.tail()}
	}
	return s.died()
}

// kill ends the whole process group and waits for it.
func (s *session) kill() {
	s.mu.Lock()
	if !s.reaped {
		killGroup(s.cmd.Process)
	}
	s.mu.Unlock()
	for replies := s.replies; ; {
		select {
		case <-s.exited:
			return
		case _, ok := <-replies: // readReplies may be waiting to hand one over
			if !ok {
				replies = nil
			}
		}
	}
}

// Alive tells whether the process runs.
func (s *session) Alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.dead
}

// Close ends the process. Its files in the workspace stay; the caller wipes the workspace.
func (s *session) Close() error {
	s.mu.Lock()
	s.dead = true
	s.mu.Unlock()
	s.kill()
	for _, f := range []io.Closer{s.in, s.out, s.back, s.root} {
		if err := f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			return fmt.Errorf("closing Blender's pipes: %w", err)
		}
	}
	return nil
}
