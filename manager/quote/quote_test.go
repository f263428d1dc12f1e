package quote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

type session struct{ fleet.Session }

func (session) ID() string { return "s" }

func TestQuote(t *testing.T) {
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	q := &Quoter{Fleet: fleet.New(time.Now), Unit: job.Token, Clock: time.Now}
	price := func(j *store.Job) job.Quote {
		var out job.Quote
		if err := db.View(context.Background(), func(tx store.Tx) (err error) { out, err = q.Quote(tx, j); return err }); err != nil {
			t.Fatal(err)
		}
		n := job.Amount(len(j.Frames))
		if out.Price != n*(out.PerFrame+out.VerifyFee) || out.Ceiling < out.Price || out.WorkUnitsLow > out.WorkUnits || out.WorkUnitsHigh < out.WorkUnits || out.Seconds <= 0 {
			t.Errorf("quote %+v", out)
		}
		return out
	}
	j := storetest.Job("0xA", "new", 10)
	j.Recipe.Width, j.Recipe.Height, j.Recipe.Samples = 1920, 1080, 128
	guess := price(j)
	samples := 1920 * 1080 * 128 / unitSamples
	if math.Abs(guess.WorkUnits-10*(frameUnits+samples)) > 1e-9 || guess.PerFrame != job.Amount(math.Ceil(guess.WorkUnits/10*float64(job.Token))) || !strings.Contains(guess.Basis, "guess") || !strings.Contains(guess.Basis, "no connected worker") {
		t.Errorf("the guess %+v", guess)
	}
	j.Recipe.Samples = 256
	if double := price(j); math.Abs(double.WorkUnits-10*(frameUnits+2*samples)) > 1e-9 {
		t.Errorf("twice the samples: %+v", double)
	}
	// An earlier job of the scene took 3 units a frame at 128 samples.
	before := storetest.Job("0xA", "before", 4)
	before.Recipe = j.Recipe
	before.Recipe.Samples = 128
	if err := db.Update(context.Background(), func(tx store.Tx) error {
		_, err := storetest.Fill(tx, before)
		_, edit := tx.EditJob(before.ID, func(j *store.Job) { j.Units, j.Seconds, j.RendFrames = 12, 900, 4 })
		return errors.Join(err, edit)
	}); err != nil {
		t.Fatal(err)
	}
	if known := price(j); math.Abs(known.WorkUnits-30/(fixedShare+(1-fixedShare)/2)) > 1e-9 || !strings.Contains(known.Basis, before.ID) {
		t.Errorf("from history: %+v", known)
	}
	// Submitted again, an unchanged scene is another package of the same chunks.
	if got := price(j).Basis; strings.Contains(got, "edited") != (before.Package != j.Package) {
		t.Errorf("the basis is %q", got)
	}
	again := *j
	for _, chunk := range []string{"painted", "c"} {
		if err := db.Update(t.Context(), func(tx store.Tx) (err error) {
			for pkg, chunk := range map[string]string{j.Package: "c", chunk: chunk} {
				err = errors.Join(err, tx.PutPackage(&store.Package{ID: pkg, Owner: j.Owner, Size: 1, Digest: "d"}), tx.AddChunks(pkg, []wire.Chunk{{ID: chunk, Size: 1, Digest: chunk}}), tx.FinishPackage(pkg, 9, 1))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		again.Package = chunk
		if got := price(&again).Basis; strings.Contains(got, "edited") != (chunk != "c") {
			t.Errorf("with the chunk %q the basis is %q", chunk, got)
		}
	}
	for n, want := range []string{"time for the 1 connected worker that", "time for the 2 connected workers that"} {
		q.Fleet.Ready(fleet.Announcement{Role: job.RoleWorker, Address: fmt.Sprint("0xW", n), Session: session{}, Capabilities: job.Capabilities{
			Installs: []job.Install{{Renderer: j.Recipe.Renderer, Version: j.Recipe.Version}}}})
		if got := price(j).Basis; !strings.Contains(got, want) {
			t.Errorf("the basis is %q, want %q", got, want)
		}
	}
	stranger := storetest.Job("0xB", "other", 10)
	stranger.Recipe = before.Recipe
	if other := price(stranger); strings.Contains(other.Basis, before.ID) {
		t.Errorf("another artist's history leaks: %s", other.Basis)
	}
	tiny := storetest.Job("0xA", "tiny", 1)
	tiny.Recipe.MainFile = "tiny.blend"
	q.Unit = 1
	if least := price(tiny); least.PerFrame != minFrame || least.VerifyFee != minVerify {
		t.Errorf("the least price: %+v", least)
	}
}

// TestSmallFramesAreNotRoundedUp: what was rendered says what a frame costs, however little that is.
func TestSmallFramesAreNotRoundedUp(t *testing.T) {
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "h.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	before, j := storetest.Job("0xA", "before", 4), storetest.Job("0xA", "now", 4)
	if err := db.Update(context.Background(), func(tx store.Tx) error {
		_, err := storetest.Fill(tx, before)
		_, edit := tx.EditJob(before.ID, func(j *store.Job) { j.Units, j.Seconds, j.RendFrames = 4*frameUnits/5, 30, 4 })
		return errors.Join(err, edit)
	}); err != nil {
		t.Fatal(err)
	}
	q := &Quoter{Fleet: fleet.New(time.Now), Unit: job.Token, Clock: time.Now}
	if err := db.View(context.Background(), func(tx store.Tx) (err error) { j.Quote, err = q.Quote(tx, j); return err }); err != nil {
		t.Fatal(err)
	}
	if want := 4 * frameUnits / 5; math.Abs(j.Quote.WorkUnits-want) > 1e-9 {
		t.Errorf("quoted %v units, want %v", j.Quote.WorkUnits, want)
	}
}

// TestNoFigureBreaksAQuote: what workers say of their render times is history that quotes rest on. Times near the smallest number
// that there is made a price of what isn't a number, which the store can't write down: no further job of the scene could be
// submitted.
func TestNoFigureBreaksAQuote(t *testing.T) {
	for _, seconds := range []float64{5e-324, 1e-300, 1e-160, 1e-9, 1e7} {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "h.db"))
		if err != nil {
			t.Fatal(err)
		}
		q := &Quoter{Fleet: fleet.New(time.Now), Unit: job.Token, Clock: time.Now}
		before, next := storetest.Job("0xA", "before", 4), storetest.Job("0xA", "next", 4)
		if err := db.Update(t.Context(), func(tx store.Tx) error {
			_, err := storetest.Fill(tx, before)
			_, edit := tx.EditJob(before.ID, func(j *store.Job) { j.Units, j.Seconds, j.RendFrames = seconds, seconds, 4 })
			moved := tx.MoveFrames(before.ID, before.Frames, job.FramePending, job.FrameUploaded, func(f *job.Frame) {
				f.Worker, f.Object, f.Digest, f.Seconds = "0xW", "o", "d", seconds
			})
			return errors.Join(err, edit, moved)
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.View(t.Context(), func(tx store.Tx) error {
			price, err := q.Quote(tx, next)
			if err != nil {
				return err
			}
			if _, err := json.Marshal(price); err != nil || price.PerFrame < minFrame || price.Ceiling < price.Price || price.Price <= 0 {
				t.Errorf("with frames of %g seconds: %+v, %v", seconds, price, err)
			}
			return nil
		}); err != nil {
			t.Errorf("with frames of %g seconds: %v", seconds, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
