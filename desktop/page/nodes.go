package page

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/widget"
	"github.com/heliostat-render/heliostat/shared/job"
)

// nodes is the list of workers and verifiers.
type nodes struct {
	shell *Shell
	rows  []job.Node
	list  *fynewidget.List
	empty *widget.Empty
	below *fynewidget.Label
	all   fyne.CanvasObject
}

func newNodes(s *Shell) *nodes {
	n := &nodes{shell: s, below: fynewidget.NewLabel("")}
	n.list = fynewidget.NewList(
		func() int { return len(n.rows) },
		func() fyne.CanvasObject { return widget.NewNodeRow() },
		func(id fynewidget.ListItemID, item fyne.CanvasObject) {
			if id < len(n.rows) {
				item.(*widget.NodeRow).Set(n.rows[id], s.options.Now())
			}
		})
	n.list.HideSeparators = true
	n.list.OnSelected = func(id fynewidget.ListItemID) { n.list.Unselect(id) }
	n.empty = widget.NewEmpty(fynetheme.StorageIcon(), "", "", nil)
	n.all = container.NewBorder(head("Nodes", n.below, nil), nil, nil, nil, container.NewStack(n.list, n.empty.Container))
	return n
}

func (n *nodes) object() fyne.CanvasObject { return n.all }

func (n *nodes) update(s state.Snapshot) {
	n.rows = s.Nodes
	n.empty.Set("No nodes yet", "Start worker mode on the Worker page, or run on another machine\nheliostat-worker run --manager "+s.Link.Manager)
	if !s.Link.Connected {
		n.empty.Set("No manager", "Nodes appear once a manager is connected.")
	}
	n.empty.Hidden = len(n.rows) > 0
	n.list.Hidden = len(n.rows) == 0
	counts := make(map[job.NodeState]int)
	for i := range n.rows {
		counts[n.rows[i].State]++
	}
	text := fmt.Sprintf("%d working · %d waiting · %d away", counts[job.NodeBusy], counts[job.NodeIdle], counts[job.NodePaused]+counts[job.NodeOffline])
	if len(n.rows) == 0 {
		text = "Workers render, verifiers check them"
	}
	if n.below.Text != text {
		n.below.SetText(text)
	}
	n.list.Refresh()
}
