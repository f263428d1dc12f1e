package audit

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/heliostat-render/heliostat/manager/schedule"
	"github.com/heliostat-render/heliostat/manager/store"
)

// queueRest bounds how much of the time is spent on reading all that waits: an order that took a second to read holds for ten.
const queueRest = 10

// queue is the order in which the audits waited when it was read.
type queue struct {
	list  []store.WaitingAudit
	limit int       // that it was read with
	until time.Time // when it is read again
}

// turns are the ids of waiting audits in the order in which they are served: of what an operator rushes first, then owners in turn, who
// has fewer with verifiers first and then who was served longest ago, as manager/schedule shares workers; an owner's own the oldest first. An id may
// not wait any more. several tells that this isn't just the oldest first.
func (u *Auditor) turns(ctx context.Context, limit int) (ids []string, several bool, err error) {
	u.mu.Lock()
	q := u.queue
	u.mu.Unlock()
	if now := u.options.Clock(); q.limit < limit || !now.Before(q.until) {
		q = queue{limit: limit}
		if err := u.options.Store.View(ctx, func(tx store.Tx) (err error) {
			q.list, err = tx.WaitingTurns(limit)
			return err
		}); err != nil {
			return nil, false, err
		}
		q.until = now
		if len(q.list) == limit { // else reading them costs little
			after := u.options.Clock()
			q.until = after.Add(queueRest * after.Sub(now))
		}
	}
	u.mu.Lock()
	u.queue = q
	share := schedule.Shares{Held: make(map[string]int), Last: maps.Clone(u.served)}
	for _, h := range u.held {
		share.Held[h.owner]++
	}
	waits := make(map[string]bool)
	for _, w := range q.list {
		waits[w.Owner] = true
	}
	maps.DeleteFunc(u.served, func(owner string, _ uint64) bool { return !waits[owner] }) // who comes back hasn't had a turn
	u.mu.Unlock()
	several = len(q.list) == limit || slices.ContainsFunc(q.list, func(w store.WaitingAudit) bool { return w.Job != q.list[0].Job })
	ids = make([]string, 0, len(q.list))
	for _, w := range schedule.InTurn(q.list, share, func(w store.WaitingAudit) schedule.Turn {
		return schedule.Turn{Owner: w.Owner, Rush: w.Rush > 0, Created: w.Created}
	}) {
		ids = append(ids, w.ID)
	}
	return ids, several, nil
}

// serve notes that an audit of an owner's job was given to a verifier.
func (u *Auditor) serve(owner string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.turn++
	u.served[owner] = u.turn
}
