package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// maxDetail bounds the text of one line of the trail, in bytes.
const maxDetail = 512

// order is what the trail takes from any command.
type order struct {
	Job      string     `json:"job"`
	Package  string     `json:"package"`
	Reason   string     `json:"reason"`
	Priority *int       `json:"priority"`
	Frames   []int      `json:"frames"`
	MaxPrice job.Amount `json:"maxPrice"`
	Quote    string     `json:"quote"`
	More     bool       `json:"more"`
	From     string     `json:"from"`
	Off      bool       `json:"off"`
}

// record writes a command into the trail of who changed what, before it is answered. A command that
// is sent again, because its answer was lost, is in the trail again.
func (g *Gateway) record(ctx context.Context, s *link.Session, m link.Message, answer any) error {
	var o order
	_ = json.Unmarshal(m.Body, &o) // what can't be read here was refused before
	if o.More {
		return nil // the last part is the deed
	}
	d := store.Deed{Time: g.options.Clock().UnixMilli(), Who: s.Peer().Address, What: string(m.Type), Subject: o.Job}
	if d.Subject == "" {
		d.Subject = o.Package
	}
	if q, ok := answer.(wire.JobQuote); ok {
		d.Subject = q.Job.ID
	}
	if p, ok := answer.(wire.PayoutPaid); ok {
		d.Subject = p.Tx
	}
	var detail []string
	add := func(format string, args ...any) { detail = append(detail, fmt.Sprintf(format, args...)) }
	if o.Priority != nil {
		add("priority %d", *o.Priority)
	}
	if len(o.Frames) > 0 {
		add("frames %s", wire.Trim(store.FormatFrames(o.Frames), 128))
	}
	if o.From != "" {
		add("from %s", wire.Trim(o.From, 64))
	}
	if o.Quote != "" {
		add("quote %s", wire.Trim(o.Quote, 64))
	}
	if o.MaxPrice > 0 {
		add("at most %s", o.MaxPrice)
	}
	if o.Off {
		add("off")
	}
	if o.Reason != "" {
		add("%s", o.Reason)
	}
	d.Detail = strings.ToValidUTF8(wire.Trim(strings.Join(detail, ", "), maxDetail), "")
	if err := g.options.Store.Update(ctx, func(tx store.Tx) error { return tx.AddDeed(d) }); err != nil {
		return fmt.Errorf("write %s into the trail: %w", m.Type, err)
	}
	about := o.Job
	if q, ok := answer.(wire.JobQuote); ok {
		about = q.Job.ID
	}
	g.options.Log.Info("command", "what", d.What, "who", d.Who, "job", about, "subject", d.Subject, "detail", d.Detail)
	return nil
}
