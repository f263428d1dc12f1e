// Package link is one websocket session between a node and a manager: the signed hello,
// heartbeats both ways, requests with answers, pushes, and on the node's side a connection
// that comes back by itself. shared/wire/PROTOCOL.md is the specification.
//
// It is not the place for what messages mean: both ends give a Handler.
//
// Receives: messages from manager/gateway, workerapp, verifier and shared/client.
// Hands on: the same messages, at the other end, with the sender's proven address.
package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	// outQueue bounds the messages that wait for a slow reader; then it is dropped.
	outQueue = 1024
	// inFlight bounds the requests of one peer that are handled at the same time.
	inFlight = 64
	// writeWait bounds one write to the socket.
	writeWait = 20 * time.Second
	// small is how many bytes a message may have without asking for room, and waiting how many bytes of pushes
	// may wait to be handled.
	small   = 16 << 10
	waiting = 256 << 10
	// silence is how many heartbeats may be missed.
	silence = 3
)

// ErrClosed means that the session ended before the answer came; the request may or may
// not have been carried out.
var ErrClosed = errors.New("the connection ended")

// Peer is the other end: on the manager the node that signed in, on the node the manager.
type Peer struct {
	Address  string
	Roles    []job.Role
	SealKey  []byte
	Software string
	Remote   string // network address
}

// Has tells whether the peer signed in with a role.
func (p Peer) Has(role job.Role) bool {
	for _, r := range p.Roles {
		if r == role {
			return true
		}
	}
	return false
}

// Message is a request (Wants) or a push.
type Message struct {
	Type  wire.Type
	Body  json.RawMessage
	Wants bool
	// Seq counts a session's messages as they arrived, from 1: requests run side by side, so of
	// two reports the later one may be handled first.
	Seq uint64

	free func() // gives back the room that it took
}

// Decode reads the body; the error is a *wire.Error that a handler can return as it is.
func (m Message) Decode(v any) error {
	if err := json.Unmarshal(m.Body, v); err != nil {
		return &wire.Error{Code: wire.CodeBadRequest, Message: fmt.Sprintf("the body of %s can't be read: %v", m.Type, err)}
	}
	return nil
}

// Handler answers a message: a type and body, or an error. A *wire.Error is sent as it is,
// any other as CodeUnavailable without its text. Requests run concurrently, pushes one at
// a time in the order of their arrival; what is returned for a push is dropped. ctx ends with the session.
type Handler func(ctx context.Context, s *Session, m Message) (wire.Type, any, error)

// Session is one signed-in connection. Its methods are safe for concurrent use.
type Session struct {
	id      string
	peer    Peer
	welcome wire.Welcome
	conn    *websocket.Conn
	handler Handler
	log     *slog.Logger
	limit   *rate.Limiter
	beat    func() wire.Heartbeat

	maxMessage int64               // bytes of one message that comes in
	room       *semaphore.Weighted // bytes of large messages, shared with other sessions; nil for no bound

	ctx    context.Context
	cancel context.CancelCauseFunc
	slots  chan struct{}
	pulse  *time.Timer
	wg     sync.WaitGroup

	draining chan struct{} // closed: nothing more is read
	once     sync.Once     // closes draining

	wire    sync.Mutex    // whoever writes to conn has it
	drained chan struct{} // told when there is room in pushes

	// A session that is idle has one goroutine, which reads; the others come and go with what there
	// is to write and to handle. A manager has tens of thousands of sessions.
	mu      sync.Mutex // guards what follows
	next    uint64
	pending map[uint64]chan wire.Envelope
	out     []wire.Envelope // that wait to be written
	writing bool            // a goroutine does
	pushes  []Message       // that wait to be handled
	pushed  int             // bytes of them
	pushing bool            // a goroutine does
	over    bool            // no goroutine begins any more
}

func newSession(conn *websocket.Conn, peer Peer, welcome wire.Welcome, handler Handler, log *slog.Logger) *Session {
	s := &Session{
		id: welcome.Session, peer: peer, welcome: welcome, conn: conn, handler: handler,
		log:     log.With("session", welcome.Session, "peer", peer.Address),
		beat:    func() wire.Heartbeat { return wire.Heartbeat{Time: time.Now().UnixMilli()} },
		slots:   make(chan struct{}, inFlight),
		drained: make(chan struct{}, 1), draining: make(chan struct{}), maxMessage: wire.MaxMessage,
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s
}

// ID names the session; a node gives it as Resume when it comes back.
func (s *Session) ID() string { return s.id }

// Peer is the other end.
func (s *Session) Peer() Peer { return s.peer }

// Welcome is what the manager answered to the sign-in.
func (s *Session) Welcome() wire.Welcome { return s.welcome }

// Context ends with the session.
func (s *Session) Context() context.Context { return s.ctx }

// Done is closed when the session has ended.
func (s *Session) Done() <-chan struct{} { return s.ctx.Done() }

// Close ends the session and tells the other end why.
func (s *Session) Close(reason string) { s.end(fmt.Errorf("%w: %s", ErrClosed, reason)) }

func (s *Session) end(cause error) { s.cancel(cause) }

// Send pushes a message without an answer. It never blocks: a peer that doesn't read is
// dropped.
func (s *Session) Send(typ wire.Type, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode %s: %w", typ, err)
	}
	return s.enqueue(wire.Envelope{V: wire.Version, Type: typ, Body: raw})
}

// beginLocked starts a goroutine that run waits for, unless run doesn't any more.
func (s *Session) beginLocked(work func()) bool {
	if s.over {
		return false
	}
	s.wg.Go(func() {
		deepen()
		work()
	})
	return true
}

// Request sends a message and waits for its answer, which it decodes into reply unless
// that is nil. An error answer is returned as *wire.Error.
func (s *Session) Request(ctx context.Context, typ wire.Type, body, reply any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode %s: %w", typ, err)
	}
	answer := make(chan wire.Envelope, 1)
	s.mu.Lock()
	s.next++
	id := s.next
	if s.pending == nil {
		s.pending = make(map[uint64]chan wire.Envelope)
	}
	s.pending[id] = answer
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.pending, id)
		s.mu.Unlock()
	}()
	if err := s.enqueue(wire.Envelope{V: wire.Version, ID: id, Type: typ, Body: raw}); err != nil {
		return err
	}
	select {
	case e := <-answer:
		if e.Type == wire.TypeError {
			var failed wire.Error
			if err := json.Unmarshal(e.Body, &failed); err != nil {
				return fmt.Errorf("the error answer to %s can't be read: %w", typ, err)
			}
			return &failed
		}
		if reply == nil {
			return nil
		}
		if err := json.Unmarshal(e.Body, reply); err != nil {
			return fmt.Errorf("the answer to %s can't be read: %w", typ, err)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
}

// drain ends the session once the requests under way are answered, at most until ctx ends.
func (s *Session) drain(ctx context.Context, reason string) {
	s.once.Do(func() { close(s.draining) })
	defer s.Close(reason)
	// Whoever has every slot knows that no handler runs.
	for range cap(s.slots) {
		select {
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return
		case <-s.ctx.Done():
			return
		}
	}
}

// run carries the session until it ends and every handler has returned.
func (s *Session) run() {
	s.wg.Add(1)
	context.AfterFunc(s.ctx, func() {
		defer s.wg.Done()
		s.finish()
	})
	s.mu.Lock()
	s.pulse = time.AfterFunc(s.heartbeat(), s.tell)
	s.mu.Unlock()
	s.readLoop()
	s.mu.Lock()
	s.over = true
	s.pulse.Stop()
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *Session) heartbeat() time.Duration {
	return time.Duration(s.welcome.Heartbeat) * time.Millisecond
}

// tell sends a heartbeat and sets the time of the next.
func (s *Session) tell() {
	raw, err := json.Marshal(s.beat())
	if err != nil {
		s.end(fmt.Errorf("encode a heartbeat: %w", err))
		return
	}
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return
	}
	s.wg.Add(1)
	s.mu.Unlock()
	defer s.wg.Done()
	if s.enqueueHere(wire.Envelope{V: wire.Version, Type: wire.TypeHeartbeat, Body: raw}) != nil {
		return // it has ended
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.pulse.Reset(s.heartbeat())
	}
}

func truncate(text string, n int) string {
	if len(text) > n {
		return text[:n]
	}
	return text
}

func (s *Session) readLoop() {
	s.conn.SetReadLimit(s.maxMessage)
	for seq := uint64(1); ; seq++ {
		e, free, err := s.read()
		if err != nil {
			s.end(fmt.Errorf("%w: %w", ErrClosed, err))
			return
		}
		if e.V != wire.Version {
			free()
			s.answer(s.enqueue, e, "", nil, &wire.Error{Code: wire.CodeUnsupported, Message: fmt.Sprintf("protocol version %d is not spoken here", e.V), Next: "update the older of the two programs"})
			continue
		}
		if s.limit != nil {
			// Too fast a peer is slowed down by its own socket.
			if err := s.limit.Wait(s.ctx); err != nil {
				free()
				return
			}
		}
		switch {
		case e.Re != 0:
			s.mu.Lock()
			answer := s.pending[e.Re]
			delete(s.pending, e.Re)
			s.mu.Unlock()
			if answer != nil {
				answer <- e
			}
			free()
		case e.ID == 0:
			if !s.push(Message{Type: e.Type, Body: e.Body, Seq: seq, free: free}) {
				free()
				return
			}
		default:
			select {
			case <-s.draining:
				free()
				continue // it is asked again on the next connection
			default:
			}
			select {
			case s.slots <- struct{}{}:
			case <-s.draining:
				free()
				continue
			case <-s.ctx.Done():
				free()
				return
			}
			s.wg.Go(func() {
				defer func() { <-s.slots }()
				deepen()
				typ, body, err := s.handle(Message{Type: e.Type, Body: e.Body, Wants: true, Seq: seq})
				free() // whoever doesn't read the answer holds no room
				s.answer(s.enqueueHere, e, typ, body, err)
			})
		}
	}
}

// deepen makes its goroutine's stack as large as most handlers and writing need while next to nothing has to be copied
// for it.
//
//go:noinline
func deepen() {
	var room [10 << 10]byte
	runtime.KeepAlive(&room)
}

// handle calls the handler. A panic over one hostile message must not take down the
// manager with every other session, or the Blender that the bridge lives in.
func (s *Session) handle(m Message) (typ wire.Type, body any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while handling %s: %v\n%s", m.Type, p, debug.Stack())
		}
	}()
	return s.handler(s.ctx, s, m)
}

// push has a message handled after those before it; false means that the session has ended.
// The reader waits while the handler is far behind.
func (s *Session) push(m Message) bool {
	for {
		s.mu.Lock()
		if len(s.pushes) < outQueue && s.pushed < waiting {
			s.pushes = append(s.pushes, m)
			s.pushed += len(m.Body)
			if !s.pushing {
				s.pushing = s.beginLocked(s.handlePushes)
			}
			s.mu.Unlock()
			return true
		}
		s.mu.Unlock()
		select {
		case <-s.drained:
		case <-s.ctx.Done():
			return false
		}
	}
}

// handlePushes handles what was pushed, until nothing waits.
func (s *Session) handlePushes() {
	for {
		s.mu.Lock()
		batch := s.pushes
		s.pushes, s.pushed = nil, 0
		if len(batch) == 0 || s.ctx.Err() != nil {
			s.pushing = false
			s.mu.Unlock()
			for _, m := range batch {
				m.free()
			}
			return
		}
		s.mu.Unlock()
		select {
		case s.drained <- struct{}{}:
		default:
		}
		for _, m := range batch {
			if s.ctx.Err() == nil {
				if _, _, err := s.handle(m); err != nil && s.ctx.Err() == nil {
					s.log.Debug("a pushed message was refused", "type", m.Type, "err", err)
				}
			}
			m.free()
		}
	}
}

// answer sends what a request gets, by enqueueHere or enqueue.
func (s *Session) answer(send func(wire.Envelope) error, e wire.Envelope, typ wire.Type, body any, err error) {
	if e.ID == 0 || s.ctx.Err() != nil {
		return
	}
	if err != nil {
		var failed *wire.Error
		if !errors.As(err, &failed) {
			s.log.Error("a request failed", "type", e.Type, "err", err)
			failed = &wire.Error{Code: wire.CodeUnavailable, Message: fmt.Sprintf("%s could not be carried out", e.Type), Next: "try again; the other side's log has the cause"}
		}
		typ, body = wire.TypeError, failed
	}
	if typ == "" {
		typ = wire.TypeOK
	}
	raw, err := json.Marshal(body)
	if err != nil {
		s.log.Error("an answer can't be encoded", "type", typ, "err", err)
		return
	}
	if err := send(wire.Envelope{V: wire.Version, Re: e.ID, Type: typ, Body: raw}); err != nil && s.ctx.Err() == nil {
		s.log.Error("an answer was not sent", "type", typ, "err", err)
		s.answer(send, e, "", nil, &wire.Error{Code: wire.CodeLimit, Message: fmt.Sprintf("the answer to %s is too large", e.Type), Next: "ask for less"})
	}
}
