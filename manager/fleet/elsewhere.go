package fleet

import (
	"github.com/heliostat-render/heliostat/shared/job"
)

// SetElsewhere says which nodes of a role are connected to other managers that share the database. They
// count where the network is asked what it could do, and are never offered anything from here.
func (f *Fleet) SetElsewhere(role job.Role, nodes []Member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.elsewhere[role] = nodes
}

// Everywhere lists the nodes of a role here and at the other managers, for counting: the latter have no session.
func (f *Fleet) Everywhere(role job.Role) []Member {
	all := f.Members(role)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.elsewhere[role] {
		// It may have come here since the others were asked.
		if _, here := f.placeLocked(key{role, m.Address}); !here {
			all = append(all, m)
		}
	}
	return all
}
