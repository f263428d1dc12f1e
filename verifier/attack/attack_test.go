package attack

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestAttacks plays every attack once, spread over the scenes, against the real verifier with
// real Blender: commit, reveal, challenge, blind render, verdict. The benchmark `verify` plays all on all.
func TestAttacks(t *testing.T) {
	l, err := New(t.Context(), Options{Dir: t.TempDir(), Width: 160, Height: 90, Samples: 32})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	number := 0
	for at, scene := range Scenes {
		t.Run(scene, func(t *testing.T) {
			s := newStage(t, l, scene)
			honest, err := HonestTask(t.Context(), l, scene, 4)
			if err != nil {
				t.Fatal(err)
			}
			s.play("honest"+scene, honest, nil)
			if v := s.verdict(); !v.Pass || v.Inconclusive {
				t.Fatalf("an honest worker is blamed: %s", v.Reason)
			}
			for i, f := range Forgeries {
				if home(f, i) != at {
					continue
				}
				task, err := f.Work(t.Context(), l, scene)
				if err != nil {
					t.Fatal(err)
				}
				v := proof.Verdict{Pass: true}
				// A small region is found with a chance: whoever goes on cheating is found soon.
				for tries := 0; v.Pass && (tries == 0 || f.Name == "bad_region_5" && tries < 8); tries++ {
					number++
					s.play(auditName(number), task, nil)
					v = s.verdict()
				}
				t.Logf("%s: %s", f.Name, v.Reason)
				if v.Pass || v.Inconclusive {
					t.Errorf("%s isn't caught: %s", f.Name, v.Reason)
				}
			}
			if scene == "smooth" {
				refusals(t, s, honest)
			}
			l.Forget()
		})
	}
	tricks(t, l)
}

// TestFurtherAttacks plays every attack on what is delivered beside the frame, each where it makes sense.
func TestFurtherAttacks(t *testing.T) {
	l, err := New(t.Context(), Options{Dir: t.TempDir(), Width: 96, Height: 64, Samples: 16})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, scene := range FurtherScenes {
		t.Run(scene, func(t *testing.T) {
			s := newStage(t, l, scene)
			honest, err := HonestTask(t.Context(), l, scene, 2)
			if err != nil {
				t.Fatal(err)
			}
			s.play("honest"+scene, honest, nil)
			v := s.verdict()
			t.Log(v.Reason)
			if !v.Pass || v.Inconclusive || strings.Contains(v.Reason, "wasn't compared") {
				t.Fatalf("an honest worker is blamed, or not looked at: %s", v.Reason)
			}
			for i, f := range FurtherForgeries {
				if !f.On(scene) {
					continue
				}
				task, err := f.Work(t.Context(), l, scene)
				if err != nil {
					t.Fatal(err)
				}
				s.play(auditName(i), task, nil)
				v := s.verdict()
				t.Logf("%s: %s", f.Name, v.Reason)
				if v.Pass || v.Inconclusive {
					t.Errorf("%s isn't caught: %s", f.Name, v.Reason)
				}
			}
			l.Forget()
		})
	}
}

// home is the scene that an attack is played on here: the next one that it makes sense on.
func home(f Forgery, i int) int {
	if f.Name == "delivered_not_from_master" {
		return slices.Index(Scenes, "comp") // where the whole frame is developed again
	}
	for {
		if at := i % len(Scenes); f.On(Scenes[at]) && !(f.Name == "fewer_bounces" && Scenes[at] == "flat") {
			return at
		}
		i++
	}
}

// refusals show the verifier things that no honest worker and manager show it.
func refusals(t *testing.T, s *stage, honest *Task) {
	for i, c := range []struct {
		name, fault, cause string
		change             func(*wire.AuditReveal)
	}{
		{"withheld upload", "missing", "frame 3", func(r *wire.AuditReveal) { r.Masters[1] = s.Get(fetchtest.FrameKey("nowhere", 3, "master")) }},
		{"wrong Merkle proof: other files", "missing", "digest", func(r *wire.AuditReveal) { r.Masters[0], r.Masters[1] = r.Masters[1], r.Masters[0] }},
		{"forged signature", "verifier", "signed by", func(r *wire.AuditReveal) { r.Receipt.Finished++ }},
		{"late commit", "verifier", "root", func(r *wire.AuditReveal) {
			r.Commits = append(r.Commits[:0:0], r.Commits...)
			r.Commits[0].MasterRoot[0]++
		}},
		{"wrong recipe", "verifier", "another recipe", func(r *wire.AuditReveal) {
			other := s.lab.Recipe(s.scene)
			other.Samples++
			r.Receipt.Recipe = receipt.RecipeHash(other)
		}},
	} {
		s.play("r"+auditName(i), honest, c.change)
		failed := fetchtest.Expect[wire.AuditFail](s.Manager, wire.TypeAuditFail, nil)
		if failed.Fault != c.fault || !strings.Contains(failed.Cause, c.cause) {
			t.Errorf("%s: %+v", c.name, failed)
		}
		s.free()
	}
}

// tricks plays the attacks on the protocol, and those that a draw or a quorum decides often
// enough to see their odds.
func tricks(t *testing.T, l *Lab) {
	k, err := NewKit(t.Context(), l, "comp")
	if err != nil {
		t.Fatal(err)
	}
	for _, trick := range Tricks {
		tries, least := 2, 2
		if trick.Name == "colluding_verifier" {
			tries, least = 60, 50 // one in twenty colludes
		}
		caught := 0
		for i := range tries {
			ok, why, err := trick.Try(k, i)
			if err != nil {
				t.Fatalf("%s: %v", trick.Name, err)
			}
			if ok {
				caught++
			}
			if i == 0 {
				t.Logf("%s (%s): %s", trick.Name, trick.By, why)
			}
		}
		if caught < least {
			t.Errorf("%s is caught %d times of %d", trick.Name, caught, tries)
		}
	}
}

// TestThePageNamesEveryAttack holds PROTOCOL.md to the suite.
func TestThePageNamesEveryAttack(t *testing.T) {
	page, err := os.ReadFile("../../shared/proof/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Adversaries")
	var names []string
	for _, f := range slices.Concat(Forgeries, FurtherForgeries) {
		names = append(names, f.Name)
	}
	for _, x := range Tricks {
		names = append(names, x.Name)
	}
	for _, name := range names {
		if !strings.Contains(table, name) {
			t.Errorf("shared/proof/PROTOCOL.md doesn't say why %s doesn't work", name)
		}
	}
}
