package gateway

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/retain"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// maxFiles bounds the files of one job.fetch answer, so that it fits into a message.
const maxFiles = 4096

func (g *Gateway) packageOffer(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	o, err := decode[wire.PackageOffer](m)
	if err != nil {
		return "", nil, err
	}
	urls, err := g.options.Intake.Offer(ctx, s.Peer().Address, o)
	return wire.TypeBlobURLs, urls, err
}

func (g *Gateway) packageSeal(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	p, err := decode[wire.PackageSeal](m)
	if err != nil {
		return "", nil, err
	}
	urls, err := g.options.Intake.Seal(ctx, s.Peer().Address, p)
	return wire.TypeBlobURLs, urls, err
}

func (g *Gateway) packageFinish(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	f, err := decode[wire.PackageFinish](m)
	if err != nil {
		return "", nil, err
	}
	return wire.TypeOK, nil, g.options.Intake.Finish(ctx, s.Peer().Address, f)
}

func (g *Gateway) jobDraft(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	d, err := decode[wire.JobDraft](m)
	if err == nil && d.From != "" {
		err = g.owned(ctx, s, d.From, false)
	}
	if err != nil {
		return "", nil, err
	}
	q, err := g.options.Intake.Draft(ctx, s.Peer().Address, d)
	return wire.TypeJobQuote, q, err
}

func (g *Gateway) jobCheck(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	d, err := decode[wire.JobDraft](m)
	if err != nil {
		return "", nil, err
	}
	c, err := g.options.Intake.Check(ctx, s.Peer().Address, d)
	return wire.TypeJobChecked, c, err
}

func (g *Gateway) jobFund(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	f, err := decode[wire.JobFund](m)
	if err == nil {
		err = g.owned(ctx, s, f.Job, false)
	}
	if err != nil {
		return "", nil, err
	}
	j, err := g.options.Intake.Fund(ctx, s.Peer().Address, f)
	return answerJob(j, err)
}

func answerJob(j *store.Job, err error) (wire.Type, any, error) {
	if err != nil {
		return "", nil, err
	}
	return wire.TypeJob, j.Job, nil
}

func (g *Gateway) jobAccept(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	a, err := decode[wire.JobAccept](m)
	if err != nil {
		return "", nil, err
	}
	if err := g.owned(ctx, s, a.Job, false); err != nil {
		return "", nil, err
	}
	if a.Signature == nil {
		a.Signature = []byte{} // only the end of the dispute window comes without one
	}
	return answerJob(g.options.Settler.Accept(ctx, a.Job, a.Signature))
}

func (g *Gateway) jobClaim(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	c, err := decode[wire.JobClaim](m)
	if err != nil {
		return "", nil, err
	}
	if err := g.owned(ctx, s, c.Job, false); err != nil {
		return "", nil, err
	}
	return answerJob(g.options.Auditor.Claim(ctx, c))
}

// control is what cancel, pause and resume share. Operators may stop any job.
func (g *Gateway) control(ctx context.Context, s *link.Session, m link.Message, do func(context.Context, string, string) (*store.Job, error)) (wire.Type, any, error) {
	c, err := decode[wire.JobControl](m)
	if err != nil {
		return "", nil, err
	}
	if err := g.mine(ctx, s, c.Job); err != nil {
		return "", nil, err
	}
	return answerJob(do(ctx, c.Job, c.Reason))
}

func (g *Gateway) jobCancel(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	return g.control(ctx, s, m, g.options.Intake.Cancel)
}

func (g *Gateway) jobPause(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	return g.control(ctx, s, m, g.options.Intake.Pause)
}

func (g *Gateway) jobResume(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	return g.control(ctx, s, m, g.options.Intake.Resume)
}

func (g *Gateway) jobList(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	l, err := decode[wire.JobList](m)
	if err != nil {
		return "", nil, err
	}
	owner := s.Peer().Address
	if l.All {
		if !everything(s.Peer()) {
			return "", nil, &wire.Error{Code: wire.CodeUnauthorised, Message: "only studios and operators see everybody's jobs", Next: "list your own jobs, or sign in as studio"}
		}
		owner = ""
	}
	if l.Limit <= 0 {
		l.Limit = 100
	}
	l.Limit = min(l.Limit, 500)
	answer := wire.Jobs{Jobs: []job.Job{}}
	err = g.options.Store.View(ctx, func(tx store.Tx) error {
		jobs, err := tx.ListJobs(store.JobQuery{Owner: owner, Before: l.Before, Going: l.Going, Limit: l.Limit + 1})
		for i, j := range jobs {
			if i == l.Limit {
				answer.More = true
				break
			}
			j.Job.Frames = shortFrames(j.Frames)
			answer.Jobs = append(answer.Jobs, j.Job)
		}
		return err
	})
	return wire.TypeJobs, answer, err
}

// shortFrames keeps lists of long jobs within a message; job.show has all of them.
func shortFrames(frames []int) []int { return frames[:min(len(frames), 1000)] }

func (g *Gateway) jobShow(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	q, err := decode[wire.JobShow](m)
	if err != nil {
		return "", nil, err
	}
	j, err := g.options.Intake.Own(ctx, s.Peer().Address, q.Job, everything(s.Peer()))
	if err != nil {
		return "", nil, err
	}
	var frames []*job.Frame
	var tasks []*job.Task
	d := wire.JobDetail{Frames: []job.Frame{}, Tasks: []job.Task{}, Events: []wire.Event{}}
	err = g.options.Store.View(ctx, func(tx store.Tx) (err error) {
		if j, err = tx.Job(q.Job); err != nil || q.Brief {
			return err
		}
		if frames, err = tx.Frames(q.Job); err != nil {
			return err
		}
		if tasks, err = tx.Tasks(q.Job); err != nil {
			return err
		}
		if q.Frames > 0 || q.Tasks > 0 {
			return nil
		}
		events, err := tx.Events(q.Job, 500)
		d.Events = append(d.Events, events...)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	d.Job, d.ETA, d.Why = j.Job, g.options.Scheduler.ETA(j), g.options.Scheduler.Why(j)
	if q.Brief || q.Frames > 0 || q.Tasks > 0 {
		d.Job.Frames = nil
	}
	frames, tasks = frames[max(0, min(q.Frames, len(frames))):], tasks[max(0, min(q.Tasks, len(tasks))):]
	page := fill(&d, frames, tasks)
	g.options.Hub.Fill(frames[:page])
	for _, f := range frames[:page] {
		d.Frames = append(d.Frames, *f)
	}
	return wire.TypeJobDetail, d, nil
}

// pageBytes is about how much of frames and tasks one answer holds. A message takes twice as
// much, and the job, its list of frames and its history come on top.
const pageBytes = wire.MaxMessage / 2

// fill puts tasks into the answer as far as they fit after the frames, and returns how many frames
// do. The estimate is generous: names, keys and causes are bounded where they are taken.
func fill(d *wire.JobDetail, frames []*job.Frame, tasks []*job.Task) (page int) {
	room := pageBytes
	for page < len(frames) && room > 0 {
		f := frames[page]
		room -= 600 + len(f.Object) + len(f.Verdict) + len(f.Cause)
		for _, x := range f.Extras {
			room -= 150 + len(x.Name) + len(x.Object)
		}
		page++
	}
	done := 0
	for done < len(tasks) && room > 0 {
		room -= 500 + 8*len(tasks[done].Frames) + len(tasks[done].Cause)
		d.Tasks = append(d.Tasks, *tasks[done])
		done++
	}
	d.More = page < len(frames) || done < len(tasks)
	return page
}

func (g *Gateway) jobWatch(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	w, err := decode[wire.JobWatch](m)
	if err != nil {
		return "", nil, err
	}
	if w.All && !everything(s.Peer()) {
		return "", nil, &wire.Error{Code: wire.CodeUnauthorised, Message: "only studios and operators watch everybody's jobs", Next: "watch your own jobs, or sign in as studio"}
	}
	if w.Job != "" {
		if _, err := g.options.Intake.Own(ctx, s.Peer().Address, w.Job, everything(s.Peer())); err != nil {
			return "", nil, err
		}
	}
	return wire.TypeOK, nil, g.options.Hub.Watch(s, s.Peer().Address, w.Job, w.All)
}

func (g *Gateway) jobFetch(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	q, err := decode[wire.JobFetch](m)
	if err != nil {
		return "", nil, err
	}
	j, err := g.options.Intake.Own(ctx, s.Peer().Address, q.Job, everything(s.Peer()))
	if err != nil {
		return "", nil, err
	}
	if len(q.Frames) > maxFiles {
		return "", nil, &wire.Error{Code: wire.CodeLimit, Message: fmt.Sprintf("%d frames in one request, at most %d are answered", len(q.Frames), maxFiles), Next: "ask in parts"}
	}
	if retain.Over(j, g.options.KeepFrames, g.options.Clock()) {
		return "", nil, &wire.Error{Code: wire.CodeNotFound, Message: fmt.Sprintf("the frames of job %s were kept for %s and are removed now", j.ID, retain.Days(g.options.KeepFrames)), Next: "submit it again"}
	}
	var frames []*job.Frame
	err = g.options.Store.View(ctx, func(tx store.Tx) (err error) {
		if q.Frames == nil {
			frames, err = tx.Frames(q.Job)
		} else {
			frames, err = tx.FrameSet(q.Job, q.Frames)
		}
		return err
	})
	if err != nil {
		return "", nil, err
	}
	files := wire.JobFiles{Files: []wire.JobFile{}}
	for _, f := range frames {
		// Nothing else is ever handed out: an unverified frame has no URL.
		if f.State != job.FrameDelivered && f.State != job.FrameAccepted {
			continue
		}
		// A frame comes with all of its files or not at all: the next request begins with it.
		if len(files.Files) > 0 && len(files.Files)+1+len(f.Extras) > maxFiles {
			break
		}
		own := job.Extra{Name: fmt.Sprintf("%04d%s", f.Number, path.Ext(f.Object)), Object: f.Object, Size: f.Size, Digest: f.Digest}
		for i, file := range append([]job.Extra{own}, f.Extras...) {
			get, err := g.options.Blobs.SignGet(ctx, file.Object, lease.URLLife)
			if err != nil {
				return "", nil, fmt.Errorf("sign frame %d of job %s: %w", f.Number, j.ID, err)
			}
			files.Files = append(files.Files, wire.JobFile{Frame: f.Number, Name: file.Name, Size: file.Size, Digest: file.Digest, Get: lease.Signed(get), Extra: i > 0})
		}
	}
	if j.DeliveryRoot != "" {
		files.ChainJob = fmt.Sprintf("0x%x", settle.ChainJob(j.ID))
		files.DeliveryRoot, files.Amount = j.DeliveryRoot, j.DeliveryPrice
	}
	return wire.TypeJobFiles, files, nil
}

func (g *Gateway) payoutList(ctx context.Context, s *link.Session, m link.Message) (wire.Type, any, error) {
	q, err := decode[wire.PayoutList](m)
	if err != nil {
		return "", nil, err
	}
	node := s.Peer().Address
	if q.All {
		if !everything(s.Peer()) {
			return "", nil, &wire.Error{Code: wire.CodeUnauthorised, Message: "only studios and operators see everybody's payouts", Next: "ask for your own"}
		}
		node = ""
	}
	payouts, err := g.options.Settler.Payouts(ctx, node)
	return wire.TypePayouts, wire.Payouts{Payouts: payouts}, err
}

func (g *Gateway) payoutClaim(ctx context.Context, s *link.Session, _ link.Message) (wire.Type, any, error) {
	paid, err := g.options.Settler.Claim(ctx, s.Peer().Address)
	return wire.TypePayoutPaid, paid, err
}

// maxNodes bounds the nodes of one answer, so that it fits into a message: connected ones first.
const maxNodes = 4096

func away(n job.Node) int {
	if n.State == job.NodeOffline {
		return 1
	}
	return 0
}

func (g *Gateway) nodeList(ctx context.Context, _ *link.Session, _ link.Message) (wire.Type, any, error) {
	var nodes []*store.Node
	if err := g.options.Store.View(ctx, func(tx store.Tx) (err error) { nodes, err = tx.Nodes(); return err }); err != nil {
		return "", nil, err
	}
	answer := wire.Nodes{Nodes: []job.Node{}}
	for _, n := range nodes {
		node := job.Node{Address: n.Address, Roles: n.Roles, Capabilities: n.Capabilities, Passes: n.Passes, Fails: n.Fails, Seen: n.Seen, State: job.NodeOffline}
		if g.options.Cluster != nil && n.Manager != "" && n.Manager != g.options.Manager && g.options.Cluster.Live(n.Manager) {
			node.State = job.NodeIdle // before the others have been asked what it does
		}
		for _, role := range n.Roles {
			state, reason := g.options.Fleet.State(role, n.Address)
			if state == job.NodeOffline {
				continue
			}
			node.Seen = g.options.Clock().UnixMilli()
			if node.State == job.NodeOffline || state == job.NodeBusy {
				node.State, node.PauseReason = state, reason
			}
		}
		answer.Nodes = append(answer.Nodes, node)
	}
	if len(answer.Nodes) > maxNodes {
		slices.SortStableFunc(answer.Nodes, func(a, b job.Node) int { return cmp.Compare(away(a), away(b)) })
		answer.Nodes = answer.Nodes[:maxNodes]
	}
	return wire.TypeNodes, answer, nil
}

// elsewhere lists the workers that are connected to other managers: from the store, where they are at once. The fleet hears
// of them a moment later, and what it is told decides whether a job can be submitted.
func (g *Gateway) elsewhere(ctx context.Context) (workers []job.Capabilities, err error) {
	if g.options.Cluster == nil {
		return nil, nil
	}
	var nodes []*store.Node
	if err := g.options.Store.View(ctx, func(tx store.Tx) (err error) { nodes, err = tx.Nodes(); return err }); err != nil {
		return nil, fmt.Errorf("read the nodes: %w", err)
	}
	for _, n := range nodes {
		if n.Manager != "" && n.Manager != g.options.Manager && slices.Contains(n.Roles, job.RoleWorker) && g.options.Cluster.Live(n.Manager) {
			workers = append(workers, n.Capabilities)
		}
	}
	return workers, nil
}

func (g *Gateway) rendererAsk(ctx context.Context, _ *link.Session, _ link.Message) (wire.Type, any, error) {
	workers, err := g.elsewhere(ctx)
	if err != nil {
		return "", nil, err
	}
	for _, m := range g.options.Fleet.Members(job.RoleWorker) {
		workers = append(workers, m.Capabilities)
	}
	answer := wire.Renderers{Installs: []wire.RendererCount{}}
	same := func(c wire.RendererCount, device string, b job.Install) bool {
		return c.Device == device && c.Renderer == b.Renderer && c.Version == b.Version && c.BuildHash == b.BuildHash && slices.Equal(c.Engines, b.Engines) && slices.Equal(c.Denoisers, b.Denoisers)
	}
	for _, w := range workers {
		for _, install := range w.Installs {
			i := slices.IndexFunc(answer.Installs, func(c wire.RendererCount) bool { return same(c, w.Device, install) })
			if i < 0 {
				answer.Installs = append(answer.Installs, wire.RendererCount{Install: install, Device: w.Device})
				i = len(answer.Installs) - 1
			}
			answer.Installs[i].Workers++
		}
	}
	return wire.TypeRenderers, answer, nil
}
