package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/desktop/state/example"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// manager serves the example farm over a real websocket and real signed-in sessions.
type manager struct {
	url string

	mu      sync.Mutex // guards what follows
	jobs    map[string]*wire.JobDetail
	watched map[*link.Session]bool
	asked   []string // what changed something
	closed  bool     // every sign-in is refused
	operate bool     // whoever looks is an operator too
	files   map[int][]byte
}

// newManager serves until the test ends.
func newManager(t testing.TB) *manager {
	t.Helper()
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	m := &manager{jobs: make(map[string]*wire.JobDetail), watched: make(map[*link.Session]bool), files: make(map[int][]byte)}
	for i, one := range example.Jobs() {
		detail := &wire.JobDetail{Job: one}
		for _, n := range one.Frames {
			detail.Frames = append(detail.Frames, job.Frame{Job: one.ID, Number: n, State: job.FramePending})
		}
		if i == 0 {
			detail.Frames, detail.Events, detail.ETA = example.Frames(), example.Events(), 43
			m.paint(detail.Frames)
		}
		m.jobs[one.ID] = detail
	}
	server := link.NewServer(link.ServerOptions{
		Domain: "test",
		Welcome: func(p link.Peer) (wire.Welcome, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			for _, detail := range m.jobs {
				detail.Job.Owner = p.Address // whoever looks
			}
			if m.closed {
				return wire.Welcome{}, &wire.Error{Code: wire.CodeUnauthorised, Message: "this key is not allowed here", Next: "ask the operator to add it"}
			}
			may := []job.Role{job.RoleStudio}
			if m.operate {
				may = append(may, job.RoleOperator)
			}
			return wire.Welcome{
				May: may, Manager: id.Address(), SealKey: hex.EncodeToString(id.SealKey()), Heartbeat: 2000, Time: time.Now().UnixMilli(),
				Money: wire.Money{Settlement: "off", Symbol: "HELIO"},
			}, nil
		},
		Handler: m.handle,
		OnClose: func(s *link.Session) {
			m.mu.Lock()
			defer m.mu.Unlock()
			delete(m.watched, s)
		},
	})
	mux := http.NewServeMux()
	mux.Handle(link.Path, server)
	mux.HandleFunc("GET /blob/frame/{number}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.PathValue("number"))
		m.mu.Lock()
		data := m.files[n]
		m.mu.Unlock()
		if err != nil || data == nil {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "frame.png", time.Time{}, bytes.NewReader(data))
	})
	web := httptest.NewServer(mux)
	m.url = web.URL
	t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		server.Close(ctx)
		web.Close()
	})
	return m
}

// paint gives the delivered frames their files.
func (m *manager) paint(frames []job.Frame) {
	for i := range frames {
		if frames[i].State != job.FrameDelivered {
			continue
		}
		var out bytes.Buffer
		if err := png.Encode(&out, example.Picture(frames[i].Number, 480, 270)); err != nil {
			panic(err)
		}
		m.files[frames[i].Number] = out.Bytes()
		digest := sha256.Sum256(out.Bytes())
		frames[i].Digest, frames[i].Size = hex.EncodeToString(digest[:]), int64(out.Len())
	}
}

func (m *manager) handle(_ context.Context, s *link.Session, msg link.Message) (wire.Type, any, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch msg.Type {
	case wire.TypeJobList:
		var ask wire.JobList
		if err := msg.Decode(&ask); err != nil {
			return "", nil, err
		}
		if ask.All && !s.Peer().Has(job.RoleStudio) {
			return "", nil, &wire.Error{Code: wire.CodeUnauthorised, Message: "only a studio sees every job", Next: "ask the operator to add your key with --studio"}
		}
		var list []job.Job
		for _, one := range example.Jobs() {
			list = append(list, m.jobs[one.ID].Job)
		}
		return wire.TypeJobs, wire.Jobs{Jobs: list}, nil
	case wire.TypeJobShow:
		var ask wire.JobShow
		if err := msg.Decode(&ask); err != nil {
			return "", nil, err
		}
		detail, err := m.findLocked(ask.Job)
		return wire.TypeJobDetail, detail, err
	case wire.TypeJobWatch:
		m.watched[s] = true
		return wire.TypeOK, nil, nil
	case wire.TypeJobCancel, wire.TypeJobPause, wire.TypeJobResume, wire.TypeJobAccept, wire.TypeJobClaim, wire.TypeJobRelease, wire.TypeJobRequeue:
		return m.changeLocked(msg)
	case wire.TypeJobRush:
		var ask wire.JobRush
		if err := msg.Decode(&ask); err != nil {
			return "", nil, err
		}
		detail, err := m.findLocked(ask.Job)
		if err != nil {
			return "", nil, err
		}
		if !s.Peer().Has(job.RoleOperator) {
			return "", nil, &wire.Error{Code: wire.CodeUnauthorised, Message: "job.rush needs the role operator"}
		}
		detail.Job.Rush = 1
		return wire.TypeJob, detail.Job, nil
	case wire.TypeJobPriority:
		var ask wire.JobPriority
		if err := msg.Decode(&ask); err != nil {
			return "", nil, err
		}
		detail, err := m.findLocked(ask.Job)
		if err != nil {
			return "", nil, err
		}
		detail.Job.Priority = ask.Priority
		return wire.TypeJob, detail.Job, nil
	case wire.TypeJobDraft:
		var ask wire.JobDraft
		if err := msg.Decode(&ask); err != nil {
			return "", nil, err
		}
		from, err := m.findLocked(ask.From)
		if err != nil {
			return "", nil, err
		}
		j := from.Job
		j.ID, j.State, j.Frames = "jretry", job.Quoted, ask.Frames
		if j.Frames == nil {
			j.Frames = []int{3, 4}
		}
		m.jobs[j.ID] = &wire.JobDetail{Job: j}
		return wire.TypeJobQuote, wire.JobQuote{Job: j, Quote: job.Quote{ID: "q", Price: job.Token, Ceiling: 2 * job.Token, Basis: "frames rendered before"}}, nil
	case wire.TypeJobFund:
		var ask wire.JobFund
		if err := msg.Decode(&ask); err != nil {
			return "", nil, err
		}
		detail, err := m.findLocked(ask.Job)
		if err != nil {
			return "", nil, err
		}
		detail.Job.State = job.Rendering
		return wire.TypeJob, detail.Job, nil
	case wire.TypeJobFetch:
		return m.fetchLocked(msg)
	case wire.TypeNodeList:
		return wire.TypeNodes, wire.Nodes{Nodes: example.Nodes()}, nil
	case wire.TypePayoutList:
		return wire.TypePayouts, wire.Payouts{Payouts: example.Payouts()}, nil
	case wire.TypePayoutClaim:
		return wire.TypePayoutPaid, wire.PayoutPaid{}, nil
	case wire.TypeWorkerReady:
		var ready wire.WorkerReady
		if err := msg.Decode(&ready); err != nil {
			return "", nil, err
		}
		m.asked = append(m.asked, fmt.Sprintf("worker free=%d paused=%q", ready.Free, ready.Paused))
		return wire.TypeOK, nil, nil
	case wire.TypeRendererAsk:
		return wire.TypeRenderers, wire.Renderers{}, nil
	}
	return "", nil, &wire.Error{Code: wire.CodeUnsupported, Message: fmt.Sprintf("%s is not known here", msg.Type)}
}

func (m *manager) findLocked(id string) (*wire.JobDetail, error) {
	detail, ok := m.jobs[id]
	if !ok {
		return nil, &wire.Error{Code: wire.CodeNotFound, Message: "there is no job " + id, Next: "list yours with `heliostat jobs`"}
	}
	return detail, nil
}

func (m *manager) changeLocked(msg link.Message) (wire.Type, any, error) {
	var ask wire.JobClaim // has the fields of all
	if err := msg.Decode(&ask); err != nil {
		return "", nil, err
	}
	detail, err := m.findLocked(ask.Job)
	if err != nil {
		return "", nil, err
	}
	next := map[wire.Type]job.State{wire.TypeJobCancel: job.Cancelled, wire.TypeJobPause: job.Paused, wire.TypeJobResume: job.Rendering, wire.TypeJobAccept: job.Accepted, wire.TypeJobClaim: job.Disputed, wire.TypeJobRelease: job.Rendering, wire.TypeJobRequeue: job.Rendering}[msg.Type]
	if msg.Type == wire.TypeJobAccept && detail.Job.State != job.Delivered {
		return "", nil, &wire.Error{Code: wire.CodeConflict, Message: "the job is " + string(detail.Job.State), Next: "accept it once it is delivered"}
	}
	detail.Job.State = next
	m.asked = append(m.asked, fmt.Sprintf("%s %s %v %s", msg.Type, ask.Job, ask.Frames, ask.Reason))
	for s := range m.watched {
		if err := s.Send(wire.TypeJobUpdate, wire.JobUpdate{Job: detail.Job}); err != nil {
			return "", nil, err
		}
	}
	return wire.TypeJob, detail.Job, nil
}

func (m *manager) fetchLocked(msg link.Message) (wire.Type, any, error) {
	var ask wire.JobFetch
	if err := msg.Decode(&ask); err != nil {
		return "", nil, err
	}
	detail, err := m.findLocked(ask.Job)
	if err != nil {
		return "", nil, err
	}
	var files wire.JobFiles
	for _, f := range detail.Frames {
		for _, n := range ask.Frames {
			if f.Number == n && m.files[n] != nil {
				files.Files = append(files.Files, wire.JobFile{
					Frame: n, Name: fmt.Sprintf("%04d.png", n), Size: f.Size, Digest: f.Digest,
					Get: wire.Signed{Method: http.MethodGet, URL: fmt.Sprintf("/blob/frame/%d", n), Expires: time.Now().Add(time.Minute).Unix()},
				})
			}
		}
	}
	return wire.TypeJobFiles, files, nil
}

// has tells whether something was asked for.
func (m *manager) has(part string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, asked := range m.asked {
		if strings.Contains(asked, part) {
			return true
		}
	}
	return false
}
