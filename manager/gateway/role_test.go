package gateway_test

import (
	"slices"
	"testing"

	"github.com/heliostat-render/heliostat/manager/gateway"
	"github.com/heliostat-render/heliostat/manager/settle"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
)

// TestRolesOfFew: who is a studio or an operator is what the manager's lists say, and both whoever holds its key; each is told which it may be.
func TestRolesOfFew(t *testing.T) {
	g := gateway.New(gateway.Options{Address: "0xM", Studios: []string{"0xS", "0xB"}, Operators: []string{"0xO", "0xB"}, Settler: settle.New(settle.Options{})})
	both := []job.Role{job.RoleOperator, job.RoleStudio}
	for address, may := range map[string][]job.Role{"0xM": both, "0xB": both, "0xS": {job.RoleStudio}, "0xO": {job.RoleOperator}, "0xA": nil} {
		w, err := g.Welcome(link.Peer{Address: address, Roles: []job.Role{job.RoleArtist}})
		if err != nil || !slices.Equal(w.May, may) {
			t.Errorf("%s is told that it may be %v: %v", address, w.May, err)
		}
		for _, role := range both {
			if _, err := g.Welcome(link.Peer{Address: address, Roles: []job.Role{job.RoleArtist, role}}); (err == nil) != slices.Contains(may, role) {
				t.Errorf("%s as %s: %v", address, role, err)
			}
		}
	}
}
