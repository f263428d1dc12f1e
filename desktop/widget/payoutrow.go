package widget

import (
	"fmt"

	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/shared/job"
)

// PayoutRow is what one node has earned.
type PayoutRow struct {
	fynewidget.BaseWidget
	payout      job.Payout
	who, symbol string
}

// NewPayoutRow makes an empty row.
func NewPayoutRow() *PayoutRow {
	r := &PayoutRow{}
	r.ExtendBaseWidget(r)
	return r
}

// Set shows a payout. Who names its node.
func (r *PayoutRow) Set(payout job.Payout, who, symbol string) {
	r.payout, r.who, r.symbol = payout, who, symbol
	r.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (r *PayoutRow) CreateRenderer() fyne.WidgetRenderer {
	card := box(theme.Radius)
	who := newLine(14, theme.Ink, true)
	address := newLine(12, theme.Soft, false)
	earned, earnedWord := newLine(14, theme.Ink, true), newLine(12, theme.Soft, false)
	waiting, waitingWord := newLine(14, theme.Ink, false), newLine(12, theme.Soft, false)
	for _, l := range []*line{earned, earnedWord, waiting, waitingWord} {
		l.Alignment = fyne.TextAlignTrailing
	}
	badge, bar := newPill(), newStripe()
	p := &painter{objects: append([]fyne.CanvasObject{card, who.Text, address.Text, earned.Text, earnedWord.Text, waiting.Text, waitingWord.Text, badge.back, badge.line.Text}, bar.objects()...)}
	p.paint = func() {
		o := r.payout
		card.FillColor = theme.Color(theme.Surface)
		who.set(r.who)
		address.set(state.Short(o.Node))
		if o.Tx != "" {
			address.set(state.Short(o.Node) + " · last paid in " + state.Short(o.Tx))
		}
		earned.set(state.Money(o.Cumulative, r.symbol))
		earnedWord.set("earned")
		open := o.Cumulative - o.Claimed
		waiting.set(state.Money(open, r.symbol))
		waiting.name = theme.Soft
		if open > 0 {
			waiting.name = theme.Sun
		}
		waiting.Color = theme.Color(waiting.name)
		waitingWord.set("not yet withdrawn")
		if o.Epoch > 0 {
			waitingWord.set(fmt.Sprintf("open after epoch %d", o.Epoch))
		}
		tone := theme.Info
		if o.Role == job.RoleVerifier {
			tone = theme.Check
		}
		badge.set(string(o.Role), tone)
		bar.set(nil)
		if o.Cumulative > 0 {
			bar.set([]Part{{float32(float64(o.Claimed) / float64(o.Cumulative)), theme.Good}})
		}
	}
	p.min = func() fyne.Size { return fyne.NewSize(560, 70) }
	p.layout = func(size fyne.Size) {
		h := size.Height - 6
		put(card, 0, 0, size.Width, h)
		left, right := float32(22), size.Width-20
		used := who.place(left, h/2-10, 240)
		badge.place(left+used+10, h/2-10)
		address.place(left, h/2+13, max(size.Width*0.45-left, 60))
		start := size.Width * 0.5
		if right-340-start < 40 {
			bar.hide()
		} else {
			bar.place(start, h/2-3, right-340-start, 6)
		}
		waiting.place(right-320, h/2-10, 160)
		waitingWord.place(right-320, h/2+13, 160)
		earned.place(right-140, h/2-10, 140)
		earnedWord.place(right-140, h/2+13, 140)
	}
	p.paint()
	return p
}
