package intake

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func frames(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

func good() wire.JobDraft {
	return wire.JobDraft{
		Request: "r", Name: "Schuß 7", Package: strings.Repeat("ab", 32), JobKey: make([]byte, 80), Frames: []int{-3, 0, 7},
		Recipe: job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", MainFile: "a b/c.blend", Width: 480, Height: 270, Samples: 32, Device: "CPU", Format: "PNG"},
	}
}

func TestCheckDraft(t *testing.T) {
	d := good()
	if err := checkDraft(&d); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*wire.JobDraft){
		"no request":         func(d *wire.JobDraft) { d.Request = "" },
		"control characters": func(d *wire.JobDraft) { d.Name = "a\x1b[31m" },
		"package":            func(d *wire.JobDraft) { d.Package = strings.Repeat("AB", 32) },
		"no key":             func(d *wire.JobDraft) { d.JobKey = nil },
		"no frames":          func(d *wire.JobDraft) { d.Frames = nil },
		"a frame twice":      func(d *wire.JobDraft) { d.Frames = []int{1, 1} },
		"descending":         func(d *wire.JobDraft) { d.Frames = []int{2, 1} },
		"far frames":         func(d *wire.JobDraft) { d.Frames = []int{1 << 30} },
		"too many frames":    func(d *wire.JobDraft) { d.Frames = frames(maxFrames + 1) },
		"priority":           func(d *wire.JobDraft) { d.Priority = 1000 },
		"no pixels":          func(d *wire.JobDraft) { d.Recipe.Width = 0 },
		"many pixels":        func(d *wire.JobDraft) { d.Recipe.Height = 1 << 20 },
		"samples":            func(d *wire.JobDraft) { d.Recipe.Samples = -1 },
		"device":             func(d *wire.JobDraft) { d.Recipe.Device = "TPU" },
		"a movie":            func(d *wire.JobDraft) { d.Recipe.Format = "FFMPEG" },
		"absolute main file": func(d *wire.JobDraft) { d.Recipe.MainFile = "/etc/passwd" },
		"climbing main file": func(d *wire.JobDraft) { d.Recipe.MainFile = "a/../../b.blend" },
		"no engine":          func(d *wire.JobDraft) { d.Recipe.Engine = "" },
		"much before":        func(d *wire.JobDraft) { d.After = make([]string, maxAfter+1) },
		"nameless before":    func(d *wire.JobDraft) { d.After = []string{""} },
		"tiles":              func(d *wire.JobDraft) { d.Tiles = maxTiles + 1 },
		"less than nothing":  func(d *wire.JobDraft) { d.Needs.VRAM = -1 },
		"an empty tag":       func(d *wire.JobDraft) { d.Needs.Tags = []string{""} },
		"many tags":          func(d *wire.JobDraft) { d.Needs.Tags = make([]string, maxTags+1) },
		"no address":         func(d *wire.JobDraft) { d.Needs.Allow = []string{"attic"} },
		"a bad address":      func(d *wire.JobDraft) { d.Needs.Block = []string{"0x" + strings.Repeat("g", 40)} },
		"a long region":      func(d *wire.JobDraft) { d.Needs.Region = strings.Repeat("a", maxTag+1) },
		"view layer":         func(d *wire.JobDraft) { d.Recipe.ViewLayers = []string{""} },
	} {
		d := good()
		spoil(&d)
		if checkDraft(&d) == nil {
			t.Errorf("%s: the draft was taken", name)
		}
	}
}

func FuzzCheckDraft(f *testing.F) {
	raw, err := json.Marshal(good())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var d wire.JobDraft
		if json.Unmarshal(raw, &d) != nil || checkDraft(&d) != nil {
			return
		}
		// What is taken can be split, stored and read back.
		j := &store.Job{Job: job.Job{ID: "j", Frames: d.Frames, Recipe: d.Recipe, Scout: d.Scout && d.Tiles <= 1, Tiles: d.Tiles}}
		n := 0
		if d.Tiles > 1 {
			for _, task := range Split(j, Sizing{}) {
				n += task.Border.W * task.Border.H
			}
			if n != len(d.Frames)*d.Recipe.Width*d.Recipe.Height {
				t.Fatalf("tiles of %d pixels", n)
			}
			return
		}
		for _, task := range Split(j, Sizing{Seconds: 1, Least: 1, Workers: 3, Target: time.Minute}) {
			n += len(task.Frames)
		}
		back, err := store.ParseFrames(store.FormatFrames(d.Frames), maxFrames)
		if n != len(d.Frames) || err != nil || len(back) != len(d.Frames) {
			t.Fatalf("%d of %d frames, %v", n, len(d.Frames), err)
		}
	})
}

// TestAQuoteKeepsNothing: a package isn't kept for a quote that nobody accepts, else anybody fills the store for good. Who accepts
// one in time, or asks for another, has its package kept from then on; who comes too late is told.
func TestAQuoteKeepsNothing(t *testing.T) {
	d := newDesk(t)
	draft := good()
	q, err := d.Draft(t.Context(), artist, draft)
	if err != nil {
		t.Fatal(err)
	}
	idle := func(after time.Duration) bool {
		var list []*store.Package
		d.update(func(tx store.Tx) (err error) {
			list, err = tx.IdlePackages(d.now.Add(after).UnixMilli(), 10)
			return err
		})
		return len(list) > 0
	}
	d.now = d.now.Add(2 * time.Hour)
	if !idle(-time.Minute) {
		t.Error("an old quote keeps its package")
	}
	if q, err = d.Draft(t.Context(), artist, draft); err != nil || idle(0) || !idle(time.Minute) {
		t.Errorf("priced anew, the package is idle: %v, %v", idle(0), err)
	}
	gone := d.now.Add(time.Minute).UnixMilli()
	d.update(func(tx store.Tx) error { return tx.DropPackage(draft.Package, gone) })
	if _, err := d.Fund(t.Context(), artist, wire.JobFund{Job: q.Job.ID, Quote: q.Quote.ID}); code(err) != wire.CodeNotFound {
		t.Errorf("accepted without its package: %v", err)
	}
	d.now = d.now.Add(2 * time.Hour)
	if _, err := d.Draft(t.Context(), artist, draft); code(err) != wire.CodeNotFound {
		t.Errorf("priced without its package: %v", err)
	}
}
