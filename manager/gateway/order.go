package gateway

import (
	"context"
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// orders are what an artist or an operator may change of a job that runs; manager/intake carries them out.
type orders interface {
	Priority(ctx context.Context, id string, priority int) (*store.Job, error)
	Rush(ctx context.Context, id string, on bool, reason string) (*store.Job, error)
	Requeue(ctx context.Context, id string, frames []int, reason string) (*store.Job, error)
	Release(ctx context.Context, id, reason string) (*store.Job, error)
}

// mine checks that the job is the sender's. Operators may change any job.
func (g *Gateway) mine(ctx context.Context, s *link.Session, id string) error {
	return g.owned(ctx, s, id, s.Peer().Has(job.RoleOperator))
}

// owned checks that the sender may change the job: its own, or any. Whoever sees it all the same is told that it is there.
func (g *Gateway) owned(ctx context.Context, s *link.Session, id string, any bool) error {
	_, err := g.options.Intake.Own(ctx, s.Peer().Address, id, any)
	var refused *wire.Error
	if !errors.As(err, &refused) || refused.Code != wire.CodeNotFound || !everything(s.Peer()) {
		return err
	}
	j, seen := g.options.Intake.Own(ctx, s.Peer().Address, id, true)
	if seen != nil {
		return err
	}
	next := "ask its owner"
	if !any && s.Peer().Has(job.RoleOperator) {
		next += "; an operator may cancel, pause or reorder it, but not sign for it"
	} else if !s.Peer().Has(job.RoleOperator) {
		next += ", or an operator"
	}
	return &wire.Error{Code: wire.CodeUnauthorised, Message: fmt.Sprintf("job %s (%s) is %s's: you may look at it, but not change it", id, j.Name, j.Owner), Next: next}
}

func (g *Gateway) jobPriority(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	p, err := decode[wire.JobPriority](m)
	if err != nil {
		return "", nil, err
	}
	if err := g.mine(ctx, s, p.Job); err != nil {
		return "", nil, err
	}
	return answerJob(g.orders.Priority(ctx, p.Job, p.Priority))
}

func (g *Gateway) jobRush(ctx context.Context, _ *link.Session, m link.Message) (wire.Type, any, error) {
	r, err := decode[wire.JobRush](m)
	if err != nil {
		return "", nil, err
	}
	return answerJob(g.orders.Rush(ctx, r.Job, !r.Off, r.Reason))
}

func (g *Gateway) jobRequeue(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	r, err := decode[wire.JobRequeue](m)
	if err != nil {
		return "", nil, err
	}
	if err := g.mine(ctx, s, r.Job); err != nil {
		return "", nil, err
	}
	return answerJob(g.orders.Requeue(ctx, r.Job, r.Frames, r.Reason))
}

func (g *Gateway) jobRelease(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	return g.control(ctx, s, m, g.orders.Release)
}
