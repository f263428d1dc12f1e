package state_test

import (
	"context"
	"errors"
	"fmt"
	"image/png"
	"math"
	"os"
	"slices"
	"sync"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/state/example"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// writeEXR is a picture that is half as bright as white, and has a hole.
func writeEXR(path string, w, h int) error {
	light := raster.New(w, h, []string{"ViewLayer.Combined.R", "ViewLayer.Combined.G", "ViewLayer.Combined.B", "ViewLayer.Combined.A"}, raster.F16)
	for y := range h {
		for x := range w {
			light.Set(x, y, 0, 0.5)
			light.Set(x, y, 1, 0.25)
			light.Set(x, y, 2, 7)
		}
	}
	light.Set(0, 0, 0, math.NaN())
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(raster.EncodeEXR(out, light, true), out.Close())
}

// source is a manager in memory.
type source struct {
	push chan wire.JobUpdate

	mu        sync.Mutex // guards what follows
	detail    wire.JobDetail
	calls     []string
	gate      chan struct{} // while set, Job waits for it before it answers
	entered   chan struct{} // told that Job has begun
	fetched   int
	closed    bool
	offline   bool
	cancelErr error
	at        string    // the manager
	more      []job.Job // on its list, beside the example's
	past      []job.Job // on its list after the example's, two to a page
	longest   []job.Job // not over, however far down the list
}

var _ state.Source = (*source)(nil)

func newSource() *source {
	return &source{
		push:   make(chan wire.JobUpdate),
		detail: wire.JobDetail{Job: example.Jobs()[0], Frames: example.Frames(), Events: example.Events(), ETA: 43, Why: ""},
	}
}

func (s *source) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
}

func (s *source) Manager() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}
func (s *source) Welcome() wire.Welcome {
	return wire.Welcome{Manager: example.Judge, Money: wire.Money{Settlement: "devchain", Symbol: "HELIO"}}
}
func (s *source) Going(context.Context, bool) ([]job.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.longest, nil
}
func (s *source) Jobs(_ context.Context, ask wire.JobList) ([]job.Job, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := slices.IndexFunc(s.past, func(j job.Job) bool { return j.ID == ask.Before }); at >= 0 || ask.Before != "" {
		page := s.past[at+1:]
		return page[:min(2, len(page))], len(page) > 2, nil
	}
	return append(example.Jobs(), s.more...), len(s.past) > 0, nil
}
func (s *source) Job(ctx context.Context, id string) (wire.JobDetail, error) {
	s.mu.Lock()
	detail, gate, entered := s.detail, s.gate, s.entered
	s.mu.Unlock()
	if gate != nil {
		entered <- struct{}{}
		<-gate
	}
	if id != detail.Job.ID {
		return wire.JobDetail{}, &wire.Error{Code: wire.CodeNotFound, Message: "there is no job " + id, Next: "list yours with heliostat jobs"}
	}
	detail.Frames = append([]job.Frame(nil), detail.Frames...)
	return detail, nil
}
func (s *source) Cancel(_ context.Context, id, reason string) (job.Job, error) {
	s.note("cancel %s", id)
	return job.Job{}, s.cancelErr
}
func (s *source) Pause(_ context.Context, id, _ string) (job.Job, error) {
	s.note("pause %s", id)
	return job.Job{}, nil
}
func (s *source) Resume(_ context.Context, id, _ string) (job.Job, error) {
	s.note("resume %s", id)
	return job.Job{}, nil
}
func (s *source) Accept(_ context.Context, id string) (job.Job, error) {
	s.note("accept %s", id)
	return job.Job{}, nil
}
func (s *source) Claim(_ context.Context, id string, frames []int, reason string) (job.Job, error) {
	s.note("claim %s %v %s", id, frames, reason)
	return job.Job{}, nil
}
func (s *source) Release(_ context.Context, id, _ string) (job.Job, error) {
	s.note("release %s", id)
	return job.Job{}, nil
}
func (s *source) Requeue(_ context.Context, id string, frames []int, _ string) (job.Job, error) {
	s.note("requeue %s %v", id, frames)
	return job.Job{}, nil
}
func (s *source) Priority(_ context.Context, id string, priority int) (job.Job, error) {
	s.note("priority %s %d", id, priority)
	return job.Job{}, nil
}
func (s *source) Rush(_ context.Context, id string, on bool, reason string) (job.Job, error) {
	s.note("rush %s %v %s", id, on, reason)
	return job.Job{}, nil
}
func (s *source) Redraft(_ context.Context, draft wire.JobDraft) (wire.JobQuote, error) {
	s.note("redraft %s", draft.From)
	return wire.JobQuote{Job: job.Job{ID: "jagain", Frames: []int{3, 4}}, Quote: job.Quote{ID: "q1", Price: 5, Ceiling: 6}}, nil
}
func (s *source) Fund(_ context.Context, quote wire.JobQuote) (job.Job, error) {
	s.note("fund %s %s", quote.Job.ID, quote.Quote.ID)
	return quote.Job, nil
}
func (s *source) Watch(ctx context.Context, _ wire.JobWatch, update func(wire.JobUpdate)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case u := <-s.push:
			update(u)
		}
	}
}
func (s *source) Files(_ context.Context, _ string, frames []int) (wire.JobFiles, error) {
	var files wire.JobFiles
	for _, n := range frames {
		files.Files = append(files.Files, wire.JobFile{Frame: n, Name: fmt.Sprintf("%04d.png", n), Size: 1000})
	}
	return files, nil
}
func (s *source) Download(_ context.Context, file wire.JobFile, path string) error {
	s.mu.Lock()
	s.fetched++
	s.mu.Unlock()
	switch file.Frame {
	case 3:
		return writeEXR(path, 960, 540)
	case 4:
		return errors.New("the network is slow today")
	case 2: // not even an EXR
		return os.WriteFile(path, []byte("v/1\x01 not a picture that Go reads"), 0o600)
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(out, example.Picture(file.Frame, 960, 540)), out.Close())
}
func (s *source) Nodes(ctx context.Context) ([]job.Node, error) {
	s.mu.Lock()
	offline := s.offline
	s.mu.Unlock()
	if offline { // a question waits for the connection to come back
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return example.Nodes(), nil
}
func (s *source) Payouts(context.Context, bool) ([]job.Payout, error) {
	return example.Payouts(), nil
}
func (s *source) ClaimPayout(context.Context) (wire.PayoutPaid, error) {
	return wire.PayoutPaid{Amount: 7_320_000, Tx: "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060"}, nil
}
func (s *source) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.offline
}
func (s *source) Everything() bool { return true }
func (s *source) Operates() bool   { return false }
func (s *source) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
}
