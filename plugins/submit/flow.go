package submit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// cancelWait bounds how long a cancel waits for the manager's word.
const cancelWait = 15 * time.Second

// run carries the submission from where its record stands to its end.
func (s *Submission) run(ctx context.Context) {
	defer s.finish()
	defer s.recovered()
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s.mu.Lock()
	s.stop = stop
	s.mu.Unlock()
	err := s.flow(work)
	switch {
	case err == nil:
		prune(s.agent.options.DataDir)
	case errors.Is(context.Cause(work), errCancelled):
		s.cancelled(ctx)
	case ctx.Err() != nil:
		// The agent closes: the record says where to go on.
	default:
		s.fail(problemOf("submit "+s.record.Scene.Name, err))
	}
}

// recovered keeps a bug here from taking the host down, and the artist's scene with it.
func (s *Submission) recovered() {
	if r := recover(); r != nil {
		s.agent.log.Error("a submission failed inside", "key", s.record.Key, "panic", r, "stack", string(debug.Stack()))
		s.fail(problem("retry, and report this text", "heliostat failed inside: %v", r))
	}
}

func (s *Submission) flow(ctx context.Context) error {
	if s.record.Phase.final() {
		s.set(func(now *Status) { now.Text = "it ended as " + string(now.Phase) })
		return nil
	}
	if !s.record.Funded {
		goOn, err := s.order(ctx)
		if err != nil || !goOn {
			return err
		}
	}
	return s.follow(ctx)
}

// order brings the scene to a funded job; false says that it ended before that.
func (s *Submission) order(ctx context.Context) (bool, error) {
	built := s.resumeBuilt()
	if built == nil {
		if goOn, err := s.preflight(ctx); err != nil || !goOn {
			return false, err
		}
	}
	c, err := s.agent.connection(ctx)
	if err != nil {
		return false, err
	}
	if built == nil {
		if built, err = s.pack(ctx, c); err != nil {
			return false, err
		}
	}
	if err := s.probe(ctx, c, built); err != nil {
		return false, err
	}
	quote, err := s.quote(ctx, c, built)
	if err != nil {
		return false, err
	}
	if state := quote.Job.State; state != job.Draft && state != job.Quoted {
		// The job was funded before a crash kept us from hearing so.
		return true, s.note(func(r *record) { r.Funded = true })
	}
	if err := within(quote, s.record.Scene.MaxPrice); err != nil {
		return false, err
	}
	yes, err := s.confirm(ctx, quote)
	if err != nil {
		return false, err
	}
	if !yes {
		if _, err := c.Cancel(ctx, quote.Job.ID, "the artist didn't take the quote"); err != nil {
			s.agent.log.Info("the rejected draft stays until its quote expires", "job", quote.Job.ID, "err", err)
		}
		return false, s.enter(Rejected, "the quote was not taken; nothing is paid")
	}
	paying := fmt.Sprintf("paying %s %s into escrow", quote.Quote.Ceiling, s.symbol())
	if c.Welcome().Money.Settlement == "off" {
		paying = "starting the job; this manager takes no payments"
	}
	if err := s.enter(Fund, "%s", paying); err != nil {
		return false, err
	}
	funded, err := c.Fund(ctx, quote)
	if err != nil {
		return false, problemOf("fund the job", err)
	}
	s.set(func(now *Status) { now.Job = &funded })
	return true, s.note(func(r *record) { r.Funded = true })
}

// preflight looks at the scene here and then at what the network can do; false says that
// only this was wanted.
func (s *Submission) preflight(ctx context.Context) (bool, error) {
	if err := s.enter(Preflight, "looking at the scene"); err != nil {
		return false, err
	}
	scene := s.record.Scene
	found := checkHost(scene)
	s.set(func(now *Status) { now.Findings = found })
	if bad := firstError(found); bad != nil && !scene.CheckOnly {
		return false, bad
	}
	c, err := s.agent.connection(ctx)
	var installs []wire.RendererCount
	if err == nil {
		installs, err = s.agent.renderers(ctx, c)
	}
	switch {
	case err == nil:
		found = append(found, checkNetwork(scene, installs)...)
		if firstError(found) == nil {
			ahead, err := s.ahead(ctx, c)
			if err != nil {
				return false, err
			}
			found = append(found, ahead...)
		}
	case !scene.CheckOnly || ctx.Err() != nil:
		return false, err
	default:
		p := problemOf("ask the network", err)
		found = append(found, Finding{Level: LevelWarning, Code: "not_connected", Text: "what the network can render wasn't checked: " + p.Message, Fix: p.Next})
	}
	s.set(func(now *Status) { now.Findings = found })
	if scene.CheckOnly {
		s.clean()
		return false, s.enter(Checked, "%s", checkedText(found))
	}
	if bad := firstError(found); bad != nil {
		return false, bad
	}
	return true, nil
}

// ahead has the manager look at the draft before its scene is packed and uploaded.
func (s *Submission) ahead(ctx context.Context, c *client.Client) (found []Finding, err error) {
	warnings, err := c.Check(ctx, draftOf(s.record.Scene))
	for _, text := range warnings {
		found = append(found, Finding{Level: LevelWarning, Code: "ahead", Text: text})
	}
	var refused *wire.Error
	switch {
	case errors.As(err, &refused) && refused.Code != wire.CodeUnavailable:
		return append(found, Finding{Level: LevelError, Code: "refused", Text: refused.Message, Fix: refused.Next}), nil
	case err != nil:
		return nil, problemOf("ask the manager about the job", err)
	}
	return found, nil
}

func checkedText(found []Finding) string {
	if bad := firstError(found); bad != nil {
		return "it can't be submitted yet"
	}
	return "it can be submitted"
}

// resumeBuilt is the package that an earlier run has uploaded, nil for none.
func (s *Submission) resumeBuilt() *pack.Built {
	if s.record.Package == "" {
		return nil
	}
	key, err := s.agent.identity.OpenSealed([]byte(infoResume), s.record.JobKey)
	if err != nil || len(key) != len(seal.JobKey{}) {
		return nil // another identity: pack again
	}
	return &pack.Built{ID: s.record.Package, JobKey: seal.JobKey(key)}
}

func (s *Submission) pack(ctx context.Context, c *client.Client) (*pack.Built, error) {
	if err := s.enter(Pack, "packing %d files", len(s.record.Scene.Files)); err != nil {
		return nil, err
	}
	scene := s.record.Scene
	if err := steadyScene(scene); err != nil {
		return nil, problemOf("prepare the scene", err)
	}
	began := time.Now()
	built, err := pack.Build(ctx, pack.BuildOptions{
		Sources: scene.sources(), Main: scene.Main, TenantKey: s.agent.identity.TenantKey(), ScanCache: s.agent.scanCache(), Rehash: scene.Rehash,
		Sink: c.Sink(), Progress: func(p pack.Progress) { s.packed(p, began) },
	})
	if err != nil {
		return nil, problemOf("pack the scene", err)
	}
	if built.Warning != nil {
		s.agent.log.Warn("packing the scene", "err", built.Warning)
	}
	if err := c.SealPackage(ctx, built); err != nil {
		return nil, problemOf("upload the scene", err)
	}
	key, err := seal.SealTo(s.agent.identity.SealKey(), []byte(infoResume), built.JobKey[:])
	if err != nil {
		return nil, fmt.Errorf("seal the job key: %w", err)
	}
	if err := s.note(func(r *record) { r.Package, r.JobKey = built.ID, key }); err != nil {
		return nil, problemOf("remember the submission", err)
	}
	s.set(func(now *Status) {
		now.Fraction, now.ETA = 1, 0
		now.Upload = Upload{Step: pack.PhaseUpload, Files: built.Files, Bytes: built.Bytes, Done: built.Bytes, Uploaded: built.Uploaded}
		now.Text = fmt.Sprintf("%d files, %s; %s uploaded", built.Files, bytesText(built.Bytes), bytesText(built.Uploaded))
	})
	s.clean()
	return built, nil
}

func (s *Submission) packed(p pack.Progress, began time.Time) {
	s.set(func(now *Status) {
		now.Upload = Upload{Step: p.Phase, Files: p.FilesTotal, Bytes: p.BytesTotal, Done: p.BytesDone, Uploaded: p.BytesUploaded}
		if p.BytesTotal > 0 {
			now.Fraction = float64(p.BytesDone) / float64(p.BytesTotal)
		}
		now.ETA = remaining(began, time.Now(), now.Fraction)
		now.Text = fmt.Sprintf("packing %s of %s, %s uploaded", bytesText(p.BytesDone), bytesText(p.BytesTotal), bytesText(p.BytesUploaded))
	})
}

func (s *Submission) quote(ctx context.Context, c *client.Client, built *pack.Built) (wire.JobQuote, error) {
	if err := s.enter(Quote, "asking for a price"); err != nil {
		return wire.JobQuote{}, err
	}
	scene := s.record.Scene
	draft := draftOf(scene)
	draft.Request, draft.Built = s.record.Key, built
	quote, err := c.Draft(ctx, draft)
	if err != nil {
		return quote, problemOf("ask for a price", err)
	}
	if err := s.note(func(r *record) { r.Job = quote.Job.ID }); err != nil {
		return quote, problemOf("remember the submission", err)
	}
	s.set(func(now *Status) {
		now.Quote, now.Job, now.Balance, now.Symbol = &quote.Quote, &quote.Job, job.Amount(quote.Balance), c.Welcome().Money.Symbol
	})
	return quote, nil
}

// draftOf is the job that a scene asks for, without its package.
func draftOf(scene Scene) client.DraftRequest {
	return client.DraftRequest{
		Name: scene.Name, Recipe: scene.Recipe, Frames: scene.Frames,
		Priority: scene.Priority, Deadline: scene.Deadline, MaxPrice: scene.MaxPrice, Needs: scene.Needs, After: scene.After, Scout: scene.Scout, ReleaseAfter: scene.ReleaseAfter, Tiles: scene.Tiles,
	}
}

// within holds a quote to what the artist allowed, 0 for any: the manager was asked to, but it is the
// artist's money, and nobody may be asked again.
func within(quote wire.JobQuote, most job.Amount) error {
	if q := quote.Quote; q.Ceiling < 0 || most > 0 && q.Ceiling > most {
		return problem("allow more, or choose another manager", "the manager's quote may cost up to %s, more than the %s allowed", q.Ceiling, most)
	}
	return nil
}

// confirm waits for the artist, unless the scene says that it needn't.
func (s *Submission) confirm(ctx context.Context, quote wire.JobQuote) (bool, error) {
	if s.record.Scene.AcceptQuote {
		return true, nil
	}
	if err := s.enter(Confirm, "%s %s expected, never more than %s; about %s", quote.Quote.Price, s.symbol(), quote.Quote.Ceiling, time.Duration(quote.Quote.Seconds*float64(time.Second)).Round(time.Second)); err != nil {
		return false, err
	}
	select {
	case yes := <-s.quoted:
		return yes, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

func (s *Submission) symbol() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.Symbol == "" {
		return "tokens"
	}
	return s.status.Symbol
}

// cancelled ends the job after Cancel; ctx is the agent's, which is still good.
func (s *Submission) cancelled(ctx context.Context) {
	s.mu.Lock()
	id, reason := s.record.Job, s.reason
	s.mu.Unlock()
	if id != "" {
		wait, cancel := context.WithTimeout(ctx, cancelWait)
		defer cancel()
		c, err := s.agent.connection(wait)
		if err == nil {
			var stopped job.Job
			if stopped, err = c.Cancel(wait, id, reason); err == nil {
				s.set(func(now *Status) { now.Job = &stopped })
			}
		}
		if err != nil {
			p := problemOf("cancel the job", err)
			if p.Next == "" {
				p.Next = "resume the submission and cancel again"
			}
			s.fail(p)
			return
		}
	}
	s.clean()
	if err := s.enter(Cancelled, "cancelled; what was not rendered is not paid"); err != nil {
		s.fail(problemOf("remember the submission", err))
	}
}

// clean deletes the files that were made for this submission, and their folder if nothing
// else is in it.
func (s *Submission) clean() {
	dir := s.record.Scene.Workdir
	if !filepath.IsAbs(dir) {
		return
	}
	for _, f := range s.record.Scene.Files {
		if rel, err := filepath.Rel(dir, f.Path); err == nil && rel != "." && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			_ = os.Remove(f.Path)
		}
	}
	_ = os.Remove(dir)
	_ = os.Remove(filepath.Dir(dir)) // the folder that Describe made, if empty
}

func bytesText(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}
