package widget

import (
	"fmt"
	"image"
	"image/color"
	"reflect"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/shared/job"
)

// FrameCell is one frame of the grid: its picture once it is delivered, else who works on
// it and how far.
type FrameCell struct {
	fynewidget.BaseWidget
	frame  job.Frame
	look   state.Look
	who    string
	thumb  image.Image
	picked bool
	fixed  bool // can't be picked
	lit    bool // the keyboard is on it

	onOpen, onPick func(number int)
}

// NewFrameCell makes an empty cell. A tap on a picture opens it, one on its corner or on a cell without a picture picks the frame.
func NewFrameCell(onOpen, onPick func(number int)) *FrameCell {
	c := &FrameCell{onOpen: onOpen, onPick: onPick}
	c.ExtendBaseWidget(c)
	return c
}

// Set shows a frame. look is what it is doing; who names its worker; thumb may be nil; picked marks it as chosen.
func (c *FrameCell) Set(frame job.Frame, look state.Look, who string, thumb image.Image, picked bool) {
	if reflect.DeepEqual(c.frame, frame) && c.look == look && c.who == who && c.thumb == thumb && c.picked == picked {
		return
	}
	c.frame, c.look, c.who, c.thumb, c.picked = frame, look, who, thumb, picked
	c.Refresh()
}

// Mark says whether the frame can't be picked, and whether the keyboard is on it.
func (c *FrameCell) Mark(fixed, lit bool) {
	if c.fixed != fixed || c.lit != lit {
		c.fixed, c.lit = fixed, lit
		c.Refresh()
	}
}

// corner is how far the place for picking reaches from the cell's upper right one.
const corner = 38

// Tapped implements fyne.Tappable.
func (c *FrameCell) Tapped(at *fyne.PointEvent) {
	if c.thumb == nil || !c.fixed && at.Position.Y < corner && at.Position.X > c.Size().Width-4-corner {
		c.onPick(c.frame.Number)
		return
	}
	c.onOpen(c.frame.Number)
}

// CreateRenderer implements fyne.Widget.
func (c *FrameCell) CreateRenderer() fyne.WidgetRenderer {
	card := box(theme.Radius)
	screen := box(theme.RadiusSmall)
	picture := canvas.NewImageFromImage(nil)
	picture.FillMode = canvas.ImageFillCover
	picture.ScaleMode = canvas.ImageScaleSmooth
	picture.CornerRadius = theme.RadiusSmall
	number := newLine(13, theme.Ink, true)
	who := newLine(11, theme.Soft, false)
	who.Alignment = fyne.TextAlignTrailing
	status := newLine(12, theme.Soft, false)
	status.Alignment = fyne.TextAlignCenter
	dot := canvas.NewCircle(theme.Color(theme.Faint))
	bar := newStripe()
	tick := canvas.NewCircle(color.Transparent)
	tick.StrokeWidth = 1.5
	mark := canvas.NewImageFromResource(nil)
	p := &painter{}
	p.objects = append([]fyne.CanvasObject{card, screen, picture, status.Text, dot, number.Text, who.Text, tick, mark}, bar.objects()...)
	progress := false
	p.paint = func() {
		look := c.look
		card.FillColor = theme.Color(theme.Surface)
		ring(card, c.picked, theme.Sun)
		if c.lit {
			ring(card, true, theme.Ink)
		}
		screen.FillColor = theme.Color(theme.Raised)
		dot.FillColor = theme.Color(theme.ForLook(look))
		number.set(strconv.Itoa(c.frame.Number))
		who.set(c.who)
		status.name = theme.Soft
		text := string(look)
		switch look {
		case state.LookRendering:
			text, status.name = fmt.Sprintf("%d %%", int(c.frame.Progress*100)), theme.Sun
			if c.frame.Progress >= 1 { // waits for the other frames of its task
				text = "rendered"
			}
		case state.LookChecking:
			text, status.name = "checking", theme.Check
		case state.LookVerified:
			text, status.name = "verified", theme.Info
		case state.LookAgain:
			text, status.name = "again", theme.Bad
		case state.LookWaiting, state.LookDropped:
			status.name = theme.Faint
		case state.LookDelivered, state.LookAccepted:
			status.name = theme.Good
		}
		if c.thumb != nil {
			text = ""
			picture.Image = c.thumb
			picture.Show()
		} else {
			picture.Image = nil
			picture.Hide()
		}
		tick.Hidden, mark.Hidden = c.fixed || c.thumb == nil && !c.picked, !c.picked
		tick.FillColor, tick.StrokeColor = color.NRGBA{A: 0x70}, color.White // on any picture
		if c.picked {
			tick.FillColor, tick.StrokeColor = theme.Color(theme.Sun), theme.Color(theme.Sun)
			mark.Resource = fynetheme.NewColoredResource(fynetheme.ConfirmIcon(), theme.OnSun)
		}
		tick.Refresh()
		mark.Refresh()
		status.set(text)
		progress = look == state.LookRendering
		if progress {
			bar.set([]Part{{float32(min(max(c.frame.Progress, 0), 1)), theme.Sun}})
		} else {
			bar.set(nil)
		}
	}
	p.min = func() fyne.Size { return fyne.NewSize(150, 118) }
	p.layout = func(size fyne.Size) {
		w, h := size.Width-4, size.Height-6
		put(card, 0, 0, w, h)
		top := h - 30
		put(screen, 6, 6, w-12, top-6)
		put(picture, 6, 6, w-12, top-6)
		status.place(10, top/2+2, w-20)
		put(tick, w-28, 12, 16, 16)
		put(mark, w-26, 14, 12, 12)
		middle := top + 15
		put(dot, 11, middle-4, 8, 8)
		used := number.place(25, middle, 50)
		who.place(30+used, middle, max(w-42-used, 0))
		if progress {
			bar.place(14, top-11, w-28, 4)
		} else {
			bar.set(nil)
			bar.place(0, 0, 0, 0)
		}
		bar.track.Hidden = !progress
	}
	p.paint()
	return p
}
