package theme

import (
	_ "embed"

	"fyne.io/fyne/v2"
)

//go:embed icon.svg
var iconSVG []byte

//go:embed tray.svg
var traySVG []byte

//go:embed sun.svg
var sunSVG []byte

//go:embed coins.svg
var coinsSVG []byte

// Icon is the app's icon: a mirror that turns sunlight onto a target.
func Icon() fyne.Resource { return fyne.NewStaticResource("heliostat.svg", iconSVG) }

// TrayIcon is the same shape for the system tray.
func TrayIcon() fyne.Resource { return fyne.NewStaticResource("heliostat-tray.svg", traySVG) }

// SunIcon stands for worker mode, CoinsIcon for payouts; both take any colour.
func SunIcon() fyne.Resource { return fyne.NewStaticResource("sun.svg", sunSVG) }

// CoinsIcon stands for payouts.
func CoinsIcon() fyne.Resource { return fyne.NewStaticResource("coins.svg", coinsSVG) }
