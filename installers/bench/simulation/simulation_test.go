package simulation

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/proof"
)

// rules are like the manager's, which a test here can't import; installers/bench plays the
// simulation with the manager's own.
func rules() Rules {
	return Rules{
		Trust: proof.DefaultTrust(), ProbeEvery: 20,
		Bar: func(wrong int) time.Duration { return min(time.Hour<<min(max(wrong, 1)-1, 20), 90*24*time.Hour) },
		Another: func(passes, fails int, quorum bool) bool {
			return quorum && passes < 3 && fails < 3 || !quorum && fails == 1 && passes <= 1
		},
		Deliver: func(passes, fails int) bool { return passes > fails },
	}
}

func small() Config {
	c := Default(rules())
	c.Workers, c.Days = 600, 12
	return c
}

func TestNoCheatPays(t *testing.T) {
	r := Run(small())
	honest := r.Workers[0]
	if honest.Convicted != 0 || r.FalseBans > honest.Tasks/10_000 {
		t.Errorf("%d honest attempts are rejected", r.FalseBans)
	}
	if share := float64(honest.Checked) / float64(honest.Tasks); share > 0.5 {
		t.Errorf("%.0f %% of the honest tasks are checked", 100*share)
	}
	for _, g := range r.Workers {
		if g.Strategy.Cheats > 0 && g.Profit() >= honest.Profit() {
			t.Errorf("%s earns %.1f, honesty %.1f", g.Strategy.Name, g.Profit(), honest.Profit())
		}
	}
	for _, v := range r.Verifiers[1:] {
		if v.Kind == Lazy && v.Profit > 0 {
			t.Errorf("a lazy verifier earns %.2f", v.Profit)
		}
		if v.Kind == Accuser && v.Profit >= r.Verifiers[0].Profit {
			t.Errorf("an accusing verifier earns %.2f, an honest one %.2f", v.Profit, r.Verifiers[0].Profit)
		}
	}
}

// Without the least rate and without stakes cheating does pay: the simulation can tell.
func TestWithoutTheFloorCheatingPays(t *testing.T) {
	c := small()
	c.Trust.Saving, c.Trust.Floor = 0, 0.001
	for i := range c.Strategies {
		c.Strategies[i].Stake = 0
	}
	c.Unpaid = 1
	r := Run(c)
	for _, g := range r.Workers {
		if g.Strategy.Name == "sleeper" && g.Profit() > r.Workers[0].Profit() {
			return
		}
	}
	t.Error("even then nobody gains by cheating")
}

func TestSameSeedSameResult(t *testing.T) {
	c := small()
	c.Workers, c.Days = 200, 4
	a := Run(c)
	if !reflect.DeepEqual(a, Run(c)) {
		t.Error("two runs differ")
	}
	c.Seed++
	if reflect.DeepEqual(a, Run(c)) {
		t.Error("the seed doesn't matter")
	}
	d := xml.NewDecoder(bytes.NewReader(Plot(a)))
	lines := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "polyline" {
			lines++
		}
	}
	if lines != len(c.Strategies) {
		t.Errorf("the plot has %d lines", lines)
	}
}
