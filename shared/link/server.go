package link

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	helloWait  = 15 * time.Second
	helloLimit = 16 << 10
	maxRoles   = 8
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
	// Rate bounds the messages per second of one peer and Burst their bunching; default
	// 500 and 2000. A faster peer is slowed, not refused.
	Rate  float64
	Burst int
	// Sessions bounds the open connections, 0 for no bound.
	Sessions int
	Log      *slog.Logger
}

// Server accepts sessions; it is an http.Handler for one path.
type Server struct {
	options  ServerOptions
	upgrader websocket.Upgrader
	wg       sync.WaitGroup

	mu       sync.Mutex // guards sessions, opening and closed
	sessions map[*Session]struct{}
	opening  int
	closed   bool
}

var _ http.Handler = (*Server)(nil)

// NewServer makes a server.
func NewServer(o ServerOptions) *Server {
	if o.Heartbeat == 0 {
		o.Heartbeat = 5 * time.Second
	}
	if o.Rate == 0 {
		o.Rate, o.Burst = 500, 2000
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		options:  o,
		upgrader: websocket.Upgrader{HandshakeTimeout: helloWait, ReadBufferSize: 4096, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{}},
		sessions: make(map[*Session]struct{}),
	}
}

// ServeHTTP upgrades, signs the peer in and carries its session to the end.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "no more connections are taken now; try again later", http.StatusServiceUnavailable)
		return
	}
	defer s.wg.Done()
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.leave(nil)
		return // Upgrade has answered
	}
	session, err := s.signIn(conn, r.RemoteAddr)
	if err != nil {
		s.leave(nil)
		s.options.Log.Info("a sign-in was refused", "remote", r.RemoteAddr, "err", err)
		refuse(conn, err)
		return
	}
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
	if s.closed || (s.options.Sessions > 0 && len(s.sessions)+s.opening >= s.options.Sessions) {
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

func (s *Server) signIn(conn *websocket.Conn, remote string) (*Session, error) {
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
	if err := (Message{Type: e.Type, Body: e.Body}).Decode(&hello); err != nil {
		return nil, err
	}
	peer, err := checkHello(challenge, hello)
	if err != nil {
		return nil, err
	}
	peer.Remote = remote
	welcome, err := s.options.Welcome(peer)
	if err != nil {
		return nil, err
	}
	welcome.Session = randomHex(16)
	welcome.Time = time.Now().UnixMilli()
	welcome.Heartbeat = int(s.options.Heartbeat.Milliseconds())
	if err := conn.WriteJSON(envelope(wire.TypeWelcome, e.ID, welcome)); err != nil {
		return nil, fmt.Errorf("send the welcome: %w", err)
	}
	session := newSession(conn, peer, welcome, s.options.Handler, s.options.Log)
	session.limit = rate.NewLimiter(rate.Limit(s.options.Rate), s.options.Burst)
	return session, nil
}

// checkHello proves the key: the text is the one built from this connection's challenge,
// so neither an old hello nor one signed for another manager is taken.
func checkHello(c wire.Challenge, h wire.Hello) (Peer, error) {
	refuse := func(format string, args ...any) (Peer, error) {
		return Peer{}, &wire.Error{Code: wire.CodeUnauthorised, Message: "the sign-in was refused: " + fmt.Sprintf(format, args...), Next: "check the identity file of this data folder"}
	}
	if h.Text != identity.SignInText(c, h.Address, h.SealKey) {
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
