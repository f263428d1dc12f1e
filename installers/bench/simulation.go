package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/heliostat-render/heliostat/installers/bench/simulation"
	"github.com/heliostat-render/heliostat/manager/audit"
	"github.com/heliostat-render/heliostat/shared/proof"
)

// simulationPlot is where the plot of the README is written, from the repository's root.
const simulationPlot = "installers/picture/simulation.svg"

// simulationBench plays thirty days of ten thousand workers by the manager's own rules. Values
// are profits over the whole time, in pays of one task; the baseline is an honest worker's or verifier's.
func simulationBench(context.Context, env) error {
	r := simulation.Run(simulation.Default(simulationRules()))
	honest := r.Workers[0]
	for _, g := range r.Workers {
		row("profit_"+g.Strategy.Name, g.Profit(), "pays", honest.Profit())
		log.Printf("%s: %d workers; %s; %d tasks, %.1f %% of them checked, %d cheats, %d of them paid, %d convictions",
			g.Strategy.Name, g.Nodes, g.Strategy.About, g.Tasks, 100*float64(g.Checked)/float64(g.Tasks), g.Cheats, g.Delivered, g.Convicted)
	}
	for _, v := range r.Verifiers {
		row("verifier_"+v.Kind.String(), v.Profit, "pays", r.Verifiers[0].Profit)
		log.Printf("%d %s verifiers, refuted %d times", v.Nodes, v.Kind, v.Refuted)
	}
	tasks := honest.Tasks
	row("honest_checked", float64(honest.Checked), "tasks", float64(tasks))
	row("honest_rejected", float64(r.FalseBans), "tasks", float64(tasks))
	if err := os.MkdirAll(filepath.Dir(simulationPlot), 0o755); err != nil {
		return fmt.Errorf("write the plot: %w", err)
	}
	if err := os.WriteFile(simulationPlot, simulation.Plot(r), 0o644); err != nil {
		return fmt.Errorf("write the plot: %w", err)
	}
	log.Printf("the plot is %s", simulationPlot)
	return nil
}

// simulationRules are what managers do.
func simulationRules() simulation.Rules {
	return simulation.Rules{
		Trust: proof.DefaultTrust(), Bar: audit.Bar, ProbeEvery: audit.ProbeEvery,
		Another: func(passes, fails int, quorum bool) bool {
			return audit.Decide(audit.Tally{Passes: passes, Fails: fails}, true, quorum) == audit.Another
		},
		Deliver: func(passes, fails int) bool {
			return audit.Decide(audit.Tally{Passes: passes, Fails: fails}, false, false) == audit.Deliver
		},
	}
}
