package fleet

import (
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/job"
)

// SetElsewhere says which nodes of a role are connected to other managers that share the database; it keeps and sorts the
// list. They count where the network is asked what it could do, and are never offered anything from here.
func (f *Fleet) SetElsewhere(role job.Role, nodes []Member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	slices.SortFunc(nodes, func(a, b Member) int { return strings.Compare(a.Address, b.Address) })
	f.elsewhere[role] = nodes
}

// away is a node that is connected to another manager.
func (f *Fleet) away(role job.Role, address string) (Member, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	nodes := f.elsewhere[role]
	i, ok := slices.BinarySearchFunc(nodes, address, func(m Member, address string) int { return strings.Compare(m.Address, address) })
	if !ok {
		return Member{}, false
	}
	return nodes[i], true
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
