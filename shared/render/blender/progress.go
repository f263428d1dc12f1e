package blender

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/track"
)

// What Blender 2.9 to 4.x print while rendering in the background.
var (
	sampleText    = regexp.MustCompile(`(?:Sample|Rendering) (\d+) ?/ ?(\d+)`)
	tileText      = regexp.MustCompile(`Rendered (\d+)/(\d+) Tiles`)
	remainingText = regexp.MustCompile(`Remaining:((?:\d+:)+\d+(?:\.\d+)?)`)
	memoryText    = regexp.MustCompile(`Mem:(\d+(?:\.\d+)?)M`)
	deviceText    = regexp.MustCompile(`\| Mem:\d+(?:\.\d+)?M, Peak:(\d+(?:\.\d+)?)M`)
)

var _ track.Parse = parseLine

// parseLine reads a line of Blender's statistics.
func parseLine(s string, p *render.Progress) (float64, time.Duration, bool) {
	if !strings.HasPrefix(s, "Fra:") {
		return 0, 0, false
	}
	parts := strings.Split(s, " | ")
	p.Text = strings.TrimSpace(parts[len(parts)-1])
	if n := megabytes(memoryText, s); n > 0 {
		p.Memory = n
	}
	p.DeviceMemory = max(p.DeviceMemory, megabytes(deviceText, s))
	fraction := 0.0
	if m := sampleText.FindStringSubmatch(p.Text); m != nil {
		if a, b := number(m[1]), number(m[2]); b > 0 && a <= b {
			p.Sample, p.Samples = a, b
			fraction = float64(a) / float64(b)
		}
	}
	if m := tileText.FindStringSubmatch(p.Text); m != nil {
		if a, b := number(m[1]), number(m[2]); b > 1 && a <= b {
			fraction = (float64(a) + fraction) / float64(b)
		}
	}
	var remaining time.Duration
	if m := remainingText.FindStringSubmatch(s); m != nil {
		remaining = track.Clock(m[1])
	}
	return fraction, remaining, true
}

// megabytes reads an amount of memory in bytes; 0 when the line has none.
func megabytes(pattern *regexp.Regexp, s string) int64 {
	if m := pattern.FindStringSubmatch(s); m != nil {
		if mb, err := strconv.ParseFloat(m[1], 64); err == nil && mb < 1<<24 {
			return int64(mb * (1 << 20))
		}
	}
	return 0
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
