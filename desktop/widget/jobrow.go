package widget

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/shared/job"
)

// JobRow is a job in the list.
type JobRow struct {
	fynewidget.BaseWidget
	row    state.Row
	symbol string
	lit    bool
}

// NewJobRow makes an empty row.
func NewJobRow() *JobRow {
	r := &JobRow{}
	r.ExtendBaseWidget(r)
	return r
}

// Set shows a job. Symbol is the money's; lit says that the keyboard is on it.
func (r *JobRow) Set(row state.Row, symbol string, lit bool) {
	r.row, r.symbol, r.lit = row, symbol, lit
	r.Refresh()
}

// CountParts turns a job's counts into the parts of a bar. Total is its number of frames.
func CountParts(c job.Counts, total int) []Part {
	if total <= 0 {
		return nil
	}
	share := func(n int) float32 { return float32(n) / float32(total) }
	return []Part{
		{share(c.Delivered + c.Accepted), theme.Good},
		{share(c.Verified), theme.Info},
		{share(c.Uploaded), theme.Check},
	}
}

// Recipe writes what a job renders: "Cycles · 1920×1080 · 128 samples".
func Recipe(r job.Recipe) string {
	engine := map[string]string{"CYCLES": "Cycles", "BLENDER_EEVEE": "EEVEE", "BLENDER_EEVEE_NEXT": "EEVEE", "BLENDER_WORKBENCH": "Workbench"}[r.Engine]
	if engine == "" {
		engine = r.Engine
	}
	parts := []string{engine, fmt.Sprintf("%d×%d", r.Width, r.Height)}
	if r.Samples > 0 {
		parts = append(parts, fmt.Sprintf("%d samples", r.Samples))
	}
	return strings.Join(parts, " · ")
}

// CreateRenderer implements fyne.Widget.
func (r *JobRow) CreateRenderer() fyne.WidgetRenderer {
	card, edge := box(theme.Radius), box(2)
	name := newLine(15, theme.Ink, true)
	about := newLine(12, theme.Soft, false)
	count := newLine(13, theme.Ink, true)
	eta := newLine(12, theme.Soft, false)
	price := newLine(13, theme.Ink, false)
	ceiling := newLine(12, theme.Soft, false)
	price.Alignment, ceiling.Alignment = fyne.TextAlignTrailing, fyne.TextAlignTrailing
	badge, rush, bar := newPill(), newPill(), newStripe()
	recipe := ""
	p := &painter{}
	p.objects = append([]fyne.CanvasObject{card, edge, name.Text, about.Text, count.Text, eta.Text, price.Text, ceiling.Text, badge.back, badge.line.Text, rush.back, rush.line.Text}, bar.objects()...)
	p.paint = func() {
		j := r.row.Job
		total := state.Total(j)
		card.FillColor = theme.Color(theme.Surface)
		ring(card, r.lit, theme.Ink)
		edge.FillColor = theme.Color(theme.ForJob(j.State))
		title := j.Name
		if title == "" {
			title = state.Short(j.ID)
		}
		name.set(title)
		recipe = Recipe(j.Recipe)
		if len(j.Frames) > 0 {
			recipe += "  ·  frames " + state.Frames(j.Frames)
		}
		if j.Priority != 0 && !state.Finished(j.State) {
			recipe = fmt.Sprintf("priority %d  ·  %s", j.Priority, recipe)
		}
		rush.set("", theme.Sun)
		if state.Rushed(j) != "" {
			rush.set("rush", theme.Sun)
		}
		count.set(fmt.Sprintf("%d of %d frames", state.Done(j.Counts), total))
		switch {
		case j.State == job.Failed || j.State == job.Cancelled:
			eta.set(j.Cause)
		case r.row.ETA > 0 && !state.Finished(j.State):
			eta.set(state.Duration(r.row.ETA) + " left")
		case j.Counts.Rejected > 0:
			eta.set(fmt.Sprintf("%d rejected on the way", j.Counts.Rejected))
		default:
			eta.set("")
		}
		price.set(state.Money(j.Spent, r.symbol))
		ceiling.set("of at most " + state.AtMost(j.Quote.Ceiling, r.symbol))
		badge.set(string(j.State), theme.ForJob(j.State))
		bar.set(CountParts(j.Counts, total))
	}
	p.min = func() fyne.Size { return fyne.NewSize(560, 78) }
	p.layout = func(size fyne.Size) {
		h := size.Height - 6
		put(card, 0, 0, size.Width, h)
		put(edge, 0, 14, 4, h-28)
		right := size.Width - 20
		const money, status = 170, 100
		left := float32(22)
		middle := max(size.Width*0.46, left+180)
		barEnd := right - money - status
		title := func(end float32) { // and that it is rushed, behind it
			used := name.place(left, h/2-11, end-left-16-rush.width())
			rush.place(left+used+8, h/2-11)
		}
		if narrow := barEnd-middle < 120; narrow { // the state above, the count below; no bar
			middle = right - money - status - 10
			about.set(recipe)
			if eta.full != "" { // has no room of its own, and matters more
				about.set(eta.full + "  ·  " + recipe)
			}
			title(middle)
			about.place(left, h/2+12, middle-left-16)
			badge.place(middle, h/2-13)
			count.place(middle, h/2+12, right-money-middle)
			eta.place(middle, h/2, 0)
			bar.hide()
			price.place(right-money, h/2-11, money)
			ceiling.place(right-money, h/2+12, money)
			return
		}
		about.set(recipe)
		title(middle)
		about.place(left, h/2+12, middle-left-16)
		count.place(middle, h/2-14, 140)
		used := min(fyne.MeasureText(count.full, count.TextSize, count.TextStyle).Width+14, 150)
		eta.place(middle+used, h/2-14, max(barEnd-middle-used-8, 0))
		bar.place(middle, h/2+8, max(barEnd-middle-16, 20), 6)
		badge.place(right-money-status+8, h/2)
		price.place(right-money, h/2-11, money)
		ceiling.place(right-money, h/2+12, money)
	}
	p.paint()
	return p
}
