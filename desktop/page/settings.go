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
	threads *fynewidget.Entry
	price   *fynewidget.Entry
	start   *fynewidget.Check
	outcome *fynewidget.Label
	all     fyne.CanvasObject
}

var looks = map[string]string{"As the system": "", "Dark": "dark", "Light": "light"}

func newSettings(s *Shell) *settings {
	p := &settings{shell: s, now: s.options.Settings}
	p.manager, p.blender, p.name = fynewidget.NewEntry(), fynewidget.NewEntry(), fynewidget.NewEntry()
	p.threads, p.price = fynewidget.NewEntry(), fynewidget.NewEntry()
	p.look = fynewidget.NewSelect([]string{"As the system", "Dark", "Light"}, nil)
	p.device = fynewidget.NewSelect([]string{"auto", "cpu"}, nil)
	p.start = fynewidget.NewCheck("Begin when the app opens", nil)
	p.manager.SetPlaceHolder(state.DefaultManager)
	p.blender.SetPlaceHolder("found by itself")
	p.name.SetPlaceHolder("the host's name")
	p.threads.SetPlaceHolder("all")
	p.price.SetPlaceHolder("any price")
	p.fill()
	p.outcome = fynewidget.NewLabel("")
	save := fynewidget.NewButton("Save", p.save)
	save.Importance = fynewidget.HighImportance
	network := fynewidget.NewForm(
		fynewidget.NewFormItem("Manager", p.manager),
		fynewidget.NewFormItem("Blender", p.blender),
		fynewidget.NewFormItem("Look", p.look))
	mine := fynewidget.NewForm(
		fynewidget.NewFormItem("Name", p.name),
		fynewidget.NewFormItem("Device", p.device),
		fynewidget.NewFormItem("Threads", p.threads),
		fynewidget.NewFormItem("Least price", p.price),
		fynewidget.NewFormItem("", p.start))
	address, data := fynewidget.NewLabel(s.options.Address), fynewidget.NewLabel(s.options.Data)
	address.Selectable, data.Selectable = true, true
	about := fynewidget.NewForm(
		fynewidget.NewFormItem("Address", address),
		fynewidget.NewFormItem("Data folder", data))
	below := fynewidget.NewLabel("Kept in desktop.toml in the data folder")
	column := container.NewVBox(
		group("Network", network), group("Worker mode", mine), group("This machine", about))
	p.all = container.NewBorder(head("Settings", below, container.NewHBox(p.outcome, save)), nil, nil, nil, container.NewVScroll(widget.Pad(column, 0, 0, 0, 10)))
	return p
}

func group(title string, form fyne.CanvasObject) fyne.CanvasObject {
	name := fynewidget.NewRichText(&fynewidget.TextSegment{Text: title, Style: fynewidget.RichTextStyleStrong})
	return widget.Pad(widget.NewPanel(container.NewVBox(name, form), 10), 0, 8, 0, 0)
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
	p.threads.SetText("")
	if p.now.Worker.Threads > 0 {
		p.threads.SetText(strconv.Itoa(p.now.Worker.Threads))
	}
	p.price.SetText("")
	if p.now.Worker.Price > 0 {
		p.price.SetText(strconv.FormatFloat(p.now.Worker.Price, 'f', -1, 64))
	}
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
	next.Theme = looks[p.look.Selected]
	next.Worker.Name = strings.TrimSpace(p.name.Text)
	next.Worker.Device = p.device.Selected
	next.Worker.Threads, next.Worker.Price = 0, 0
	if text := strings.TrimSpace(p.threads.Text); text != "" {
		if next.Worker.Threads, err = strconv.Atoi(text); err != nil {
			return next, fmt.Errorf("%q is not a number of threads; leave it empty for all", text)
		}
	}
	if text := strings.TrimSpace(p.price.Text); text != "" {
		if next.Worker.Price, err = strconv.ParseFloat(text, 64); err != nil {
			return next, fmt.Errorf("%q is not a price; leave it empty to take any", text)
		}
	}
	next.Worker.Start = p.start.Checked
	return next, next.Check()
}

func (p *settings) save() {
	next, err := p.read()
	if err == nil && p.shell.options.OnSave != nil {
		err = p.shell.options.OnSave(next)
	}
	p.outcome.Importance = fynewidget.SuccessImportance
	if err != nil {
		p.outcome.Importance = fynewidget.DangerImportance
		p.outcome.SetText(err.Error())
		return
	}
	p.now = next
	p.fill()
	p.outcome.SetText("Saved.")
}

func (p *settings) object() fyne.CanvasObject { return p.all }

// update changes nothing: the fields are the owner's while they are edited.
func (p *settings) update(state.Snapshot) {}
