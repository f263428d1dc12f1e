package audit

import (
	"slices"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/render/warm"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestTheOfferedReleaseIsUsed: of a recipe that takes any patch, the release that the manager drew the
// verifier for, and no other.
func TestTheOfferedReleaseIsUsed(t *testing.T) {
	var all []warm.Found
	for _, version := range []string{"1.0.0", "1.0.1", "1.1.0"} {
		found, err := warm.Find(t.Context(), []render.Renderer{fake.New(fake.Behaviour{Version: version})})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	v := &Verifier{options: Options{Found: all}}
	for _, c := range []struct {
		anyPatch bool
		version  string
		want     string // class, or what the refusal says
	}{
		{false, "", "cpu/fake"}, {true, "1.0.1", "cpu/fake 1.0.1"}, {true, "1.0.0", "cpu/fake 1.0.0"}, {true, "", "cpu/fake 1.0.0"},
		{true, "1.1.0", "doesn't take"}, {true, "1.0.2", "1.0.2 is needed"}, {false, "1.0.1", "doesn't take"},
	} {
		o := wire.AuditOffer{Recipe: recipe(), Version: c.version}
		o.Recipe.AnyPatch = c.anyPatch
		found, err := v.choose(o)
		got := v.class(o)
		if err != nil {
			if got != "" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v: %v, class %q", c, err, got)
			}
			continue
		}
		if got != c.want || c.version != "" && found.Install.Version != c.version || !slices.Contains([]string{"1.0.0", "1.0.1"}, found.Install.Version) {
			t.Errorf("%+v: %s, class %q", c, found.Install.Version, got)
		}
	}
}
