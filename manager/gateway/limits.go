package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Limits bounds what one connection may send, by the widest of its roles. Only artists and
// workers send large messages: chunk lists and commits.
func Limits(p link.Peer) link.Limits {
	l := link.Limits{Rate: 20, Burst: 200, Message: 64 << 10}
	for _, role := range p.Roles {
		switch role {
		case job.RoleArtist, job.RoleWorker:
			l = widest(l, link.Limits{Rate: 500, Burst: 2000, Message: wire.MaxMessage})
		case job.RoleVerifier:
			l = widest(l, link.Limits{Rate: 200, Burst: 1000, Message: 1 << 20})
		case job.RoleStudio, job.RoleOperator:
			l = widest(l, link.Limits{Rate: 200, Burst: 1000, Message: 256 << 10})
		}
	}
	return l
}

func widest(a, b link.Limits) link.Limits {
	return link.Limits{Rate: max(a.Rate, b.Rate), Burst: max(a.Burst, b.Burst), Message: max(a.Message, b.Message)}
}

// heavy are the messages that cost the manager much more than their bytes: an address, over
// all its connections, gets so many of each a second.
var heavy = map[wire.Type]struct {
	rate  rate.Limit
	burst int
}{
	wire.TypePackageOffer:  {50, 400},
	wire.TypePackageFinish: {50, 400},
	wire.TypeJobDraft:      {20, 200},
	wire.TypeJobCheck:      {10, 100},
	wire.TypeJobFund:       {20, 200},
	wire.TypeJobClaim:      {5, 50},
	wire.TypeJobRequeue:    {10, 100},
	wire.TypeJobList:       {20, 200},
	wire.TypeJobShow:       {50, 500},
	wire.TypeJobFetch:      {50, 500},
	wire.TypeNodeList:      {5, 50},
	wire.TypeRendererAsk:   {10, 100},
	wire.TypePayoutClaim:   {2, 20},
	wire.TypeDepotGet:      {5, 50},
}

const (
	// paceWait is how long a message may be held back before it is refused.
	paceWait = 5 * time.Second
	// maxPaced bounds the addresses that are remembered; then all of them start afresh.
	maxPaced = 1 << 16
)

// pacer slows addresses that ask too much.
type pacer struct {
	mu     sync.Mutex // guards limits
	limits map[pacedKey]*rate.Limiter
}

type pacedKey struct {
	address string
	typ     wire.Type
}

func (p *pacer) wait(ctx context.Context, address string, typ wire.Type) error {
	h, ok := heavy[typ]
	if !ok {
		return nil
	}
	p.mu.Lock()
	if p.limits == nil || len(p.limits) >= maxPaced {
		p.limits = make(map[pacedKey]*rate.Limiter)
	}
	l := p.limits[pacedKey{address, typ}]
	if l == nil {
		l = rate.NewLimiter(h.rate, h.burst)
		p.limits[pacedKey{address, typ}] = l
	}
	p.mu.Unlock()
	if l.Allow() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, paceWait)
	defer cancel()
	if err := l.Wait(ctx); err != nil {
		return &wire.Error{Code: wire.CodeLimit, Message: fmt.Sprintf("%s is asked more than %g times a second", typ, float64(h.rate)), Next: "ask less often"}
	}
	return nil
}
