package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// DraftRequest describes a job to price.
type DraftRequest struct {
	Request  string // unique id of this submission: sent twice, it makes one job
	Name     string
	Built    *pack.Built
	Recipe   job.Recipe
	Frames   []int
	Priority int
	Deadline int64      // Unix seconds, 0 for none
	MaxPrice job.Amount // 0 for any
	Needs    job.Needs
	After    []string // jobs that have to be delivered first
	Scout    bool     // see job.Job
	// ReleaseAfter is in seconds, nil for never; see job.Job.
	ReleaseAfter *int64
	Tiles        int // see job.Job
}

func (r *DraftRequest) draft() wire.JobDraft {
	return wire.JobDraft{
		Request: r.Request, Name: r.Name, Recipe: r.Recipe, Frames: r.Frames,
		Priority: r.Priority, Deadline: r.Deadline, MaxPrice: r.MaxPrice, Needs: r.Needs, After: r.After, Scout: r.Scout, ReleaseAfter: r.ReleaseAfter, Tiles: r.Tiles,
	}
}

// Draft seals the job key to the manager and gets a price.
func (c *Client) Draft(ctx context.Context, r DraftRequest) (wire.JobQuote, error) {
	public, err := decodeHex("the manager's seal key", c.welcome.SealKey, 32)
	if err != nil {
		return wire.JobQuote{}, err
	}
	key, err := seal.SealJobKey(public, r.Built.ID, r.Built.JobKey)
	if err != nil {
		return wire.JobQuote{}, fmt.Errorf("seal the job key: %w", err)
	}
	var quote wire.JobQuote
	draft := r.draft()
	draft.Package, draft.JobKey = r.Built.ID, key
	err = c.conn.Request(ctx, wire.TypeJobDraft, draft, &quote)
	return quote, err
}

// Check asks what would be wrong with a draft before its scene is packed: r needs no Built and no Request. A
// refusal is the error, a *wire.Error. An older manager, which can't tell, has nothing against it.
func (c *Client) Check(ctx context.Context, r DraftRequest) (warnings []string, err error) {
	var checked wire.JobChecked
	err = c.conn.Request(ctx, wire.TypeJobCheck, r.draft(), &checked)
	var refused *wire.Error
	switch {
	case errors.As(err, &refused) && refused.Code == wire.CodeUnsupported:
		return nil, nil
	case err != nil:
		return nil, err
	case checked.Refused != nil:
		return checked.Warnings, checked.Refused
	}
	return checked.Warnings, nil
}

// Redraft prices a new job that takes over package and job key of d.From, and from it whatever
// else d leaves out: without frames, it is those that were never delivered.
func (c *Client) Redraft(ctx context.Context, d wire.JobDraft) (wire.JobQuote, error) {
	var quote wire.JobQuote
	err := c.conn.Request(ctx, wire.TypeJobDraft, d, &quote)
	return quote, err
}

// Jobs lists jobs, newest first; more tells that the list goes on after the last one.
func (c *Client) Jobs(ctx context.Context, q wire.JobList) (jobs []job.Job, more bool, err error) {
	var answer wire.Jobs
	err = c.conn.Request(ctx, wire.TypeJobList, q, &answer)
	return answer.Jobs, answer.More, err
}

// Going lists every job that isn't over, newest first.
func (c *Client) Going(ctx context.Context, all bool) (jobs []job.Job, err error) {
	ask := wire.JobList{All: all, Going: true, Limit: 500}
	for {
		page, more, err := c.Jobs(ctx, ask)
		if err != nil {
			return nil, err
		}
		for _, j := range page {
			if !j.State.Over() { // a manager of before lists those too
				jobs = append(jobs, j)
			}
		}
		if !more || len(page) == 0 {
			return jobs, nil
		}
		ask.Before = page[len(page)-1].ID
	}
}

// Job is everything about one job, page by page. Its frames are as they were when their page was
// read.
func (c *Client) Job(ctx context.Context, id string) (wire.JobDetail, error) {
	var detail wire.JobDetail
	if err := c.conn.Request(ctx, wire.TypeJobShow, wire.JobShow{Job: id}, &detail); err != nil {
		return detail, err
	}
	for more := detail.More; more; {
		var page wire.JobDetail
		if err := c.conn.Request(ctx, wire.TypeJobShow, wire.JobShow{Job: id, Frames: len(detail.Frames), Tasks: len(detail.Tasks)}, &page); err != nil {
			return detail, err
		}
		detail.Frames, detail.Tasks = append(detail.Frames, page.Frames...), append(detail.Tasks, page.Tasks...)
		// A page without anything would be asked for without end.
		more = page.More && len(page.Frames)+len(page.Tasks) > 0
	}
	detail.More = false
	return detail, nil
}

// When Waits asks.
const (
	firstWait = time.Second // a free worker has begun by then
	nextWait  = 10 * time.Second
)

// Waits tells say, again and again until ctx ends, why nothing of a job renders now; "" while something does.
func (c *Client) Waits(ctx context.Context, id string, say func(why string)) {
	for pause := firstWait; ; pause = nextWait {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		asking, stop := context.WithTimeout(ctx, nextWait)
		var detail wire.JobDetail
		err := c.conn.Request(asking, wire.TypeJobShow, wire.JobShow{Job: id, Brief: true}, &detail)
		stop()
		if err == nil {
			say(detail.Why)
		}
	}
}

// Cancel stops a job: verified frames are paid, the rest is refunded.
func (c *Client) Cancel(ctx context.Context, id, reason string) (job.Job, error) {
	return c.control(ctx, wire.TypeJobCancel, id, reason)
}

// Pause keeps a job's waiting tasks from being leased.
func (c *Client) Pause(ctx context.Context, id, reason string) (job.Job, error) {
	return c.control(ctx, wire.TypeJobPause, id, reason)
}

// Resume ends a pause.
func (c *Client) Resume(ctx context.Context, id, reason string) (job.Job, error) {
	return c.control(ctx, wire.TypeJobResume, id, reason)
}

// Release lets the rest of a job follow its scout frames.
func (c *Client) Release(ctx context.Context, id, reason string) (job.Job, error) {
	return c.control(ctx, wire.TypeJobRelease, id, reason)
}

// Priority changes a job's place in the queue, from -100 to 100.
func (c *Client) Priority(ctx context.Context, id string, priority int) (job.Job, error) {
	var j job.Job
	err := c.conn.Request(ctx, wire.TypeJobPriority, wire.JobPriority{Job: id, Priority: priority}, &j)
	return j, err
}

// Rush puts a job before everybody's, or with on unset back into its turn; only an operator may.
func (c *Client) Rush(ctx context.Context, id string, on bool, reason string) (job.Job, error) {
	var j job.Job
	err := c.conn.Request(ctx, wire.TypeJobRush, wire.JobRush{Job: id, Off: !on, Reason: reason}, &j)
	return j, err
}

// Requeue takes frames that aren't rendered yet back from the workers that have them; nil is
// all of them.
func (c *Client) Requeue(ctx context.Context, id string, frames []int, reason string) (job.Job, error) {
	var j job.Job
	err := c.conn.Request(ctx, wire.TypeJobRequeue, wire.JobRequeue{Job: id, Frames: frames, Reason: reason}, &j)
	return j, err
}

func (c *Client) control(ctx context.Context, typ wire.Type, id, reason string) (job.Job, error) {
	var j job.Job
	err := c.conn.Request(ctx, typ, wire.JobControl{Job: id, Reason: reason}, &j)
	return j, err
}

// Claim disputes delivered frames.
func (c *Client) Claim(ctx context.Context, id string, frames []int, reason string) (job.Job, error) {
	claim := wire.JobClaim{Job: id, Frames: frames, Reason: reason}
	if err := c.signClaim(ctx, &claim); err != nil {
		return job.Job{}, err
	}
	var j job.Job
	err := c.conn.Request(ctx, wire.TypeJobClaim, claim, &j)
	return j, err
}

// Nodes lists the workers and verifiers.
func (c *Client) Nodes(ctx context.Context) ([]job.Node, error) {
	var answer wire.Nodes
	err := c.conn.Request(ctx, wire.TypeNodeList, wire.NodeList{}, &answer)
	return answer.Nodes, err
}

// Renderers lists what the network can render, for preflight.
func (c *Client) Renderers(ctx context.Context) ([]wire.RendererCount, error) {
	var answer wire.Renderers
	err := c.conn.Request(ctx, wire.TypeRendererAsk, wire.RendererAsk{}, &answer)
	return answer.Installs, err
}
