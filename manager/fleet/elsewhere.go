package fleet

import (
	"slices"

	"github.com/heliostat-render/heliostat/shared/job"
)

// SetElsewhere says which workers are connected to other managers that share the database. They
// count where the network is asked what it could render, and are never offered anything from here.
func (f *Fleet) SetElsewhere(workers []Member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.elsewhere = slices.DeleteFunc(workers, func(m Member) bool { return f.entries[key{job.RoleWorker, m.Address}] != nil })
}

// Workers lists the workers here and at the other managers, for counting: those elsewhere have no session.
func (f *Fleet) Workers() []Member { return f.everywhere() }

// everywhere lists the workers here and those elsewhere; the latter have no session.
func (f *Fleet) everywhere() []Member {
	here := f.Members(job.RoleWorker)
	f.mu.Lock()
	defer f.mu.Unlock()
	return append(here, f.elsewhere...)
}
