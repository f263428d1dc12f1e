package lifecycle

import (
	"flag"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
)

var update = flag.Bool("update", false, "rewrite STATES.md")

func TestDocument(t *testing.T) {
	if *update {
		if err := os.WriteFile("STATES.md", []byte(Document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("STATES.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != Document() {
		t.Fatal("STATES.md is not what the tables say; run go test -run Document -update")
	}
}

// check walks a table at random and holds it to what every life has in common.
func check[S ~string](t *testing.T, table Table[S]) {
	t.Helper()
	seen := map[[2]string]bool{}
	for _, p := range table.Pairs() {
		if seen[p] {
			t.Errorf("%s: %v is listed twice", table.Noun, p)
		}
		seen[p] = true
	}
	states := table.States()
	reached := map[S]bool{}
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		at := table.Initial[r.IntN(len(table.Initial))]
		for range 40 {
			reached[at] = true
			next := states[r.IntN(len(states))]
			legal := at == next || seen[[2]string{string(at), string(next)}]
			if table.Allows(at, next) != legal {
				t.Fatalf("%s: Allows(%s, %s) = %v", table.Noun, at, next, !legal)
			}
			if legal {
				at = next
			}
		}
	}
	for _, s := range states {
		if !reached[s] {
			t.Errorf("%s: nothing reaches %s", table.Noun, s)
		}
	}
	if table.Allows("nonsense", "nonsense") {
		t.Errorf("%s: an unknown state is allowed", table.Noun)
	}
}

func TestTables(t *testing.T) {
	check(t, Jobs)
	check(t, Tasks)
	check(t, Frames)
	check(t, Attempts)
	check(t, Audits)
}

func TestNothingUnverifiedIsDelivered(t *testing.T) {
	for _, c := range Frames.Transitions {
		if c.To == job.FrameDelivered && c.From != job.FrameVerified {
			t.Errorf("%s leads to delivered", c.From)
		}
		if c.To == job.FrameAccepted && c.From != job.FrameDelivered {
			t.Errorf("%s leads to accepted", c.From)
		}
	}
}
