package submit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/plugins/submit"
)

// TestProbe: two small jobs at reduced samples come before the quote, and are accepted by themselves.
func TestProbe(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1, 2, 3, 4, 5, 6, 7, 8)
	sc.Recipe.Samples, sc.Probe = 64, true
	s := a.Start(t.Context(), sc)
	for _, samples := range []int{4, 16} {
		j := funded(t, m)
		if j.Recipe.Samples != samples || !slices.Equal(j.Frames, []int{1, 5, 8}) || j.Name != "probe of shot" {
			t.Errorf("a job of the probe is %+v", j)
		}
		deliver(t, m, j, 1, 5, 8)
	}
	now := wait(t, s, "the quote", phase(submit.Confirm))
	if now.Quote == nil || now.Job == nil || len(now.Job.Frames) != 8 || now.Job.Recipe.Samples != 64 {
		t.Errorf("the quote is for %+v", now.Job)
	}
}

// TestLostProbe: a probe that fails is done without.
func TestLostProbe(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1, 2, 3, 4, 5, 6, 7, 8)
	sc.Recipe.Samples, sc.Probe = 64, true
	s := a.Start(t.Context(), sc)
	m.Fail(funded(t, m), "a texture is missing")
	second := funded(t, m)
	wait(t, s, "the quote", phase(submit.Confirm))
	if !m.Cancelled(second) {
		t.Error("the other job of the probe goes on")
	}
}

// TestNoProbe: what can't be reduced isn't probed.
func TestNoProbe(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1, 2, 3, 4, 5)
	sc.Probe = true // at four samples
	s := a.Start(t.Context(), sc)
	if now := wait(t, s, "the quote", phase(submit.Confirm)); strings.Contains(now.Job.Name, "probe") {
		t.Errorf("the job is %+v", now.Job)
	}
}

// TestTooDear has a manager that doesn't keep to what the artist allows: neither the job nor a probe is paid.
func TestTooDear(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1, 2, 3, 4, 5, 6, 7, 8)
	sc.Recipe.Samples, sc.Probe, sc.AcceptQuote, sc.MaxPrice = 64, true, true, 400_000
	s := a.Start(t.Context(), sc)
	now := wait(t, s, "the refusal", phase(submit.Failed))
	if !strings.Contains(now.Error.Error(), "more than the") {
		t.Errorf("it ended with %v", now.Error)
	}
	select {
	case j := <-m.Funded():
		t.Errorf("%s was paid", j.Name)
	default:
	}
}
