package page

import (
	"fmt"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/widget"
)

// settings edits the app's own file.
type settings struct {
	shell   *Shell
	now     state.Settings
	manager *fynewidget.Entry
	blender *fynewidget.Entry
	look    *fynewidget.Select
	name    *fynewidget.Entry
	device  *fynewidget.Select
	slots   *fynewidget.Entry
	region  *fynewidget.Entry
	tags    *fynewidget.Entry
	folder  *fynewidget.Entry
	depot   *fynewidget.Check
	start   *fynewidget.Check
	outcome *fynewidget.Label
	frame   *fyne.Container
	all     fyne.CanvasObject
}

var looks = map[string]string{"As the system": "", "Dark": "dark", "Light": "light"}

func newSettings(s *Shell) *settings {
	p := &settings{shell: s, now: s.options.Settings}
	p.manager, p.blender, p.name = fynewidget.NewEntry(), fynewidget.NewEntry(), fynewidget.NewEntry()
	p.slots, p.region, p.tags, p.folder = fynewidget.NewEntry(), fynewidget.NewEntry(), fynewidget.NewEntry(), fynewidget.NewEntry()
	p.look = fynewidget.NewSelect([]string{"As the system", "Dark", "Light"}, nil)
	p.device = fynewidget.NewSelect(state.Devices, nil)
	p.depot = fynewidget.NewCheck("Use the renderers that the network's operator offers", nil)
	p.start = fynewidget.NewCheck("Begin when the app opens", nil)
	p.manager.SetPlaceHolder(state.DefaultManager)
	p.blender.SetPlaceHolder("found by itself")
	p.name.SetPlaceHolder("the host's name")
	p.slots.SetPlaceHolder("one for each GPU, one for the CPU")
	p.region.SetPlaceHolder("not stated; such as eu-north")
	p.tags.SetPlaceHolder("none; words that jobs can ask for, between spaces")
	p.folder.SetPlaceHolder("none; a folder with descriptions of batch renderers, *.toml")
	p.outcome = fynewidget.NewLabel("")
	p.outcome.Wrapping = fyne.TextWrapWord
	p.outcome.Hide()
	p.fill()
	for _, entry := range []*fynewidget.Entry{p.manager, p.blender, p.name, p.slots, p.region, p.tags, p.folder} {
		entry.OnSubmitted = func(string) { p.save() }
		entry.OnChanged = func(string) { p.edited() }
	}
	p.look.OnChanged, p.device.OnChanged = func(string) { p.edited() }, func(string) { p.edited() }
	p.depot.OnChanged, p.start.OnChanged = func(bool) { p.edited() }, func(bool) { p.edited() }
	save := fynewidget.NewButton("Save", p.save)
	save.Importance = fynewidget.HighImportance
	network := fynewidget.NewForm(
		fynewidget.NewFormItem("Manager", p.manager),
		fynewidget.NewFormItem("Blender", p.blender),
		fynewidget.NewFormItem("Look", p.look))
	mine := fynewidget.NewForm(
		fynewidget.NewFormItem("Name", p.name),
		fynewidget.NewFormItem("Device", p.device),
		fynewidget.NewFormItem("At once", p.slots),
		fynewidget.NewFormItem("Region", p.region),
		fynewidget.NewFormItem("Tags", p.tags),
		fynewidget.NewFormItem("Renderers", p.folder),
		fynewidget.NewFormItem("", p.depot),
		fynewidget.NewFormItem("", p.start))
	address, data := fynewidget.NewLabel(s.options.Address), fynewidget.NewLabel(s.options.Data)
	address.Selectable, data.Selectable = true, true
	about := fynewidget.NewForm(
		fynewidget.NewFormItem("Address", address),
		fynewidget.NewFormItem("Data folder", data))
	below := fynewidget.NewLabel("Kept in desktop.toml in the data folder")
	column := container.NewVBox(
		group("Network", network), group("Worker mode", mine), group("This machine", about))
	p.frame = container.NewBorder(head("Settings", below, save), p.outcome, nil, nil, container.NewVScroll(widget.Pad(column, 0, 0, 0, 10)))
	p.all = p.frame
	return p
}

func group(title string, form fyne.CanvasObject) fyne.CanvasObject {
	name := fynewidget.NewRichText(&fynewidget.TextSegment{Text: title, Style: fynewidget.RichTextStyleStrong})
	return widget.Pad(widget.NewPanel(container.NewVBox(name, form), 10), 0, 8, 0, 0)
}

// adopt takes over what another screen saved; what is being edited here stays.
func (p *settings) adopt(now state.Settings) {
	p.now = now
	p.device.SetSelected(now.Worker.Device)
}

func (p *settings) fill() {
	p.manager.SetText(p.now.Manager)
	p.blender.SetText(p.now.Blender)
	for word, value := range looks {
		if value == p.now.Theme {
			p.look.SetSelected(word)
		}
	}
	p.name.SetText(p.now.Worker.Name)
	p.device.SetSelected(p.now.Worker.Device)
	p.slots.SetText("")
	if p.now.Worker.Slots > 0 {
		p.slots.SetText(strconv.Itoa(p.now.Worker.Slots))
	}
	p.region.SetText(p.now.Worker.Region)
	p.tags.SetText(strings.Join(p.now.Worker.Tags, " "))
	p.folder.SetText(p.now.Worker.Renderers)
	p.depot.SetChecked(p.now.Worker.Depot)
	p.start.SetChecked(p.now.Worker.Start)
}

// read makes settings of what the fields hold.
func (p *settings) read() (state.Settings, error) {
	next := p.now
	manager, err := state.CheckManager(p.manager.Text)
	if err != nil {
		return next, err
	}
	next.Manager = manager
	next.Blender = strings.TrimSpace(p.blender.Text)
	if err := state.CheckBlender(next.Blender); err != nil {
		return next, err
	}
	next.Theme = looks[p.look.Selected]
	next.Worker.Name = strings.TrimSpace(p.name.Text)
	next.Worker.Device = p.device.Selected
	next.Worker.Slots = 0
	if text := strings.TrimSpace(p.slots.Text); text != "" {
		if next.Worker.Slots, err = strconv.Atoi(text); err != nil {
			return next, fmt.Errorf("%q is not a number of tasks; leave it empty for one on each GPU", text)
		}
	}
	next.Worker.Region = strings.TrimSpace(p.region.Text)
	next.Worker.Tags = strings.Fields(p.tags.Text)
	next.Worker.Renderers = strings.TrimSpace(p.folder.Text)
	next.Worker.Depot, next.Worker.Start = p.depot.Checked, p.start.Checked
	return next, next.Check()
}

// edited takes back what was said of the last save: it isn't true of what stands there now.
func (p *settings) edited() {
	if p.outcome.Visible() {
		p.outcome.Hide()
		p.frame.Refresh()
	}
}

// opened forgets what was said of an earlier visit's save.
func (p *settings) opened() { p.edited() }

// ask brings the cursor to the manager's address.
func (p *settings) ask() {
	if canvas := p.shell.canvas(); canvas != nil {
		canvas.Focus(p.manager)
	}
	p.manager.TypedShortcut(&fyne.ShortcutSelectAll{})
}

func (p *settings) save() {
	next, err := p.read()
	if err == nil && p.shell.options.OnSave != nil {
		err = p.shell.options.OnSave(next)
	}
	p.outcome.Importance = fynewidget.SuccessImportance
	defer func() { // last: filling the fields counts as editing them
		p.outcome.Show()
		p.frame.Refresh()
	}()
	if err != nil {
		p.outcome.Importance = fynewidget.DangerImportance
		p.outcome.SetText(sentence(err.Error()))
		return
	}
	p.shell.keep(next)
	p.fill()
	p.outcome.SetText("Saved.")
}

func (p *settings) object() fyne.CanvasObject { return p.all }

// update changes nothing: the fields are the owner's while they are edited.
func (p *settings) update(state.Snapshot) {}
