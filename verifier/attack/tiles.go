package attack

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// quarters split a still as its tasks do: at multiples of a tile, the rest at the right and bottom.
func quarters(w, h int) []raster.Rect {
	x, y := w/2/proof.TileSize*proof.TileSize, h/2/proof.TileSize*proof.TileSize
	return []raster.Rect{{W: x, H: y}, {X: x, W: w - x, H: y}, {Y: y, W: x, H: h - y}, {X: x, Y: y, W: w - x, H: h - y}}
}

// part cuts a tile's master out of a whole one, as a border render gives it.
func part(whole *raster.Raster, r raster.Rect) ([]byte, error) {
	crop, err := whole.Crop(r)
	if err != nil {
		return nil, fmt.Errorf("cut a tile: %w", err)
	}
	var b bytes.Buffer
	if err := raster.EncodeEXR(&b, crop, true); err != nil {
		return nil, fmt.Errorf("write a tile: %w", err)
	}
	return b.Bytes(), nil
}

func openEXR(data []byte) func() (*raster.EXR, error) {
	return func() (*raster.EXR, error) {
		return raster.OpenEXR(bytes.NewReader(data), int64(len(data)), raster.Limits{})
	}
}

// joined has an assembler hand in a master; change is what it does to it. The manager compares it with the
// verified tiles, pixel by pixel.
func joined(change func(master *raster.Raster, rects []raster.Rect, i int) *raster.Raster) func(*Kit, int) (bool, string, error) {
	return func(k *Kit, i int) (bool, string, error) {
		honest := k.Honest.trees[i%len(k.Honest.trees)].Master
		rects := quarters(honest.W, honest.H)
		parts := make([]raster.Placed, len(rects))
		for n, r := range rects {
			data, err := part(honest, r)
			if err != nil {
				return false, "", err
			}
			parts[n] = raster.Placed{Rect: r, Open: openEXR(data)}
		}
		same := func(master *raster.Raster) error {
			var b bytes.Buffer
			if err := raster.EncodeEXR(&b, master, true); err != nil {
				return fmt.Errorf("write a master: %w", err)
			}
			whole, err := openEXR(b.Bytes())()
			if err != nil {
				return fmt.Errorf("read a master: %w", err)
			}
			return errors.Join(raster.Same(whole, parts, nil), whole.Close())
		}
		if err := same(honest); err != nil {
			return false, "", fmt.Errorf("an honest assembler is blamed: %w", err)
		}
		err := same(change(honest, rects, i))
		var differs *raster.Difference
		if err == nil || !errors.As(err, &differs) {
			return false, "the master is taken for its parts", err
		}
		return true, err.Error(), nil
	}
}

// altered changes one sample by the least step there is.
func altered(m *raster.Raster, _ []raster.Rect, i int) *raster.Raster {
	out := *m
	out.Bits = bytes.Clone(m.Bits)
	out.Bits[(i*7919*2+1)%len(out.Bits)|1] ^= 1 // the last bit of a half float
	return &out
}

// swapped puts two parts in each other's place, as far as they have one size.
func swapped(m *raster.Raster, rects []raster.Rect, _ int) *raster.Raster {
	a, b := rects[0], rects[1]
	w, h := min(a.W, b.W), min(a.H, b.H)
	return each(m, m.W, m.H, func(x, y, c int) float64 {
		switch {
		case y >= h:
		case x < w:
			return m.At(b.X+x, y, c)
		case x >= b.X && x < b.X+w:
			return m.At(x-b.X, y, c)
		}
		return m.At(x, y, c)
	})
}

// tileTricks are the cheats on a still that is rendered in tiles.
var tileTricks = []Trick{
	{Name: "assembler_alters_pixel", By: "manager: the joined master against its verified tiles", Try: joined(altered)},
	{Name: "assembler_swaps_tiles", By: "manager: the joined master against its verified tiles", Try: joined(swapped)},
	{Name: "assembler_delivers_other", By: "verifier: it develops the joined master again", Try: func(k *Kit, i int) (bool, string, error) {
		at := i % len(k.Honest.Commits)
		recipe := k.Lab.Recipe(k.Honest.Scene)
		p := proof.PolicyFor(recipe).ForAssembly(recipe)
		made, _, err := k.Lab.Develop(context.Background(), k.Honest.Scene, k.Honest.Frames[at], k.Honest.trees[at])
		if err != nil {
			return false, "", err
		}
		judge := func(f Files) (proof.Verdict, error) {
			c, _, err := proof.CommitBytes(k.Honest.Frames[at], ".png", f.Final, f.Master)
			if err != nil {
				return proof.Verdict{}, err
			}
			c.Assembled = true
			r, err := proof.Relate(c, p, p.Ext, f.Final, made, false)
			if err != nil {
				return proof.Verdict{}, err
			}
			commits := []proof.FrameCommit{c}
			e := proof.Evidence{Key: key(i), Root: proof.TaskRoot(commits), Frames: commits, WorkerClass: k.Lab.Install.Class, VerifierClass: k.Lab.Install.Class, Policy: p, Delivered: []proof.Relation{r}}
			return proof.Judge(e, p)
		}
		if v, err := judge(k.Honest.Files[at]); err != nil || !v.Pass {
			return false, "", fmt.Errorf("an honest assembler is blamed: %s%w", v.Reason, err)
		}
		bright, err := paint(Files{Final: k.Honest.Files[at].Final}, func(r *raster.Raster) *raster.Raster {
			return each(r, r.W, r.H, func(x, y, c int) float64 { return min(1.06*r.At(x, y, c), 1) })
		})
		if err != nil {
			return false, "", err
		}
		v, err := judge(Files{Final: bright.Final, Master: k.Honest.Files[at].Master})
		return !v.Pass && !v.Inconclusive, v.Reason, err
	}},
	{Name: "tile_half_samples", By: "verifier: the tile's own 16×16 grid lies on the image's", Try: func(k *Kit, i int) (bool, string, error) {
		at := i % len(k.Honest.Commits)
		whole := k.Honest.Commits[at]
		r := quarters(whole.W, whole.H)[i/len(k.Honest.Commits)%4]
		border := job.Border{X: r.X, Y: r.Y, W: r.W, H: r.H}
		p := proof.PolicyFor(k.Lab.Recipe(k.Honest.Scene)).ForBorder(border)
		commit := func(t *Task) (proof.FrameCommit, *proof.Trees, error) {
			data, err := part(t.trees[at].Master, r)
			if err != nil {
				return proof.FrameCommit{}, nil, err
			}
			return proof.CommitTile(whole.Frame, border, data, false)
		}
		good, goodTrees, err := commit(k.Honest)
		if err != nil {
			return false, "", err
		}
		judge := func(t *Task) (proof.Verdict, error) {
			c, trees, err := commit(t)
			if err != nil {
				return proof.Verdict{}, err
			}
			commits := []proof.FrameCommit{c}
			e := proof.Evidence{Key: key(i), Root: proof.TaskRoot(commits), Frames: commits, WorkerClass: k.Lab.Install.Class, VerifierClass: k.Lab.Install.Class, Policy: p}
			picks := proof.Picks(e.Key, commits, p)
			if e.Worker, err = trees.ProveAll(c, p, picks); err != nil {
				return proof.Verdict{}, err
			}
			theirs, err := goodTrees.ProveAll(good, p, picks)
			if err != nil {
				return proof.Verdict{}, err
			}
			for _, tile := range theirs {
				e.Verifier = append(e.Verifier, tile.TileSample)
			}
			return proof.Judge(e, p)
		}
		if v, err := judge(k.Honest); err != nil || !v.Pass {
			return false, "", fmt.Errorf("an honest tile is blamed: %s%w", v.Reason, err)
		}
		v, err := judge(k.Bad)
		return !v.Pass && !v.Inconclusive, v.Reason, err
	}},
}
