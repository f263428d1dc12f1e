package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

const (
	cellWidth = 320 // pixels
	columns   = 4
	gap       = 12
	caption   = 26
)

var (
	paper = color.RGBA{0x14, 0x17, 0x1c, 0xff}
	ink   = color.RGBA{0xd8, 0xdc, 0xe2, 0xff}
)

// contactSheet draws every delivered frame with who rendered it.
func contactSheet(path string, s *summary) error {
	if len(s.Frames) == 0 {
		return fmt.Errorf("a contact sheet needs frames")
	}
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return err
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: 13, DPI: 72})
	if err != nil {
		return err
	}
	defer face.Close()
	var sheet *image.RGBA
	cellHeight := 0
	for i, f := range s.Frames {
		img, err := readPNG(f.File)
		if err != nil {
			return fmt.Errorf("contact sheet: frame %d: %w", f.Frame, err)
		}
		if sheet == nil {
			cellHeight = cellWidth * img.Bounds().Dy() / img.Bounds().Dx()
			rows := (len(s.Frames) + columns - 1) / columns
			across := min(columns, len(s.Frames))
			sheet = image.NewRGBA(image.Rect(0, 0, gap+across*(cellWidth+gap), gap+rows*(cellHeight+caption+gap)))
			draw.Draw(sheet, sheet.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
		}
		at := image.Pt(gap+i%columns*(cellWidth+gap), gap+i/columns*(cellHeight+caption+gap))
		xdraw.CatmullRom.Scale(sheet, image.Rectangle{Min: at, Max: at.Add(image.Pt(cellWidth, cellHeight))}, img, img.Bounds(), xdraw.Src, nil)
		pen := font.Drawer{Dst: sheet, Src: image.NewUniform(ink), Face: face, Dot: fixed.P(at.X, at.Y+cellHeight+18)}
		pen.DrawString(fmt.Sprintf("frame %d   by %s   checked by %s", f.Frame, f.Worker, f.Verifier))
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := png.Encode(out, sheet); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func readPNG(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return png.Decode(f)
}
