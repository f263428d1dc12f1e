package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// still is a job of one frame in two tiles, of which the first has twice the area.
func (r *rig) still() (*store.Job, []*job.Task) {
	r.t.Helper()
	return r.stillOf(func(*job.Recipe) {})
}

// stillOf is one whose recipe was changed.
func (r *rig) stillOf(change func(*job.Recipe)) (*store.Job, []*job.Task) {
	r.t.Helper()
	j := storetest.Job("0xA", store.NewID("r"), 1)
	change(&j.Recipe)
	j.Tiles, j.Recipe.Width, j.Recipe.Height, j.Recipe.Version = 2, 96, 64, fake.Version
	j.Quote = job.Quote{PerFrame: 1000, VerifyFee: 100, Price: 1100, Ceiling: 2000}
	var tasks []*job.Task
	for i, b := range []job.Border{{W: 64, H: 64}, {X: 64, W: 32, H: 64}} {
		tasks = append(tasks, &job.Task{ID: store.NewID("t"), Job: j.ID, Index: i, State: job.TaskWaiting, Kind: job.TaskTile, Border: &b, Frames: []int{1}})
	}
	r.update(func(tx store.Tx) error {
		if err := errors.Join(tx.AddJob(j), tx.AddTasks(tasks), tx.AddFrames([]*job.Frame{{Job: j.ID, Number: 1, State: job.FramePending, Task: tasks[0].ID, Price: 1100}})); err != nil {
			return err
		}
		for _, step := range [][2]job.State{{job.Draft, job.Quoted}, {job.Quoted, job.Funded}, {job.Funded, job.Rendering}} {
			if _, err := tx.MoveJob(j.ID, []job.State{step[0]}, step[1], nil); err != nil {
				return err
			}
		}
		return nil
	})
	return j, tasks
}

// assembly is the task that joins the still's tiles.
func (r *rig) assembly(jobID string) (t *job.Task) {
	r.t.Helper()
	r.update(func(tx store.Tx) error {
		tasks, err := tx.Tasks(jobID)
		if i := slices.IndexFunc(tasks, func(t *job.Task) bool { return t.Kind == job.TaskAssemble }); i >= 0 {
			t = tasks[i]
		}
		return err
	})
	if t == nil {
		r.t.Fatal("the still isn't to be joined yet")
	}
	return t
}

// paid lists "part role node amount" of the ledger.
func (r *rig) paid(jobID string) (list []string) {
	r.t.Helper()
	r.update(func(tx store.Tx) error {
		entries, err := tx.Entries(jobID)
		list = nil
		for _, e := range entries {
			list = append(list, fmt.Sprintf("%d %s %s %d", e.Part, e.Role, e.Node, int64(e.Amount)))
		}
		return err
	})
	return list
}

// fees are what verifiers are owed beyond the ledger.
func (r *rig) fees(jobID string) (sum job.Amount) {
	r.t.Helper()
	r.update(func(tx store.Tx) error {
		fees, err := tx.Fees(jobID)
		sum = 0
		for _, f := range fees {
			sum += f.Amount
		}
		return err
	})
	return sum
}

// TestStillIsCheckedInParts follows a still: its tiles are verified one by one without moving the frame, the joined
// one is held to them, and all are paid together by area.
func TestStillIsCheckedInParts(t *testing.T) {
	r := newRig(t)
	a, b, c := r.worker(fake.Behaviour{}), r.worker(fake.Behaviour{}), r.worker(fake.Behaviour{})
	v := r.verifier(fake.Behaviour{})
	j, tiles := r.still()
	r.render(a, tiles[0], nil)
	r.run()
	if frame := r.frames(j.ID)[0]; frame.State != job.FramePending || len(r.paid(j.ID)) > 0 || !r.did(j.ID, "tile verified") {
		t.Fatalf("after one tile the frame is %+v, paid %v", frame, r.paid(j.ID))
	}
	r.render(b, tiles[1], nil)
	r.run()
	joined := r.render(c, r.assembly(j.ID), nil)
	r.run()
	frame := r.frames(j.ID)[0]
	if frame.State != job.FrameDelivered || frame.Attempt != joined.ID || !strings.Contains(frame.Verdict, "follow from their masters") {
		t.Errorf("the frame is %+v", frame)
	}
	want := []string{
		fmt.Sprintf("0 verifier %s 63", v.address()), fmt.Sprintf("0 worker %s 633", a.address()), fmt.Sprintf("1 verifier %s 31", v.address()), fmt.Sprintf("1 worker %s 316", b.address()),
		fmt.Sprintf("2 verifier %s 6", v.address()), fmt.Sprintf("2 worker %s 51", c.address()),
	}
	if got := r.paid(j.ID); !slices.Equal(got, want) {
		t.Errorf("paid %q, want %q", got, want)
	}
	if got := r.state(j.ID); got.State != job.Delivered || got.Spent != 1100 {
		t.Errorf("the job is %s and has spent %d", got.State, int64(got.Spent))
	}
	for _, audit := range r.audits(joined.ID) {
		if audit.State != lifecycle.AuditPassed || audit.Verdict == nil || audit.Verdict.Result.Inconclusive {
			t.Errorf("the check of the joined still: %+v", audit)
		}
	}
}

// TestSpoiltTileIsRejected: a cheat on one tile costs its worker that tile and holds up nothing else.
func TestSpoiltTileIsRejected(t *testing.T) {
	r := newRig(t)
	honest, cheat := r.worker(fake.Behaviour{}), r.worker(fake.Behaviour{Samples: 2})
	for range 3 {
		r.verifier(fake.Behaviour{})
	}
	j, tiles := r.still()
	bad := r.render(cheat, tiles[0], nil)
	r.render(honest, tiles[1], nil)
	r.run()
	if got := r.attempt(bad.ID); got.State != lifecycle.AttemptFailed || !got.Convicted || got.Kind != job.FailVerdict {
		t.Errorf("the cheat's attempt is %+v", got)
	}
	if !r.did(j.ID, "tile rejected") || r.frames(j.ID)[0].State != job.FramePending || r.frames(j.ID)[0].Rejects != 0 {
		t.Errorf("the frame is %+v", r.frames(j.ID)[0])
	}
	r.render(honest, tiles[0], nil)
	r.run()
	r.render(honest, r.assembly(j.ID), nil)
	r.run()
	if got := r.state(j.ID); got.State != job.Delivered {
		t.Errorf("the job is %s", got.State)
	}
	for _, line := range r.paid(j.ID) {
		if strings.Contains(line, cheat.address()) {
			t.Errorf("the cheat is paid: %s", line)
		}
	}
}

func (r *rig) png(img *raster.Raster) []byte {
	r.t.Helper()
	var b bytes.Buffer
	if err := raster.EncodePNG(&b, img); err != nil {
		r.t.Fatal(err)
	}
	return b.Bytes()
}

// TestCheatingAssemblers: whoever joins tiles can change no pixel of them and deliver no other image, is
// rejected and not paid, and the tiles' workers lose nothing by it.
func TestCheatingAssemblers(t *testing.T) {
	edit := func(t *testing.T, raw []byte, decode func([]byte, raster.Limits) (*raster.Raster, error), change func(*raster.Raster)) *raster.Raster {
		img, err := decode(raw, raster.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		change(img)
		return img
	}
	for name, test := range map[string]struct {
		spoil func(r *rig, final, master []byte) ([]byte, []byte)
		says  string
	}{
		"one pixel of the master": {func(r *rig, final, master []byte) ([]byte, []byte) {
			return final, r.exr(edit(r.t, master, raster.DecodeEXR, func(m *raster.Raster) { m.Set(70, 3, 1, m.At(70, 3, 1)+0.01) }))
		}, "pixel 70, 3 differs from part 1"},
		"parts swapped": {func(r *rig, final, master []byte) ([]byte, []byte) {
			return final, r.exr(edit(r.t, master, raster.DecodeEXR, func(m *raster.Raster) {
				was, err := m.Crop(raster.Rect{W: 32, H: 64})
				if err != nil {
					r.t.Fatal(err)
				}
				for y := range 64 {
					for x := range 32 {
						for c := range m.Channels {
							m.Set(x, y, c, m.At(64+x, y, c))
							m.Set(64+x, y, c, was.At(x, y, c))
						}
					}
				}
			}))
		}, "differs from part 0"},
		"a master that is none": {func(r *rig, final, master []byte) ([]byte, []byte) {
			return final, r.exr(edit(r.t, master, raster.DecodeEXR, func(m *raster.Raster) {
				m.Channels, m.Bits = []string{"R", "G", "B"}, m.Bits[:96*64*3*2]
			}))
		}, "other channels"},
		"a file that is too bright": {func(r *rig, final, master []byte) ([]byte, []byte) {
			return r.png(edit(r.t, final, raster.DecodePNG, func(f *raster.Raster) {
				for i := range f.Bits {
					f.Bits[i] = byte(min(255, int(f.Bits[i])*5/4))
				}
			})), master
		}, "wasn't made from its master"},
		"another develop": {func(r *rig, final, master []byte) ([]byte, []byte) {
			return r.png(edit(r.t, final, raster.DecodePNG, func(f *raster.Raster) {
				for y := range 16 {
					for x := range 16 {
						f.Set(x, y, 0, 1-f.At(x, y, 0))
					}
				}
			})), master
		}, "wasn't made from its master"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			tiler, honest, cheat := r.worker(fake.Behaviour{}), r.worker(fake.Behaviour{}), r.worker(fake.Behaviour{})
			for range 3 {
				r.verifier(fake.Behaviour{})
			}
			j, tiles := r.still()
			for _, tile := range tiles {
				r.render(tiler, tile, nil)
			}
			r.run()
			bad := r.render(cheat, r.assembly(j.ID), func(_ int, final, master []byte) ([]byte, []byte) { return test.spoil(r, final, master) })
			r.run()
			if got := r.attempt(bad.ID); got.State != lifecycle.AttemptFailed || !got.Convicted || !strings.Contains(got.Cause, test.says) {
				t.Errorf("the cheat's attempt is %s, convicted %v: %q", got.State, got.Convicted, got.Cause)
			}
			if frame := r.frames(j.ID)[0]; frame.State != job.FramePending || frame.Rejects != 1 || len(r.paid(j.ID)) != 0 {
				t.Errorf("the frame is %+v, paid %v", frame, r.paid(j.ID))
			}
			if n := r.node(cheat.address()); n.Fails != 1 {
				t.Errorf("the cheat is known as %+v", n)
			}
			r.render(honest, r.assembly(j.ID), nil)
			r.run()
			paid := strings.Join(r.paid(j.ID), "\n")
			if r.state(j.ID).State != job.Delivered || strings.Contains(paid, cheat.address()) || strings.Count(paid, tiler.address()) != 2 || strings.Count(paid, honest.address()) != 1 {
				t.Errorf("the job is %s, paid:\n%s", r.state(j.ID).State, paid)
			}
		})
	}
}

// TestDenoisedStill: workers and verifiers without a denoiser do and check the tiles of a denoised still, guides and all,
// and one with a denoiser joins them. Whoever lies in a tile's guides, or in the joined ones, is convicted and replaced.
func TestDenoisedStill(t *testing.T) {
	able := fake.Behaviour{Denoisers: []string{render.OpenImageDenoise}}
	darken := func(r *rig, final, master []byte) ([]byte, []byte) {
		m, err := raster.DecodeEXR(master, raster.Limits{})
		if err != nil {
			r.t.Fatal(err)
		}
		for y := range m.H {
			for c := 4; c < 10; c++ {
				m.Set(70, y, c, 0)
			}
		}
		return final, r.exr(m)
	}
	for name, test := range map[string]struct {
		tiler fake.Behaviour
		join  func(r *rig, final, master []byte) ([]byte, []byte)
		says  string
	}{
		"honest":                {},
		"false guides":          {tiler: fake.Behaviour{FalseGuides: true}, says: "(guides)"},
		"joined guides spoiled": {join: darken, says: "differs from part 1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			first, second, joiner, other := r.worker(test.tiler), r.worker(fake.Behaviour{}), r.worker(able), r.worker(able)
			for range 3 {
				r.verifier(fake.Behaviour{})
			}
			j, tiles := r.stillOf(func(r *job.Recipe) { r.Denoise = true })
			bad := r.render(first, tiles[0], nil)
			r.render(second, tiles[1], nil)
			r.run()
			if test.tiler.FalseGuides {
				if got := r.attempt(bad.ID); got.State != lifecycle.AttemptFailed || !got.Convicted || !strings.Contains(got.Cause, test.says) {
					t.Fatalf("the cheat's tile is %s, convicted %v: %q", got.State, got.Convicted, got.Cause)
				}
				r.render(second, tiles[0], nil)
				r.run()
			}
			if test.join != nil {
				bad = r.render(joiner, r.assembly(j.ID), func(_ int, final, master []byte) ([]byte, []byte) { return test.join(r, final, master) })
				r.run()
				if got := r.attempt(bad.ID); got.State != lifecycle.AttemptFailed || !got.Convicted || !strings.Contains(got.Cause, test.says) {
					t.Fatalf("the cheat's joined still is %s, convicted %v: %q", got.State, got.Convicted, got.Cause)
				}
				joiner = other
			}
			joined := r.render(joiner, r.assembly(j.ID), nil)
			r.run()
			frame := r.frames(j.ID)[0]
			if frame.State != job.FrameDelivered || frame.Attempt != joined.ID || !strings.Contains(frame.Verdict, "(near)") {
				t.Errorf("the frame is %+v", frame)
			}
			if paid := strings.Join(r.paid(j.ID), "\n"); strings.Count(paid, joiner.address()) != 1 || test.says != "" && strings.Contains(paid, r.attempt(bad.ID).Worker) {
				t.Errorf("paid:\n%s", paid)
			}
		})
	}
}

// TestClaimOnAStill: a claim has the tiles checked again and then what joined them. A bad tile is rendered again and the
// still is joined anew; who had joined it is not to blame.
func TestClaimOnAStill(t *testing.T) {
	for name, bad := range map[string]bool{"refused": false, "upheld": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			ctx := context.Background()
			tiler, joiner := r.worker(fake.Behaviour{}), r.worker(fake.Behaviour{})
			cheat := r.worker(fake.Behaviour{Samples: 2})
			colluder := r.verifier(fake.Behaviour{Samples: 2})
			j, tiles := r.still()
			first := tiler
			if bad {
				first = cheat
			}
			wrong := r.render(first, tiles[0], nil)
			if !bad {
				r.verifier(fake.Behaviour{})
				r.nodes.Left(colluder.ID())
			}
			r.run() // the colluder passes it
			r.verifier(fake.Behaviour{})
			r.verifier(fake.Behaviour{})
			r.verifier(fake.Behaviour{})
			if bad {
				r.nodes.Left(colluder.ID())
			}
			r.render(tiler, tiles[1], nil)
			r.run()
			joined := r.render(joiner, r.assembly(j.ID), nil)
			r.run()
			before := r.paid(j.ID)
			if r.state(j.ID).State != job.Delivered || len(before) != 6 {
				t.Fatalf("the job is %s, paid %q", r.state(j.ID).State, before)
			}
			if _, err := r.Claim(ctx, wire.JobClaim{Job: j.ID, Frames: []int{1}, Reason: "the left looks grainy"}); err != nil {
				t.Fatal(err)
			}
			r.run()
			if !bad {
				if got := r.state(j.ID); got.State != job.Delivered || !slices.Equal(r.paid(j.ID), before) {
					t.Errorf("the job is %s, paid %q", got.State, r.paid(j.ID))
				}
				if a := r.audits(joined.ID); len(a) < 4 {
					t.Errorf("what joined the still was checked by %d audits", len(a))
				}
				return
			}
			if got := r.attempt(wrong.ID); got.State != lifecycle.AttemptFailed || !got.Convicted {
				t.Errorf("the bad tile's attempt is %s, convicted %v: %s", got.State, got.Convicted, got.Cause)
			}
			if frame := r.frames(j.ID)[0]; frame.State != job.FramePending || r.state(j.ID).State != job.Rendering || len(r.paid(j.ID)) != 0 || r.state(j.ID).Spent != r.fees(j.ID) {
				t.Errorf("the frame is %+v, the job %s, paid %q, spent %d", frame, r.state(j.ID).State, r.paid(j.ID), int64(r.state(j.ID).Spent))
			}
			r.wait(time.Second)
			r.render(tiler, tiles[0], nil)
			r.run()
			if got := r.attempt(joined.ID); got.State != lifecycle.AttemptFailed || got.Kind != job.FailSuperseded || got.Convicted {
				t.Errorf("what had joined the still is %s as %s, convicted %v", got.State, got.Kind, got.Convicted)
			}
			if n := r.node(joiner.address()); n.Fails != 0 {
				t.Errorf("who had joined it is known as %+v", n)
			}
			r.render(joiner, r.assembly(j.ID), nil)
			r.run()
			paid := strings.Join(r.paid(j.ID), "\n")
			if r.state(j.ID).State != job.Delivered || strings.Contains(paid, cheat.address()) || strings.Count(paid, tiler.address()) != 2 {
				t.Errorf("the job is %s, paid:\n%s", r.state(j.ID).State, paid)
			}
		})
	}
}
