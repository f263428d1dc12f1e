package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestRush: the operator puts an artist's job before everybody's, on the manager's machine or from elsewhere with its key; artists can't.
// It is told, on the trail, there after a restart, and undone as it was done.
func TestRush(t *testing.T) {
	c := settings(t, "off")
	url, stop := startManager(t, c)
	a := newArtist(t, url)
	w := startWorker(t, url, fake.Behaviour{})
	q := a.draft(2)
	w.stop() // so that it waits
	j, err := a.Fund(a.ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	var refused *wire.Error
	rush := func(args ...string) (string, error) {
		return command(rushCommand(), append(args, "--data", c.Data)...)
	}
	if _, err := a.Rush(a.ctx, j.ID, true, "mine first"); !errors.As(err, &refused) || refused.Code != wire.CodeUnauthorised {
		t.Errorf("an artist rushes: %v", err)
	}
	if out, err := rush(j.ID, "--reason", "dailies at noon"); err != nil || !strings.Contains(out, "goes before everybody's jobs") {
		t.Errorf("%q, %v", out, err)
	}
	const told = ": dailies at noon"
	stop()
	url, _ = startManager(t, c)
	again, err := client.Dial(t.Context(), client.Options{Manager: url, Identity: a.id, Roles: []job.Role{job.RoleArtist}})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	d, err := again.Job(t.Context(), j.ID)
	if err != nil || d.Job.Rush == 0 || d.Job.RushReason != "dailies at noon" {
		t.Errorf("after a restart: %+v, %v", d.Job, err)
	}
	if out, err := command(topCommand(), "--data", c.Data, "--once"); err != nil || !strings.Contains(out, "an operator put it before everybody's jobs at ") || !strings.Contains(out, told) {
		t.Errorf("top: %q, %v", out, err)
	}
	// From elsewhere, with the manager's key.
	id, err := identity.Open(c.Data, nil)
	if err != nil {
		t.Fatal(err)
	}
	operator, err := client.Dial(t.Context(), client.Options{Manager: url, Identity: id, Roles: []job.Role{job.RoleOperator}})
	if err != nil {
		t.Fatal(err)
	}
	defer operator.Close()
	if got, err := operator.Rush(t.Context(), j.ID, false, "seen"); err != nil || got.Rush != 0 || got.RushReason != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if out, err := rush(j.ID, "--off"); err != nil || !strings.Contains(out, "is in its turn again") {
		t.Errorf("off again: %q, %v", out, err)
	}
	if _, err := rush("jnobody"); err == nil || !strings.Contains(err.Error(), "there is no job \"jnobody\"") {
		t.Errorf("a job that isn't there: %v", err)
	}
	out, err := command(trailCommand(), "--data", c.Data)
	for _, want := range []string{"\"dailies at noon\"", "\"off, seen\"", "\"off\"", operator.Welcome().Manager} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("the trail has no %s: %q, %v", want, out, err)
		}
	}
	if n := strings.Count(out, "job.rush"); n != 3 {
		t.Errorf("%d of 3 are on the trail: %s", n, out)
	}
}
