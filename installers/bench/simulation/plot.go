package simulation

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// Plot draws each strategy's profit beside honesty's, added up over the days, as an SVG. The
// axis is linear from −1 to 1.25 and logarithmic below, where the losses of stakes are.
func Plot(r Result) []byte {
	const (
		width, height            = 960, 540
		left, right, top, bottom = 70, 190, 46, 50
	)
	honest := r.Workers[0].Daily
	y := func(v float64) float64 { // 0 at the top of the axis, 1 at its foot
		if v < -1 {
			v = -1 - math.Log10(-v)/2
		}
		return (1.25 - v) / 4
	}
	px := func(day int) float64 {
		return left + float64(day)/float64(len(honest)-1)*(width-left-right)
	}
	py := func(v float64) float64 { return top + min(max(y(v), 0), 1)*(height-top-bottom) }
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="%d" y="26" font-size="16">Profit of a worker, beside an honest one's (1)</text>`+"\n", left)
	for _, v := range []float64{1, 0.5, 0, -0.5, -1, -10, -100, -1000} {
		fmt.Fprintf(&b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end" fill="#555">%g</text>`+"\n",
			left, width-right, py(v), py(v), left-8, py(v)+4, v)
	}
	for day := 0; day < len(honest); day++ {
		if n := day + 1; n == 1 || n%5 == 0 {
			fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle" fill="#555">%d</text>`+"\n", px(day), height-bottom+20, n)
		}
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle" fill="#555">days</text>`+"\n", left+(width-left-right)/2, height-12)
	colours := []string{"#1a7f37", "#6cb37c", "#d1242f", "#bf8700", "#8250df", "#0969da", "#57606a", "#e16f24", "#a40e6a", "#116329"}
	ends := make([]float64, 0, len(r.Workers))
	for i, g := range r.Workers {
		var points []string
		for day, v := range g.Daily {
			points = append(points, fmt.Sprintf("%.1f,%.1f", px(day), py(v/honest[day])))
		}
		colour := colours[i%len(colours)]
		last := len(honest) - 1
		ratio := g.Profit() / honest[last]
		end := py(ratio)
		for again := true; again; { // labels don't cover one another
			again = false
			for _, e := range ends {
				if math.Abs(e-end) < 15 {
					end, again = e+15, true
				}
			}
		}
		ends = append(ends, end)
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points, " "), colour)
		fmt.Fprintf(&b, `<text x="%d" y="%.1f" fill="%s">%s %.2f</text>`+"\n", width-right+10, end+4, colour, strings.ReplaceAll(g.Strategy.Name, "_", " "), ratio)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
