package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/workerapp"
	"github.com/heliostat-render/heliostat/workerapp/rules"
)

// pauseFile holds the owner's pause. It outlives the worker: one that starts again stays
// paused.
const pauseFile = "pause.json"

// pauseEvery is how often a running worker looks for it.
const pauseEvery = 200 * time.Millisecond

// order is what pauseFile says.
type order struct {
	Mode   rules.Mode `json:"mode"`
	Reason string     `json:"reason"`
}

func pauseCommand() *cobra.Command {
	var data, reason string
	var finish bool
	c := &cobra.Command{
		Use:   "pause",
		Short: "Stop the worker of a data folder until `resume`",
		Long: `Stop the worker of a data folder until it is resumed: at once, so that no renderer runs two
seconds later, or after the task in hand with --finish. Frames that are finished are delivered;
the rest of a task that is stopped goes to somebody else.`,
		Example: `  heliostat-worker pause --data /var/lib/heliostat
  heliostat-worker pause --data /var/lib/heliostat --finish --reason "backup at night"`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			o := order{Mode: rules.Now, Reason: reason}
			if finish {
				o.Mode = rules.Finish
			}
			text, err := json.Marshal(o)
			if err != nil {
				return err
			}
			part := filepath.Join(data, pauseFile+".part")
			if err := os.WriteFile(part, text, 0o600); err != nil {
				return fmt.Errorf("pause the worker: %w; is %s its data folder?", err, data)
			}
			return os.Rename(part, filepath.Join(data, pauseFile))
		},
	}
	c.Flags().StringVar(&data, "data", "heliostat-worker", "the worker's data `folder`")
	c.Flags().StringVar(&reason, "reason", "its owner paused it", "shown to you and to the network")
	c.Flags().BoolVar(&finish, "finish", false, "finish the task in hand first")
	return c
}

func resumeCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:     "resume",
		Short:   "Let the worker of a data folder work again",
		Example: "  heliostat-worker resume --data /var/lib/heliostat",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := os.Stat(data); err != nil {
				return fmt.Errorf("resume the worker: %w; is %s its data folder?", err, data)
			}
			if err := os.Remove(filepath.Join(data, pauseFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("resume the worker: %w", err)
			}
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", "heliostat-worker", "the worker's data `folder`")
	return c
}

// readOrder returns the pause that is asked for; none is no error.
func readOrder(dir string) (order, bool, error) {
	info, err := os.Stat(filepath.Join(dir, pauseFile))
	if errors.Is(err, fs.ErrNotExist) {
		return order{}, false, nil
	}
	if err == nil && info.Size() > 1<<16 {
		err = errors.New("it is too large")
	}
	var o order
	if err == nil {
		var text []byte
		if text, err = os.ReadFile(filepath.Join(dir, pauseFile)); err == nil {
			err = json.Unmarshal(text, &o)
		}
	}
	if err != nil {
		return order{}, false, fmt.Errorf("read %s: %w", pauseFile, err)
	}
	return o, true, nil
}

// followOrders keeps the engine paused while the file is there, until ctx ends.
func followOrders(ctx context.Context, engine *workerapp.Engine, dir string, log *slog.Logger) {
	ticker := time.NewTicker(pauseEvery)
	defer ticker.Stop()
	var now order
	held := false
	for {
		o, there, err := readOrder(dir)
		switch {
		case err != nil:
			log.Warn("a pause can't be understood", "err", err)
		case there && (!held || o != now):
			engine.Pause(o.Mode, o.Reason)
		case !there && held:
			engine.Resume()
		}
		if err == nil {
			now, held = o, there
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
