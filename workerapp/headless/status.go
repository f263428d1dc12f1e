package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/usage"
	"github.com/heliostat-render/heliostat/workerapp"
)

func statusCommand() *cobra.Command {
	var data string
	var asJSON, alive bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show what the worker of a data folder is doing",
		Example: `  heliostat-worker status --data /var/lib/heliostat
  heliostat-worker status --data /var/lib/heliostat --json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			text, err := os.ReadFile(filepath.Join(data, statusFile))
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("no worker has run in %s: start one with heliostat-worker run --data %s", data, data)
			}
			if err != nil {
				return fmt.Errorf("read the worker's state: %w", err)
			}
			var s workerapp.Status
			if err := json.Unmarshal(text, &s); err != nil {
				return fmt.Errorf("%s in %s can't be read: %w; restart the worker", statusFile, data, err)
			}
			if lock := flock.New(filepath.Join(data, "lock")); s.State != workerapp.Stopped {
				if free, err := lock.TryLock(); err == nil && free {
					lock.Unlock()
					s.State, s.Connected, s.Reason = workerapp.Stopped, false, "it ended without saying so"
				}
			}
			if alive && s.State == workerapp.Stopped {
				return fmt.Errorf("the worker of %s doesn't run: %s", data, cmp.Or(s.Reason, "it was stopped"))
			}
			if asJSON {
				text, err := json.MarshalIndent(s, "", "  ")
				if err != nil {
					return err
				}
				fmt.Fprintln(c.OutOrStdout(), string(text))
				return nil
			}
			printStatus(c, s)
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", "heliostat-worker", "the worker's data `folder`")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&alive, "alive", false, "fail unless the worker runs, for health checks")
	return c
}

func printStatus(c *cobra.Command, s workerapp.Status) {
	out := usage.Plain(c.OutOrStdout())
	fmt.Fprintf(out, "%s (%s) is %s", s.Name, s.Address, s.State)
	if s.Reason != "" {
		fmt.Fprintf(out, ": %s", s.Reason)
	}
	fmt.Fprintf(out, "\nmanager   %s", s.Manager)
	if !s.Connected {
		fmt.Fprint(out, " (not connected)")
	}
	fmt.Fprintf(out, "\nhardware  %s, %.3f work units a minute\n", s.Hardware, s.Bench)
	for _, d := range s.Devices {
		fmt.Fprintf(out, "device    %s\n", describe(d.Device, d.On))
	}
	for _, t := range s.Tasks {
		fmt.Fprintf(out, "task      job %s, %s, frame %d: %.0f %%, %d of %d frames\n", t.Job, t.Phase, t.Frame, 100*t.Fraction, t.Done, t.Total)
	}
	if s.Ahead > 0 {
		fmt.Fprintf(out, "ahead     %d tasks wait for their turn\n", s.Ahead)
	}
	if s.Waiting > 0 {
		fmt.Fprintf(out, "waiting   %d finished tasks to be delivered\n", s.Waiting)
	}
	if s.Trouble != "" {
		fmt.Fprintf(out, "trouble   %s\n", s.Trouble)
	}
	if f := s.Failed; f != nil {
		fmt.Fprintf(out, "failed    %s, job %s (%s): %s\n", f.Time.Local().Format("2006-01-02 15:04:05"), f.Job, f.Kind, f.Cause)
	}
	fmt.Fprintf(out, "frames    %d today, %d ever\n", s.FramesToday, s.FramesEver)
	fmt.Fprintf(out, "earned    %.6f %s, %.6f withdrawn\n", s.Earned, s.Symbol, s.Claimed)
	if s.LastTx != "" {
		fmt.Fprintf(out, "last tx   %s\n", s.LastTx)
	}
}
