package page

import (
	"fmt"
	"image"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/widget"
	"github.com/heliostat-render/heliostat/shared/job"
)

// preview is one frame of the open job, as large as the window. What is here of the frame shows at once, and
// the rest when it has arrived.
type preview struct {
	*over
	job     *openJob
	number  int
	picture *canvas.Image
	wait    *fynewidget.Label
	pick    *widget.KeyButton
	before  *widget.KeyButton
	after   *widget.KeyButton
}

func newPreview(p *openJob) *preview {
	v := &preview{over: newOver(p.shell), job: p, picture: canvas.NewImageFromImage(nil), wait: fynewidget.NewLabel("")}
	v.picture.FillMode = canvas.ImageFillContain
	v.picture.ScaleMode = canvas.ImageScaleSmooth
	v.wait.Alignment = fyne.TextAlignCenter
	v.wait.Truncation = fyne.TextTruncateEllipsis
	v.before = v.button("", fynetheme.NavigateBackIcon(), func() { v.step(-1) })
	v.after = v.button("", fynetheme.NavigateNextIcon(), func() { v.step(1) })
	v.pick = v.button("Pick", fynetheme.CheckButtonIcon(), func() {
		p.pick(v.number)
		v.say()
		v.focus()
	})
	v.lay(container.NewBorder(nil, v.wait, container.NewCenter(v.before), container.NewCenter(v.after), v.picture), v.pick)
	v.onKey = v.key
	v.onClosed = func() {
		v.picture.Image = nil
		p.shell.options.Actions.Look(job.Frame{})
		if at := slices.IndexFunc(p.view.Frames, func(f job.Frame) bool { return f.Number == v.number }); at >= 0 {
			p.shell.canvas().Focus(p.grid) // go on from there
			p.grid.GoTo(at)
		}
	}
	return v
}

// shown are the frames that there are pictures of, or will be.
func (v *preview) shown() []job.Frame {
	return slices.DeleteFunc(slices.Clone(v.job.view.Frames), func(f job.Frame) bool { return !here(f) })
}

// here tells whether a frame's file can be had.
func here(f job.Frame) bool { return f.State == job.FrameDelivered || f.State == job.FrameAccepted }

func (v *preview) key(name fyne.KeyName) {
	far := len(v.job.view.Frames)
	switch name {
	case fyne.KeyLeft, fyne.KeyUp, fyne.KeyPageUp, fyne.KeyBackspace:
		v.step(-1)
	case fyne.KeyRight, fyne.KeyDown, fyne.KeyPageDown, fyne.KeyReturn, fyne.KeyEnter:
		v.step(1)
	case fyne.KeyHome:
		v.step(-far)
	case fyne.KeyEnd:
		v.step(far)
	case fyne.KeySpace:
		v.pick.OnTapped()
	}
}

func (v *preview) step(by int) {
	frames := v.shown()
	at := slices.IndexFunc(frames, func(f job.Frame) bool { return f.Number == v.number })
	if at >= 0 {
		v.show(frames[max(0, min(at+by, len(frames)-1))].Number)
	}
	v.focus()
}

// show opens a frame, or goes to it.
func (v *preview) show(number int) {
	frames := v.shown()
	at := slices.IndexFunc(frames, func(f job.Frame) bool { return f.Number == number })
	if at < 0 {
		return
	}
	v.number = number
	var beside []job.Frame
	for _, i := range []int{at - 1, at + 1} {
		if i >= 0 && i < len(frames) {
			beside = append(beside, frames[i])
		}
	}
	v.job.shell.options.Actions.Look(frames[at], beside...)
	v.open()
	v.update()
}

// update takes what has arrived.
func (v *preview) update() {
	if !v.visible() {
		return
	}
	picture, text := image.Image(v.job.view.Thumbs[v.number]), "Loading the whole picture"
	if large := v.job.view.Large; large != nil && large.Number == v.number {
		switch {
		case large.Picture != nil:
			picture, text = large.Picture, ""
		case large.Problem != "":
			text = "This is all that can be shown: " + large.Problem
			if picture == nil {
				text = "It can't be shown here: " + large.Problem
			}
		}
	}
	if picture != v.picture.Image {
		v.picture.Image = picture
		v.picture.Refresh()
	}
	if v.wait.Text != text {
		v.wait.SetText(text)
	}
	v.say()
}

// say writes what is known of the frame.
func (v *preview) say() {
	frames := v.shown()
	at := slices.IndexFunc(frames, func(f job.Frame) bool { return f.Number == v.number })
	if at < 0 {
		return
	}
	frame := frames[at]
	about := fmt.Sprintf("%d of %d", at+1, len(frames))
	if who := state.Who(frame.Worker, v.job.nodes); who != "" {
		about += "  ·  " + who
	}
	if frame.Seconds > 0 {
		about += "  ·  " + state.Duration(frame.Seconds)
	}
	pick, icon := "Pick", fynetheme.CheckButtonIcon()
	if v.job.picked[v.number] {
		pick, icon = "Picked", fynetheme.CheckButtonCheckedIcon()
	}
	v.call(fmt.Sprint("Frame ", v.number), about)
	if v.pick.Text != pick {
		v.pick.Text = pick
		v.pick.SetIcon(icon)
		v.line.Refresh()
	}
	v.pick.Hidden = state.Final(v.job.view.Job.State) // nothing comes of it
	enable(v.before, at > 0)
	enable(v.after, at < len(frames)-1)
}

func enable(b fyne.Disableable, on bool) {
	switch {
	case on == !b.Disabled():
	case on:
		b.Enable()
	default:
		b.Disable()
	}
}
