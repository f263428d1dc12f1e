package page

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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
)

// Actions is what the screens can ask for; *state.Model does it. Every method returns at
// once, and its outcome arrives in a later snapshot.
type Actions interface {
	Open(id string)
	Older()
	Thumb(frame job.Frame)
	Look(frame job.Frame, neighbours ...job.Frame)
	Priority(id string, priority int)
	Rush(id string, on bool, reason string)
	Cancel(id string)
	Pause(id string)
	Resume(id string)
	Accept(id string)
	Claim(id string, frames []int, reason string)
	Release(id string)
	Requeue(id string, frames []int)
	Frames(id string)
	Again(id string)
	Take()
	Decline()
	ClaimPayout()
	StartWorker()
	RestartWorker()
	PauseWorker()
	FinishWorker()
	Dismiss()
	Retry()
}

var _ Actions = (*state.Model)(nil)

// Place names a screen.
type Place string

const (
	PlaceJobs     Place = "Jobs"
	PlaceJob      Place = "Job" // the open job
	PlaceNodes    Place = "Nodes"
	PlaceWorker   Place = "Worker"
	PlaceRules    Place = "Rules" // of the worker's owner
	PlacePayouts  Place = "Payouts"
	PlaceSettings Place = "Settings"
)

// Options are what a Shell is made of.
type Options struct {
	Actions  Actions
	Settings state.Settings
	Address  string                     // this machine's artist
	Worker   string                     // this machine's worker; "" before it has a key
	Data     string                     // its data folder
	OnSave   func(state.Settings) error // called with checked settings
	Rules    state.RuleFile             // of worker mode's owner
	Now      func() time.Time           // nil is time.Now
}

// screen is one page of the shell.
type screen interface {
	object() fyne.CanvasObject
	update(state.Snapshot)
}

// opener is a screen that has something to do when it is shown.
type opener interface{ opened() }

// Shell is the window's content.
type Shell struct {
	options  Options
	screens  map[Place]screen
	items    map[Place]*widget.NavItem
	place    Place
	last     state.Snapshot
	stage    *fyne.Container
	frame    *fyne.Container // the stage with the lines above and below it
	link     *widget.LinkState
	root     fyne.CanvasObject
	problem  *widget.Panel
	trouble  *fynewidget.Label
	notice   *widget.Panel
	noticeIs *fynewidget.Label
}

// NewShell makes the window's content, on the list of jobs.
func NewShell(options Options) *Shell {
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Shell{options: options, items: make(map[Place]*widget.NavItem)}
	s.screens = map[Place]screen{
		PlaceJobs:     newJobs(s),
		PlaceJob:      newJob(s),
		PlaceNodes:    newNodes(s),
		PlaceWorker:   newWorker(s),
		PlaceRules:    newRules(s),
		PlacePayouts:  newPayouts(s),
		PlaceSettings: newSettings(s),
	}
	s.build()
	s.Show(PlaceJobs)
	return s
}

// keep takes over settings that one screen saved, for the others too.
func (s *Shell) keep(next state.Settings) {
	s.options.Settings = next
	s.screens[PlaceSettings].(*settings).adopt(next)
}

// Object is what the window shows.
func (s *Shell) Object() fyne.CanvasObject { return s.root }

// Place is the screen that is shown.
func (s *Shell) Place() Place { return s.place }

func (s *Shell) build() {
	rail := container.NewVBox(s.brand(), widget.Pad(fynewidget.NewLabel(""), 0, 0, 0, 0))
	for _, entry := range []struct {
		place Place
		icon  fyne.Resource
	}{
		{PlaceJobs, fynetheme.MediaVideoIcon()},
		{PlaceNodes, fynetheme.StorageIcon()},
		{PlaceWorker, theme.SunIcon()},
		{PlacePayouts, theme.CoinsIcon()},
		{PlaceSettings, fynetheme.SettingsIcon()},
	} {
		s.items[entry.place] = widget.NewNavItem(entry.icon, string(entry.place), func() { s.Show(entry.place) })
		rail.Add(s.items[entry.place])
	}
	s.link = widget.NewLinkState()
	side := container.NewStack(widget.NewFill(theme.Rail),
		widget.Pad(container.NewBorder(rail, s.link, nil, nil), 18, 14, 12, 12))

	s.trouble = fynewidget.NewLabel("")
	s.trouble.Wrapping = fyne.TextWrapWord
	s.problem = widget.NewPanel(container.NewBorder(nil, nil, fynewidget.NewIcon(fynetheme.NewColoredResource(fynetheme.WarningIcon(), theme.Bad)),
		container.NewCenter(fynewidget.NewButton("Try again", func() { s.options.Actions.Retry() })), s.trouble), 8)
	s.noticeIs = fynewidget.NewLabel("")
	s.noticeIs.Wrapping = fyne.TextWrapWord
	dismiss := fynewidget.NewButtonWithIcon("", fynetheme.CancelIcon(), func() { s.options.Actions.Dismiss() })
	dismiss.Importance = fynewidget.LowImportance
	s.notice = widget.NewPanel(container.NewBorder(nil, nil, nil, dismiss, s.noticeIs), 6)
	s.notice.SetTone(theme.Raised)
	s.problem.Hide()
	s.notice.Hide()

	// Screens that aren't shown stay in the window, so that a change of the look reaches them.
	s.stage = container.NewStack()
	for _, one := range s.screens {
		one.object().Hide()
		s.stage.Add(one.object())
	}
	s.frame = container.NewBorder(s.problem, s.notice, nil, nil, s.stage)
	content := container.NewStack(widget.NewFill(theme.Ground), widget.Pad(s.frame, 22, 18, 26, 22))
	s.root = container.NewBorder(nil, nil, side, nil, content)
}

func (s *Shell) brand() fyne.CanvasObject {
	picture := canvas.NewImageFromResource(theme.Icon())
	picture.FillMode = canvas.ImageFillContain
	picture.SetMinSize(fyne.NewSize(34, 34))
	name := fynewidget.NewRichText(&fynewidget.TextSegment{Text: "Heliostat", Style: fynewidget.RichTextStyleSubHeading})
	return container.New(layout.NewHBoxLayout(), widget.Pad(picture, 0, 0, 6, 0), name)
}

// Show changes to a screen. Leaving the open job closes it.
func (s *Shell) Show(place Place) {
	if s.place == PlaceJob && place != PlaceJob {
		s.options.Actions.Open("")
	}
	if s.place != place && s.last.Notice.Text != "" && !s.last.Notice.Bad {
		s.options.Actions.Dismiss() // read, and about what was on the other screen
	}
	changed := s.place != place
	s.place = place
	shown := s.screens[place]
	shown.update(s.last)
	if o, ok := shown.(opener); ok {
		o.opened()
	}
	for other, one := range s.screens {
		if other != place && one.object().Visible() {
			one.object().Hide()
		}
	}
	shown.object().Show()
	s.stage.Refresh()
	s.mark()
	if changed {
		s.unfocus()
	}
}

// unfocus takes the keyboard from a screen that isn't shown any more: keys would still open its jobs.
func (s *Shell) unfocus() {
	canvas := s.canvas()
	if canvas == nil {
		return
	}
	if _, rail := canvas.Focused().(*widget.NavItem); !rail {
		canvas.Unfocus()
	}
}

func (s *Shell) canvas() fyne.Canvas { return fyne.CurrentApp().Driver().CanvasForObject(s.root) }

// TypedKey takes keys that nothing else wanted: Escape leads back.
func (s *Shell) TypedKey(e *fyne.KeyEvent) {
	if e.Name != fyne.KeyEscape {
		return
	}
	switch s.place {
	case PlaceJob:
		s.Show(PlaceJobs)
	case PlaceRules:
		s.Show(PlaceWorker)
	}
}

// open shows one job.
func (s *Shell) open(id string) {
	s.options.Actions.Open(id)
	s.last.Open = nil
	s.Show(PlaceJob)
}

// Update shows a snapshot.
func (s *Shell) Update(snapshot state.Snapshot) {
	s.last = snapshot
	s.link.Set(snapshot.Link)
	changed := say(s.problem, s.trouble, snapshot.Link.Problem)
	text := snapshot.Notice.Text
	if snapshot.Busy != "" {
		text = snapshot.Busy + "…"
	}
	s.noticeIs.Importance = fynewidget.MediumImportance
	if snapshot.Notice.Bad && snapshot.Busy == "" {
		s.noticeIs.Importance = fynewidget.DangerImportance
	}
	if say(s.notice, s.noticeIs, text) || changed {
		s.frame.Refresh() // Fyne doesn't arrange a container again when a child shows itself
	}
	s.screens[s.place].update(snapshot)
	s.mark()
}

// say shows a panel with a text, or hides it. It tells whether anything changed.
func say(panel *widget.Panel, label *fynewidget.Label, text string) bool {
	text = sentence(text)
	if text == "" {
		if !panel.Visible() {
			return false
		}
		panel.Hide()
		return true
	}
	if label.Text == text && panel.Visible() {
		return false
	}
	label.SetText(text)
	panel.Show()
	return true
}

// sentence begins a text that stands alone with a capital: errors and reasons are made to stand within others. A file's
// or a machine's name stays as it is.
func sentence(text string) string {
	word, _, _ := strings.Cut(text, " ")
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLower(r) }) {
		return text
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

func (s *Shell) mark() {
	running, working := 0, 0
	for _, row := range s.last.Jobs {
		if row.Job.State == job.Rendering || row.Job.State == job.Funded {
			running++
		}
	}
	for _, node := range s.last.Nodes {
		if node.State != job.NodeOffline {
			working++
		}
	}
	count := func(n int) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprint(n)
	}
	for place, item := range s.items {
		var text string
		switch place {
		case PlaceJobs:
			text = count(running)
		case PlaceNodes:
			text = count(working)
		}
		item.Set(place == s.place || place == PlaceJobs && s.place == PlaceJob || place == PlaceWorker && s.place == PlaceRules, text)
	}
}

// head is a screen's title with a quiet line below it and something on the right.
func head(title string, below *fynewidget.Label, right fyne.CanvasObject) fyne.CanvasObject {
	below.Importance = fynewidget.LowImportance
	words := container.New(layout.NewCustomPaddedVBoxLayout(-12), widget.Heading(title), below)
	if right == nil {
		return widget.Pad(words, 0, 10, -8, 0)
	}
	return widget.Pad(container.NewBorder(nil, nil, nil, container.NewCenter(right), words), 0, 10, -8, 0)
}
