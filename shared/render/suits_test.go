package render

import (
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
)

func TestSuits(t *testing.T) {
	for _, c := range []struct {
		recipe   string
		any      bool
		install  string
		suitable bool
	}{
		{"3.4.1", false, "3.4.1", true}, {"3.4.1", false, "3.4.0", false}, {"3.4.1", true, "3.4.0", true},
		{"3.4.1", true, "3.5.1", false}, {"3.4.1", true, "34.1", false}, {"", false, "4.2.0", true}, {"15", true, "15.0.1", false},
	} {
		if Suits(job.Recipe{Version: c.recipe, AnyPatch: c.any}, c.install) != c.suitable {
			t.Errorf("%+v", c)
		}
	}
}
