package fleet

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
)

// TestEntriesFollowTheMaps does at random whatever happens to a fleet: what is kept with each entry is what the maps
// say, the order has every connected node once, and Room says what Members do.
func TestEntriesFollowTheMaps(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	now := time.Unix(100, 0)
	f := New(func() time.Time { return now })
	roles := []job.Role{job.RoleWorker, job.RoleVerifier}
	sessions := 0
	for step := range 6_000 {
		role, address, id := roles[rng.IntN(2)], fmt.Sprintf("0x%d", rng.IntN(8)), fmt.Sprint(rng.IntN(4))
		switch rng.IntN(9) {
		case 0:
			sessions++
			f.Ready(Announcement{Role: role, Address: address, Session: &fakeSession{id: fmt.Sprint(sessions)}, Free: rng.IntN(3), Ahead: rng.IntN(2)})
		case 1:
			f.Left(fmt.Sprint(sessions - rng.IntN(10)))
		case 2, 3:
			f.Hold(role, address, id)
		case 4, 5:
			f.Drop(role, address, id, rng.IntN(3) == 0)
		case 6:
			f.Pace(address, float64(rng.IntN(4))/2)
		case 7:
			f.Proved(role, address)
		case 8:
			now = now.Add(time.Duration(rng.IntN(60)) * time.Second)
		}
		if step%1000 == 999 { // others' rests fill the memory
			for i := range maxRests {
				f.rests[key{role, fmt.Sprint("other", i)}] = &rest{}
			}
			delete(f.rests, key{role, address})
			f.Drop(role, address, id, true) // needs one
		}
		listed := 0
		for _, role := range roles {
			if !slices.IsSortedFunc(f.order[role], func(a, b *entry) int { return strings.Compare(a.Address, b.Address) }) {
				t.Fatalf("step %d: out of order", step)
			}
			for _, e := range f.order[role] {
				k := key{role, e.Address}
				if f.entries[k] != e {
					t.Fatalf("step %d: %v is listed and isn't connected", step, k)
				}
				listed++
				pace := 1.0
				if p, ok := f.paces[e.Address]; ok && role == job.RoleWorker {
					pace = p
				}
				if e.held != len(f.held[k]) || e.rest != f.rests[k] || e.pace != pace {
					t.Fatalf("step %d: %v has %d held, rest %p and pace %v; the maps say %d, %p and %v", step, k, e.held, e.rest, e.pace, len(f.held[k]), f.rests[k], pace)
				}
			}
		}
		for _, role := range roles {
			free, early := f.Room(role)
			members := f.Members(role)
			if wantFree, wantEarly := slices.ContainsFunc(members, func(m Member) bool { return m.Free > 0 }), slices.ContainsFunc(members, func(m Member) bool { return m.Ahead > 0 }); free != wantFree || early != wantEarly {
				t.Fatalf("step %d: room of the role %s is said to be %v and %v, its members say %v and %v", step, role, free, early, wantFree, wantEarly)
			}
		}
		if listed != len(f.entries) {
			t.Fatalf("step %d: %d of %d nodes are listed", step, listed, len(f.entries))
		}
	}
}

// BenchmarkMembers lists 64 workers, as each look for whom to give a task to does.
func BenchmarkMembers(b *testing.B) {
	f := New(time.Now)
	for i := range 64 {
		address := fmt.Sprintf("0xaBc%039d", i)
		f.Ready(Announcement{Role: job.RoleWorker, Address: address, Session: &fakeSession{id: fmt.Sprint(i)}, Free: 1})
		if i%2 == 0 {
			f.Hold(job.RoleWorker, address, "lease")
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Members(job.RoleWorker)
	}
}
