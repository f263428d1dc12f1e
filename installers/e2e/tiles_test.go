package e2e_test

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/installers/stage"
	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/blender"
	"github.com/heliostat-render/heliostat/shared/render/rendertest"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// A still is rendered in tiles. One worker renders its tile with half of the samples and is found; one is killed in
// the middle of its tile and comes back. What is delivered is the image that one worker would have rendered, and everybody
// is paid by area.
func TestStillInTiles(t *testing.T) {
	f := newFarm(t)
	f.verifier("verifier 1")
	f.verifier("verifier 2")
	cheat, victim := f.worker("cheat", "--cheat", "half-samples"), f.worker("victim")
	steady := f.worker("steady")
	operator := f.operator()
	out := filepath.Join(f.Dir, "frames")
	submit := f.run(nil, filepath.Join(binDir, "heliostat"), "submit", filepath.Join(sceneDir, "field.blend"), "--manager", f.url, "--data", filepath.Join(f.Dir, "artist"),
		"--frames", "1", "--samples", "8", "--tiles", "12", "--out", out, "--wait", "--yes", "--accept")
	f.until(operator, "the victim has a tile behind it", func(d wire.JobDetail) bool {
		return eventsOf(d, "rendered")[victim.Ready["id"]] > 0
	})
	f.busy(operator, victim)
	victim.Kill()
	f.worker("victim") // the same key again
	submit.wait(t)
	detail, payouts := f.settled(operator)

	checkFrames(t, detail, func(frame int) string { return filepath.Join(out, fmt.Sprintf("frame_%04d.png", frame)) })
	checkDeliveredOnce(t, detail)
	if eventsOf(detail, "tile rejected")[cheat.Ready["id"]] == 0 {
		t.Error("the cheat was not found")
	}
	ledger, tasks, seed := f.ledger(detail.Job.ID)
	if len(tasks) != 13 || tasks[12].Kind != job.TaskAssemble {
		t.Fatalf("the job had %d tasks", len(tasks))
	}
	want, sum := map[string]job.Amount{}, job.Amount(0)
	shares := lease.Shares(tasks, detail.Job.Quote.PerFrame)
	workers := map[string]bool{}
	for _, e := range ledger {
		if e.Role != job.RoleWorker {
			continue
		}
		workers[e.Node] = true
		sum += e.Amount
		want[e.Node] += shares[e.Part]
		if e.Amount != shares[e.Part] {
			t.Errorf("part %d is paid %d of %d, by its area it is %d", e.Part, int64(e.Amount), int64(detail.Job.Quote.PerFrame), int64(shares[e.Part]))
		}
	}
	if sum != detail.Job.Quote.PerFrame || len(workers) != 2 || !workers[victim.Ready["id"]] || !workers[steady.Ready["id"]] {
		t.Errorf("the workers %v were paid %s for a frame of %s", workers, sum, detail.Job.Quote.PerFrame)
	}
	for _, p := range payouts {
		if p.Role == job.RoleWorker && p.Cumulative != want[p.Node] {
			t.Errorf("%s earned %s, its tiles are worth %s", p.Node, p.Cumulative, want[p.Node])
		}
	}
	if detail.Job.Spent+detail.Job.Refund != detail.Job.Quote.Ceiling || detail.Job.Escrow != 0 {
		t.Errorf("spent %s and refunded %s of the ceiling %s", detail.Job.Spent, detail.Job.Refund, detail.Job.Quote.Ceiling)
	}
	sameImage(t, filepath.Join(out, "frame_0001.png"), renderWhole(t, detail.Job.Recipe, seed))
}

// Whoever joins a still and delivers it with half of its light is found, though its master is right. Another worker
// joins the tiles; the ones that the cheat had rendered honestly stay paid.
func TestStillThatIsJoinedWrong(t *testing.T) {
	f := newFarm(t)
	f.verifier("verifier 1")
	f.verifier("verifier 2")
	dark := f.worker("dark", "--cheat", "dark-join").Ready["id"]
	operator := f.operator()
	submit := f.run(nil, filepath.Join(binDir, "heliostat"), "submit", filepath.Join(sceneDir, "field.blend"), "--manager", f.url, "--data", filepath.Join(f.Dir, "artist"),
		"--frames", "1", "--samples", "4", "--percentage", "50", "--tiles", "2", "--out", filepath.Join(f.Dir, "frames"), "--wait", "--yes", "--accept")
	f.until(operator, "the dark still is refused", func(d wire.JobDetail) bool { return eventsOf(d, "frame rejected")[dark] > 0 })
	honest := f.worker("honest").Ready["id"]
	submit.wait(t)
	detail, _ := f.settled(operator)
	if got := detail.Frames[0]; got.Worker != honest || got.Rejects != 1 || !strings.Contains(got.Verdict, "follow from their masters") {
		t.Errorf("the frame is from %s after %d rejections: %s", got.Worker, got.Rejects, got.Verdict)
	}
	ledger, _, _ := f.ledger(detail.Job.ID)
	for _, e := range ledger {
		if e.Role == job.RoleWorker && (e.Part < 2) != (e.Node == dark) {
			t.Errorf("part %d was paid to %s", e.Part, e.Node)
		}
	}
}

// A denoised still: anybody renders its tiles, and whoever lies in the guides of the denoiser is found; only the worker whose
// Blender says that it has OpenImageDenoise joins them. Its Denoise node lets the image through, so that what is delivered is the
// undenoised still.
func TestDenoisedStillInTiles(t *testing.T) {
	program, err := exec.LookPath("blender")
	if err != nil {
		t.Fatal(err)
	}
	scene := filepath.Join(sceneDir, "denoised.blend")
	if out, err := exec.CommandContext(t.Context(), program, "-b", filepath.Join(sceneDir, "field.blend"), "--python-exit-code", "3", "--python-expr",
		fmt.Sprintf("import bpy; bpy.context.scene.cycles.use_denoising = True; bpy.ops.wm.save_as_mainfile(filepath=%q, copy=True)", scene)).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f := newFarm(t)
	f.verifier("verifier 1")
	f.verifier("verifier 2")
	liar := f.worker("liar", "--cheat", "false-guides").Ready["id"]
	operator := f.operator()
	submit := func() *running {
		return f.run(nil, filepath.Join(binDir, "heliostat"), "submit", scene, "--manager", f.url, "--data", filepath.Join(f.Dir, "artist"),
			"--frames", "1", "--samples", "4", "--percentage", "50", "--tiles", "2", "--out", filepath.Join(f.Dir, "frames"), "--wait", "--yes", "--accept")
	}
	code, output := f.exitCode(filepath.Join(binDir, "heliostat"), "submit", scene, "--manager", f.url, "--data", filepath.Join(f.Dir, "artist"), "--frames", "1", "--tiles", "2", "--wait", "--yes")
	if code == 0 || !strings.Contains(output, "OpenImageDenoise to join its tiles") {
		t.Fatalf("while nobody can join it, submitting ends with %d: %s", code, output)
	}
	joiner := f.worker("joiner", "--blender", rendertest.Denoising(t, program)).Ready["id"]
	submit().wait(t)
	detail, _ := f.settled(operator)
	if eventsOf(detail, "tile rejected")[liar] == 0 {
		t.Error("the liar was not found")
	}
	if got := detail.Frames[0]; got.Worker != joiner || got.Rejects != 0 || !strings.Contains(got.Verdict, "(near)") {
		t.Errorf("the frame is from %s after %d rejections: %s", got.Worker, got.Rejects, got.Verdict)
	}
	ledger, _, seed := f.ledger(detail.Job.ID)
	for _, e := range ledger {
		if e.Role == job.RoleWorker && e.Node != joiner {
			t.Errorf("part %d was paid to %s", e.Part, e.Node)
		}
	}
	undenoised := detail.Job.Recipe
	undenoised.Denoise = false
	sameImage(t, filepath.Join(f.Dir, "frames", "frame_0001.png"), renderWhole(t, undenoised, seed))
}

// eventsOf counts the events of a kind by node.
func eventsOf(d wire.JobDetail, what string) map[string]int {
	found := make(map[string]int)
	for _, e := range d.Events {
		if e.What == what {
			found[e.Node]++
		}
	}
	return found
}

// busy waits until a node works.
func (f *farm) busy(c *client.Client, p *stage.Process) {
	f.t.Helper()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		nodes, err := c.Nodes(f.ctx)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, n := range nodes {
			if n.Address == p.Ready["id"] && n.State == job.NodeBusy {
				return
			}
		}
		select {
		case <-ticker.C:
		case <-f.ctx.Done():
			f.t.Fatal("the worker never gets work")
		}
	}
}

// ledger stops the manager and reads from its database who was paid for a job, its tasks in order, and the seed of
// its still.
func (f *farm) ledger(jobID string) (entries []store.Entry, tasks []*job.Task, seed int32) {
	f.t.Helper()
	if err := f.manager.Stop(); err != nil {
		f.t.Fatal(err)
	}
	db, err := sqlite.Open(f.ctx, filepath.Join(f.Data("manager"), "heliostat.db"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(f.ctx, func(tx store.Tx) error {
		var err error
		if entries, err = tx.Entries(jobID); err != nil {
			return err
		}
		if tasks, err = tx.Tasks(jobID); err != nil {
			return err
		}
		a, err := tx.Attempt(entries[0].Attempt)
		if err == nil {
			seed = a.Seeds[0]
		}
		return err
	}); err != nil {
		f.t.Fatal(err)
	}
	return entries, tasks, seed
}

// renderWhole renders frame 1 of the test's scene in one piece, as one worker does.
func renderWhole(t *testing.T, recipe job.Recipe, seed int32) string {
	t.Helper()
	ctx := context.Background()
	b := blender.New(blender.Config{})
	found, err := b.Find(ctx)
	if err != nil || len(found) == 0 {
		t.Fatalf("Blender is needed: %v", err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, render.SceneFolder), os.DirFS(sceneDir)); err != nil {
		t.Fatal(err)
	}
	recipe.MainFile = "field.blend"
	s, err := b.Open(ctx, render.Options{Install: found[0], Workspace: dir, Recipe: recipe, Sandbox: render.NoSandbox{}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	frame, err := s.Render(ctx, render.Request{Frame: 1, Seed: seed, OutDir: dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return frame.Files[0].Path
}

// sameImage compares two pictures to the one step of 8 bits that the master's half floats explain.
func sameImage(t *testing.T, got, want string) {
	t.Helper()
	a, b := readPNG(t, got), readPNG(t, want)
	if a.Bounds() != b.Bounds() {
		t.Fatalf("%v where the whole still has %v", a.Bounds(), b.Bounds())
	}
	off := 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			for _, d := range []int{int(r1) - int(r2), int(g1) - int(g2), int(b1) - int(b2)} {
				switch {
				case d > 257 || d < -257:
					t.Fatalf("pixel %d, %d is %v, of the still that was rendered whole %v", x, y, a.At(x, y), b.At(x, y))
				case d != 0:
					off++
				}
			}
		}
	}
	if samples := 3 * a.Bounds().Dx() * a.Bounds().Dy(); off > samples/40 {
		t.Errorf("%d of %d samples are off by one step", off, samples)
	} else {
		t.Logf("%d of %d samples are off by one step of 255", off, samples)
	}
}

func readPNG(t *testing.T, path string) image.Image {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	img, err := png.Decode(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return img
}
