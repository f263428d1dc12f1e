// Package submittest is a manager for tests of plug-ins: it speaks the artist's half of
// the protocol over real websockets and a real blob folder, keeps jobs in memory, and
// "renders" by drawing numbered colour ramps when it is told to.
//
// It checks nothing and pays nobody: manager/ is the real thing.
//
// Receives: packages and jobs from plugins/submit under test.
// Hands on: PNG files.
package submittest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const urlLife = time.Hour

// Options configure a Manager.
type Options struct {
	Dir      string // for the blob folder and the identity
	Listen   string // "" picks a port on 127.0.0.1
	Installs []wire.RendererCount
	// Check looks at drafts before they are packed; nil is a manager that doesn't.
	Check func(wire.JobDraft) wire.JobChecked
	Log   *slog.Logger
}

// Manager is the stand-in. Close ends it.
type Manager struct {
	options  Options
	identity *identity.Identity
	store    *dir.Store
	server   *link.Server
	http     *http.Server
	listener net.Listener
	served   chan struct{}

	mu       sync.Mutex // guards what follows
	jobs     map[string]*Job
	order    []string
	packages map[string]wire.PackageFinish
	sessions map[*link.Session]bool // true while it watches
	funded   chan *Job              // every job once, when it is funded
	uploads  int                    // chunks that were asked to be uploaded
}

// Job is what the stand-in knows of a job.
type Job struct {
	job.Job
	Key     seal.JobKey // opened from the draft
	request string
	frames  map[int]*job.Frame
	colour  int
	extras  []string // of each frame
}

// Start serves.
func Start(o Options) (*Manager, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	id, err := identity.Open(o.Dir, nil)
	if err != nil {
		return nil, err
	}
	store, err := dir.Open(dir.Options{Root: filepath.Join(o.Dir, "blobs")})
	if err != nil {
		return nil, err
	}
	m := &Manager{
		options: o, identity: id, store: store, served: make(chan struct{}),
		jobs: make(map[string]*Job), packages: make(map[string]wire.PackageFinish), sessions: make(map[*link.Session]bool), funded: make(chan *Job, 64),
	}
	if m.listener, err = net.Listen("tcp", o.Listen); err != nil {
		store.Close()
		return nil, fmt.Errorf("listen: %w", err)
	}
	m.server = link.NewServer(link.ServerOptions{
		Domain: "submittest", Welcome: m.welcome, Handler: m.handle, Log: o.Log,
		OnOpen:  func(s *link.Session) { m.mu.Lock(); m.sessions[s] = false; m.mu.Unlock() },
		OnClose: func(s *link.Session) { m.mu.Lock(); delete(m.sessions, s); m.mu.Unlock() },
	})
	mux := http.NewServeMux()
	mux.Handle(link.Path, m.server)
	mux.Handle(dir.Prefix, store.Handler())
	m.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(m.served)
		_ = m.http.Serve(m.listener) // returns when closed
	}()
	return m, nil
}

// URL is the address for clients.
func (m *Manager) URL() string { return "http://" + m.listener.Addr().String() }

// Address is the manager's own.
func (m *Manager) Address() string { return m.identity.Address() }

// Close stops serving.
func (m *Manager) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := m.server.Close(ctx)
	err = errors.Join(err, m.http.Close())
	<-m.served
	return errors.Join(err, m.store.Close())
}

// Funded gives each job once, when it is funded.
func (m *Manager) Funded() <-chan *Job { return m.funded }

// Chunks is how many chunks clients were asked to upload so far.
func (m *Manager) Chunks() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.uploads
}

// Manifest opens the manifest of a job's package, as a worker would.
func (m *Manager) Manifest(j *Job) (*pack.Manifest, error) {
	body, _, err := m.store.Get(context.Background(), "package/"+j.Package)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(body); err != nil {
		return nil, err
	}
	return pack.OpenManifest(raw.Bytes(), j.Key, pack.Limits{})
}

func (m *Manager) welcome(link.Peer) (wire.Welcome, error) {
	return wire.Welcome{
		Manager: m.identity.Address(), SealKey: hex.EncodeToString(m.identity.SealKey()),
		Money: wire.Money{Settlement: "off", Symbol: "HELIO"},
	}, nil
}

// Progress tells watchers that a frame is in work.
func (m *Manager) Progress(j *Job, frame int, share float64) {
	m.change(j, frame, func(f *job.Frame) { f.State, f.Progress, f.Worker = job.FramePending, share, m.Address() })
}

// Reject sends a frame back, as a failed verdict does.
func (m *Manager) Reject(j *Job, frame int, cause string) {
	m.change(j, frame, func(f *job.Frame) {
		f.State, f.Progress, f.Digest, f.Cause = job.FramePending, 0, "", cause
		f.Rejects++
	})
}

// Deliver draws a frame and hands it over; the last one delivers the job.
func (m *Manager) Deliver(j *Job, frame int) error {
	m.mu.Lock()
	j.colour++
	raw := draw(j.Recipe.Width, j.Recipe.Height, frame, j.colour)
	m.mu.Unlock()
	digest := sha256.Sum256(raw)
	key := fmt.Sprintf("frame/%s/a%d/%04d-final.png", j.ID, j.colour, frame)
	if err := m.store.Put(context.Background(), key, bytes.NewReader(raw), int64(len(raw)), digest); err != nil {
		return err
	}
	m.change(j, frame, func(f *job.Frame) {
		f.State, f.Object, f.Size, f.Digest, f.Progress, f.Worker = job.FrameDelivered, key, int64(len(raw)), hex.EncodeToString(digest[:]), 1, m.Address()
	})
	return nil
}

// Cancelled tells whether the artist has stopped a job.
func (m *Manager) Cancelled(j *Job) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return j.State == job.Cancelled
}

// Fail ends a job by the scene's fault.
func (m *Manager) Fail(j *Job, cause string) {
	m.mu.Lock()
	j.State, j.Cause = job.Failed, cause
	m.mu.Unlock()
	m.push(j, nil)
}

func (m *Manager) change(j *Job, frame int, do func(*job.Frame)) {
	m.mu.Lock()
	f := j.frames[frame]
	if f == nil || j.State == job.Cancelled {
		m.mu.Unlock()
		return
	}
	do(f)
	delivered := 0
	for _, other := range j.frames {
		if other.State == job.FrameDelivered {
			delivered++
		}
	}
	j.Counts.Delivered, j.Counts.Pending = delivered, len(j.frames)-delivered
	j.State = job.Rendering
	if delivered == len(j.frames) {
		j.State = job.Delivered
	}
	copied := *f
	m.mu.Unlock()
	m.push(j, &copied)
}

func (m *Manager) push(j *Job, f *job.Frame) {
	m.mu.Lock()
	update := wire.JobUpdate{Job: j.Job, ETA: float64(j.Counts.Pending)}
	if f != nil {
		update.Frames = []job.Frame{*f}
		update.Event = &wire.Event{Time: time.Now().UnixMilli(), What: "frame", Text: fmt.Sprintf("frame %d is %s", f.Number, f.State)}
	}
	var watching []*link.Session
	for s, on := range m.sessions {
		if on {
			watching = append(watching, s)
		}
	}
	m.mu.Unlock()
	for _, s := range watching {
		_ = s.Send(wire.TypeJobUpdate, update) // a session that has ended watches no more
	}
}

// Drop ends every connection, as a restart of the manager would.
func (m *Manager) Drop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := range m.sessions {
		s.Close("dropped by the test")
	}
}

func (m *Manager) handle(ctx context.Context, s *link.Session, message link.Message) (wire.Type, any, error) {
	switch message.Type {
	case wire.TypeRendererAsk:
		return wire.TypeRenderers, wire.Renderers{Installs: m.options.Installs}, nil
	case wire.TypePackageOffer:
		var q wire.PackageOffer
		if err := message.Decode(&q); err != nil {
			return "", nil, err
		}
		return m.offer(ctx, s, q)
	case wire.TypePackageSeal:
		var q wire.PackageSeal
		if err := message.Decode(&q); err != nil {
			return "", nil, err
		}
		signed, err := m.sign(ctx, "package/"+q.Package, q.Size, q.Digest)
		return wire.TypeBlobURLs, wire.BlobURLs{URLs: []wire.Signed{signed}}, err
	case wire.TypePackageFinish:
		var q wire.PackageFinish
		if err := message.Decode(&q); err != nil {
			return "", nil, err
		}
		m.mu.Lock()
		m.packages[q.Package] = q
		m.mu.Unlock()
		return wire.TypeOK, nil, nil
	case wire.TypeJobCheck:
		var q wire.JobDraft
		if err := message.Decode(&q); err != nil {
			return "", nil, err
		}
		if m.options.Check == nil {
			return "", nil, &wire.Error{Code: wire.CodeUnsupported, Message: fmt.Sprintf("%s is not known here", message.Type)}
		}
		return wire.TypeJobChecked, m.options.Check(q), nil
	case wire.TypeJobDraft:
		var q wire.JobDraft
		if err := message.Decode(&q); err != nil {
			return "", nil, err
		}
		return m.draft(s, q)
	case wire.TypeJobWatch:
		m.mu.Lock()
		m.sessions[s] = true
		m.mu.Unlock()
		return wire.TypeOK, nil, nil
	}
	return m.control(ctx, message)
}

func (m *Manager) offer(ctx context.Context, s *link.Session, q wire.PackageOffer) (wire.Type, any, error) {
	urls := make([]wire.Signed, len(q.Chunks))
	for i, c := range q.Chunks {
		tenant := strings.ToLower(strings.TrimPrefix(s.Peer().Address, "0x"))
		signed, err := m.sign(ctx, "chunk/"+tenant+"/"+c.ID[:2]+"/"+c.ID, c.Size, c.Digest)
		if err != nil {
			return "", nil, err
		}
		if signed.URL != "" {
			m.mu.Lock()
			m.uploads++
			m.mu.Unlock()
		}
		urls[i] = signed
	}
	return wire.TypeBlobURLs, wire.BlobURLs{URLs: urls}, nil
}

// sign returns an upload's URL, empty where the store has the object.
func (m *Manager) sign(ctx context.Context, key string, size int64, digest string) (wire.Signed, error) {
	raw, err := hex.DecodeString(digest)
	if err != nil || len(raw) != sha256.Size {
		return wire.Signed{}, &wire.Error{Code: wire.CodeBadRequest, Message: "bad digest"}
	}
	if _, err := m.store.Stat(ctx, key); err == nil {
		return wire.Signed{}, nil
	}
	signed, err := m.store.SignPut(ctx, key, size, [32]byte(raw), urlLife)
	return onWire(signed), err
}

func onWire(s blob.Signed) wire.Signed {
	return wire.Signed{Method: s.Method, URL: s.URL, Header: s.Header, Expires: s.Expires.Unix()}
}

func (m *Manager) draft(s *link.Session, q wire.JobDraft) (wire.Type, any, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range m.jobs {
		if j.request == q.Request {
			return wire.TypeJobQuote, wire.JobQuote{Job: j.Job, Quote: j.Quote, Balance: int64(1000 * job.Token)}, nil
		}
	}
	if _, ok := m.packages[q.Package]; !ok {
		return "", nil, &wire.Error{Code: wire.CodeNotFound, Message: "the package is not here", Next: "upload it again"}
	}
	info, err := seal.JobKeyInfo(q.Package)
	if err != nil {
		return "", nil, err
	}
	key, err := m.identity.OpenSealed(info, q.JobKey)
	if err != nil || len(key) != len(seal.JobKey{}) {
		return "", nil, &wire.Error{Code: wire.CodeBadRequest, Message: "the job key can't be opened"}
	}
	j := &Job{request: q.Request, Key: seal.JobKey(key), frames: make(map[int]*job.Frame)}
	j.Job = job.Job{ID: newID("j"), Owner: s.Peer().Address, Name: q.Name, State: job.Quoted, Package: q.Package, Recipe: q.Recipe, Frames: q.Frames, Created: time.Now().UnixMilli()}
	price := job.Amount(len(q.Frames)) * job.Token / 10
	j.Quote = job.Quote{ID: newID("q"), Job: j.ID, WorkUnits: float64(len(q.Frames)) / 10, Seconds: float64(len(q.Frames)), PerFrame: job.Token / 10, Price: price, Ceiling: price * 3 / 2,
		Basis: "a stand-in's guess", Expires: time.Now().Add(time.Hour).Unix()}
	for _, n := range q.Frames {
		j.frames[n] = &job.Frame{Job: j.ID, Number: n, State: job.FramePending, Price: job.Token / 10}
	}
	j.Counts.Pending = len(q.Frames)
	m.jobs[j.ID] = j
	m.order = append(m.order, j.ID)
	return wire.TypeJobQuote, wire.JobQuote{Job: j.Job, Quote: j.Quote, Balance: int64(1000 * job.Token)}, nil
}

// request holds the fields that the requests about one job share.
type request struct {
	Job    string `json:"job"`
	Frames []int  `json:"frames"`
	Reason string `json:"reason"`
	Brief  bool   `json:"brief"`
}

func (m *Manager) control(ctx context.Context, message link.Message) (wire.Type, any, error) {
	var q request
	if err := message.Decode(&q); err != nil {
		return "", nil, err
	}
	m.mu.Lock()
	j := m.jobs[q.Job]
	m.mu.Unlock()
	if j == nil {
		return "", nil, &wire.Error{Code: wire.CodeNotFound, Message: fmt.Sprintf("there is no job %q, or no %s here", q.Job, message.Type)}
	}
	switch message.Type {
	case wire.TypeJobFund:
		return m.move(j, job.Funded, "", job.Quoted)
	case wire.TypeJobCancel:
		return m.move(j, job.Cancelled, q.Reason, job.Quoted, job.Funded, job.Rendering)
	case wire.TypeJobAccept:
		if _, _, err := m.move(j, job.Accepted, "", job.Delivered); err != nil {
			return "", nil, err
		}
		return m.move(j, job.Settled, "", job.Accepted)
	case wire.TypeJobClaim:
		return m.move(j, job.Disputed, q.Reason, job.Delivered)
	case wire.TypeJobShow:
		d := m.detail(j)
		if q.Brief {
			d.Job.Frames, d.Frames = nil, nil
		}
		return wire.TypeJobDetail, d, nil
	case wire.TypeJobFetch:
		return m.files(ctx, j, q.Frames)
	}
	return "", nil, &wire.Error{Code: wire.CodeUnsupported, Message: fmt.Sprintf("%s is not known here", message.Type)}
}

// move changes a job's state; being there already is fine, as for every repeated request.
func (m *Manager) move(j *Job, to job.State, cause string, from ...job.State) (wire.Type, any, error) {
	m.mu.Lock()
	if j.State != to && !slices.Contains(from, j.State) {
		defer m.mu.Unlock()
		return "", nil, &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("the job is %s", j.State)}
	}
	first := j.State != to
	j.State, j.Cause = to, cause
	now := j.Job
	m.mu.Unlock()
	if first {
		m.push(j, nil)
		if to == job.Funded {
			m.funded <- j
		}
	}
	return wire.TypeJob, now, nil
}

func (m *Manager) detail(j *Job) wire.JobDetail {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := wire.JobDetail{Job: j.Job, ETA: float64(j.Counts.Pending)}
	begun := false
	for _, n := range j.Frames {
		d.Frames = append(d.Frames, *j.frames[n])
		begun = begun || j.frames[n].Worker != ""
	}
	if !begun {
		d.Why = "no worker is connected; start heliostat-worker"
	}
	return d
}

func (m *Manager) files(ctx context.Context, j *Job, wanted []int) (wire.Type, any, error) {
	var answer wire.JobFiles
	for _, f := range m.detail(j).Frames {
		if f.State != job.FrameDelivered || (wanted != nil && !slices.Contains(wanted, f.Number)) {
			continue
		}
		signed, err := m.store.SignGet(ctx, f.Object, urlLife)
		if err != nil {
			return "", nil, err
		}
		answer.Files = append(answer.Files, wire.JobFile{Frame: f.Number, Name: fmt.Sprintf("%04d.png", f.Number), Size: f.Size, Digest: f.Digest, Get: onWire(signed)})
		for _, name := range m.extrasOf(j) {
			answer.Files = append(answer.Files, wire.JobFile{Frame: f.Number, Name: fmt.Sprintf(name, f.Number), Size: f.Size, Digest: f.Digest, Get: onWire(signed), Extra: true})
		}
	}
	return wire.TypeJobFiles, answer, nil
}

// Extras makes every frame of the job bring further files, which hold what the frame holds: their
// names have a place for the frame's number.
func (m *Manager) Extras(j *Job, names ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j.extras = names
}

func (m *Manager) extrasOf(j *Job) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return j.extras
}

func newID(kind string) string {
	var raw [16]byte
	rand.Read(raw[:])
	return kind + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:]))
}

// draw makes a colour ramp with as many dark bars as the frame's number.
func draw(width, height, frame, colour int) []byte {
	width, height = max(16, width), max(16, height)
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{uint8(x * 255 / width), uint8(y * 255 / height), uint8(colour * 37), 255}
			if y > height*3/4 && x*40/width%2 == 1 && x*20/width < frame {
				c = color.RGBA{20, 20, 30, 255}
			}
			picture.SetRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, picture) // a bytes.Buffer takes everything
	return out.Bytes()
}
