package link

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Path is where a manager serves its websocket.
const Path = "/link"

// Options configure the node's end.
type Options struct {
	URL      string // http(s) or ws(s) addresses of the managers, without Path: one, or several with commas between; each maybe with a pin, see WithPin
	Identity *identity.Identity
	Roles    []job.Role
	Software string
	Handler  Handler // nil refuses everything that the manager asks
	// OnConnect runs after each sign-in, before requests that wait for a connection go
	// out. Its error ends the connection, which is then tried again.
	OnConnect    func(ctx context.Context, s *Session) error
	OnDisconnect func(cause error)
	OnFailed     func(err error) // after each try that failed and is made again
	Leases       func() []string // carried by heartbeats
	Log          *slog.Logger
}

// Conn is a connection to a manager that comes back by itself, to whichever of the managers lets it in. Its methods are
// safe for concurrent use.
type Conn struct {
	options  Options
	managers []address
	cancel   context.CancelFunc
	done     chan struct{}

	mu      sync.Mutex // guards what follows
	session *Session
	manager string // that session is with, or the last one was
	resume  string
	changed chan struct{} // closed and replaced when session or final changes
	last    error         // of the last failed try, nil while connected
	final   error         // set once: no further tries
}

// Keep connects in the background until ctx ends or Close. Wait tells how the first try
// went.
func Keep(ctx context.Context, o Options) (*Conn, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Handler == nil {
		o.Handler = func(_ context.Context, _ *Session, m Message) (wire.Type, any, error) {
			if !m.Wants {
				return "", nil, nil
			}
			return "", nil, &wire.Error{Code: wire.CodeUnsupported, Message: fmt.Sprintf("%s is not known here", m.Type)}
		}
	}
	managers, err := addresses(o.URL)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	c := &Conn{options: o, managers: managers, manager: managers[0].text, cancel: cancel, done: make(chan struct{}), changed: make(chan struct{})}
	go c.loop(ctx)
	return c, nil
}

// Connected tells whether a session is open now.
func (c *Conn) Connected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session != nil
}

// Manager is the address of the manager that the session is with, of those in Options.URL; without a session the one
// of the last.
func (c *Conn) Manager() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.manager
}

// Wait returns the current session's welcome, waiting for one until ctx ends. A refusal
// that trying again can't change is returned at once; at the end of ctx the error says
// why the last try failed.
func (c *Conn) Wait(ctx context.Context) (wire.Welcome, error) {
	session, err := c.wait(ctx)
	if err != nil {
		return wire.Welcome{}, err
	}
	return session.Welcome(), nil
}

func (c *Conn) wait(ctx context.Context) (*Session, error) {
	for {
		c.mu.Lock()
		session, changed, final := c.session, c.changed, c.final
		c.mu.Unlock()
		if final != nil {
			return nil, final
		}
		if session != nil {
			return session, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			c.mu.Lock()
			last := c.last
			c.mu.Unlock()
			switch {
			case last == nil:
				return nil, context.Cause(ctx)
			case len(c.managers) > 1: // each is named in it
				return nil, fmt.Errorf("no connection: %w", last)
			}
			return nil, fmt.Errorf("no connection to the manager at %s: %w", c.options.URL, last)
		}
	}
}

// Request sends a message and waits for the answer. It waits for a connection, and sends
// again when one breaks before the answer came, until ctx ends: managers treat every
// request as idempotent.
func (c *Conn) Request(ctx context.Context, typ wire.Type, body, reply any) error {
	for {
		session, err := c.wait(ctx)
		if err != nil {
			return err
		}
		err = session.Request(ctx, typ, body, reply)
		if err == nil || !errors.Is(err, ErrClosed) || ctx.Err() != nil {
			return err
		}
		c.gone(session)
	}
}

// Send pushes a message on the open connection; without one the message is dropped with
// ErrClosed.
func (c *Conn) Send(typ wire.Type, body any) error {
	c.mu.Lock()
	session := c.session
	c.mu.Unlock()
	if session == nil {
		return ErrClosed
	}
	return session.Send(typ, body)
}

// Close ends the connection for good and waits until its handlers have returned.
func (c *Conn) Close() {
	c.cancel()
	<-c.done
}

// gone forgets a session that has ended, before the loop notices.
func (c *Conn) gone(session *Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == session {
		c.setLocked(nil, nil)
	}
}

func (c *Conn) setLocked(session *Session, final error) {
	c.session = session
	if session != nil {
		c.resume, c.last = session.ID(), nil
	}
	if final != nil {
		c.final = final
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *Conn) loop(ctx context.Context) {
	defer close(c.done)
	r := round{of: len(c.managers)}
	for ctx.Err() == nil {
		manager := c.managers[r.at]
		held, opened, err := c.once(ctx, manager, r.patience())
		if ctx.Err() != nil {
			break
		}
		if r.of > 1 {
			name, _, _ := strings.Cut(manager.text, "#") // the pin is for machines
			err = fmt.Errorf("%s: %w", name, err)
		}
		over := r.failed(err, opened, held)
		err = inARow(r.errs)
		if over && Refused(err) {
			c.mu.Lock()
			c.setLocked(nil, err)
			c.mu.Unlock()
			return
		}
		c.mu.Lock()
		c.last = err
		c.mu.Unlock()
		if !over {
			c.options.Log.Info("no connection to the manager", "manager", manager.text, "err", r.errs[len(r.errs)-1], "next", c.managers[r.at].text)
			continue
		}
		if !opened && c.options.OnFailed != nil {
			c.options.OnFailed(err)
		}
		delay := r.again()
		c.options.Log.Info("no connection to the manager", "manager", c.options.URL, "err", err, "again", delay.Round(time.Millisecond))
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
	c.mu.Lock()
	if c.final == nil {
		c.setLocked(nil, fmt.Errorf("%w: closed here", ErrClosed))
	}
	c.mu.Unlock()
}

// inARow is errors.Join on one line.
func inARow(errs []error) error {
	all := errs[0]
	for _, err := range errs[1:] {
		all = fmt.Errorf("%w; %w", all, err)
	}
	return all
}

// once carries one connection from dial to end; opened tells whether the sign-in
// succeeded, and held for how long it then lasted.
func (c *Conn) once(ctx context.Context, manager address, patience time.Duration) (held time.Duration, opened bool, err error) {
	session, err := c.dial(ctx, manager, patience)
	if err != nil {
		return 0, false, err
	}
	began := time.Now()
	stop := context.AfterFunc(ctx, func() { session.Close("the node is stopping") })
	defer stop()
	ended := make(chan struct{})
	go func() { session.run(); close(ended) }()
	if c.options.OnConnect != nil {
		if err := c.options.OnConnect(session.Context(), session); err != nil {
			session.Close("the node could not resume")
			<-ended
			return 0, false, fmt.Errorf("resume after sign-in: %w", err)
		}
	}
	c.mu.Lock()
	c.manager = manager.text
	c.setLocked(session, nil)
	c.mu.Unlock()
	<-ended
	c.gone(session)
	cause := context.Cause(session.Context())
	if c.options.OnDisconnect != nil {
		c.options.OnDisconnect(cause)
	}
	return time.Since(began), true, cause
}

func (c *Conn) dial(ctx context.Context, manager address, patience time.Duration) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	url, pin := manager.socket()
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: dialWait, ReadBufferSize: 4096, WriteBufferSize: 4096, TLSClientConfig: pinned(pin)}
	conn, response, err := dialer.DialContext(ctx, url, nil)
	if err != nil {
		if response != nil {
			response.Body.Close()
			return nil, fmt.Errorf("connect: %w (HTTP %s)", err, response.Status)
		}
		return nil, fmt.Errorf("connect: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Now()) })
	session, err := c.signIn(conn)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return session, nil
}

func (c *Conn) signIn(conn *websocket.Conn) (*Session, error) {
	conn.SetReadLimit(helloLimit)
	conn.SetReadDeadline(time.Now().Add(helloWait))
	conn.SetWriteDeadline(time.Now().Add(helloWait))
	var challenge wire.Challenge
	if err := readHello(conn, wire.TypeChallenge, &challenge); err != nil {
		return nil, err
	}
	id := c.options.Identity
	sealKey := hex.EncodeToString(id.SealKey())
	if err := checkChallenge(challenge); err != nil {
		return nil, err
	}
	channel := ""
	if secure, ok := conn.NetConn().(*tls.Conn); ok {
		var err error
		if channel, err = bindingOf(secure.ConnectionState()); err != nil {
			return nil, err
		}
	}
	text := identity.SignInText(challenge, id.Address(), sealKey, channel)
	signature, err := id.SignText(text)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	resume := c.resume
	c.mu.Unlock()
	hello := wire.Hello{
		Address: id.Address(), Roles: c.options.Roles, Text: text, Signature: "0x" + hex.EncodeToString(signature),
		SealKey: sealKey, Software: c.options.Software, Resume: resume, Channel: channel,
	}
	if err := conn.WriteJSON(envelope(wire.TypeHello, 0, hello)); err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	var welcome wire.Welcome
	if err := readHello(conn, wire.TypeWelcome, &welcome); err != nil {
		return nil, err
	}
	managerKey, err := hex.DecodeString(welcome.SealKey)
	if err != nil || len(managerKey) != 32 || welcome.Heartbeat < 10 {
		return nil, errors.New("the manager's welcome can't be used: bad seal key or heartbeat")
	}
	peer := Peer{Address: welcome.Manager, Roles: []job.Role{job.RoleOperator}, SealKey: managerKey, Remote: conn.RemoteAddr().String()}
	session := newSession(conn, peer, welcome, c.options.Handler, c.options.Log)
	if c.options.Leases != nil {
		session.beat = func() wire.Heartbeat {
			return wire.Heartbeat{Time: time.Now().UnixMilli(), Leases: c.options.Leases()}
		}
	}
	return session, nil
}

func readHello(conn *websocket.Conn, want wire.Type, body any) error {
	var e wire.Envelope
	if err := conn.ReadJSON(&e); err != nil {
		return fmt.Errorf("wait for %s: %w", want, err)
	}
	m := Message{Type: e.Type, Body: e.Body}
	if e.Type == wire.TypeError {
		failed := new(wire.Error)
		if err := m.Decode(failed); err != nil {
			return err
		}
		return failed
	}
	if e.V != wire.Version || e.Type != want {
		return fmt.Errorf("expected %s of version %d, got %s of version %d", want, wire.Version, e.Type, e.V)
	}
	return m.Decode(body)
}

// Refused tells whether an error of Wait or Request is the manager's final refusal, which
// trying again can't change.
func Refused(err error) bool {
	var refused *wire.Error
	return errors.As(err, &refused) && (refused.Code == wire.CodeUnauthorised || refused.Code == wire.CodeUnsupported || refused.Code == wire.CodeBadRequest)
}
