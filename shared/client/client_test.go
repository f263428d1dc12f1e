package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// stub is a manager with a real link, a real blob store and fixed answers.
type stub struct {
	*link.Server
	id    *identity.Identity
	url   string
	store *dir.Store
	money wire.Money

	mu       sync.Mutex // guards what follows
	draft    wire.JobDraft
	fund     wire.JobFund
	accept   wire.JobAccept
	finished []wire.PackageFinish
	offers   int
	long     *wire.JobDetail // what doesn't fit into one answer
	fetches  int
	watches  int
	shown    []string
	list     []job.Job // newest first, for lists and pages of one job each
	sessions []*link.Session
	job      job.Job
}

func start(t *testing.T) *stub {
	t.Helper()
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &stub{id: id, job: job.Job{ID: "j1", State: job.Rendering}, money: wire.Money{
		Settlement: "devchain", ChainID: 1337, Symbol: "HELT", TokenName: "Test Token",
		Token: common.Address{1}.Hex(), Escrow: common.Address{2}.Hex(),
	}}
	if s.store, err = dir.Open(dir.Options{Root: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	s.Server = link.NewServer(link.ServerOptions{
		Domain: "stub", Heartbeat: 100 * time.Millisecond, Handler: s.handle,
		Welcome: func(p link.Peer) (wire.Welcome, error) {
			if p.Has(job.RoleStudio) {
				return wire.Welcome{}, &wire.Error{Code: wire.CodeUnauthorised, Message: "not on the list", Next: "ask the operator"}
			}
			return wire.Welcome{Manager: id.Address(), SealKey: hex.EncodeToString(id.SealKey()), Money: s.money}, nil
		},
		OnOpen: func(session *link.Session) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.sessions = append(s.sessions, session)
		},
	})
	mux := http.NewServeMux()
	mux.Handle(link.Path, s.Server)
	mux.Handle("/blob/", s.store.Handler())
	server := httptest.NewServer(mux)
	s.url = server.URL
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
		s.store.Close()
	})
	return s
}

func (s *stub) handle(ctx context.Context, session *link.Session, m link.Message) (wire.Type, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch m.Type {
	case wire.TypePackageOffer:
		s.offers++
		var offer wire.PackageOffer
		if err := m.Decode(&offer); err != nil {
			return "", nil, err
		}
		answer := wire.BlobURLs{URLs: make([]wire.Signed, len(offer.Chunks))}
		for i, c := range offer.Chunks {
			signed, err := s.sign(ctx, "chunk/"+c.ID, c.Size, c.Digest)
			if err != nil {
				return "", nil, err
			}
			answer.URLs[i] = signed
		}
		return wire.TypeBlobURLs, answer, nil
	case wire.TypePackageSeal:
		var p wire.PackageSeal
		if err := m.Decode(&p); err != nil {
			return "", nil, err
		}
		signed, err := s.sign(ctx, "package/"+p.Package, p.Size, p.Digest)
		return wire.TypeBlobURLs, wire.BlobURLs{URLs: []wire.Signed{signed}}, err
	case wire.TypePackageFinish:
		var p wire.PackageFinish
		err := m.Decode(&p)
		s.finished = append(s.finished, p)
		return wire.TypeOK, nil, err
	case wire.TypeJobDraft:
		err := m.Decode(&s.draft)
		return wire.TypeJobQuote, wire.JobQuote{Job: s.job, Quote: job.Quote{ID: "q1", Ceiling: 5 * job.Token}}, err
	case wire.TypeJobFund:
		return wire.TypeJob, s.job, m.Decode(&s.fund)
	case wire.TypeJobAccept:
		return wire.TypeJob, s.job, m.Decode(&s.accept)
	case wire.TypeJobFetch:
		if s.long != nil {
			return s.some(m)
		}
		return wire.TypeJobFiles, wire.JobFiles{ChainJob: common.Hash{7}.Hex(), DeliveryRoot: common.Hash{8}.Hex(), Amount: 4}, nil
	case wire.TypeJobWatch:
		s.watches++
		return wire.TypeOK, nil, nil
	case wire.TypeJobList:
		var ask wire.JobList
		if err := m.Decode(&ask); err != nil {
			return "", nil, err
		}
		list := slices.Clone(s.list)
		if ask.Going {
			list = slices.DeleteFunc(list, func(j job.Job) bool { return j.State.Over() })
		}
		list = list[slices.IndexFunc(list, func(j job.Job) bool { return j.ID == ask.Before })+1:]
		return wire.TypeJobs, wire.Jobs{Jobs: list[:min(2, len(list))], More: len(list) > 2}, nil
	case wire.TypeJobShow:
		if s.list != nil {
			var ask wire.JobShow
			if err := m.Decode(&ask); err != nil {
				return "", nil, err
			}
			s.shown = append(s.shown, ask.Job)
			at := slices.IndexFunc(s.list, func(j job.Job) bool { return j.ID == ask.Job })
			return wire.TypeJobDetail, wire.JobDetail{Job: s.list[at], Frames: []job.Frame{{Number: 1}}}, nil
		}
		if s.long != nil {
			return s.page(m)
		}
		return wire.TypeJobDetail, wire.JobDetail{Job: s.job}, nil
	}
	return "", nil, &wire.Error{Code: wire.CodeUnsupported, Message: string(m.Type)}
}

// sign answers with an empty URL for what the store has, as managers do.
func (s *stub) sign(ctx context.Context, key string, size int64, digest string) (wire.Signed, error) {
	if _, err := s.store.Stat(ctx, key); err == nil {
		return wire.Signed{}, nil
	} else if !errors.Is(err, blob.ErrNotFound) {
		return wire.Signed{}, err
	}
	raw, err := hex.DecodeString(digest)
	if err != nil {
		return wire.Signed{}, err
	}
	signed, err := s.store.SignPut(ctx, key, size, [32]byte(raw), time.Minute)
	return wire.Signed{Method: signed.Method, URL: signed.URL, Header: signed.Header, Expires: signed.Expires.Unix()}, err
}

func dial(t *testing.T, s *stub) (*client.Client, *identity.Identity) {
	t.Helper()
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(t.Context(), client.Options{Manager: s.url, Identity: id})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, id
}

func TestPackageTravelsOnceAndTheManagerCanOpenTheJobKey(t *testing.T) {
	s := start(t)
	c, id := dial(t, s)
	scene := filepath.Join(t.TempDir(), "scene.blend")
	if err := os.WriteFile(scene, bytes.Repeat([]byte("a mirror field "), 100_000), 0o644); err != nil {
		t.Fatal(err)
	}
	build := func() *pack.Built {
		b, err := pack.Build(t.Context(), pack.BuildOptions{Sources: []pack.Source{{Name: "scene.blend", Path: scene}}, Main: "scene.blend", TenantKey: id.TenantKey(), Sink: c.Sink()})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SealPackage(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	first := build()
	if first.Uploaded == 0 {
		t.Error("nothing was uploaded")
	}
	for _, chunk := range first.Chunks {
		if _, err := s.store.Stat(t.Context(), "chunk/"+chunk.ID.String()); err != nil {
			t.Error(err)
		}
	}
	if got := s.finished[0]; got.Package != first.ID || len(got.Chunks) != len(first.Chunks) || got.More {
		t.Errorf("registered %+v", got)
	}
	if second := build(); second.Uploaded != 0 {
		t.Errorf("the second upload sent %d bytes", second.Uploaded)
	}
	if _, err := c.Draft(t.Context(), client.DraftRequest{Request: "r1", Name: "field", Built: first, Frames: []int{1}}); err != nil {
		t.Fatal(err)
	}
	key, err := s.id.OpenJobKey(first.ID, s.draft.JobKey)
	if err != nil || key != first.JobKey {
		t.Errorf("the manager can't open the job key: %v", err)
	}
	if _, err := s.id.OpenJobKey(strings.Repeat("0", 64), s.draft.JobKey); err == nil {
		t.Error("the job key opened under another package")
	}
}

func TestOrdersAboutMoneyAreSignedByTheArtist(t *testing.T) {
	s := start(t)
	c, id := dial(t, s)
	quote := wire.JobQuote{
		Job: s.job, Quote: job.Quote{ID: "q1", Ceiling: 5 * job.Token}, ChainJob: common.Hash{7}.Hex(), QuoteHash: common.Hash{9}.Hex(),
		PermitNonce: 3, Balance: int64(5*job.Token - 1),
	}
	if _, err := c.Fund(t.Context(), quote); err == nil || !strings.Contains(err.Error(), "holds 4.999999") {
		t.Errorf("a poor artist: %v", err)
	}
	quote.Balance++
	if _, err := c.Fund(t.Context(), quote); err != nil {
		t.Fatal(err)
	}
	escrow := receipt.Contract{Name: receipt.EscrowDomain, Version: receipt.DomainVersion, ChainID: 1337, Address: common.Address{2}}
	artist := common.HexToAddress(id.Address())
	funding := receipt.Funding{JobID: common.Hash{7}, Artist: artist, Amount: uint64(5 * job.Token), QuoteHash: common.Hash{9}, Deadline: uint64(s.fund.Deadline)}
	if got, err := identity.Recover(funding.Digest(escrow), s.fund.Funding); err != nil || got != id.Address() {
		t.Errorf("funding signed by %s, %v", got, err)
	}
	permit := receipt.Permit{Owner: artist, Spender: common.Address{2}, Value: uint64(5 * job.Token), Nonce: 3, Deadline: uint64(s.fund.Deadline)}
	token := receipt.Contract{Name: "Test Token", Version: receipt.DomainVersion, ChainID: 1337, Address: common.Address{1}}
	if got, err := identity.Recover(permit.Digest(token), s.fund.Permit); err != nil || got != id.Address() {
		t.Errorf("permit signed by %s, %v", got, err)
	}
	if _, err := c.Accept(t.Context(), "j1"); err != nil {
		t.Fatal(err)
	}
	acceptance := receipt.Acceptance{JobID: common.Hash{7}, DeliveryRoot: common.Hash{8}, Amount: 4}
	if got, err := identity.Recover(acceptance.Digest(escrow), s.accept.Signature); err != nil || got != id.Address() {
		t.Errorf("acceptance signed by %s, %v", got, err)
	}
}

// TestWatchOfEverythingTellsOfWhatGoesOn: of jobs that are over, of which there is no end, only the newest are told, without their
// frames; and what ended while the connection was lost is told however far down the list it is.
func TestWatchOfEverythingTellsOfWhatGoesOn(t *testing.T) {
	s := start(t)
	c, _ := dial(t, s)
	s.mu.Lock()
	s.list = []job.Job{
		{ID: "j6", State: job.Settled}, {ID: "j5", State: job.Rendering}, {ID: "j4", State: job.Settled},
		{ID: "j3", State: job.Rendering}, {ID: "j2", State: job.Delivered}, {ID: "j1", State: job.Rendering},
	}
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	updates := make(chan wire.JobUpdate, 16)
	ended := make(chan error, 1)
	go func() { ended <- c.Watch(ctx, wire.JobWatch{}, func(u wire.JobUpdate) { updates <- u }) }()
	hear := func(want ...string) {
		t.Helper()
		for _, id := range want {
			if u := <-updates; u.Job.ID != id || (len(u.Frames) == 0) != (id == "j6") {
				t.Errorf("heard of %s, %d frames; want %s", u.Job.ID, len(u.Frames), id)
			}
		}
	}
	hear("j6", "j1", "j2", "j3", "j5")
	s.mu.Lock()
	s.list[5].State = job.Failed // the last one on the list
	s.shown = nil
	s.sessions[0].Close("test")
	s.mu.Unlock()
	hear("j6", "j2", "j3", "j5", "j1")
	s.mu.Lock()
	s.sessions[len(s.sessions)-1].Close("test")
	s.mu.Unlock()
	hear("j6", "j2", "j3", "j5") // what ended is told once
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(updates) > 0 {
		t.Errorf("%d updates more", len(updates))
	}
}

func TestWatchStartsAgainAfterALostConnection(t *testing.T) {
	s := start(t)
	c, _ := dial(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	updates := make(chan wire.JobUpdate, 16)
	ended := make(chan error, 1)
	go func() { ended <- c.Watch(ctx, wire.JobWatch{Job: "j1"}, func(u wire.JobUpdate) { updates <- u }) }()
	if u := <-updates; u.Job.ID != "j1" {
		t.Errorf("%+v", u)
	}
	push := func(state job.State) {
		s.mu.Lock()
		session := s.sessions[len(s.sessions)-1]
		s.mu.Unlock()
		if err := session.Send(wire.TypeJobUpdate, wire.JobUpdate{Job: job.Job{ID: "j2"}}); err != nil {
			t.Fatal(err)
		}
		if err := session.Send(wire.TypeJobUpdate, wire.JobUpdate{Job: job.Job{ID: "j1", State: state}}); err != nil {
			t.Fatal(err)
		}
	}
	push(job.Delivered)
	if u := <-updates; u.Job.ID != "j1" || u.Job.State != job.Delivered {
		t.Errorf("%+v", u)
	}
	s.mu.Lock()
	s.job.State = job.Accepted
	s.sessions[0].Close("test")
	s.mu.Unlock()
	if u := <-updates; u.Job.State != job.Accepted {
		t.Errorf("after the connection came back: %+v", u)
	}
	s.mu.Lock()
	watches := s.watches
	s.mu.Unlock()
	if watches != 2 {
		t.Errorf("subscribed %d times, want 2", watches)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestWatchGoesOnAtTheNextManager ends the manager of a watch that lags behind: what the old one pushed never comes after
// what the new one says.
func TestWatchGoesOnAtTheNextManager(t *testing.T) {
	s, next := start(t), start(t)
	next.job.State = job.Accepted
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(t.Context(), client.Options{Manager: s.url + "," + next.url, Identity: id})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const pushed = 100
	began, goOn := make(chan struct{}), make(chan struct{})
	var seen []job.State
	ended := make(chan error, 1)
	go func() {
		ended <- c.Watch(ctx, wire.JobWatch{Job: "j1"}, func(u wire.JobUpdate) {
			if seen = append(seen, u.Job.State); len(seen) == 1 {
				close(began)
				<-goOn
			}
			if u.Job.ID == "j1" && u.Job.State == job.Accepted {
				cancel()
			}
		})
	}()
	<-began
	// Whoever keeps up tells when everything that was pushed has come.
	kept, keptUp := make(chan struct{}, pushed+2), make(chan error, 1)
	go func() {
		keptUp <- c.Watch(ctx, wire.JobWatch{Job: "j1"}, func(wire.JobUpdate) { kept <- struct{}{} })
	}()
	<-kept
	for range pushed {
		if err := s.sessions[0].Send(wire.TypeJobUpdate, wire.JobUpdate{Job: job.Job{ID: "j1", State: job.Delivered}}); err != nil {
			t.Fatal(err)
		}
	}
	for range pushed {
		<-kept
	}
	if at := c.Manager(); at != s.url {
		t.Fatalf("at %s", at)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if detail, err := c.Job(ctx, "j1"); err != nil || detail.Job.State != job.Accepted || c.Manager() != next.url {
		t.Fatalf("at %s: %s, %v", c.Manager(), detail.Job.State, err)
	}
	close(goOn)
	if err := errors.Join(<-ended, <-keptUp); err != nil {
		t.Error(err)
	}
	if len(seen) != pushed+2 || seen[pushed] != job.Delivered || seen[pushed+1] != job.Accepted {
		t.Errorf("seen %d updates: %v", len(seen), seen)
	}
}

func TestDownloadNeverLeavesHalfAFrame(t *testing.T) {
	s := start(t)
	c, _ := dial(t, s)
	content := []byte("the pixels of frame 12")
	digest := sha256.Sum256(content)
	if err := s.store.Put(t.Context(), "frame/12", bytes.NewReader(content), int64(len(content)), digest); err != nil {
		t.Fatal(err)
	}
	signed, err := s.store.SignGet(t.Context(), "frame/12", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	file := wire.JobFile{Frame: 12, Size: int64(len(content)), Digest: hex.EncodeToString(digest[:]), Get: wire.Signed{Method: signed.Method, URL: signed.URL, Header: signed.Header, Expires: signed.Expires.Unix()}}
	out := t.TempDir()
	path := filepath.Join(out, "new", "frame_0012.png")
	if err := c.Download(t.Context(), file, path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%q, %v", got, err)
	}
	file.Digest = hex.EncodeToString(make([]byte, 32))
	bad := filepath.Join(out, "bad.png")
	if err := c.Download(t.Context(), file, bad); err == nil {
		t.Error("took a frame with another digest")
	}
	left, err := filepath.Glob(filepath.Join(out, "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDialSaysWhatToDo(t *testing.T) {
	s := start(t)
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Dial(t.Context(), client.Options{Manager: s.url, Identity: id, Roles: []job.Role{job.RoleStudio}}); !link.Refused(err) || !strings.Contains(err.Error(), "ask the operator") {
		t.Errorf("refused: %v", err)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	_, err = client.Dial(t.Context(), client.Options{Manager: gone.URL, Identity: id, Timeout: 200 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), gone.URL) || !strings.Contains(err.Error(), "heliostat farm start") {
		t.Errorf("unreachable: %v", err)
	}
	stranger := httptest.NewUnstartedServer(nil)
	stranger.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains about clients that don't trust it
	stranger.StartTLS()
	defer stranger.Close()
	_, err = client.Dial(t.Context(), client.Options{Manager: stranger.URL, Identity: id, Timeout: 5 * time.Second})
	if err == nil || !strings.Contains(err.Error(), "pin") || strings.Contains(err.Error(), "farm start") {
		t.Errorf("untrusted: %v", err)
	}
}
