package warm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// A renderer that hangs is replaced once; what was finished before stays, the second try has a
// folder of its own, and progress doesn't go back.
func TestAHungRendererIsReplacedOnce(t *testing.T) {
	b := newBench(t, fake.Behaviour{Hung: map[int]int{2: 1, -1: 1}}, nil)
	held, err := b.pool.Take(t.Context(), b.want("p", 4)) // loading hung once already
	if err != nil {
		t.Fatal(err)
	}
	first, err := held.Render(t.Context(), render.Request{Frame: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(held.Out(), "extra-1-0-0002.png"), nil, 0o600); err != nil { // the hung one's
		t.Fatal(err)
	}
	last := 0.0
	second, err := held.Render(t.Context(), render.Request{Frame: 2}, func(p render.Progress) {
		if p.Fraction < last {
			t.Errorf("progress went back from %v to %v", last, p.Fraction)
		}
		last = p.Fraction
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(second.Files[0].Path)
	if dir != held.Out() || len(ls(t, dir)) != 1 || filepath.Dir(first.Files[0].Path) == dir || last != 1 {
		t.Errorf("%s beside %s holds %v; progress %v", dir, first.Files[0].Path, ls(t, dir), last)
	}
	if _, err := os.Stat(first.Files[0].Path); err != nil {
		t.Error(err)
	}
	held.Done()
	if b.extracts != 1 || strings.Join(b.phases, " ") != "download load load render" || b.fake.Sessions() != 1 {
		t.Errorf("%d extractions, phases %v, %d sessions", b.extracts, b.phases, b.fake.Sessions())
	}
	if err := b.render(t, b.want("p", 4), 3); err != nil { // it is kept warm, and its folders are empty
		t.Error(err)
	}
}

func TestARendererThatHangsTwiceIsGivenUp(t *testing.T) {
	for name, hung := range map[string]map[int]int{"frame 7": {7: 9}, "loaded": {-1: 9}, "loaded after": {7: 1, -1: 0}} {
		b := newBench(t, fake.Behaviour{Hung: hung}, nil)
		if name == "loaded after" {
			if err := b.render(t, b.want("p", 4), 1); err != nil {
				t.Fatal(err)
			}
			hung[-1] = 9
		}
		err := b.render(t, b.want("p", 4), 7)
		if !errors.Is(err, render.ErrHung) || !strings.Contains(err.Error(), "the one before it hung too") || !strings.Contains(err.Error(), strings.Fields(name)[0]) {
			t.Errorf("%s: %v", name, err)
		}
		if b.fake.Sessions() != 0 || len(ls(t, b.pool.options.Root)) != 0 {
			t.Errorf("%s: %d sessions are open, left over: %v", name, b.fake.Sessions(), ls(t, b.pool.options.Root))
		}
		if err := b.render(t, b.want("q", 4), 1); (err == nil) != (name == "frame 7") {
			t.Errorf("%s: the next task: %v", name, err)
		}
	}
}

// A renderer that was taken over may have put a link where its images belong.
func TestAFreshFolderIsNeverElsewhere(t *testing.T) {
	b := newBench(t, fake.Behaviour{Hung: map[int]int{1: 1}}, nil)
	held, err := b.pool.Take(t.Context(), b.want("p", 4))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Done()
	elsewhere := t.TempDir()
	if err := errors.Join(os.Remove(held.Out()), os.Symlink(elsewhere, held.Out())); err != nil {
		t.Fatal(err)
	}
	if _, err := held.Render(t.Context(), render.Request{Frame: 1}, nil); err == nil || len(ls(t, elsewhere)) != 0 {
		t.Errorf("%v, and outside lies %v", err, ls(t, elsewhere))
	}
}
