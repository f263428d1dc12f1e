package attack

import (
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/proof"
)

// TestEngines has engines without reproducible sampling checked by their own tolerances: honest nodes
// that differ in process and threads pass, cheats don't; the real verifier says so too. The benchmark `limits` has every node and every cheat.
func TestEngines(t *testing.T) {
	for _, c := range []struct {
		engine string
		says   string
		cheats []string
	}{
		{povray, "a reduced re-render: only these tiles", []string{"denoised_low_samples", "missing_texture"}},
		{workbench, "a reduced re-render: 1 of 4 frames, whole", []string{"half_samples", "neighbouring_frame"}},
	} {
		t.Run(c.engine, func(t *testing.T) {
			scenes := t.TempDir()
			open := func(threads int) *Lab {
				l, err := New(t.Context(), Options{Dir: t.TempDir(), Scenes: scenes, Width: 160, Height: 96, Samples: 16, Threads: threads, Engine: c.engine})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := l.Close(); err != nil {
						t.Error(err)
					}
				})
				return l
			}
			worker, verifier := open(2), open(1)
			honest, err := HonestTask(t.Context(), worker, "smooth", 4)
			if err != nil {
				t.Fatal(err)
			}
			e, err := verifier.Blind(t.Context(), honest, worker.Install.Class, key(1))
			if err != nil {
				t.Fatal(err)
			}
			v, err := proof.Judge(e, e.Policy)
			if err != nil {
				t.Fatal(err)
			}
			if !v.Pass || !strings.Contains(v.Reason, c.engine) || !strings.Contains(v.Reason, c.says) {
				t.Errorf("pass %v: %s", v.Pass, v.Reason)
			}
			scene := "smooth"
			if c.engine == workbench {
				scene = "comp" // its delivered file comes from a master
				if honest, err = HonestTask(t.Context(), worker, scene, 4); err != nil {
					t.Fatal(err)
				}
			}
			s := newStage(t, worker, scene)
			s.play("honest", honest, nil)
			if v := s.verdict(); !v.Pass || !strings.Contains(v.Reason, c.says) {
				t.Errorf("the verifier: pass %v: %s", v.Pass, v.Reason)
			}
			honest.related = nil
			if err := honest.Relate(t.Context(), worker); err != nil {
				t.Fatal(err)
			}
			for _, f := range Forgeries {
				if !strings.Contains(" "+strings.Join(c.cheats, " ")+" ", " "+f.Name+" ") {
					continue
				}
				task, err := f.Work(t.Context(), worker, scene)
				if err != nil {
					t.Fatal(err)
				}
				if err := task.Relate(t.Context(), worker); err != nil {
					t.Fatal(err)
				}
				caught, v, err := Caught(worker, task, honest, key(1))
				if err != nil {
					t.Fatal(err)
				}
				if !caught {
					t.Errorf("%s: %s", f.Name, v.Reason)
				}
			}
		})
	}
}
