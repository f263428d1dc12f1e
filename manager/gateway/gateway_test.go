package gateway_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/audit"
	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/gateway"
	"github.com/heliostat-render/heliostat/manager/intake"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/quote"
	"github.com/heliostat-render/heliostat/manager/schedule"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// types are all messages that a manager may be sent, and two that it doesn't know.
var types = []wire.Type{
	wire.TypeHeartbeat, wire.TypePackageOffer, wire.TypePackageSeal, wire.TypePackageFinish, wire.TypeJobDraft, wire.TypeJobCheck, wire.TypeJobFund, wire.TypeJobAccept, wire.TypeJobClaim,
	wire.TypeJobCancel, wire.TypeJobPause, wire.TypeJobResume, wire.TypeJobPriority, wire.TypeJobRush, wire.TypeJobRequeue, wire.TypeJobRelease, wire.TypeJobList, wire.TypeJobShow,
	wire.TypeJobWatch, wire.TypeJobFetch, wire.TypeNodeList, wire.TypeRendererAsk, wire.TypeWorkerReady, wire.TypeLeaseRelease, wire.TypeTaskProgress, wire.TypeTaskUpload,
	wire.TypeTaskCommit, wire.TypeTaskFail, wire.TypeVerifierReady, wire.TypeAuditProgress, wire.TypeAuditCommit, wire.TypeAuditEvidence, wire.TypeAuditVerdict,
	wire.TypeAuditFail, wire.TypeBlobGet, wire.TypeDepotList, wire.TypeDepotGet, wire.TypePayoutList, wire.TypePayoutClaim, wire.TypeLeaseOffer, "no.such",
}

// sealed is lease.Keys without any key.
type sealed struct{}

func (sealed) JobKey(string, []byte) (seal.JobKey, error) {
	return seal.JobKey{}, errors.New("not sealed to this manager")
}
func (sealed) SealJobKey([]byte, string, seal.JobKey) ([]byte, error) { return nil, nil }

// neighbour is one other manager, "there", and alive.
type neighbour struct{}

func (neighbour) Take(context.Context, job.Role, string, []string) error { return nil }
func (neighbour) Live(manager string) bool                               { return manager == "there" }

// door is a gateway over real parts, behind a real server.
type door struct {
	*gateway.Gateway
	db    store.Store
	nodes *fleet.Fleet
	url   string
	id    *identity.Identity
}

func open(t testing.TB, studios ...string) *door {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := dir.Open(dir.Options{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	nodes := fleet.New(time.Now)
	hub := notify.New(db, nil, log)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- hub.Run(ctx) }()
	settler := settle.New(settle.Options{Store: db, Hub: hub, Clock: time.Now, Log: log})
	keeper := lease.New(lease.Options{Store: db, Fleet: nodes, Hub: hub, Settler: settler, Keys: sealed{}, Blobs: blobs, Length: time.Minute, Grace: time.Minute, Clock: time.Now, Log: log, Committed: func() {}, Freed: func() {}})
	auditor := audit.New(audit.Options{Store: db, Fleet: nodes, Hub: hub, Keeper: keeper, Settler: settler, Keys: sealed{}, Blobs: blobs, Length: time.Minute, Grace: time.Minute, Clock: time.Now, Log: log})
	scheduler := schedule.New(schedule.Options{Store: db, Fleet: nodes, Leaser: keeper, Clock: time.Now, Log: log})
	in := intake.New(intake.Options{Store: db, Blobs: blobs, Hub: hub, Quoter: &quote.Quoter{Fleet: nodes, Unit: 1, Clock: time.Now}, Settler: settler, Keeper: keeper, Keys: sealed{}, Target: time.Minute, Clock: time.Now, Log: log, Wake: func() {}})
	g := gateway.New(gateway.Options{
		Store: db, Blobs: blobs, Fleet: nodes, Hub: hub, Intake: in, Keeper: keeper, Auditor: auditor, Scheduler: scheduler, Settler: settler, Cluster: neighbour{}, Manager: "here",
		Address: id.Address(), SealKey: hex.EncodeToString(id.SealKey()), Studios: studios, Clock: time.Now, Log: log,
	})
	server := link.NewServer(link.ServerOptions{Domain: "test.example", Welcome: g.Welcome, Handler: g.Handle, OnOpen: g.Opened, OnClose: g.Closed, Limits: gateway.Limits, Log: log})
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
		web.Close()
		cancel()
		if err := errors.Join(<-stopped, blobs.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return &door{Gateway: g, db: db, nodes: nodes, url: web.URL, id: id}
}

func (d *door) connect(t testing.TB, id *identity.Identity, roles ...job.Role) *link.Conn {
	t.Helper()
	c, err := link.Keep(context.Background(), link.Options{URL: d.url, Identity: id, Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func stranger(t testing.TB) *identity.Identity {
	t.Helper()
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func code(err error) wire.Code {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// TestNodesOfOtherManagers: an artist at one manager sees what the others' workers do, and each of them counts once.
func TestNodesOfOtherManagers(t *testing.T) {
	d := open(t)
	install := job.Install{Renderer: "blender", Version: "3.4.1"}
	worker := job.Capabilities{Device: "CPU", Installs: []job.Install{install}}
	for _, address := range []string{"0xB", "0xA"} {
		if err := d.db.Update(t.Context(), func(tx store.Tx) error {
			_, err := tx.PutNode(address, func(n *store.Node) { n.Roles, n.Capabilities, n.Manager = []job.Role{job.RoleWorker}, worker, "there" })
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	artist := d.connect(t, stranger(t), job.RoleArtist)
	look := func(when string, busy job.NodeState) {
		t.Helper()
		var list wire.Nodes
		if err := artist.Request(t.Context(), wire.TypeNodeList, nil, &list); err != nil {
			t.Fatal(err)
		}
		states := make(map[string]job.NodeState)
		for _, n := range list.Nodes {
			states[n.Address] = n.State
		}
		if states["0xA"] != job.NodeIdle || states["0xB"] != busy {
			t.Errorf("%s the nodes are %v", when, states)
		}
		var renderers wire.Renderers
		if err := artist.Request(t.Context(), wire.TypeRendererAsk, nil, &renderers); err != nil {
			t.Fatal(err)
		}
		if len(renderers.Installs) != 1 || renderers.Installs[0].Workers != 2 {
			t.Errorf("%s the renderers are %+v", when, renderers.Installs)
		}
	}
	look("before the others were asked", job.NodeIdle)
	d.nodes.SetElsewhere(job.RoleWorker, []fleet.Member{{Address: "0xB", Capabilities: worker, Held: 1}, {Address: "0xA", Capabilities: worker, Free: 1}})
	look("afterwards", job.NodeBusy)
}

// Every role may send its own messages and nobody else's.
func TestRolesKeepToTheirMessages(t *testing.T) {
	d := open(t)
	everybody := []wire.Type{wire.TypeHeartbeat, wire.TypeNodeList, wire.TypeRendererAsk, wire.TypeDepotList, wire.TypePayoutList, wire.TypePayoutClaim}
	reading := []wire.Type{wire.TypeJobCancel, wire.TypeJobPause, wire.TypeJobResume, wire.TypeJobPriority, wire.TypeJobRequeue, wire.TypeJobRelease, wire.TypeJobList, wire.TypeJobShow, wire.TypeJobWatch, wire.TypeJobFetch}
	rendering := []wire.Type{wire.TypeBlobGet, wire.TypeDepotGet}
	own := map[job.Role][]wire.Type{
		job.RoleArtist:   slices.Concat(reading, []wire.Type{wire.TypePackageOffer, wire.TypePackageSeal, wire.TypePackageFinish, wire.TypeJobDraft, wire.TypeJobCheck, wire.TypeJobFund, wire.TypeJobAccept, wire.TypeJobClaim}),
		job.RoleWorker:   slices.Concat(rendering, []wire.Type{wire.TypeWorkerReady, wire.TypeLeaseRelease, wire.TypeTaskProgress, wire.TypeTaskUpload, wire.TypeTaskCommit, wire.TypeTaskFail}),
		job.RoleVerifier: slices.Concat(rendering, []wire.Type{wire.TypeVerifierReady, wire.TypeAuditProgress, wire.TypeAuditCommit, wire.TypeAuditEvidence, wire.TypeAuditVerdict, wire.TypeAuditFail}),
		job.RoleOperator: slices.Concat(reading, []wire.Type{wire.TypeJobRush}),
	}
	for role, mine := range own {
		id := stranger(t)
		if role == job.RoleOperator {
			id = d.id // whoever holds the manager's key
		}
		c := d.connect(t, id, role)
		for _, typ := range types {
			err := c.Request(t.Context(), typ, struct{}{}, nil)
			switch {
			case typ == "no.such" || typ == wire.TypeLeaseOffer:
				if code(err) != wire.CodeUnsupported {
					t.Errorf("%s sends %s: %v", role, typ, err)
				}
			case slices.Contains(mine, typ) || slices.Contains(everybody, typ):
				if code(err) == wire.CodeUnauthorised || err != nil && code(err) == "" {
					t.Errorf("%s may not send %s: %v", role, typ, err)
				}
			case code(err) != wire.CodeUnauthorised:
				t.Errorf("%s sends %s: %v", role, typ, err)
			}
		}
	}
	for _, role := range []job.Role{job.RoleStudio, job.RoleOperator, "emperor"} {
		c := d.connect(t, stranger(t), role)
		if _, err := c.Wait(t.Context()); code(err) != wire.CodeUnauthorised {
			t.Errorf("a stranger signs in as %s: %v", role, err)
		}
	}
}

func TestCommandsAreOnTheTrail(t *testing.T) {
	d := open(t)
	id := stranger(t)
	c := d.connect(t, id, job.RoleArtist)
	if err := c.Request(t.Context(), wire.TypePayoutClaim, wire.PayoutClaim{}, nil); err != nil {
		t.Fatal(err)
	}
	_ = c.Request(t.Context(), wire.TypeJobCancel, wire.JobControl{Job: "jnosuchjob"}, nil) // refused
	var deeds []store.Deed
	if err := d.db.View(t.Context(), func(tx store.Tx) (err error) { deeds, err = tx.Deeds(0, 10); return err }); err != nil {
		t.Fatal(err)
	}
	if len(deeds) != 1 || deeds[0].Who != id.Address() || deeds[0].What != "payout.claim" {
		t.Errorf("the trail: %+v", deeds)
	}
}

// TestWhoSeesAJobIsToldThatItMayNotChangeIt; to everybody else it isn't there.
func TestWhoSeesAJobIsToldThatItMayNotChangeIt(t *testing.T) {
	studio, artist := stranger(t), stranger(t)
	d := open(t, studio.Address())
	j := storetest.Job(artist.Address(), "r", 2)
	if err := d.db.Update(t.Context(), func(tx store.Tx) error { _, err := storetest.Fill(tx, j); return err }); err != nil {
		t.Fatal(err)
	}
	changes := map[wire.Type]any{
		wire.TypeJobCancel: wire.JobControl{Job: j.ID}, wire.TypeJobPause: wire.JobControl{Job: j.ID}, wire.TypeJobPriority: wire.JobPriority{Job: j.ID}, wire.TypeJobAccept: wire.JobAccept{Job: j.ID},
		wire.TypeJobClaim: wire.JobClaim{Job: j.ID}, wire.TypeJobFund: wire.JobFund{Job: j.ID}, wire.TypeJobDraft: wire.JobDraft{From: j.ID},
	}
	member, other := d.connect(t, studio, job.RoleStudio, job.RoleArtist), d.connect(t, stranger(t), job.RoleArtist)
	for typ, body := range changes {
		var refused *wire.Error
		if err := member.Request(t.Context(), typ, body, nil); !errors.As(err, &refused) || refused.Code != wire.CodeUnauthorised ||
			!strings.Contains(refused.Message, artist.Address()+"'s: you may look at it, but not change it") || !strings.Contains(refused.Next, "or an operator") {
			t.Errorf("a studio sends %s: %v", typ, err)
		}
		if err := other.Request(t.Context(), typ, body, nil); code(err) != wire.CodeNotFound || strings.Contains(err.Error(), artist.Address()) {
			t.Errorf("a stranger sends %s: %v", typ, err)
		}
	}
	if err := member.Request(t.Context(), wire.TypeJobCancel, wire.JobControl{Job: "jnosuchjob"}, nil); code(err) != wire.CodeNotFound {
		t.Errorf("a studio cancels what isn't there: %v", err)
	}
}

func TestWhoAsksTooMuchIsSlowedAndRefused(t *testing.T) {
	d := open(t)
	id := stranger(t)
	a, b := d.connect(t, id, job.RoleArtist), d.connect(t, id, job.RoleArtist)
	refused := make(chan error, 400)
	for range 200 { // over two connections: the limit is the address's
		go func() { refused <- a.Request(t.Context(), wire.TypeNodeList, wire.NodeList{}, nil) }()
		go func() { refused <- b.Request(t.Context(), wire.TypeNodeList, wire.NodeList{}, nil) }()
	}
	n := 0
	for range 400 {
		if err := <-refused; code(err) == wire.CodeLimit {
			n++
		} else if err != nil {
			t.Errorf("refused otherwise: %v", err)
		}
	}
	if n == 0 {
		t.Error("nobody was refused")
	}
	if err := d.connect(t, stranger(t), job.RoleArtist).Request(t.Context(), wire.TypeNodeList, wire.NodeList{}, nil); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

// words are the names that messages have, so that random ones get past the first check.
var words = []string{
	"job", "lease", "audit", "frames", "files", "chunks", "package", "reason", "priority", "request", "name", "jobKey", "recipe", "capabilities", "free", "ahead", "leases", "audits",
	"installs", "slots", "bench", "floor", "frame", "kind", "ext", "size", "digest", "id", "receipt", "signature", "stats", "partial", "samples", "verdict", "result", "quote",
	"deadline", "funding", "permit", "all", "before", "limit", "more", "bytes", "after", "needs", "tiles", "scout", "from", "phase", "fraction", "done", "log", "cause", "tags", "paused",
}

func anyJSON(r *rand.Rand, depth int) any {
	switch n := r.IntN(11); {
	case n == 0:
		return nil
	case n == 1:
		return r.IntN(2) == 0
	case n == 2:
		return r.IntN(400) - 200
	case n == 3:
		return []any{math.MaxInt64, math.MinInt64, 1e300, -1e-300, 0.5}[r.IntN(5)]
	case n == 4:
		return strings.Repeat([]string{"a", "\x00", "ü", "/", "../", "\u202e", "0"}[r.IntN(7)], r.IntN(80))
	case n == 5:
		return hex.EncodeToString(make([]byte, 32))
	case n < 8 && depth > 0:
		list := make([]any, r.IntN(5))
		for i := range list {
			list[i] = anyJSON(r, depth-1)
		}
		return list
	case depth > 0:
		object := make(map[string]any)
		for range r.IntN(8) {
			object[words[r.IntN(len(words))]] = anyJSON(r, depth-1)
		}
		return object
	}
	return "j"
}

// Whatever comes is answered, and with a typed answer.
func TestRandomMessagesAreAnswered(t *testing.T) {
	d := open(t)
	r := rand.New(rand.NewPCG(4, 2026))
	for range 3 { // addresses, since each may ask only so much
		c := d.connect(t, stranger(t), job.RoleArtist, job.RoleWorker, job.RoleVerifier)
		for _, typ := range types {
			for range 18 {
				body := anyJSON(r, 4)
				err := c.Request(t.Context(), typ, body, nil)
				if err != nil && (code(err) == "" || code(err) == wire.CodeUnavailable || code(err) == wire.CodeLimit && typ == wire.TypeHeartbeat) {
					raw, _ := json.Marshal(body) // it was sent
					t.Errorf("%s %s: %v", typ, raw, err)
				}
			}
		}
	}
}

// FuzzHandle sends any body under any type: the answer is typed, and nothing panics.
func FuzzHandle(f *testing.F) {
	d := open(f)
	for i := range types {
		f.Add(uint8(i), []byte(`{}`))
		f.Add(uint8(i), []byte(`{"job":"j","lease":"a","audit":"v","frames":[1,2],"files":[{"frame":1,"kind":"final"}],"chunks":[{"id":"00"}],"package":"p","reason":"r","priority":7}`))
	}
	f.Add(uint8(4), []byte(`{"request":"r","name":"n","package":"`+hex.EncodeToString(make([]byte, 32))+`","jobKey":"AA==","frames":[1],"recipe":{"renderer":"blender","version":"1","engine":"CYCLES","mainFile":"a.blend","width":8,"height":8,"device":"CPU","format":"PNG"}}`))
	f.Add(uint8(20), []byte(`{"capabilities":{"slots":1,"bench":1e308},"free":1,"ahead":-1,"leases":["a","v"]}`))
	f.Add(uint8(0), []byte(`null`))
	c := d.connect(f, d.id, job.RoleArtist, job.RoleWorker, job.RoleVerifier, job.RoleStudio, job.RoleOperator)
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		if !json.Valid(body) || len(body) > 64<<10 {
			return // shared/link ends such a session
		}
		typ := types[int(which)%len(types)]
		err := c.Request(t.Context(), typ, json.RawMessage(body), nil)
		if err == nil {
			return
		}
		var e *wire.Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: %v", typ, err)
		}
		if e.Code == wire.CodeUnavailable {
			t.Fatalf("%s wasn't understood: %v", typ, err)
		}
	})
}
