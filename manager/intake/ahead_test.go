package intake

import (
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func TestCheckBeforePacking(t *testing.T) {
	d := newDesk(t)
	first := d.started(func(*wire.JobDraft) {})
	for name, test := range map[string]struct {
		change  func(*wire.JobDraft)
		refused string // "" for none
		warned  string
	}{
		"as it is":          {func(*wire.JobDraft) {}, "", ""},
		"after a job":       {func(d *wire.JobDraft) { d.After = []string{first.ID} }, "", ""},
		"after nothing":     {func(d *wire.JobDraft) { d.After = []string{"jnobody"} }, "job jnobody, which should come first, is not known", ""},
		"a priority":        {func(d *wire.JobDraft) { d.Priority = 101 }, "the priority 101", ""},
		"a tag":             {func(d *wire.JobDraft) { d.Needs.Tags = []string{"attic"} }, `the only worker of this network can't render it: it has no tag "attic"`, ""},
		"a class":           {func(d *wire.JobDraft) { d.Needs.Class = "gpu/optix" }, "is of device class", ""},
		"another version":   {func(d *wire.JobDraft) { d.Recipe.Version = "9.9" }, "has no blender 9.9", ""},
		"a region away":     {func(d *wire.JobDraft) { d.Needs.Region = "eu" }, "", "the one worker that could render it isn't connected now"},
		"a region long ago": {func(d *wire.JobDraft) { d.Needs.Region = "us" }, `states no region, the job asks for "us"`, ""},
		"tiles of EEVEE":    {func(d *wire.JobDraft) { d.Tiles, d.Frames, d.Recipe.Engine = 4, []int{1}, "BLENDER_EEVEE" }, "EEVEE", ""},
		"denoised tiles": {func(d *wire.JobDraft) { d.Tiles, d.Frames, d.Recipe.Denoise = 4, []int{1}, true },
			"the only worker of this network can't join the tiles of it: it has no OpenImageDenoise to denoise joined tiles with, in its blender 3.4.1", ""},
		"less than it costs": {func(d *wire.JobDraft) { d.MaxPrice = 1 }, "", "more than the 0.000001 allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			d.update(func(tx store.Tx) error {
				for address, seen := range map[string]time.Duration{"0xEU": time.Hour, "0xUS": 60 * 24 * time.Hour} {
					if _, err := tx.PutNode(address, func(n *store.Node) {
						n.Roles, n.Seen = []job.Role{job.RoleWorker}, d.now.Add(-seen).UnixMilli()
						n.Capabilities = job.Capabilities{Region: strings.ToLower(address[2:]), Installs: []job.Install{{Renderer: "blender", Version: "3.4.1"}}}
					}); err != nil {
						return err
					}
				}
				if name != "a region away" && name != "a region long ago" { // nobody else was ever here
					for _, address := range []string{"0xEU", "0xUS"} {
						if _, err := tx.PutNode(address, func(n *store.Node) { n.Roles = nil }); err != nil {
							return err
						}
					}
				}
				return nil
			})
			draft := good()
			draft.Package, draft.JobKey, draft.Request, draft.Frames = "", nil, "", frames(8)
			test.change(&draft)
			got, err := d.Check(t.Context(), artist, draft)
			if err != nil {
				t.Fatal(err)
			}
			if (got.Refused != nil) != (test.refused != "") || got.Refused != nil && !strings.Contains(got.Refused.Message, test.refused) {
				t.Errorf("refused: %v, want %q", got.Refused, test.refused)
			}
			if warned := strings.Join(got.Warnings, "; "); (warned != "") != (test.warned != "") || !strings.Contains(warned, test.warned) {
				t.Errorf("warned: %q, want %q", warned, test.warned)
			}
		})
	}
	if jobs := d.jobs(); jobs != 1 {
		t.Errorf("checking made %d jobs", jobs-1)
	}
}

func (d *desk) jobs() (n int) {
	d.t.Helper()
	d.update(func(tx store.Tx) error {
		jobs, err := tx.ListJobs(store.JobQuery{Limit: 100})
		n = len(jobs)
		return err
	})
	return n
}
