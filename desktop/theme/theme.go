package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// The app's own colours; use them through Color.
const (
	Ground  fyne.ThemeColorName = "heliostat.ground"  // behind everything
	Rail    fyne.ThemeColorName = "heliostat.rail"    // behind the navigation
	Surface fyne.ThemeColorName = "heliostat.surface" // cards and rows
	Raised  fyne.ThemeColorName = "heliostat.raised"  // cells and tracks on a card
	Line    fyne.ThemeColorName = "heliostat.line"
	Ink     fyne.ThemeColorName = "heliostat.ink"
	Soft    fyne.ThemeColorName = "heliostat.soft" // second lines
	Faint   fyne.ThemeColorName = "heliostat.faint"
	Sun     fyne.ThemeColorName = "heliostat.sun" // the accent: light that moves
	OnSun   fyne.ThemeColorName = "heliostat.onsun"
	Good    fyne.ThemeColorName = "heliostat.good"
	Info    fyne.ThemeColorName = "heliostat.info"
	Check   fyne.ThemeColorName = "heliostat.check" // being verified
	Bad     fyne.ThemeColorName = "heliostat.bad"
)

// Text sizes in Fyne's units.
const (
	Title   float32 = 24
	Heading float32 = 16
	Body    float32 = 13
	Small   float32 = 11
)

// Radius rounds cards; RadiusSmall what lies on them.
const (
	Radius      float32 = 10
	RadiusSmall float32 = 6
)

// Color looks a colour up in the app's present theme.
func Color(name fyne.ThemeColorName) color.Color { return fynetheme.Color(name) }

// New makes the theme. Variant is "dark", "light", or "" to follow the system.
func New(variant string) fyne.Theme { return &look{variant: variant} }

type look struct{ variant string }

var _ fyne.Theme = (*look)(nil)

func hex(value uint32) color.Color {
	return color.NRGBA{R: uint8(value >> 16), G: uint8(value >> 8), B: uint8(value), A: 0xff}
}

func glass(value uint32, alpha uint8) color.Color {
	return color.NRGBA{R: uint8(value >> 16), G: uint8(value >> 8), B: uint8(value), A: alpha}
}

type palette map[fyne.ThemeColorName]color.Color

var dark = palette{
	Ground: hex(0x11151c), Rail: hex(0x0d1117), Surface: hex(0x1a202a), Raised: hex(0x252d3a), Line: hex(0x2a3342),
	Ink: hex(0xe9edf4), Soft: hex(0x98a4b8), Faint: hex(0x7d8aa3), Sun: hex(0xf6a93b), OnSun: hex(0x1d1405),
	Good: hex(0x46c08f), Info: hex(0x58a6f0), Check: hex(0xa08cf5), Bad: hex(0xec6a70),

	fynetheme.ColorNameBackground:          hex(0x11151c),
	fynetheme.ColorNameForeground:          hex(0xe9edf4),
	fynetheme.ColorNamePrimary:             hex(0xf6a93b),
	fynetheme.ColorNameForegroundOnPrimary: hex(0x1d1405),
	fynetheme.ColorNameButton:              hex(0x252d3a),
	fynetheme.ColorNameDisabledButton:      hex(0x1a202a),
	fynetheme.ColorNameDisabled:            hex(0x8290a7),
	fynetheme.ColorNameInputBackground:     hex(0x1a202a),
	fynetheme.ColorNameInputBorder:         hex(0x667288),
	fynetheme.ColorNamePlaceHolder:         hex(0x7d8aa3),
	fynetheme.ColorNameHover:               glass(0xffffff, 0x0c),
	fynetheme.ColorNamePressed:             glass(0xffffff, 0x18),
	fynetheme.ColorNameSelection:           glass(0xf6a93b, 0x22),
	fynetheme.ColorNameFocus:               glass(0xf6a93b, 0x55),
	fynetheme.ColorNameSeparator:           hex(0x232b38),
	fynetheme.ColorNameScrollBar:           glass(0xffffff, 0x30),
	fynetheme.ColorNameScrollBarBackground: glass(0x000000, 0x00),
	fynetheme.ColorNameShadow:              glass(0x000000, 0x50),
	fynetheme.ColorNameError:               hex(0xec6a70),
	fynetheme.ColorNameSuccess:             hex(0x46c08f),
	fynetheme.ColorNameWarning:             hex(0xf6a93b),
	fynetheme.ColorNameMenuBackground:      hex(0x252d3a), // lies on cards
	fynetheme.ColorNameOverlayBackground:   hex(0x1a202a),
	fynetheme.ColorNameHeaderBackground:    hex(0x1a202a),
}

var light = palette{
	Ground: hex(0xf4f5f8), Rail: hex(0xe9ecf1), Surface: hex(0xffffff), Raised: hex(0xe8ebf1), Line: hex(0xdde1e9),
	Ink: hex(0x1a2233), Soft: hex(0x5b6780), Faint: hex(0x667089), Sun: hex(0xa65c00), OnSun: hex(0xffffff),
	Good: hex(0x157f55), Info: hex(0x1f6fbd), Check: hex(0x6f59d0), Bad: hex(0xc43640),

	fynetheme.ColorNameBackground:          hex(0xf4f5f8),
	fynetheme.ColorNameForeground:          hex(0x1a2233),
	fynetheme.ColorNamePrimary:             hex(0xa65c00),
	fynetheme.ColorNameForegroundOnPrimary: hex(0xffffff),
	fynetheme.ColorNameButton:              hex(0xe4e8ef),
	fynetheme.ColorNameDisabledButton:      hex(0xeef0f4),
	fynetheme.ColorNameDisabled:            hex(0x667089),
	fynetheme.ColorNameInputBackground:     hex(0xffffff),
	fynetheme.ColorNameInputBorder:         hex(0x8690a4),
	fynetheme.ColorNamePlaceHolder:         hex(0x667089),
	fynetheme.ColorNameHover:               glass(0x1a2233, 0x0a),
	fynetheme.ColorNamePressed:             glass(0x1a2233, 0x16),
	fynetheme.ColorNameSelection:           glass(0xa65c00, 0x26),
	fynetheme.ColorNameFocus:               glass(0xa65c00, 0x44),
	fynetheme.ColorNameSeparator:           hex(0xdde1e9),
	fynetheme.ColorNameScrollBar:           glass(0x1a2233, 0x38),
	fynetheme.ColorNameScrollBarBackground: glass(0x000000, 0x00),
	fynetheme.ColorNameShadow:              glass(0x1a2233, 0x22),
	fynetheme.ColorNameError:               hex(0xc43640),
	fynetheme.ColorNameSuccess:             hex(0x157f55),
	fynetheme.ColorNameWarning:             hex(0xa65c00),
	fynetheme.ColorNameMenuBackground:      hex(0xffffff),
	fynetheme.ColorNameOverlayBackground:   hex(0xffffff),
	fynetheme.ColorNameHeaderBackground:    hex(0xffffff),
}

// Color implements fyne.Theme.
func (l *look) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	switch l.variant {
	case "dark":
		variant = fynetheme.VariantDark
	case "light":
		variant = fynetheme.VariantLight
	}
	chosen := dark
	if variant == fynetheme.VariantLight {
		chosen = light
	}
	if found, ok := chosen[name]; ok {
		return found
	}
	return fynetheme.DefaultTheme().Color(name, variant)
}

// Font implements fyne.Theme.
func (l *look) Font(style fyne.TextStyle) fyne.Resource { return fynetheme.DefaultTheme().Font(style) }

// Icon implements fyne.Theme.
func (l *look) Icon(name fyne.ThemeIconName) fyne.Resource {
	return fynetheme.DefaultTheme().Icon(name)
}

// Size implements fyne.Theme.
func (l *look) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case fynetheme.SizeNameText:
		return Body
	case fynetheme.SizeNameHeadingText:
		return Title
	case fynetheme.SizeNameSubHeadingText:
		return Heading
	case fynetheme.SizeNameCaptionText:
		return Small
	case fynetheme.SizeNamePadding:
		return 4
	case fynetheme.SizeNameInnerPadding:
		return 10
	case fynetheme.SizeNameInputRadius, fynetheme.SizeNameSelectionRadius, fynetheme.SizeNameButtonRadius:
		return RadiusSmall
	case fynetheme.SizeNameScrollBar:
		return 8
	case fynetheme.SizeNameScrollBarSmall:
		return 4
	case fynetheme.SizeNameSeparatorThickness:
		return 1
	}
	return fynetheme.DefaultTheme().Size(name)
}
