package audit

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// restart has a new process take over what the last one left.
func (r *rig) restart() {
	r.t.Helper()
	chance := r.chance
	r.Auditor = New(r.options)
	r.chance = chance
	if err := r.Adopt(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// picture draws something as a delivered file: waves that motif changes, moved by some pixels
// and lit by so much.
func picture(t *testing.T, motif, light, move float64) []byte {
	t.Helper()
	img := raster.New(160, 96, []string{"R", "G", "B"}, raster.U8)
	for y := range img.H {
		for x := range img.W {
			fx, fy := float64(x)+move, float64(y)
			v := 0.45 + 0.2*math.Sin(fx/(7+motif)+motif) + 0.2*math.Cos(fy/(5+motif)+fx/(11+2*motif))
			for c := range 3 {
				img.Set(x, y, c, min(v*light*(1-0.1*float64(c)), 1))
			}
		}
	}
	var b bytes.Buffer
	if err := raster.EncodePNG(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestALookalikeIsChecked: a trusted worker's frames that look like what somebody else was
// sold are given to a verifier, after a restart too; the same artist's and package's aren't, and nobody is
// blamed.
func TestALookalikeIsChecked(t *testing.T) {
	r := newRig(t)
	w := r.worker(fake.Behaviour{})
	r.trust(w, 0.999)
	// deliver has the worker deliver a job of one task, if nothing is odd about it.
	deliver := func(owner, pack string, final func(frame int) []byte) (delivered bool, doubt string) {
		t.Helper()
		j := storetest.Job(owner, store.NewID("r"), 2)
		j.Quote.Ceiling, j.Package, j.Recipe.Version = 1000, pack, fake.Version
		j.Recipe.Width, j.Recipe.Height = 160, 96
		var tasks []*job.Task
		r.update(func(tx store.Tx) (err error) {
			tasks, err = storetest.Fill(tx, j)
			return err
		})
		a := r.exempted(w, tasks[0], func(frame int, _, master []byte) ([]byte, []byte) { return final(frame), master })
		return r.state(j.ID).State == job.Delivered, r.seen[r.audits(a.ID)[0].ID]
	}
	of := func(motif, light, move float64) func(int) []byte {
		return func(frame int) []byte { return picture(t, motif+float64(frame), light, move) }
	}
	for _, first := range []struct {
		owner, pack string
		motif       float64
	}{{"0xA", "p1", 0}, {"0xE", "p9", 20}} {
		if ok, doubt := deliver(first.owner, first.pack, of(first.motif, 1, 0)); !ok {
			t.Fatalf("the first isn't delivered: %s", doubt)
		}
	}
	for name, c := range map[string]struct {
		owner, pack string
		final       func(int) []byte
		alike       bool
	}{
		"brighter":          {"0xB", "p2", of(0, 1.02, 0), true},
		"moved":             {"0xB", "p2", of(0, 1, 1), true},
		"brighter, restart": {"0xB", "p2", of(0, 1.025, 0), true},
		"of one artist":     {"0xA", "p3", of(0, 1.015, 0), false},
		"of one package":    {"0xC", "p9", of(20, 1.01, 0), false},
		"another":           {"0xD", "p4", of(5, 1, 0), false},
	} {
		if strings.Contains(name, "restart") {
			r.restart()
			if err := r.acquaint(t.Context(), w.address()); err != nil {
				t.Fatal(err)
			}
		}
		ok, doubt := deliver(c.owner, c.pack, c.final)
		if ok == c.alike || c.alike != strings.Contains(doubt, "looks like") {
			t.Errorf("%s: delivered %v, doubt %q", name, ok, doubt)
		}
	}
	if n := r.node(w.address()); n.Fails != 0 || n.Standing.Trust < 0.99 {
		t.Errorf("the worker is blamed for looks: %+v", n)
	}
}

// TestTheGalleryIsBounded fills it twice.
func TestTheGalleryIsBounded(t *testing.T) {
	g := newGallery()
	print := func(i int) proof.Print {
		return proof.Print{uint64(i) * 0x9e3779b97f4a7c15, ^uint64(i) * 0xd1342543de82ef95, uint64(i) * 0xa0761d6478bd642f, uint64(i) * 0xe7037ed1a0b428db}
	}
	for i := range maxShown + 5 {
		g.hang("p", "o", "a", []proof.FramePrint{{Frame: i, Print: print(i)}})
	}
	if len(g.shown) != maxShown || g.next != 5 {
		t.Errorf("%d frames, the next at %d", len(g.shown), g.next)
	}
	if e, ok := g.like("other", "other", print(maxShown+4)); !ok || e.frame != maxShown+4 {
		t.Errorf("the newest isn't found: %+v", e)
	}
	if e, ok := g.like("other", "other", print(2)); ok && e.frame == 2 {
		t.Error("the oldest is still there")
	}
}
