package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// settleWait is how long payouts may take to be settled and claimed after the last frame.
const settleWait = 3 * time.Minute

// summary is demo-out/summary.json. Amounts are in base units, a millionth of a token.
type summary struct {
	Job             string         `json:"job"`
	FramesRequested int            `json:"frames_requested"`
	FramesDelivered int            `json:"frames_delivered"`
	FramesVerified  int            `json:"frames_verified"`
	FramesRejected  int            `json:"frames_rejected"`
	Frames          []frameSummary `json:"frames"`
	Payouts         []payout       `json:"payouts"`
	Escrow          job.Amount     `json:"escrow"`
	Spent           job.Amount     `json:"spent"`
	Refunded        job.Amount     `json:"refunded"`
	Tx              job.Txs        `json:"tx"`
	BytesScene      int64          `json:"bytes_scene"`
	BytesUploaded   int64          `json:"bytes_uploaded"`
	WallSeconds     float64        `json:"wall_seconds"`

	symbol string
}

type frameSummary struct {
	Frame    int        `json:"frame"`
	Worker   string     `json:"worker"`
	Verifier string     `json:"verifier"`
	Verdict  string     `json:"verdict"`
	Price    job.Amount `json:"price"`
	Seconds  float64    `json:"seconds"`
	File     string     `json:"file"`
}

type payout struct {
	Node   string     `json:"node"`
	Name   string     `json:"name"`
	Role   job.Role   `json:"role"`
	Amount job.Amount `json:"amount"` // earned by this job and paid out on the chain
	Tx     string     `json:"tx"`
}

func summarise(ctx context.Context, net *network, r report, started time.Time) (*summary, error) {
	say("waiting for settlement and for the nodes to claim their payouts")
	detail, payouts, err := settled(ctx, net, r.Job)
	if err != nil {
		return nil, err
	}
	s := &summary{
		Job: r.Job, FramesRequested: len(detail.Frames), FramesRejected: detail.Job.Counts.Rejected, Escrow: funded(detail.Job), Spent: detail.Job.Spent,
		Refunded: detail.Job.Refund, Tx: detail.Job.Tx, BytesScene: r.BytesScene, BytesUploaded: r.BytesUploaded,
		symbol: net.artist.Welcome().Money.Symbol,
	}
	for _, f := range detail.Frames {
		file := r.Files[f.Number]
		if info, err := os.Stat(file); err == nil && info.Size() == f.Size {
			s.FramesDelivered++
		}
		if passed(f) {
			s.FramesVerified++
		}
		s.Frames = append(s.Frames, frameSummary{Frame: f.Number, Worker: net.name(f.Worker), Verifier: net.name(f.Verifier), Verdict: f.Verdict, Price: f.Price, Seconds: f.Seconds, File: file})
	}
	for _, p := range payouts {
		if earned := p.Claimed - net.before[p.Node+string(p.Role)]; earned > 0 {
			s.Payouts = append(s.Payouts, payout{Node: p.Node, Name: net.name(p.Node), Role: p.Role, Amount: earned, Tx: p.Tx})
		}
	}
	slices.SortFunc(s.Payouts, func(a, b payout) int { return strings.Compare(a.Name, b.Name) })
	s.WallSeconds = time.Since(started).Seconds()
	return s, nil
}

// funded is what the escrow took when the quote was accepted.
func funded(j job.Job) job.Amount {
	if j.Tx.Fund == "" {
		return 0
	}
	return j.Quote.Ceiling
}

// passed tells whether somebody other than its worker judged the frame and let it pass.
func passed(f job.Frame) bool {
	handedOver := f.State == job.FrameDelivered || f.State == job.FrameAccepted
	return handedOver && f.Verdict != "" && f.Verifier != "" && f.Verifier != f.Worker
}

// settled polls until the job is settled and everybody has claimed what they earned.
func settled(ctx context.Context, net *network, id string) (wire.JobDetail, []job.Payout, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, settleWait, fmt.Errorf("payouts were not settled and claimed within %s of the delivery", settleWait))
	defer cancel()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		detail, err := net.artist.Job(ctx, id)
		if err != nil {
			return detail, nil, err
		}
		payouts, err := net.operator.Payouts(ctx, true)
		if err != nil {
			return detail, nil, err
		}
		open := slices.ContainsFunc(payouts, func(p job.Payout) bool { return p.Claimed < p.Cumulative })
		if detail.Job.State == job.Settled && len(payouts) > 0 && !open {
			return detail, payouts, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return detail, payouts, fmt.Errorf("%w: job %s, payouts %+v", context.Cause(ctx), detail.Job.State, payouts)
		}
	}
}

// check says what is short.
func (s *summary) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.FramesRequested < 1 {
		fail("no frames were requested")
	}
	if s.FramesDelivered != s.FramesRequested {
		fail("%d of %d frames are at the output path", s.FramesDelivered, s.FramesRequested)
	}
	if s.FramesVerified != s.FramesRequested {
		fail("%d of %d frames were verified", s.FramesVerified, s.FramesRequested)
	}
	if s.Spent+s.Refunded != s.Escrow {
		fail("escrow %s is not spent %s plus refund %s", s.Escrow, s.Spent, s.Refunded)
	}
	roles := make(map[job.Role]bool)
	var paid job.Amount
	for _, p := range s.Payouts {
		roles[p.Role] = true
		paid += p.Amount
		if p.Tx == "" {
			fail("%s was paid %s without a transaction", p.Name, p.Amount)
		}
	}
	if paid != s.Spent {
		fail("nodes were paid %s, the job spent %s", paid, s.Spent)
	}
	if !roles[job.RoleWorker] || !roles[job.RoleVerifier] {
		fail("workers or verifiers were not paid")
	}
	return errors.Join(errs...)
}

func writeSummary(dir string, s *summary) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "summary.json"), append(raw, '\n'), 0o644)
}

func (s *summary) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nframe\trendered by\tseconds\tverdict\tchecked by\tprice (%s)\n", s.symbol)
	for _, f := range s.Frames {
		fmt.Fprintf(w, "%d\t%s\t%.1f\t%s\t%s\t%s\n", f.Frame, f.Worker, f.Seconds, f.Verdict, f.Verifier, f.Price)
	}
	fmt.Fprintf(w, "\nnode\trole\tpaid out\ttransaction\n")
	for _, p := range s.Payouts {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Name, p.Role, p.Amount, p.Tx)
	}
	w.Flush()
	fmt.Fprintf(out, "\nescrow %s = spent %s + refunded %s %s\n", s.Escrow, s.Spent, s.Refunded, s.symbol)
	fmt.Fprintf(out, "%d frames requested, %d delivered, %d verified, %d rejected, in %.0f s\n", s.FramesRequested, s.FramesDelivered, s.FramesVerified, s.FramesRejected, s.WallSeconds)
	fmt.Fprintf(out, "scene %.1f MB, uploaded %.1f MB\n", float64(s.BytesScene)/1e6, float64(s.BytesUploaded)/1e6)
}
