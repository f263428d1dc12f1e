package page

import "fyne.io/fyne/v2"

// beside puts a second object to the right of the first, and leaves it out where the first
// would be squeezed.
type beside struct{ least float32 }

var _ fyne.Layout = beside{}

// Layout implements fyne.Layout.
func (b beside) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	first, second := objects[0], objects[1]
	first.Move(fyne.NewPos(0, 0))
	if size.Width < b.least {
		second.Hide()
		first.Resize(size)
		return
	}
	second.Show()
	wide := max(second.MinSize().Width, size.Width*0.27) // what it says is long, and cut
	first.Resize(fyne.NewSize(size.Width-wide-4, size.Height))
	second.Move(fyne.NewPos(size.Width-wide, 0))
	second.Resize(fyne.NewSize(wide, size.Height))
}

// MinSize implements fyne.Layout.
func (b beside) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }
