package page

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/desktop/widget"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// openJob is one job: its frames, its history and what can be done with it.
type openJob struct {
	shell  *Shell
	view   state.View
	nodes  []job.Node
	picked map[int]bool

	operator bool // we are the manager's

	title  *fynewidget.RichText
	below  *fynewidget.Label
	badge  *widget.Badge
	bar    *widget.Bar
	legend *widget.Legend
	stats  [4]*widget.Stat
	rush   *widget.Badge
	why    *widget.Panel
	whyIs  *fynewidget.Label
	mood   *fynewidget.Icon // of why: that nothing renders, or that the job failed
	calm   fyne.Resource
	grave  fyne.Resource
	grid   *widget.FrameGrid
	events *widget.RowList
	empty  *widget.Empty

	pause, resume, accept *fynewidget.Button
	release, again        *fynewidget.Button
	frames                *fynewidget.Button // fetches them and shows their folder
	goes                  *fynewidget.Button // to the job that renders the rest
	goesTo                string
	showLog               *fynewidget.Button
	order                 *order
	preview               *preview
	log                   *logView
	offer                 *widget.Panel
	offerIs               *fynewidget.Label
	requeue               *fynewidget.Button
	told                  *fynewidget.Label // the whole text of the event that was picked
	tellsOf               wire.Event
	cancel                *widget.Confirm
	claimBar              *widget.Panel
	claimIs               *fynewidget.Label
	reason                *fynewidget.Entry
	claim                 *fynewidget.Button
	top, header           *fyne.Container
	history               *widget.Panel
	all                   *fyne.Container
}

func newJob(s *Shell) *openJob {
	p := &openJob{shell: s, picked: make(map[int]bool)}
	p.title = widget.Heading("")
	p.title.Truncation = fyne.TextTruncateEllipsis
	p.below = fynewidget.NewLabel("")
	p.below.Importance = fynewidget.LowImportance
	p.below.Truncation = fyne.TextTruncateEllipsis
	p.badge = widget.NewBadge("", theme.Soft)
	p.rush = widget.NewBadge("rush", theme.Sun)
	p.rush.Hide()
	p.bar, p.legend = widget.NewBar(), widget.NewLegend()
	for i, name := range []string{"Frames", "Time", "Spent", "Checks"} {
		p.stats[i] = widget.NewStat(name)
	}
	p.whyIs = fynewidget.NewLabel("")
	p.whyIs.Wrapping = fyne.TextWrapWord
	p.calm = fynetheme.NewColoredResource(fynetheme.InfoIcon(), theme.Sun)
	p.grave = fynetheme.NewColoredResource(fynetheme.ErrorIcon(), theme.Bad)
	p.mood = fynewidget.NewIcon(p.calm)
	p.lists()
	p.buttons()
	p.why = widget.NewPanel(container.NewBorder(nil, nil, p.mood, container.NewCenter(p.showLog), p.whyIs), 6)
	p.why.Hide()
	p.arrange()
	return p
}

func (p *openJob) lists() {
	p.preview, p.log, p.order = newPreview(p), newLog(p.shell), newOrder(p)
	p.grid = widget.NewFrameGrid(
		func() int { return len(p.view.Frames) },
		func() fyne.CanvasObject { return widget.NewFrameCell(p.preview.show, p.pick) },
		func(id fynewidget.GridWrapItemID, item fyne.CanvasObject) {
			if id >= len(p.view.Frames) {
				return
			}
			frame := p.view.Frames[id]
			thumb := p.view.Thumbs[frame.Number]
			if thumb == nil {
				p.shell.options.Actions.Thumb(frame)
			}
			cell := item.(*widget.FrameCell)
			cell.Mark(state.Final(p.view.Job.State), p.grid.On(id))
			cell.Set(frame, state.LookOf(p.view.Job.State, frame), state.Who(frame.Worker, p.nodes), thumb, p.picked[frame.Number])
		})
	p.grid.OnSelected = func(id fynewidget.GridWrapItemID) {
		p.grid.Unselect(id)
		if id < len(p.view.Frames) {
			p.pick(p.view.Frames[id].Number)
		}
	}
	p.grid.OnLeft = p.shell.TypedKey
	p.grid.OnOpened = func(id fynewidget.GridWrapItemID) {
		switch {
		case id < 0 || id >= len(p.view.Frames):
		case here(p.view.Frames[id]):
			p.preview.show(p.view.Frames[id].Number)
		default:
			p.pick(p.view.Frames[id].Number)
		}
	}
	p.events = widget.NewRowList(
		func() int { return len(p.view.Events) },
		func() fyne.CanvasObject { return widget.NewEventRow() },
		func(id fynewidget.ListItemID, item fyne.CanvasObject) {
			if id < len(p.view.Events) {
				event := p.view.Events[len(p.view.Events)-1-id]
				item.(*widget.EventRow).Set(event, state.Who(event.Node, p.nodes))
			}
		})
	p.events.HideSeparators = true
	p.events.OnLeft = p.shell.TypedKey
	p.told = fynewidget.NewLabel("")
	p.told.Wrapping = fyne.TextWrapWord
	p.told.Selectable = true
	p.told.Hide()
	p.events.OnSelected = func(id fynewidget.ListItemID) {
		p.events.Unselect(id)
		if id < len(p.view.Events) {
			p.tell(p.view.Events[len(p.view.Events)-1-id])
		}
	}
	p.empty = widget.NewEmpty(fynetheme.MediaPhotoIcon(), "Loading", "Asking the manager for the frames.", nil)
}

func (p *openJob) buttons() {
	do := p.shell.options.Actions
	p.pause = fynewidget.NewButtonWithIcon("Pause", fynetheme.MediaPauseIcon(), func() { do.Pause(p.view.Job.ID) })
	p.resume = fynewidget.NewButtonWithIcon("Resume", fynetheme.MediaPlayIcon(), func() { do.Resume(p.view.Job.ID) })
	p.accept = fynewidget.NewButtonWithIcon("Accept frames", fynetheme.ConfirmIcon(), func() { do.Accept(p.view.Job.ID) })
	p.accept.Importance = fynewidget.HighImportance
	p.cancel = widget.NewConfirm("Cancel job", "Really cancel?", func() { do.Cancel(p.view.Job.ID) })
	p.release = fynewidget.NewButtonWithIcon("Release", fynetheme.ConfirmIcon(), func() { do.Release(p.view.Job.ID) })
	p.release.Importance = fynewidget.HighImportance
	p.again = fynewidget.NewButtonWithIcon("Render the rest", fynetheme.ViewRefreshIcon(), func() { do.Again(p.view.Job.ID) })
	p.goes = fynewidget.NewButtonWithIcon("", fynetheme.NavigateNextIcon(), func() { p.shell.open(p.goesTo) })
	p.showLog = fynewidget.NewButtonWithIcon("Show log", fynetheme.DocumentIcon(), func() {
		if event, found := logOf(p.view.Events); found {
			p.log.show(event, p.nodes)
		}
	})
	p.frames = fynewidget.NewButtonWithIcon("Open frames", fynetheme.FolderOpenIcon(), func() { do.Frames(p.view.Job.ID) })
	p.frames.Importance = fynewidget.LowImportance
	p.offerIs = fynewidget.NewLabel("")
	p.offerIs.Wrapping = fyne.TextWrapWord
	take := fynewidget.NewButton("Render them", do.Take)
	take.Importance = fynewidget.HighImportance
	p.offer = widget.NewPanel(container.NewBorder(nil, nil, nil, container.NewCenter(container.NewHBox(fynewidget.NewButton("No", do.Decline), take)), p.offerIs), 6)
	p.offer.Hide()
	p.requeue = fynewidget.NewButton("Give to others", func() {
		do.Requeue(p.view.Job.ID, p.chosen())
		p.clear()
	})
	p.claimIs = fynewidget.NewLabel("")
	p.reason = fynewidget.NewEntry()
	p.reason.SetPlaceHolder("What is wrong with them?")
	p.claim = fynewidget.NewButton("Dispute", func() {
		frames := p.chosen()
		reason := strings.TrimSpace(p.reason.Text)
		if len(frames) == 0 || reason == "" {
			p.shell.options.Actions.Dismiss()
			p.reason.SetPlaceHolder("Say what is wrong: the verifiers read it")
			return
		}
		do.Claim(p.view.Job.ID, frames, reason)
		p.clear()
	})
	p.claim.Importance = fynewidget.DangerImportance
	clear := fynewidget.NewButton("Clear", p.clear)
	p.claimBar = widget.NewPanel(container.NewBorder(nil, nil, p.claimIs, container.NewHBox(clear, p.requeue, p.claim), p.reason), 8)
	p.claimBar.Hide()
}

func (p *openJob) arrange() {
	back := fynewidget.NewButtonWithIcon("", fynetheme.NavigateBackIcon(), func() { p.shell.Show(PlaceJobs) })
	back.Importance = fynewidget.LowImportance
	words := container.New(layout.NewCustomPaddedVBoxLayout(-12), p.title, p.below)
	buttons := container.NewHBox(container.NewCenter(p.rush), container.NewCenter(p.badge), widget.Pad(p.pause, 0, 0, 12, 0), p.resume, p.cancel, p.release, p.goes, p.again, p.accept)
	p.top = container.NewBorder(nil, nil, container.NewCenter(back), container.NewCenter(buttons), words)
	stats := container.NewGridWithColumns(4)
	for _, stat := range p.stats {
		stats.Add(widget.Pad(stat, 0, 0, 0, 4))
	}
	p.header = container.NewVBox(p.top, stats, widget.Pad(p.bar, 6, 0, 0, 6), container.NewBorder(nil, nil, nil, container.NewHBox(p.order.button, p.frames), p.legend), p.order.panel, p.why, p.offer)
	width := canvas.NewRectangle(color.Transparent)
	width.SetMinSize(fyne.NewSize(244, 10))
	history := widget.NewPanel(container.NewStack(width, container.NewBorder(
		fynewidget.NewRichText(&fynewidget.TextSegment{Text: "History", Style: fynewidget.RichTextStyleStrong}), p.told, nil, nil, p.events)), 8)
	p.history = history
	body := container.New(beside{700}, container.NewStack(p.grid, p.empty.Container), widget.Pad(history, 0, 0, 6, 0))
	p.all = container.NewBorder(widget.Pad(p.header, 0, 6, 0, 0), p.claimBar, nil, nil, body)
}

func (p *openJob) object() fyne.CanvasObject { return p.all }

// tell shows the whole text of an event, which its row may cut; asked again, it goes.
func (p *openJob) tell(event wire.Event) {
	if event.What == "log" { // it is long
		p.log.show(event, p.nodes)
		return
	}
	if p.tellsOf == event {
		event = wire.Event{}
	}
	p.tellsOf = event
	p.told.SetText(sentence(state.Said(event)))
	p.told.Hidden = event.Text == ""
	p.history.Refresh()
}

func (p *openJob) pick(number int) {
	if state.Final(p.view.Job.State) {
		return // nothing can be done with it any more
	}
	if p.picked[number] {
		delete(p.picked, number)
	} else {
		p.picked[number] = true
	}
	p.showClaim()
	p.grid.Refresh()
}

func (p *openJob) clear() {
	clear(p.picked)
	p.reason.SetText("")
	p.showClaim()
	p.grid.Refresh()
}

func (p *openJob) chosen() []int {
	frames := make([]int, 0, len(p.picked))
	for number := range p.picked {
		frames = append(frames, number)
	}
	slices.Sort(frames)
	return frames
}

// showClaim offers to dispute the picked frames where the job allows it.
func (p *openJob) showClaim() {
	if len(p.picked) == 0 {
		if p.claimBar.Visible() {
			p.claimBar.Hide()
			p.all.Refresh()
		}
		return
	}
	text := "Frame " + state.Frames(p.chosen())
	if len(p.picked) > 1 {
		text = "Frames " + state.Frames(p.chosen())
	}
	all := p.may()
	may := all.Claim
	requeue := all.Requeue && slices.ContainsFunc(p.view.Frames, func(f job.Frame) bool {
		return p.picked[f.Number] && state.LookOf(p.view.Job.State, f) == state.LookRendering
	})
	switch {
	case may:
	case state.Final(p.view.Job.State):
	default:
		text += ", to be disputed once the job is delivered"
	}
	if p.claimBar.Visible() && p.claimIs.Text == text && p.requeue.Hidden == !requeue {
		return
	}
	p.claimIs.SetText(text)
	p.reason.Hidden, p.claim.Hidden, p.requeue.Hidden = !may, !may, !requeue
	p.claimBar.Refresh()
	p.claimBar.Show()
	p.all.Refresh() // the bar takes its place below the frames
}

// may is what we may do with the job.
func (p *openJob) may() state.May {
	j := p.view.Job
	return state.MayOf(j).For(strings.EqualFold(j.Owner, p.shell.options.Address), p.operator)
}

func (p *openJob) update(s state.Snapshot) {
	p.operator = s.Link.Operator
	was := p.view.Job.State
	if s.Open == nil {
		p.view = state.View{Loading: true}
	} else {
		if s.Open.Job.ID != p.view.Job.ID {
			clear(p.picked)
			p.reason.SetText("")
			p.tell(wire.Event{})
			p.order.reset()
		}
		p.view = *s.Open
	}
	p.nodes = s.Nodes
	j, symbol := p.view.Job, s.Link.Money.Symbol
	name := j.Name
	if name == "" {
		name = state.Short(j.ID)
	}
	heading := p.title.Segments[0].(*fynewidget.TextSegment)
	if heading.Text != name {
		heading.Text = name
		p.title.Refresh()
	}
	about := ""
	if j.Recipe.Width > 0 {
		about = widget.Recipe(j.Recipe) + "  ·  frames " + state.Frames(j.Frames) + "  ·  " + state.Short(j.ID)
	}
	if j.Owner != "" && !strings.EqualFold(j.Owner, p.shell.options.Address) {
		about += "  ·  of " + state.Short(j.Owner)
	}
	if p.below.Text != about {
		p.below.SetText(about)
	}
	p.badge.Set(string(j.State), theme.ForJob(j.State))
	p.figures(symbol)
	may := p.may()
	next, left := state.GoesOn(s.Jobs, j)
	may.Again = may.Again && left > 0
	if next != nil {
		p.goesTo = next.ID
		name := next.Name
		if name == "" || name == j.Name {
			name = state.Short(next.ID)
		}
		if text := "Goes on in " + name; p.goes.Text != text {
			p.goes.SetText(text)
		}
	}
	again := "Render the rest"
	if state.Done(j.Counts) == 0 {
		again = "Render again"
	}
	if p.again.Text != again {
		p.again.SetText(again)
	}
	_, logged := logOf(p.view.Events)
	offer := ""
	if o := s.Offer; o != nil && o.Job == j.ID {
		may.Again = false
		offer = fmt.Sprintf("%s for about %s, never more than %s, in about %s.", plural(o.Frames, "frame"), state.Money(o.Quote.Price, symbol), state.AtMost(o.Quote.Ceiling, symbol), state.Duration(o.Quote.Seconds))
		if j.State == job.Failed {
			offer += " The scene is the same: what failed in it fails again."
		}
	}
	moved := false // another badge and other buttons, as wide as they are
	for _, one := range []struct {
		button fyne.CanvasObject
		shown  bool
	}{{p.pause, may.Pause}, {p.resume, may.Resume}, {p.cancel, may.Cancel}, {p.release, may.Release}, {p.again, may.Again}, {p.goes, next != nil}, {p.showLog, logged && j.State == job.Failed}, {p.rush, state.Rushed(j) != ""}, {p.accept, may.Accept}, {p.frames, state.Done(j.Counts) > 0}} {
		if one.shown && !one.button.Visible() {
			one.button.Show()
			moved = true
		} else if !one.shown && one.button.Visible() {
			one.button.Hide()
			moved = true
		}
	}
	why := p.view.Why
	if j.Cause != "" {
		why = j.Cause
	}
	if why == "" {
		why = state.Rushed(j)
	}
	mood := p.calm
	if j.State == job.Failed {
		mood = p.grave
	}
	if p.mood.Resource != mood {
		p.mood.SetResource(mood)
	}
	moved = p.order.update(s, may) || moved
	if was != j.State || moved {
		p.top.Refresh()
	}
	asked := say(p.offer, p.offerIs, offer)
	if say(p.why, p.whyIs, why) || asked || moved {
		p.header.Refresh()
		p.all.Refresh() // the frames take the room that is left
	}
	p.empty.Hidden = len(p.view.Frames) > 0
	p.grid.Hidden = len(p.view.Frames) == 0
	switch {
	case p.view.Problem != "":
		p.empty.Set("This job can't be shown", p.view.Problem)
	case p.view.Loading:
		p.empty.Set("Loading", "Asking the manager for the frames.")
	default:
		p.empty.Set("No frames", "The job isn't funded yet: accept its quote where you submitted it.")
	}
	p.showClaim()
	p.grid.Refresh()
	p.events.Refresh()
	p.preview.update()
}

func (p *openJob) figures(symbol string) {
	j := p.view.Job
	total := state.Total(j)
	done := state.Done(j.Counts)
	p.stats[0].Set(fmt.Sprintf("%d / %d", done, total), "delivered", theme.Ink)
	if state.Finished(j.State) {
		if j.State == job.Failed || j.State == job.Cancelled {
			p.stats[1].Set("Over", "", theme.Ink)
		} else {
			p.stats[1].Set("Done", "", theme.Good)
		}
		if j.Started > 0 && j.Finished > j.Started {
			p.stats[1].Set(state.Duration(float64(j.Finished-j.Started)/1000), "in all", theme.Ink)
		}
	} else {
		p.stats[1].Set(state.ETA(p.view.ETA), "left", theme.Ink)
	}
	p.stats[2].Set(state.Money(j.Spent, symbol), "of "+state.AtMost(j.Quote.Ceiling, ""), theme.Ink)
	if j.Counts.Rejected > 0 {
		p.stats[3].Set(fmt.Sprint(j.Counts.Rejected), "rejected and rendered again", theme.Bad)
	} else {
		p.stats[3].Set(fmt.Sprint(done+j.Counts.Verified), "passed, none rejected", theme.Ink)
	}
	looks := make(map[state.Look]int)
	for _, frame := range p.view.Frames {
		looks[state.LookOf(j.State, frame)]++
	}
	parts := widget.CountParts(j.Counts, total)
	if total > 0 {
		parts = append(parts, widget.Part{Share: float32(looks[state.LookRendering]) / float32(total), Color: theme.Sun})
	}
	p.bar.Set(parts...)
	var marks []widget.Mark
	for _, look := range []state.Look{state.LookAccepted, state.LookDelivered, state.LookVerified, state.LookChecking, state.LookRendering, state.LookAgain, state.LookWaiting, state.LookDropped} {
		if looks[look] > 0 {
			marks = append(marks, widget.Mark{Color: theme.ForLook(look), Text: fmt.Sprintf("%d %s", looks[look], look)})
		}
	}
	p.legend.Set(marks...)
}
