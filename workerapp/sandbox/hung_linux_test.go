package sandbox

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/process"
)

// TestHung has confined programs that say nothing: one sleeps, which the guards around it don't hide, as
// busy as they are; of the other a child works, which no namespace hides.
func TestHung(t *testing.T) { each(t, hung) }

func hung(t *testing.T, box render.Sandbox) {
	run := func(script string, beat func(p *process.Process, n int)) (string, error) {
		p, err := process.Start(process.Spec{
			Name: "the shell", Sandbox: box, Talk: true, Patience: time.Second,
			Confine: render.SandboxSpec{Argv: []string{"/bin/sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Workspace: workspace(t), Memory: 1 << 30},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		n := 0
		reply, err := p.Await(t.Context(), func(string) {}, func() {
			n++
			beat(p, n)
		})
		return string(reply), err
	}
	if _, err := run("sleep 1000", func(*process.Process, int) {}); !errors.Is(err, render.ErrHung) || !strings.Contains(err.Error(), "used 0.0") {
		t.Errorf("asleep: %v", err)
	}
	got, err := run("(while :; do :; done) & read l <&3; echo $l >&4; kill $!", func(p *process.Process, n int) {
		if n == 5 { // longer than the patience
			if err := p.Send("stop"); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil || got != `"stop"` {
		t.Errorf("its child works: %q, %v", got, err)
	}
}
