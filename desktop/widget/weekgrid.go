package widget

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
)

const (
	gridDays  = 7
	gridCells = 48 // half hours of a day
	cellTime  = 24 * 60 / gridCells
	gridLeft  = 46 // where the days' names end
	gridTop   = 20 // where the clock ends
	rowHeight = 22
)

// WeekGrid is the hours of a week, painted with the pointer: a press on a half hour turns it
// on or off, and what the pointer is drawn over follows. A press on a day's name does it for
// the whole day. With the keyboard the arrows move and the space bar turns.
type WeekGrid struct {
	fynewidget.BaseWidget
	OnChanged func(state.Week)

	week           state.Week
	day, cell      int // where the keyboard stands
	focused        bool
	painting, with bool
}

var (
	_ desktop.Mouseable  = (*WeekGrid)(nil)
	_ fyne.Draggable     = (*WeekGrid)(nil)
	_ fyne.Focusable     = (*WeekGrid)(nil)
	_ desktop.Cursorable = (*WeekGrid)(nil)
)

// NewWeekGrid makes an empty one.
func NewWeekGrid(changed func(state.Week)) *WeekGrid {
	g := &WeekGrid{OnChanged: changed}
	g.ExtendBaseWidget(g)
	return g
}

// Set shows a week.
func (g *WeekGrid) Set(week state.Week) {
	g.week = week
	g.Refresh()
}

// at is the cell under a point; cell is -1 on a day's name.
func (g *WeekGrid) at(p fyne.Position) (day, cell int, ok bool) {
	day = int((p.Y - gridTop) / rowHeight)
	if p.Y < gridTop || day >= gridDays || p.X < 0 || p.X >= g.Size().Width {
		return 0, 0, false
	}
	if p.X < gridLeft {
		return day, -1, true
	}
	return day, min(int((p.X-gridLeft)/((g.Size().Width-gridLeft)/gridCells)), gridCells-1), true
}

func (g *WeekGrid) on(day, cell int) bool {
	if cell < 0 {
		return g.week.Share(day, 0, gridCells*cellTime) == 1
	}
	return g.week.Share(day, cell*cellTime, (cell+1)*cellTime) > 0.5
}

func (g *WeekGrid) paint(day, cell int) {
	from, to := cell*cellTime, (cell+1)*cellTime
	if cell < 0 {
		from, to = 0, gridCells*cellTime
	}
	g.day, g.cell = day, max(cell, 0)
	g.week.Fill(day, from, to, g.with)
	g.Refresh()
	if g.OnChanged != nil {
		g.OnChanged(g.week)
	}
}

// MouseDown implements desktop.Mouseable.
func (g *WeekGrid) MouseDown(e *desktop.MouseEvent) {
	day, cell, ok := g.at(e.Position)
	if !ok || e.Button != desktop.MouseButtonPrimary {
		return
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(g); c != nil {
		c.Focus(g)
	}
	g.painting, g.with = true, !g.on(day, cell)
	g.paint(day, cell)
}

// MouseUp implements desktop.Mouseable.
func (g *WeekGrid) MouseUp(*desktop.MouseEvent) { g.painting = false }

// Dragged implements fyne.Draggable.
func (g *WeekGrid) Dragged(e *fyne.DragEvent) {
	day, cell, ok := g.at(e.Position)
	if !g.painting || !ok {
		return
	}
	// A fast pointer leaves out cells on its way.
	fromDay, fromCell, toCell := g.day, g.cell, max(cell, 0)
	steps := max(abs(day-fromDay), abs(toCell-fromCell), 1)
	for i := 1; i <= steps; i++ {
		g.paint(fromDay+(day-fromDay)*i/steps, fromCell+(toCell-fromCell)*i/steps)
	}
}

func abs(n int) int { return max(n, -n) }

// DragEnd implements fyne.Draggable.
func (g *WeekGrid) DragEnd() { g.painting = false }

// FocusGained implements fyne.Focusable.
func (g *WeekGrid) FocusGained() { g.focused = true; g.Refresh() }

// FocusLost implements fyne.Focusable.
func (g *WeekGrid) FocusLost() { g.focused = false; g.Refresh() }

// TypedRune implements fyne.Focusable.
func (g *WeekGrid) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (g *WeekGrid) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		g.cell = max(g.cell-1, 0)
	case fyne.KeyRight:
		g.cell = min(g.cell+1, gridCells-1)
	case fyne.KeyUp:
		g.day = max(g.day-1, 0)
	case fyne.KeyDown:
		g.day = min(g.day+1, gridDays-1)
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		g.with = !g.on(g.day, g.cell)
		g.paint(g.day, g.cell)
		return
	}
	g.Refresh()
}

// Cursor implements desktop.Cursorable.
func (g *WeekGrid) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer implements fyne.Widget.
func (g *WeekGrid) CreateRenderer() fyne.WidgetRenderer {
	var clocks [5]*line
	p := &painter{}
	for i := range clocks {
		clocks[i] = newLine(11, theme.Faint, false)
		p.objects = append(p.objects, clocks[i].Text)
	}
	var days [gridDays]*line
	var cells [gridDays][gridCells]*canvas.Rectangle
	for day := range cells {
		days[day] = newLine(12, theme.Soft, false)
		p.objects = append(p.objects, days[day].Text)
		for cell := range cells[day] {
			cells[day][cell] = box(2)
			p.objects = append(p.objects, cells[day][cell])
		}
	}
	mark := box(3)
	mark.StrokeWidth = 2
	p.objects = append(p.objects, mark)
	p.paint = func() {
		for i, c := range clocks {
			c.set(fmt.Sprintf("%02d:00", 6*i))
		}
		for day := range cells {
			name := state.DayNames[day]
			days[day].set(strings.ToUpper(name[:1]) + name[1:])
			for cell, one := range cells[day] {
				one.FillColor = theme.Color(theme.Raised)
				switch share := g.week.Share(day, cell*cellTime, (cell+1)*cellTime); {
				case share == 1:
					one.FillColor = theme.Color(theme.Sun)
				case share > 0:
					one.FillColor = tint(theme.Sun, 0x80)
				}
			}
		}
		mark.StrokeColor = theme.Color(theme.Ink)
		mark.Hidden = !g.focused
	}
	p.min = func() fyne.Size { return fyne.NewSize(gridLeft+gridCells*9, gridTop+gridDays*rowHeight+2) }
	p.layout = func(size fyne.Size) {
		wide := (size.Width - gridLeft) / gridCells
		for i, c := range clocks {
			x := gridLeft + float32(i)*wide*gridCells/4
			if i == len(clocks)-1 {
				c.Alignment = fyne.TextAlignTrailing
				x -= 40
			}
			c.place(x, 8, 40)
		}
		for day := range cells {
			y := gridTop + float32(day)*rowHeight
			days[day].place(4, y+rowHeight/2-1, gridLeft-6)
			for cell, one := range cells[day] {
				gap := float32(1)
				if cell%2 == 1 {
					gap = 3 // hours stand apart
				}
				put(one, gridLeft+float32(cell)*wide, y, wide-gap, rowHeight-3)
			}
		}
		put(mark, gridLeft+float32(g.cell)*wide-1, gridTop+float32(g.day)*rowHeight-1, wide+1, rowHeight-1)
	}
	p.paint()
	return p
}
