package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
)

// errFails is the exit of check for a worker that is convicted.
var errFails = errors.New("the evidence convicts the worker")

func checkCommand() *cobra.Command {
	r := job.Recipe{Renderer: "blender", Engine: "CYCLES"}
	var asJSON bool
	c := &cobra.Command{
		Use:   "check EVIDENCE",
		Short: "Judge a stored piece of evidence again, offline",
		Long: `Judge a stored piece of evidence again, offline.

The verdict is a pure function of the evidence and the policy; the recipe's facts that the policy
depends on are given by flags. The exit is non-zero when the evidence convicts the worker.`,
		Example: `  heliostat-verifier check evidence.json
  heliostat-verifier check evidence.json --engine BLENDER_EEVEE --width 1920 --height 1080 --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("read the evidence: %w", err)
			}
			defer f.Close()
			evidence, err := proof.DecodeEvidence(f)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			verdict, err := proof.Judge(evidence, proof.PolicyFor(r))
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			out := c.OutOrStdout()
			if asJSON {
				text, err := json.MarshalIndent(verdict, "", "  ")
				if err != nil {
					return err
				}
				fmt.Fprintln(out, string(text))
			} else {
				fmt.Fprintf(out, "%s: %s\n", word(verdict), verdict.Reason)
				for _, t := range verdict.Tiles {
					fmt.Fprintf(out, "frame %d tile %d %v: outliers %.4f, largest difference %.2g, correlation %.3f, bias %.2g, bad %v\n",
						t.Frame, t.Tile, t.Plane, t.Outliers, t.MaxDiff, t.Correlation, t.Bias, t.Bad)
				}
			}
			if !verdict.Pass && !verdict.Inconclusive {
				return errFails
			}
			return nil
		},
	}
	flags := c.Flags()
	flags.StringVar(&r.Renderer, "renderer", r.Renderer, "the recipe's renderer")
	flags.StringVar(&r.Engine, "engine", r.Engine, "the recipe's engine")
	flags.IntVar(&r.Width, "width", 0, "the recipe's width in pixels (default: not checked)")
	flags.IntVar(&r.Height, "height", 0, "the recipe's height in pixels (default: not checked)")
	flags.BoolVar(&r.Denoise, "denoise", false, "the recipe denoises")
	flags.BoolVar(&r.Compositing, "compositing", false, "the recipe composites")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func word(v proof.Verdict) string {
	switch {
	case v.Inconclusive:
		return "inconclusive"
	case v.Pass:
		return "pass"
	}
	return "fail"
}
