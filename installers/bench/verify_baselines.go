package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/verifier/attack"
)

// baselines are three other ways to check the frames that the attacks gave:
//
//   - replication: a second node renders everything, all tiles are compared (BOINC);
//   - crops: three random crops a task of a tenth of each side are rendered again and compared by image features,
//     without a seed that is bound to the attempt and without a commitment (Golem). A crop is taken as good from a structural
//     similarity of 0.94;
//   - marks: the network hides visible marks in the scene before the worker gets it, and looks for them in the result
//     (Inferix' whitepaper). Here six flat squares of 8×8 pixels a frame, at places that follow from the attempt, drawn
//     onto the rendered image: what marks in the scene look like, at no cost to the worker. A frame is good when every square has its
//     colour to 10/255.
type baselines struct{ replication, crops, marks tally }

func (b *baselines) report() {
	for _, x := range []struct {
		name string
		t    tally
	}{{"replication", b.replication}, {"crops", b.crops}, {"marks", b.marks}} {
		row("baseline_"+x.name+"_missed", float64(x.t.tried-x.t.caught), "attempts", float64(x.t.tried))
	}
}

// play checks one cheated task in every way.
func (b *baselines) play(ctx context.Context, l *attack.Lab, f attack.Forgery, task, honest *attack.Task) error {
	caught, err := attack.Whole(l, task, honest)
	if err != nil {
		return err
	}
	b.replication.add(caught)
	got, err := task.Finals()
	if err != nil {
		return err
	}
	want, err := honest.Finals()
	if err != nil {
		return err
	}
	for n := range verifyKeys {
		key := verifyKey("crops"+task.Scene, n)
		random := rand.New(rand.NewPCG(binary.BigEndian.Uint64(key[:8]), uint64(n)))
		found := false
		for range 3 {
			i := random.IntN(len(got))
			w, h := got[i].W/10, got[i].H/10
			x, y := random.IntN(got[i].W-w), random.IntN(got[i].H-h)
			if similarity(got[i], want[i], render.Rect{X: x, Y: y, W: w, H: h}) < 0.94 {
				found = true
			}
		}
		b.crops.add(found)
	}
	l.Marks = drawMarks
	defer func() { l.Marks = nil }()
	marked, err := f.Work(ctx, l, task.Scene)
	if err != nil {
		return err
	}
	if got, err = marked.Finals(); err != nil {
		return err
	}
	found := false
	for i, img := range got {
		if !marksHold(img, marked.Frames[i]) {
			found = true
		}
	}
	b.marks.add(found)
	return nil
}

// similarity is the structural similarity of two regions' brightness (Wang et al. 2004), with
// one window over the region.
func similarity(a, b *raster.Raster, r render.Rect) float64 {
	var sa, sb, saa, sbb, sab, n float64
	for y := r.Y; y < r.Y+r.H; y++ {
		for x := r.X; x < r.X+r.W; x++ {
			va, vb := 0.0, 0.0
			for c, k := range []float64{0.2126, 0.7152, 0.0722} {
				va, vb = va+k*a.At(x, y, c), vb+k*b.At(x, y, c)
			}
			sa, sb, saa, sbb, sab, n = sa+va, sb+vb, saa+va*va, sbb+vb*vb, sab+va*vb, n+1
		}
	}
	ma, mb := sa/n, sb/n
	da, db, dab := saa/n-ma*ma, sbb/n-mb*mb, sab/n-ma*mb
	const c1, c2 = 0.01 * 0.01, 0.03 * 0.03
	return (2*ma*mb + c1) * (2*dab + c2) / ((ma*ma + mb*mb + c1) * (da + db + c2))
}

// markSide is a mark's side in pixels.
const markSide = 8

// marksOf are the places and colours of a frame's marks, as shares of the image.
func marksOf(frame int, seed int32) (out [6][5]float64) {
	random := rand.New(rand.NewPCG(uint64(frame), uint64(seed)))
	for i := range out {
		for k := range out[i] {
			out[i][k] = random.Float64()
		}
	}
	return out
}

func drawMarks(f attack.Files, s attack.Shot) (attack.Files, error) {
	img, err := raster.DecodePNG(f.Final, raster.Limits{})
	if err != nil {
		return f, err
	}
	side := markSide / max(s.Shrink, 1)
	for _, m := range marksOf(s.Frame, s.Seed) {
		x0, y0 := int(m[0]*float64(img.W-side)), int(m[1]*float64(img.H-side))
		for y := y0; y < y0+side; y++ {
			for x := x0; x < x0+side; x++ {
				for c := range 3 {
					img.Set(x, y, c, m[2+c])
				}
			}
		}
	}
	var out bytes.Buffer
	if err := raster.EncodePNG(&out, img); err != nil {
		return f, err
	}
	return attack.Files{Final: out.Bytes(), Master: f.Master}, nil
}

// marksHold looks for the marks of an honest attempt. Later marks cover earlier ones, so only
// the middles that nothing covers count.
func marksHold(img *raster.Raster, frame int) bool {
	marks := marksOf(frame, attack.Seed(frame))
	at := func(m [5]float64) (x, y int) {
		return int(m[0] * float64(img.W-markSide)), int(m[1] * float64(img.H-markSide))
	}
	for i, m := range marks {
		x, y := at(m)
		covered := false
		for _, later := range marks[i+1:] {
			lx, ly := at(later)
			covered = covered || max(lx-x, x-lx) < markSide && max(ly-y, y-ly) < markSide
		}
		for c := range 3 {
			if v := img.At(x+markSide/2, y+markSide/2, c); !covered && math.Abs(v-m[2+c]) > 10.0/255 {
				return false
			}
		}
	}
	return true
}

// baselineShares prints what the other ways cost on the frames of the shares.
func baselineShares(ctx context.Context, e env, size attack.Options, per float64, frames int) (err error) {
	row("baseline_replication_share", 100, "%", 100)
	l, err := lab(ctx, e, "share-crops", size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	s, work, err := l.Session(ctx, shareScene, "", l.Recipe(shareScene))
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(1, 2))
	cpu := 0.0
	for n := range 3 {
		frame := 2 + 7*n%frames
		border := render.Rect{W: l.Width / 10, H: l.Height / 10}
		border.X, border.Y = random.IntN(l.Width-border.W), random.IntN(l.Height-border.H)
		f, err := s.Render(ctx, render.Request{Frame: frame, Seed: attack.Seed(frame), Borders: []render.Rect{border}, OutDir: work}, nil)
		if err != nil {
			return err
		}
		cpu += f.CPUSeconds
	}
	row("baseline_crops_share", 100*cpu/(per*float64(frames)), "%", 100)
	insert, err := insertMarks(ctx, e, l)
	if err != nil {
		return err
	}
	log.Printf("putting marks into the scene takes %.2f CPU s a task; the whitepaper says 1 to 50 s", insert)
	row("baseline_marks_share", 100*insert/(per*float64(frames)), "%", 100)
	return nil
}

// insertMarks measures what it costs to open a scene, put six marks before the camera on every
// frame and save it, in CPU seconds.
func insertMarks(ctx context.Context, e env, l *attack.Lab) (float64, error) {
	folder, err := l.Folder(ctx, shareScene, "")
	if err != nil {
		return 0, err
	}
	script := filepath.Join(e.dir, "marks.py")
	text := `import bpy, sys
s = bpy.context.scene
for i in range(6):
    bpy.ops.mesh.primitive_plane_add(size=0.05)
    o = bpy.context.object
    m = bpy.data.materials.new("mark")
    m.use_nodes = True
    o.data.materials.append(m)
    o.parent = s.camera
    for f in range(2, 22):
        o.location = (0.01 * i, 0.005 * f, -2)
        o.keyframe_insert("location", frame=f)
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[-1], compress=False)
`
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, l.Install.Path, "-b", filepath.Join(folder, "scene.blend"), "-noaudio", "--python-exit-code", "64", "-P", script, "--", filepath.Join(e.dir, "marked.blend"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("put marks into the scene: %w\n%s", err, out)
	}
	used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, errors.New("this system doesn't tell a process's CPU time")
	}
	return (time.Duration(used.Utime.Nano()) + time.Duration(used.Stime.Nano())).Seconds(), nil
}
