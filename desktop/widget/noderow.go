package widget

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/shared/job"
)

// NodeRow is a worker or verifier in the list.
type NodeRow struct {
	fynewidget.BaseWidget
	node job.Node
	now  time.Time
}

// NewNodeRow makes an empty row.
func NewNodeRow() *NodeRow {
	r := &NodeRow{}
	r.ExtendBaseWidget(r)
	return r
}

// Set shows a node as it is now.
func (r *NodeRow) Set(node job.Node, now time.Time) {
	r.node, r.now = node, now
	r.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (r *NodeRow) CreateRenderer() fyne.WidgetRenderer {
	card := box(theme.Radius)
	dot := canvas.NewCircle(theme.Color(theme.Faint))
	name := newLine(14, theme.Ink, true)
	address := newLine(12, theme.Faint, false)
	hardware := newLine(12, theme.Soft, false)
	doing := newLine(13, theme.Ink, false)
	record := newLine(13, theme.Ink, false)
	trust := newLine(12, theme.Soft, false)
	record.Alignment, trust.Alignment = fyne.TextAlignTrailing, fyne.TextAlignTrailing
	badge := newPill()
	p := &painter{objects: []fyne.CanvasObject{card, dot, name.Text, address.Text, hardware.Text, doing.Text, record.Text, trust.Text, badge.back, badge.line.Text}}
	p.paint = func() {
		n := r.node
		card.FillColor = theme.Color(theme.Surface)
		dot.FillColor = theme.Color(theme.ForNode(n.State))
		title := n.Capabilities.Name
		if title == "" {
			title = state.Short(n.Address)
		}
		name.set(title)
		address.set(state.Short(n.Address))
		var facts []string
		for _, fact := range []string{n.Capabilities.Hardware, n.Capabilities.Class} {
			if fact != "" {
				facts = append(facts, fact)
			}
		}
		for _, install := range n.Capabilities.Installs {
			facts = append(facts, install.Renderer+" "+install.Version)
		}
		hardware.set(strings.Join(facts, " · "))
		switch {
		case n.State == job.NodePaused && n.PauseReason != "":
			doing.set(n.PauseReason)
		case n.State == job.NodeOffline:
			doing.set("seen " + state.Ago(n.Seen, r.now))
		case n.Doing != "":
			doing.set(n.Doing)
		default:
			doing.set("waiting for work")
		}
		doing.name = theme.Ink
		if n.State != job.NodeBusy {
			doing.name = theme.Soft
		}
		doing.Color = theme.Color(doing.name)
		record.set(fmt.Sprintf("%d passed", n.Passes))
		trust.set("never failed a check")
		if n.Fails > 0 {
			trust.set(fmt.Sprintf("%d failed", n.Fails))
			trust.name = theme.Bad
		} else {
			trust.name = theme.Soft
		}
		if n.Passes == 0 && n.Fails == 0 && !slices.Contains(n.Roles, job.RoleWorker) {
			record.set("") // what a verifier does isn't counted so
			trust.set("")
		}
		trust.Color = theme.Color(trust.name)
		var roles []string
		for _, role := range n.Roles {
			roles = append(roles, string(role))
		}
		tone := theme.Info
		if strings.Contains(strings.Join(roles, " "), string(job.RoleVerifier)) {
			tone = theme.Check
		}
		badge.set(strings.Join(roles, ", "), tone)
	}
	p.min = func() fyne.Size { return fyne.NewSize(560, 70) }
	p.layout = func(size fyne.Size) {
		h := size.Height - 6
		put(card, 0, 0, size.Width, h)
		put(dot, 18, h/2-5, 10, 10)
		left, right := float32(42), size.Width-20
		middle := max(size.Width*0.5, left+200)
		if size.Width < 700 {
			middle = max(size.Width*0.42, left+180)
		}
		used := name.place(left, h/2-10, middle-left-110)
		badge.place(left+used+10, h/2-10)
		hardware.place(left, h/2+13, middle-left-16)
		doing.place(middle, h/2-10, max(right-150-middle-12, 0))
		address.place(middle, h/2+13, 150)
		record.place(right-150, h/2-10, 150)
		trust.place(right-150, h/2+13, 150)
	}
	p.paint()
	return p
}
