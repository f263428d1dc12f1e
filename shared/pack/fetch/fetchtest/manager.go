// Package fetchtest is a manager for the tests of nodes: a real websocket server and a
// real blob folder on one address, which hands out packages and records what nodes say.
// The test plays the manager's mind.
//
// It is not for anything but tests; manager holds the real one.
//
// Receives: messages and uploads from workerapp and verifier under test.
// Hands on: what it received, to the test.
package fetchtest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Wait is how long a test waits for anything before it fails.
const Wait = 60 * time.Second

// Money is what the manager says about payments.
var Money = wire.Money{Settlement: "off", ChainID: 1337, Symbol: "HELIO"}

// Said is a message of a node.
type Said struct {
	Type wire.Type
	Body json.RawMessage
}

// Manager serves from Start to Stop, on the same address each time.
type Manager struct {
	Identity *identity.Identity
	Store    *dir.Store
	Said     chan Said // every message but heartbeats and progress, in order

	// Answer decides requests that the manager doesn't know itself; nil answers OK.
	// It is set before Start.
	Answer func(m link.Message) (wire.Type, any, error)
	// Refuse, when not nil, is what every sign-in is answered.
	Refuse error

	t       testing.TB
	address string

	mu      sync.Mutex
	server  *link.Server
	http    *http.Server
	session *link.Session // guarded by mu; the last node that signed in
	opened  chan struct{} // guarded by mu; closed and replaced at each sign-in
	pkg     *pack.Built   // guarded by mu
}

// New makes a manager that is stopped at the end of the test.
func New(t testing.TB) *Manager {
	t.Helper()
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	store, err := dir.Open(dir.Options{Root: filepath.Join(t.TempDir(), "blobs")})
	if err != nil {
		t.Fatal(err)
	}
	m := &Manager{Identity: id, Store: store, Said: make(chan Said, 4096), t: t, address: "127.0.0.1:0", opened: make(chan struct{})}
	t.Cleanup(func() {
		m.Stop()
		store.Close()
	})
	return m
}

// URL is the manager's address, once started.
func (m *Manager) URL() string { return "http://" + m.address }

// Start serves.
func (m *Manager) Start() {
	m.t.Helper()
	listener, err := net.Listen("tcp", m.address)
	if err != nil {
		m.t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.address = listener.Addr().String()
	m.server = link.NewServer(link.ServerOptions{
		Domain: "test", ChainID: Money.ChainID, Heartbeat: 200 * time.Millisecond,
		Welcome: func(link.Peer) (wire.Welcome, error) {
			return wire.Welcome{Manager: m.Identity.Address(), SealKey: hex.EncodeToString(m.Identity.SealKey()), Money: Money}, m.Refuse
		},
		Handler: m.handle,
		OnOpen: func(s *link.Session) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.session = s
			close(m.opened)
			m.opened = make(chan struct{})
		},
	})
	mux := http.NewServeMux()
	mux.Handle(link.Path, m.server)
	mux.Handle("/blob/", m.Store.Handler())
	m.http = &http.Server{Handler: mux}
	go m.http.Serve(listener)
}

// Stop ends every connection, as a crash does.
func (m *Manager) Stop() {
	m.mu.Lock()
	server, web := m.server, m.http
	m.server, m.http, m.session = nil, nil, nil
	m.mu.Unlock()
	if server == nil {
		return
	}
	web.Close()
	ctx, cancel := context.WithTimeout(context.Background(), Wait)
	defer cancel()
	if err := server.Close(ctx); err != nil {
		m.t.Error(err)
	}
}

// Session waits for a signed-in node.
func (m *Manager) Session() *link.Session {
	m.t.Helper()
	deadline := time.After(Wait)
	for {
		m.mu.Lock()
		session, opened := m.session, m.opened
		m.mu.Unlock()
		if session != nil && session.Context().Err() == nil {
			return session
		}
		select {
		case <-opened:
		case <-deadline:
			m.t.Fatal("no node signs in")
		case <-time.After(100 * time.Millisecond):
			// the old session may just have ended
		}
	}
}

// Expect waits for a message of one type that keep takes, and drops what comes before;
// a nil keep takes any.
func Expect[T any](m *Manager, typ wire.Type, keep func(T) bool) T {
	m.t.Helper()
	deadline := time.After(Wait)
	var passed []wire.Type
	for {
		select {
		case said := <-m.Said:
			var body T
			if said.Type == typ {
				if err := json.Unmarshal(said.Body, &body); err != nil {
					m.t.Fatal(err)
				}
				if keep == nil || keep(body) {
					return body
				}
			}
			passed = append(passed, said.Type)
		case <-deadline:
			m.t.Fatalf("no %s came; there came %v", typ, passed)
		}
	}
}

func (m *Manager) handle(ctx context.Context, _ *link.Session, msg link.Message) (wire.Type, any, error) {
	switch msg.Type {
	case wire.TypeHeartbeat, wire.TypeTaskProgress, wire.TypeAuditProgress:
		return "", nil, nil
	case wire.TypeBlobGet:
		var ask wire.BlobGet
		if err := msg.Decode(&ask); err != nil {
			return "", nil, err
		}
		var urls wire.BlobURLs
		for _, id := range ask.Chunks {
			urls.URLs = append(urls.URLs, m.Get("chunk/"+id))
		}
		return wire.TypeBlobURLs, urls, nil
	}
	m.Said <- Said{msg.Type, msg.Body}
	if m.Answer != nil {
		typ, body, err := m.Answer(msg)
		if typ != "" || err != nil {
			return typ, body, err
		}
	}
	switch msg.Type {
	case wire.TypeTaskUpload:
		var ask wire.TaskUpload
		if err := msg.Decode(&ask); err != nil {
			return "", nil, err
		}
		var urls wire.BlobURLs
		for _, f := range ask.Files {
			signed, err := m.put(FrameKey(ask.Lease, f.Frame, f.Kind), f.Size, f.Digest)
			if err != nil {
				return "", nil, err
			}
			urls.URLs = append(urls.URLs, signed)
		}
		return wire.TypeBlobURLs, urls, nil
	case wire.TypeAuditEvidence:
		var ask wire.AuditEvidence
		if err := msg.Decode(&ask); err != nil {
			return "", nil, err
		}
		signed, err := m.put("evidence/"+ask.Audit, ask.Size, ask.Digest)
		return wire.TypeBlobURLs, wire.BlobURLs{URLs: []wire.Signed{signed}}, err
	case wire.TypeTaskCommit:
		return wire.TypeTaskCommitted, wire.TaskCommitted{Key: "00"}, nil
	case wire.TypePayoutList:
		return wire.TypePayouts, wire.Payouts{}, nil
	}
	return wire.TypeOK, struct{}{}, nil
}

// FrameKey is where a worker's file is stored.
func FrameKey(lease string, frame int, kind string) string {
	return fmt.Sprintf("frame/%s/%d-%s", lease, frame, kind)
}

func (m *Manager) put(key string, size int64, digest string) (wire.Signed, error) {
	raw, err := hex.DecodeString(digest)
	if err != nil || len(raw) != 32 {
		return wire.Signed{}, &wire.Error{Code: wire.CodeBadRequest, Message: "bad digest"}
	}
	s, err := m.Store.SignPut(context.Background(), key, size, [32]byte(raw), time.Hour)
	return signed(s), err
}

// Get signs a download.
func (m *Manager) Get(key string) wire.Signed {
	s, err := m.Store.SignGet(context.Background(), key, time.Hour)
	if err != nil {
		m.t.Error(err)
	}
	return signed(s)
}

func signed(s blob.Signed) wire.Signed {
	return wire.Signed{Method: s.Method, URL: s.URL, Header: s.Header, Expires: s.Expires.Unix()}
}

// Object reads a stored object.
func (m *Manager) Object(key string) []byte {
	m.t.Helper()
	r, _, err := m.Store.Get(context.Background(), key)
	if err != nil {
		m.t.Fatal(err)
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	if err != nil {
		m.t.Fatal(err)
	}
	return body
}

// Package packs the files of a folder and stores them.
func (m *Manager) Package(folder, main string) {
	m.t.Helper()
	var sources []pack.Source
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		sources = append(sources, pack.Source{Name: filepath.ToSlash(name), Path: path})
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	built, err := pack.Build(context.Background(), pack.BuildOptions{Sources: sources, Main: main, TenantKey: seal.NewTenantKey(), Sink: sink{m}})
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.store("package/"+built.ID, built.Manifest); err != nil {
		m.t.Fatal(err)
	}
	m.mu.Lock()
	m.pkg = built
	m.mu.Unlock()
}

// PackageFor gives the last package to a node: its id, its manifest's URL and the job key
// sealed to the node.
func (m *Manager) PackageFor(sealKey []byte) (id string, manifest wire.Signed, jobKey []byte) {
	m.t.Helper()
	m.mu.Lock()
	built := m.pkg
	m.mu.Unlock()
	key, err := seal.SealJobKey(sealKey, built.ID, built.JobKey)
	if err != nil {
		m.t.Fatal(err)
	}
	return built.ID, m.Get("package/" + built.ID), key
}
