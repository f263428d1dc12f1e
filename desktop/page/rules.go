package page

import (
	"errors"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/desktop/widget"
)

// rulesPage edits the owner's rules.toml.
type rulesPage struct {
	shell  *Shell
	book   *state.Rulebook
	inputs map[string]*ruleInput

	badge   *widget.Badge
	now     *fynewidget.Label
	broken  *widget.Panel
	brokeIs *fynewidget.Label
	outcome *fynewidget.Label
	save    *fynewidget.Button
	anew    *widget.Confirm
	restart *fynewidget.Button
	scroll  *container.Scroll
	frame   *fyne.Container
	top     *fyne.Container // of the frame
	high    float32         // the top's height as it was arranged
	status  state.WorkerStatus
	all     fyne.CanvasObject
}

// ruleInput is one rule's field.
type ruleInput struct {
	rule  state.Rule
	field *widget.Field
	get   func() string
	set   func(string)
	empty func() error // what is wrong with a field that says nothing; nil where nothing can be
}

func newRules(s *Shell) *rulesPage {
	p := &rulesPage{shell: s, inputs: make(map[string]*ruleInput)}
	p.badge = widget.NewBadge("", theme.Soft)
	p.now = fynewidget.NewLabel("")
	p.now.Wrapping = fyne.TextWrapWord
	p.brokeIs = fynewidget.NewLabel("")
	p.brokeIs.Wrapping = fyne.TextWrapWord
	p.brokeIs.Importance = fynewidget.DangerImportance
	p.anew = widget.NewConfirm("Write it anew", "Really? A copy is kept", func() { p.store(true) })
	p.broken = widget.NewPanel(container.NewBorder(nil, nil, nil, container.NewCenter(p.anew), p.brokeIs), 8)
	p.broken.Hide()
	p.outcome = fynewidget.NewLabel("")
	p.save = fynewidget.NewButton("Save", func() { p.store(false) })
	p.save.Importance = fynewidget.HighImportance
	p.restart = fynewidget.NewButtonWithIcon("Restart worker mode", fynetheme.ViewRefreshIcon(), func() {
		s.options.Actions.RestartWorker()
		p.restart.Hide()
		p.say("Restarting: the task in hand goes back.", fynewidget.MediumImportance)
	})
	p.restart.Hide()

	column := container.NewVBox()
	for _, one := range state.RuleGroups {
		var fields []fyne.CanvasObject
		for _, rule := range one.Rules {
			input := p.input(rule)
			p.inputs[rule.Key] = input
			fields = append(fields, input.field.Container)
		}
		column.Add(group(one.Name, arrange(one, fields)))
	}
	back := fynewidget.NewButtonWithIcon("", fynetheme.NavigateBackIcon(), func() { s.Show(PlaceWorker) })
	back.Importance = fynewidget.LowImportance
	below := fynewidget.NewLabel("When this machine works for others, and with how much of itself")
	top := container.NewBorder(nil, nil, container.NewCenter(back), nil, head("Rules", below, container.NewHBox(p.restart, p.save)))
	now := widget.NewPanel(container.NewBorder(nil, nil, widget.Pad(container.NewCenter(p.badge), 0, 0, 8, 0), nil, p.now), 4)
	p.scroll = container.NewVScroll(widget.Pad(column, 0, 0, 0, 10))
	p.top = container.NewVBox(top, widget.Pad(now, 0, 4, 0, 0), p.broken)
	p.frame = container.NewBorder(p.top, p.outcome, nil, nil, p.scroll)
	p.outcome.Hide()
	p.all = p.frame
	return p
}

// arrange puts a group's fields side by side where they are short.
func arrange(of state.RuleGroup, fields []fyne.CanvasObject) fyne.CanvasObject {
	out := container.NewVBox()
	var row []fyne.CanvasObject
	flush := func() {
		if len(row) > 0 {
			for len(row) < 2 {
				row = append(row, layout.NewSpacer())
			}
			out.Add(container.New(layout.NewGridLayoutWithColumns(2), row...))
			row = nil
		}
	}
	for i, rule := range of.Rules {
		if rule.Kind == state.RuleHours {
			flush()
			out.Add(fields[i])
			continue
		}
		if rule.Kind == state.RuleList && len(row) == 1 && of.Rules[i-1].Kind != state.RuleList {
			flush() // tall beside short looks torn
		}
		if row = append(row, widget.Pad(fields[i], 0, 0, 2, 6)); len(row) == 2 {
			flush()
		}
	}
	flush()
	return out
}

// input makes a rule's field.
func (p *rulesPage) input(rule state.Rule) *ruleInput {
	in := &ruleInput{rule: rule}
	name := rule.Name
	if rule.Start {
		name += " (from the next start)"
	}
	changed := func(string) { p.edited(in) }
	switch rule.Kind {
	case state.RuleSwitch:
		check := fynewidget.NewCheck(rule.Name, func(bool) { changed("") })
		in.field = widget.NewField("", check)
		in.get = func() string {
			if check.Checked {
				return "true"
			}
			return ""
		}
		in.set = func(text string) { check.SetChecked(text == "true") }
	case state.RuleChoice:
		words := make([]string, len(rule.Choices))
		for i, c := range rule.Choices {
			words[i] = c[1]
		}
		choose := fynewidget.NewSelect(words, changed)
		in.field = widget.NewField(name, choose)
		was := ""
		in.get = func() string {
			if i := choose.SelectedIndex(); i > 0 {
				return rule.Choices[i][0]
			}
			if was == rule.Choices[0][0] {
				return was // the file says what would hold without it
			}
			return ""
		}
		in.set = func(text string) {
			was = text
			choose.SetSelectedIndex(0)
			for i, c := range rule.Choices {
				if c[0] == text {
					choose.SetSelectedIndex(i)
				}
			}
		}
	case state.RuleHours:
		p.hours(in)
	default:
		entry := fynewidget.NewEntry()
		if rule.Kind == state.RuleList {
			entry = fynewidget.NewMultiLineEntry()
			entry.SetMinRowsVisible(3)
			entry.Wrapping = fyne.TextWrapWord
		}
		entry.SetPlaceHolder(rule.Hint)
		entry.OnChanged = changed
		in.field = widget.NewField(name, entry)
		in.get = func() string { return entry.Text }
		in.set = entry.SetText
	}
	return in
}

// hours makes the week's field: a switch, the painted week and the same in words.
func (p *rulesPage) hours(in *ruleInput) {
	words := fynewidget.NewMultiLineEntry()
	words.SetMinRowsVisible(3)
	words.SetPlaceHolder("mon-fri 19:00-07:00")
	var grid *widget.WeekGrid
	painting := false
	grid = widget.NewWeekGrid(func(week state.Week) {
		painting = true
		words.SetText(strings.Join(week.Hours(), "\n"))
		painting = false
	})
	body := container.NewVBox(grid, words)
	only := fynewidget.NewCheck(in.rule.Name, nil)
	only.OnChanged = func(on bool) {
		body.Hidden = !on
		if on && strings.TrimSpace(words.Text) == "" {
			words.SetText("mon-fri 19:00-07:00\nsat,sun 00:00-24:00")
		}
		p.edited(in)
		p.frame.Refresh()
	}
	words.OnChanged = func(text string) {
		if !painting && p.book != nil {
			if week, err := p.book.Week(text); err == nil {
				grid.Set(week)
			}
		}
		p.edited(in)
	}
	in.field = widget.NewField("", container.NewVBox(only, body))
	in.get = func() string {
		if !only.Checked {
			return ""
		}
		return words.Text
	}
	in.empty = func() error {
		if only.Checked {
			return errors.New("no hour is left: paint some, or take this rule off")
		}
		return nil
	}
	in.set = func(text string) {
		words.SetText(text)
		only.SetChecked(strings.TrimSpace(text) != "")
		body.Hidden = !only.Checked
	}
}

// check says at a field what is wrong with it.
func (p *rulesPage) check(in *ruleInput) error {
	err := p.book.Check(in.rule, in.get())
	if err == nil && in.empty != nil && strings.TrimSpace(in.get()) == "" {
		err = in.empty()
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	in.field.Wrong(text)
	return err
}

// edited is called while the owner edits.
func (p *rulesPage) edited(in *ruleInput) {
	if p.book == nil {
		return // filling
	}
	p.check(in)
	p.say("", fynewidget.MediumImportance)
}

// texts are the fields' contents.
func (p *rulesPage) texts() map[string]string {
	texts := make(map[string]string)
	for key, in := range p.inputs {
		texts[key] = in.get()
	}
	return texts
}

// dirty tells whether something isn't saved.
func (p *rulesPage) dirty() bool {
	if p.book == nil {
		return false
	}
	for key, in := range p.inputs {
		if strings.TrimSpace(in.get()) != strings.TrimSpace(p.book.Value(key)) {
			return true
		}
	}
	return false
}

// opened reads the file again, unless the owner left something unsaved.
func (p *rulesPage) opened() {
	if p.dirty() {
		p.say("Not saved yet.", fynewidget.WarningImportance)
		return
	}
	p.fill(p.shell.options.Rules.Open())
	p.say("", fynewidget.MediumImportance)
}

func (p *rulesPage) fill(book *state.Rulebook) {
	p.book = nil // nothing is an edit meanwhile
	for key, in := range p.inputs {
		if in.rule.Kind == state.RuleHours {
			p.book = book // the week is read through it
		}
		in.set(book.Value(key))
		in.field.Wrong("")
		p.book = nil
	}
	p.book = book
	p.trouble(book.Problem)
}

// trouble shows why the file can't be edited in place.
func (p *rulesPage) trouble(text string) {
	if text != "" {
		text = "The worker keeps the rules that it had: " + text
	}
	if say(p.broken, p.brokeIs, text) {
		p.frame.Refresh()
	}
}

func (p *rulesPage) store(anew bool) {
	var wrong []string
	var first *ruleInput
	state.EachRule(func(rule state.Rule) {
		if in := p.inputs[rule.Key]; p.check(in) != nil {
			wrong = append(wrong, strings.ToLower(rule.Name))
			if first == nil {
				first = in
			}
		}
	})
	if len(wrong) > 0 {
		p.say("Nothing is saved. Correct: "+strings.Join(wrong, ", ")+".", fynewidget.DangerImportance)
		p.reveal(first)
		return
	}
	start, err := p.book.Save(p.texts(), anew)
	switch {
	case errors.Is(err, state.ErrRulesShape):
		if say(p.broken, p.brokeIs, "This page can't change rules.toml in place. Written anew it keeps every value and loses the comments.") {
			p.frame.Refresh()
		}
		return
	case errors.Is(err, state.ErrRulesMoved):
		texts := p.texts()
		p.fill(p.shell.options.Rules.Open())
		for key, in := range p.inputs {
			in.set(texts[key]) // what was typed isn't lost
		}
		p.say(err.Error()+".", fynewidget.DangerImportance)
		return
	case err != nil:
		p.say(err.Error(), fynewidget.DangerImportance)
		return
	}
	p.fill(p.book)
	text := "Saved. The rules hold within seconds."
	if len(start) > 0 && Working(p.status.State) {
		text = fmt.Sprintf("Saved. %s: from the next start of worker mode.", strings.Join(start, ", "))
		p.restart.Show()
	}
	p.say(text, fynewidget.SuccessImportance)
}

// reveal scrolls to a field.
func (p *rulesPage) reveal(in *ruleInput) {
	driver := fyne.CurrentApp().Driver()
	top := driver.AbsolutePositionForObject(in.field.Container).Y - driver.AbsolutePositionForObject(p.scroll.Content).Y
	p.scroll.ScrollToOffset(fyne.NewPos(0, max(0, top-60)))
}

// say tells what saving came to, below the fields.
func (p *rulesPage) say(text string, importance fynewidget.Importance) {
	if p.outcome.Text == text && p.outcome.Importance == importance {
		return
	}
	p.outcome.Importance = importance
	p.outcome.SetText(text)
	p.outcome.Hidden = text == ""
	p.frame.Refresh()
}

func (p *rulesPage) object() fyne.CanvasObject { return p.all }

func (p *rulesPage) update(s state.Snapshot) {
	p.status = s.Worker
	title, sentence := WorkerWords(s.Worker)
	p.badge.Set(string(s.Worker.State), theme.ForWorker(s.Worker.State))
	text := title + ". " + sentence
	if s.Worker.State == state.WorkerOff {
		text = "Worker mode is off. These rules hold when it starts."
	}
	if p.now.Text != text {
		p.now.SetText(text)
	}
	// Fyne doesn't arrange a container again when a text in it takes another number of lines.
	if high := p.top.MinSize().Height; high != p.high {
		p.high = high
		p.frame.Refresh()
	}
	if !Working(s.Worker.State) && p.restart.Visible() && s.Worker.State != state.WorkerPaused {
		p.restart.Hide()
	}
}
