package pack

import (
	"sync"
	"time"
)

// progress adds up and reports, at most ten times a second.
type progress struct {
	fn func(Progress)

	// mu guards the rest, and makes the calls of fn take turns.
	mu   sync.Mutex
	p    Progress
	last time.Time
}

func newProgress(fn func(Progress)) *progress {
	if fn == nil {
		fn = func(Progress) {}
	}
	return &progress{fn: fn}
}

func (p *progress) change(force bool, f func(*Progress)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.p)
	if now := time.Now(); force || now.Sub(p.last) >= 100*time.Millisecond {
		p.last = now
		p.fn(p.p)
	}
}

func (p *progress) begin(phase string, files int, bytes int64) {
	p.change(true, func(s *Progress) {
		*s = Progress{Phase: phase, FilesTotal: files, BytesTotal: bytes}
	})
}

func (p *progress) phase(phase string) {
	p.change(true, func(s *Progress) { s.Phase = phase })
}

func (p *progress) add(files int, bytes int64) {
	p.change(false, func(s *Progress) { s.FilesDone += files; s.BytesDone += bytes })
}

func (p *progress) file(bytes int64) { p.add(1, bytes) }

func (p *progress) uploaded(n int64) {
	p.change(false, func(s *Progress) { s.BytesUploaded += n })
}

// done reports completeness: empty files and rounding leave nothing open.
func (p *progress) done(phase string) {
	p.change(true, func(s *Progress) {
		s.Phase, s.FilesDone, s.BytesDone = phase, s.FilesTotal, s.BytesTotal
	})
}
