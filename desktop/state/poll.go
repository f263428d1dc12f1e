package state

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// poll asks for what isn't pushed.
func (m *Model) poll(ctx context.Context, source Source) {
	nodes, payouts, detail := time.NewTicker(nodesEvery), time.NewTicker(payoutsEvery), time.NewTicker(detailEvery)
	defer nodes.Stop()
	defer payouts.Stop()
	defer detail.Stop()
	m.pollJobs(ctx, source)
	m.pollNodes(ctx, source)
	m.pollPayouts(ctx, source)
	m.pollDetail(ctx, source)
	for {
		select {
		case <-ctx.Done():
			return
		case <-nodes.C:
			m.pollNodes(ctx, source)
		case <-payouts.C:
			m.pollPayouts(ctx, source)
		case <-detail.C:
			m.pollDetail(ctx, source)
		case <-m.poke:
			m.pollDetail(ctx, source)
		case <-m.born:
			m.pollJobs(ctx, source)
		}
	}
}

// attend shows whether the connection is there. It asks nobody: questions wait for a lost connection to come back.
func (m *Model) attend(ctx context.Context, source Source) {
	for pause(ctx, linkEvery) {
		m.mu.Lock()
		before, at := m.link.Connected, m.link.At
		m.link.Connected, m.link.At = source.Connected(), source.Manager()
		if after := m.link.Connected; after != before || m.link.At != at {
			m.link.Problem = ""
			if !after {
				m.link.Problem = "The connection is lost; trying again. Jobs go on without it."
			}
			m.touch()
		}
		m.mu.Unlock()
	}
}

func (m *Model) ask(ctx context.Context, what string, do func(context.Context) error) {
	inner, stop := context.WithTimeout(ctx, askTimeout)
	defer stop()
	if err := do(inner); err != nil && ctx.Err() == nil {
		m.options.Log.Warn("asking the manager failed", "for", what, "error", err)
	}
}

// pollJobs fetches the newest jobs, and those that aren't over however old they are.
func (m *Model) pollJobs(ctx context.Context, source Source) {
	m.ask(ctx, "jobs", func(ctx context.Context) error {
		newest, more, err := source.Jobs(ctx, wire.JobList{All: source.Everything()})
		if err != nil {
			return err
		}
		going, err := source.Going(ctx, source.Everything())
		if err != nil {
			return err
		}
		m.mu.Lock()
		m.listLocked(newest)
		m.listLocked(going)
		if m.oldest == "" && len(newest) > 0 {
			m.oldest, m.older = newest[len(newest)-1].ID, more
		}
		m.loaded = true
		m.mu.Unlock()
		m.touch()
		return nil
	})
}

// listLocked takes jobs that were listed.
func (m *Model) listLocked(jobs []job.Job) {
	for _, one := range jobs {
		m.pace.note(one, time.Now())
		row, known := m.jobs[one.ID]
		switch {
		case !known:
			m.jobs[one.ID] = Row{Job: one}
		case len(row.Job.Frames) == 0: // a push came first: newer, but without the frames
			row.Job.Frames = one.Frames
			m.jobs[one.ID] = row
		}
	}
}

// Older fetches the next page of jobs.
func (m *Model) Older() {
	m.act("Loading older jobs", "", func(ctx context.Context, s Source) error {
		m.mu.Lock()
		before := m.oldest
		m.mu.Unlock()
		page, more, err := s.Jobs(ctx, wire.JobList{All: s.Everything(), Before: before, Limit: 500})
		if err != nil {
			return err
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.oldest != before { // another manager's by now
			return nil
		}
		m.listLocked(page)
		if m.older = more && len(page) > 0; m.older {
			m.oldest = page[len(page)-1].ID
		}
		m.touch()
		return nil
	})
}

func (m *Model) pollNodes(ctx context.Context, source Source) {
	m.ask(ctx, "nodes", func(ctx context.Context) error {
		nodes, err := source.Nodes(ctx)
		if err != nil {
			return err
		}
		nodes = slices.Clone(nodes)
		rank := map[job.NodeState]int{job.NodeBusy: 0, job.NodeIdle: 1, job.NodePaused: 2, job.NodeOffline: 3}
		slices.SortStableFunc(nodes, func(a, b job.Node) int {
			return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), cmp.Compare(a.Capabilities.Name, b.Capabilities.Name), cmp.Compare(a.Address, b.Address))
		})
		m.mu.Lock()
		m.nodes = nodes
		m.mu.Unlock()
		m.touch()
		return nil
	})
}

func (m *Model) pollPayouts(ctx context.Context, source Source) {
	m.ask(ctx, "payouts", func(ctx context.Context) error {
		payouts, err := source.Payouts(ctx, source.Everything())
		if err != nil {
			return err
		}
		m.mu.Lock()
		m.payouts = slices.Clone(payouts)
		m.mu.Unlock()
		m.touch()
		return nil
	})
}

// pollDetail fetches the open job. Pushes that arrive meanwhile may be newer than the
// answer, so they are applied again on top of it.
func (m *Model) pollDetail(ctx context.Context, source Source) {
	m.mu.Lock()
	id := m.open
	m.asking, m.missed = id != "", nil
	m.mu.Unlock()
	if id == "" {
		return
	}
	inner, stop := context.WithTimeout(ctx, askTimeout)
	defer stop()
	detail, err := source.Job(inner, id)
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	defer m.touch()
	defer m.mu.Unlock()
	if m.open != id {
		return
	}
	m.asking = false
	m.view.Loading = false
	if err != nil {
		m.view.Problem = Problem(err)
		return
	}
	slices.SortFunc(detail.Frames, func(a, b job.Frame) int { return cmp.Compare(a.Number, b.Number) })
	if len(detail.Events) > maxEvents {
		detail.Events = detail.Events[len(detail.Events)-maxEvents:]
	}
	m.works.Note(detail.Job, detail.Frames)
	*m.view = View{Job: detail.Job, Frames: detail.Frames, Events: detail.Events, ETA: detail.ETA, Why: detail.Why}
	for _, update := range m.missed {
		m.mergeLocked(update)
	}
	m.missed = nil
}
