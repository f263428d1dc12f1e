package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/slash"
	"github.com/heliostat-render/heliostat/shared/usage"
)

// errFails is the exit of check for a worker that is convicted.
var errFails = errors.New("the evidence convicts the worker")

func checkCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "check EVIDENCE",
		Short: "Judge a stored piece of evidence, or a whole case, again, offline",
		Long: `Judge a stored piece of evidence, or a whole case, again, offline.

A piece of evidence is one verifier's: both sides' tiles with the policy that they were judged by. A
case is what a slash rests on: the worker's signed receipt, the verification key and every verifier's signed
verdict with its evidence; signatures, digests and verdicts are all checked. Nothing else is needed.
The exit is non-zero when the worker is convicted, or when the file contradicts itself.`,
		Example: `  heliostat-verifier check evidence.json
  heliostat-verifier check case.json --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			raw, err := read(args[0])
			if err != nil {
				return err
			}
			convicts, err := check(c.OutOrStdout(), raw, asJSON)
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", args[0], err)
			case convicts:
				return errFails
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the evidence: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, slash.MaxCase+1))
	if err != nil {
		return nil, fmt.Errorf("read the evidence: %w", err)
	}
	return raw, nil
}

func check(out io.Writer, raw []byte, asJSON bool) (convicts bool, err error) {
	out = usage.Plain(out) // evidence is a stranger's
	var kind struct {
		Opinions json.RawMessage `json:"opinions"`
	}
	if json.Unmarshal(raw, &kind) == nil && kind.Opinions != nil {
		return checkCase(out, raw, asJSON)
	}
	e, err := proof.DecodeEvidence(bytes.NewReader(raw))
	if err != nil {
		return false, err
	}
	if e.Policy.Version < 1 {
		return false, fmt.Errorf("%w: it doesn't hold the policy that it was judged by; ask for it again from a newer verifier", proof.ErrEvidence)
	}
	v, err := proof.Judge(e, e.Policy)
	if err != nil {
		return false, err
	}
	if asJSON {
		return !v.Pass && !v.Inconclusive, show(out, v)
	}
	print(out, v)
	return !v.Pass && !v.Inconclusive, nil
}

func checkCase(out io.Writer, raw []byte, asJSON bool) (bool, error) {
	c, err := slash.Decode(bytes.NewReader(raw))
	if err != nil {
		return false, err
	}
	f, err := slash.Check(c)
	if err != nil {
		return false, err
	}
	if asJSON {
		return f.Convicts, show(out, f)
	}
	fmt.Fprintf(out, "worker %s, attempt %s: %d verifiers convict, %d pass, %d can't tell; %d convictions make a quorum\n",
		c.Receipt.Worker, c.Receipt.Attempt, f.Fails, f.Passes, f.Inconclusive, slash.Quorum)
	r := c.Receipt
	fmt.Fprintf(out, "receipt: job %s, task %s, %d frames by %s %s build %q on %s, recipe %s, key %s, root %s\n",
		r.Job, r.Task, len(r.Frames), r.Renderer, r.Version, r.Build, r.Class, r.Recipe, r.Key, r.Root)
	for i, v := range f.Verdicts {
		fmt.Fprintf(out, "verifier %s: ", c.Opinions[i].Verdict.Verifier)
		print(out, v)
	}
	return f.Convicts, nil
}

func show(out io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, string(text))
	return err
}

func print(out io.Writer, v proof.Verdict) {
	fmt.Fprintf(out, "%s: %s\n", word(v), v.Reason)
	for _, t := range v.Tiles {
		fmt.Fprintf(out, "frame %d tile %d %v: outliers %.4f, largest difference %.2g, noise %.3f, correlation %.3f, bias %.2g, bad %v\n",
			t.Frame, t.Tile, t.Plane, t.Outliers, t.MaxDiff, t.Noise, t.Correlation, t.Bias, t.Bad)
	}
	for _, r := range v.Delivered {
		if r.Unread != "" {
			fmt.Fprintf(out, "frame %d delivered: not compared with its master: %s\n", r.Frame, r.Unread)
			continue
		}
		fmt.Fprintf(out, "frame %d delivered: worst tile %d, pixels off %.4f, FLIP %.4f, of the frame %.4f, bad %v\n",
			r.Frame, r.Figure.Tile, r.Figure.Off, r.Figure.WorstFlip, r.Figure.Flip, r.Figure.Bad)
	}
	for _, r := range v.Delivered {
		for _, x := range r.Extras {
			if x.Unread != "" {
				fmt.Fprintf(out, "frame %d further file %q: not compared: %s\n", r.Frame, x.Name, x.Unread)
				continue
			}
			fmt.Fprintf(out, "frame %d further file %q: worst tile %d, pixels off %.4f, FLIP %.4f, of the whole %.4f, bad %v\n",
				r.Frame, x.Name, x.Figure.Tile, x.Figure.Off, x.Figure.WorstFlip, x.Figure.Flip, x.Figure.Bad)
		}
	}
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
