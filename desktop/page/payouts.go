package page

import (
	"cmp"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/desktop/widget"
	"github.com/heliostat-render/heliostat/shared/job"
)

// payouts is what nodes have earned.
type payouts struct {
	shell    *Shell
	rows     []job.Payout
	nodes    []job.Node
	worker   string // this machine's
	symbol   string
	list     *fynewidget.List
	empty    *widget.Empty
	below    *fynewidget.Label
	withdraw *fynewidget.Button
	all      fyne.CanvasObject
}

func newPayouts(s *Shell) *payouts {
	p := &payouts{shell: s, below: fynewidget.NewLabel("")}
	p.list = fynewidget.NewList(
		func() int { return len(p.rows) },
		func() fyne.CanvasObject { return widget.NewPayoutRow() },
		func(id fynewidget.ListItemID, item fyne.CanvasObject) {
			if id < len(p.rows) {
				item.(*widget.PayoutRow).Set(p.rows[id], p.who(p.rows[id]), p.symbol)
			}
		})
	p.list.HideSeparators = true
	p.list.OnSelected = func(id fynewidget.ListItemID) { p.list.Unselect(id) }
	p.withdraw = fynewidget.NewButton("Withdraw", func() { s.options.Actions.ClaimPayout() })
	p.withdraw.Importance = fynewidget.HighImportance
	p.empty = widget.NewEmpty(fynetheme.NewColoredResource(theme.CoinsIcon(), theme.Soft), "", "", nil)
	p.all = container.NewBorder(head("Payouts", p.below, p.withdraw), nil, nil, nil, container.NewStack(p.list, p.empty.Container))
	return p
}

func (p *payouts) who(payout job.Payout) string {
	switch {
	case strings.EqualFold(payout.Node, p.shell.options.Address):
		return "This machine"
	case strings.EqualFold(payout.Node, p.worker):
		return "This machine's worker"
	}
	return state.Who(payout.Node, p.nodes)
}

func (p *payouts) object() fyne.CanvasObject { return p.all }

func (p *payouts) update(s state.Snapshot) {
	p.rows, p.nodes, p.symbol = s.Payouts, s.Nodes, s.Link.Money.Symbol
	p.worker = cmp.Or(s.Worker.Address, p.shell.options.Worker) // its key is made when it starts for the first time
	p.empty.Set("Nothing earned yet", "Every verified frame counts. Payouts are settled on the chain each epoch.")
	if s.Link.Money.Settlement == "off" {
		p.empty.Set("No payments here", "What a node renders is counted, and nobody is paid for it.")
	}
	p.empty.Hidden = len(p.rows) > 0
	p.list.Hidden = len(p.rows) == 0
	var earned, claimed, mine job.Amount
	for _, payout := range p.rows {
		earned += payout.Cumulative
		claimed += payout.Claimed
		if strings.EqualFold(payout.Node, p.shell.options.Address) {
			mine += payout.Cumulative - payout.Claimed
		}
	}
	if mine > 0 {
		p.withdraw.Show()
	} else {
		p.withdraw.Hide()
	}
	text := state.Money(earned, p.symbol) + " earned, " + state.Money(claimed, p.symbol) + " withdrawn"
	switch {
	case s.Link.Money.Settlement == "off":
		text = "Settlement is off: this farm keeps count but moves no money"
	case len(p.rows) == 0:
		text = "What workers and verifiers earned"
	}
	if p.below.Text != text {
		p.below.SetText(text)
	}
	p.list.Refresh()
}
