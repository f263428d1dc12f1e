package intake

import (
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestTiles: the borders cover the image once, on the proof's grid, in about the number asked for.
func TestTiles(t *testing.T) {
	for _, test := range []struct{ w, h, n, least, most int }{
		{1920, 1080, 4, 4, 4}, {1920, 1080, 16, 15, 18}, {1920, 1080, 1, 1, 1}, {1920, 1080, 1024, 900, 1024}, {1080, 1920, 6, 6, 6},
		{17, 17, 4, 4, 4}, {16, 16, 9, 1, 1}, {5, 4, 100, 1, 1}, {16384, 16, 8, 8, 8}, {16, 16384, 8, 8, 8}, {100, 50, 2, 2, 2}, {333, 777, 7, 6, 9},
	} {
		borders := Tiles(test.w, test.h, test.n)
		if len(borders) < test.least || len(borders) > test.most {
			t.Errorf("%d×%d in %d: %d tiles", test.w, test.h, test.n, len(borders))
		}
		seen := make([]bool, test.w*test.h)
		for _, b := range borders {
			if b.X%block != 0 || b.Y%block != 0 || b.W <= 0 || b.H <= 0 || b.W%block != 0 && b.X+b.W != test.w || b.H%block != 0 && b.Y+b.H != test.h {
				t.Errorf("%d×%d in %d: the tile %+v", test.w, test.h, test.n, b)
			}
			for y := b.Y; y < b.Y+b.H; y++ {
				for x := b.X; x < b.X+b.W; x++ {
					if seen[y*test.w+x] {
						t.Fatalf("%d×%d in %d: pixel %d, %d is in two tiles", test.w, test.h, test.n, x, y)
					}
					seen[y*test.w+x] = true
				}
			}
		}
		for i, yes := range seen {
			if !yes {
				t.Fatalf("%d×%d in %d: pixel %d, %d is in no tile", test.w, test.h, test.n, i%test.w, i/test.w)
			}
		}
	}
}

// TestStillsStart: a job of two stills has the tiles of both, one row for each frame, and room for the
// assemblies.
func TestStillsStart(t *testing.T) {
	d := newDesk(t)
	j := d.started(func(d *wire.JobDraft) { d.Frames, d.Tiles, d.Scout = frames(2), 4, true })
	tasks := d.tasks(j.ID)
	if j.Scout || len(tasks) != 8 || tasks[4].Index != 5 || tasks[4].Frames[0] != 2 || tasks[4].Kind != job.TaskTile || tasks[7].Border == nil {
		t.Errorf("the tasks are %+v", tasks)
	}
	j, err := d.Own(t.Context(), artist, j.ID, false)
	if err != nil || j.Counts.Pending != 2 || j.TasksOpen != 8 {
		t.Errorf("the job counts %+v and %d tasks, %v", j.Counts, j.TasksOpen, err)
	}
	draft := good()
	draft.Request, draft.Tiles, draft.Recipe.Denoise = "denoised", 4, true
	if _, err := d.Draft(t.Context(), artist, draft); err != nil {
		t.Errorf("a still that is denoised once it is joined: %v", err)
	}
	draft.Request, draft.Recipe.Engine = "tiles", "BLENDER_EEVEE"
	if _, err := d.Draft(t.Context(), artist, draft); code(err) != wire.CodeUnsupported || !strings.Contains(err.Error(), "seams") {
		t.Errorf("a still that looks beyond its tiles: %v", err)
	}
}

func TestShares(t *testing.T) {
	tasks := []*job.Task{{Border: &job.Border{W: 960, H: 544}}, {Border: &job.Border{W: 960, H: 544}}, {Border: &job.Border{W: 960, H: 536}}, {Border: &job.Border{W: 960, H: 536}}, {}}
	for _, price := range []job.Amount{0, 1, 7, 1_000_000, 123_456_789, 1 << 50} {
		sum := job.Amount(0)
		shares := lease.Shares(tasks, price)
		for i, s := range shares {
			sum += s
			if s < 0 {
				t.Errorf("of %d part %d gets %d", price, i, s)
			}
		}
		if sum != price || price > 1000 && (shares[4] < price/20 || shares[4] > price/20+4 || shares[0] <= shares[2]) {
			t.Errorf("%d is shared as %v", price, shares)
		}
	}
}
