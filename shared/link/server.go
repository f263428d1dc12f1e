package link

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	helloWait  = 15 * time.Second
	helloLimit = 16 << 10
	maxRoles   = 8
	room       = 256 << 20 // default
)

// ServerOptions configure the manager's end.
type ServerOptions struct {
	Domain  string // the manager's name in the text that nodes sign
	ChainID uint64
	// Welcome authorises a peer whose key is proven and fills the answer; Session and Time
	// are the server's. An error refuses the peer; a *wire.Error is shown to it.
	Welcome   func(Peer) (wire.Welcome, error)
	Handler   Handler
	OnOpen    func(*Session) // before the first message is read
	OnClose   func(*Session) // after the last handler returned
	Heartbeat time.Duration  // default 5 s
	// Limits bounds what one peer may send, by its roles; nil is DefaultLimits for all.
	Limits func(Peer) Limits
	// Sessions bounds the open connections, PerAddress those of one address and Opening those
	// that haven't signed in yet; 0 for no bound.
	Sessions, PerAddress, Opening int
	// Room bounds the bytes of large messages, of all peers together, that are read or handled at a time;
	// 0 is 256 MiB. Who sends one waits for room.
	Room int64
	Log  *slog.Logger
}

// Limits bound what one peer may send.
type Limits struct {
	Rate    float64 // messages a second; a faster peer is slowed, not refused
	Burst   int     // messages that may come bunched
	Message int64   // bytes of one message, at most wire.MaxMessage
}

// DefaultLimits are PROTOCOL.md's.
var DefaultLimits = Limits{Rate: 500, Burst: 2000, Message: wire.MaxMessage}

// Server accepts sessions; it is an http.Handler for one path.
type Server struct {
	options  ServerOptions
	upgrader websocket.Upgrader
	room     *semaphore.Weighted
	wg       sync.WaitGroup

	mu        sync.Mutex // guards what follows
	sessions  map[*Session]struct{}
	addresses map[string]int // sessions that were admitted
	opening   int
	closed    bool
}

var _ http.Handler = (*Server)(nil)

// NewServer makes a server.
func NewServer(o ServerOptions) *Server {
	if o.Heartbeat == 0 {
		o.Heartbeat = 5 * time.Second
	}
	if o.Limits == nil {
		o.Limits = func(Peer) Limits { return DefaultLimits }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Room == 0 {
		o.Room = room
	}
	return &Server{
		options:  o,
		room:     semaphore.NewWeighted(max(o.Room, wire.MaxMessage)),
		upgrader: websocket.Upgrader{HandshakeTimeout: helloWait, ReadBufferSize: 1024, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{}},
		sessions: make(map[*Session]struct{}), addresses: make(map[string]int),
	}
}

// ServeHTTP upgrades, signs the peer in and lets its session begin, which goes on until it ends, at
// the latest with Close. It doesn't stay: the request and all that served it would be kept for as long.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "no more connections are taken now; try again later", http.StatusServiceUnavailable)
		return
	}
	done := s.wg.Done
	defer func() { done() }()
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.leave(nil)
		return // Upgrade has answered
	}
	session, err := s.signIn(conn, r.RemoteAddr, r.TLS)
	if err != nil {
		s.leave(nil)
		s.options.Log.Info("a sign-in was refused", "remote", r.RemoteAddr, "err", err)
		refuse(conn, err)
		return
	}
	done = func() {} // carry's now
	go s.carry(session)
}

// carry runs a session.
func (s *Server) carry(session *Session) {
	defer s.wg.Done()
	s.mu.Lock()
	s.opening--
	s.sessions[session] = struct{}{}
	closed := s.closed
	s.mu.Unlock()
	if closed {
		session.Close("the manager is stopping")
	}
	if s.options.OnOpen != nil {
		s.options.OnOpen(session)
	}
	session.run()
	s.leave(session)
	if s.options.OnClose != nil {
		s.options.OnClose(session)
	}
}

func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.options.Sessions > 0 && len(s.sessions)+s.opening >= s.options.Sessions || s.options.Opening > 0 && s.opening >= s.options.Opening {
		return false
	}
	s.opening++
	s.wg.Add(1)
	return true
}

func (s *Server) leave(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if session == nil {
		s.opening--
		return
	}
	delete(s.sessions, session)
	s.dismissLocked(session.peer.Address)
}

// admit counts a session of an address, unless it has as many as it may. It is counted before it is
// welcomed, so that of two at once only one is the last that may.
func (s *Server) admit(address string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.PerAddress > 0 && s.addresses[address] >= s.options.PerAddress {
		return false
	}
	s.addresses[address]++
	return true
}

// dismiss takes back what admit counted.
func (s *Server) dismiss(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dismissLocked(address)
}

func (s *Server) dismissLocked(address string) {
	if s.addresses[address]--; s.addresses[address] == 0 {
		delete(s.addresses, address)
	}
}

// Sessions counts the open sessions.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Drain takes no new sessions, lets the requests under way finish and their answers go
// out, and ends every session with the reason, at most until ctx ends; Close then ends what is left.
func (s *Server) Drain(ctx context.Context, reason string) {
	s.mu.Lock()
	s.closed = true
	sessions := slices.Collect(maps.Keys(s.sessions))
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, session := range sessions {
		wg.Go(func() { session.drain(ctx, reason) })
	}
	wg.Wait()
}

// Close ends every session and waits for its handlers, at most until ctx ends.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for session := range s.sessions {
		session.Close("the manager is stopping")
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for open sessions: %w", ctx.Err())
	}
}

func (s *Server) signIn(conn *websocket.Conn, remote string, secure *tls.ConnectionState) (*Session, error) {
	deadline := time.Now().Add(helloWait)
	conn.SetReadLimit(helloLimit)
	conn.SetReadDeadline(deadline)
	conn.SetWriteDeadline(deadline)
	now := time.Now().UTC()
	challenge := wire.Challenge{
		Domain: s.options.Domain, URI: "heliostat://" + s.options.Domain + "/link", ChainID: s.options.ChainID, Nonce: randomHex(16),
		Issued: now.Format(time.RFC3339), Expires: now.Add(helloWait).Format(time.RFC3339),
	}
	if err := conn.WriteJSON(envelope(wire.TypeChallenge, 0, challenge)); err != nil {
		return nil, fmt.Errorf("send the challenge: %w", err)
	}
	var e wire.Envelope
	if err := conn.ReadJSON(&e); err != nil {
		return nil, fmt.Errorf("read the hello: %w", err)
	}
	if e.V != wire.Version || e.Type != wire.TypeHello {
		return nil, &wire.Error{Code: wire.CodeUnsupported, Message: fmt.Sprintf("expected %s of version %d, got %s of version %d", wire.TypeHello, wire.Version, e.Type, e.V), Next: "update the older of the two programs"}
	}
	var hello wire.Hello
	err := (Message{Type: e.Type, Body: e.Body}).Decode(&hello)
	if err != nil {
		return nil, err
	}
	channel := hello.Channel // of a connection that somebody else made secure
	if secure != nil {
		if channel, err = bindingOf(*secure); err != nil {
			return nil, err
		}
	}
	peer, err := checkHello(challenge, hello, channel)
	if err != nil {
		return nil, err
	}
	peer.Remote = remote
	if !s.admit(peer.Address) {
		return nil, &wire.Error{Code: wire.CodeLimit, Message: fmt.Sprintf("%s has %d connections already", peer.Address, s.options.PerAddress), Next: "close some of them"}
	}
	welcome, err := s.welcome(conn, peer, e.ID)
	if err != nil {
		s.dismiss(peer.Address)
		return nil, err
	}
	session := newSession(conn, peer, welcome, s.options.Handler, s.options.Log)
	limits := s.options.Limits(peer)
	session.limit = rate.NewLimiter(rate.Limit(limits.Rate), limits.Burst)
	session.maxMessage, session.room = min(limits.Message, wire.MaxMessage), s.room
	return session, nil
}

// welcome answers a hello that was taken.
func (s *Server) welcome(conn *websocket.Conn, peer Peer, hello uint64) (wire.Welcome, error) {
	welcome, err := s.options.Welcome(peer)
	if err != nil {
		return welcome, err
	}
	welcome.Session = randomHex(16)
	welcome.Time = time.Now().UnixMilli()
	welcome.Heartbeat = int(s.options.Heartbeat.Milliseconds())
	if err := conn.WriteJSON(envelope(wire.TypeWelcome, hello, welcome)); err != nil {
		return welcome, fmt.Errorf("send the welcome: %w", err)
	}
	return welcome, nil
}

// checkHello proves the key: the text is the one built from this connection's challenge,
// so neither an old hello nor one signed for another manager is taken. Over TLS it is also bound to
// the connection: the challenge itself may have been carried on.
func checkHello(c wire.Challenge, h wire.Hello, channel string) (Peer, error) {
	refuse := func(format string, args ...any) (Peer, error) {
		return Peer{}, &wire.Error{Code: wire.CodeUnauthorised, Message: "the sign-in was refused: " + fmt.Sprintf(format, args...), Next: "check the identity file of this data folder"}
	}
	if h.Channel != channel {
		return refuse("it was signed for another connection: something between the two ends TLS")
	}
	if h.Text != identity.SignInText(c, h.Address, h.SealKey, channel) {
		return refuse("the signed text doesn't answer this challenge")
	}
	signature, err := hex.DecodeString(trim0x(h.Signature))
	if err != nil {
		return refuse("the signature is not hex")
	}
	signer, err := identity.RecoverText(h.Text, signature)
	if err != nil {
		return refuse("%v", err)
	}
	if signer != h.Address {
		return refuse("it was signed by %s, not by %s", signer, h.Address)
	}
	sealKey, err := hex.DecodeString(h.SealKey)
	if err != nil || len(sealKey) != 32 {
		return refuse("the seal key is not 32 bytes of hex")
	}
	if len(h.Roles) == 0 || len(h.Roles) > maxRoles {
		return refuse("%d roles", len(h.Roles))
	}
	return Peer{Address: signer, Roles: h.Roles, SealKey: sealKey, Software: truncate(h.Software, 80)}, nil
}

func refuse(conn *websocket.Conn, err error) {
	defer conn.Close()
	var failed *wire.Error
	if !errors.As(err, &failed) {
		failed = &wire.Error{Code: wire.CodeUnavailable, Message: "the sign-in failed", Next: "try again"}
	}
	conn.SetWriteDeadline(time.Now().Add(time.Second))
	_ = conn.WriteJSON(envelope(wire.TypeError, 0, failed))
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.ClosePolicyViolation, "sign-in refused"), time.Now().Add(time.Second))
}

func envelope(typ wire.Type, re uint64, body any) wire.Envelope {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("%s has only marshalable fields: %v", typ, err))
	}
	return wire.Envelope{V: wire.Version, Re: re, Type: typ, Body: raw}
}

func trim0x(s string) string {
	if len(s) > 1 && s[0] == '0' && s[1] == 'x' {
		return s[2:]
	}
	return s
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}
