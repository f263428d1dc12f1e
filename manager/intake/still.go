package intake

import (
	"fmt"
	"math"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	// block is the grid on which tiles meet, in pixels: that of the proof, so that a tile's proof
	// tiles are the image's own.
	block = 16
	// maxParts bounds the tasks of a job of stills in tiles: each that passes has those of its job looked through.
	maxParts = 4 * (maxTiles + 1)
)

// checkTiles tells why a job can't be rendered in tiles.
func checkTiles(d *wire.JobDraft) error {
	if d.Tiles <= 1 {
		return nil
	}
	if err := proof.Tileable(d.Recipe); err != nil {
		return &wire.Error{Code: wire.CodeUnsupported, Message: err.Error(), Next: "submit it without tiles"}
	}
	if len(d.Frames)*(d.Tiles+1) > maxParts {
		return &wire.Error{Code: wire.CodeLimit, Message: fmt.Sprintf("%d frames of %d tiles are more than %d tasks", len(d.Frames), d.Tiles, maxParts), Next: "tiles are for stills: render an animation whole, without tiles"}
	}
	return nil
}

// Tiles cuts an image into about n borders that cover it once: rows of equal tiles on a grid of
// 16 pixels, as square as that allows. It returns one border where the image is too small to cut.
func Tiles(w, h, n int) []job.Border {
	across, down := (w+block-1)/block, (h+block-1)/block // in blocks
	columns, rows, worst := 1, 1, math.Inf(1)
	for c := 1; c <= min(n, across); c++ {
		r := min(max(int(math.Round(float64(n)/float64(c))), 1), down, maxTiles/c)
		number := math.Log(float64(c*r) / float64(n))
		shape := math.Log(float64(w) / float64(c) / (float64(h) / float64(r)))
		if miss := 2*math.Abs(number) + math.Abs(shape); miss < worst {
			columns, rows, worst = c, r, miss
		}
	}
	edge := func(i, parts, blocks, end int) int { return min(i*blocks/parts*block, end) }
	var borders []job.Border
	for r := range rows {
		top, bottom := edge(r, rows, down, h), edge(r+1, rows, down, h)
		if r == rows-1 {
			bottom = h
		}
		for c := range columns {
			left, right := edge(c, columns, across, w), edge(c+1, columns, across, w)
			if c == columns-1 {
				right = w
			}
			borders = append(borders, job.Border{X: left, Y: top, W: right - left, H: bottom - top})
		}
	}
	return borders
}

// splitStills cuts every frame of a job into tiles, one task each. The index after a frame's tiles
// stays free for its assembly, which manager/lease adds.
func splitStills(j *store.Job) []*job.Task {
	borders := Tiles(j.Recipe.Width, j.Recipe.Height, j.Tiles)
	var tasks []*job.Task
	for i, frame := range j.Frames {
		for k, b := range borders {
			tasks = append(tasks, &job.Task{
				ID: store.NewID("t"), Job: j.ID, Index: i*(len(borders)+1) + k, State: job.TaskWaiting, Kind: job.TaskTile, Border: &b, Frames: []int{frame},
			})
		}
	}
	return tasks
}
