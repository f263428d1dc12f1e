package workerapp

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
)

// tally counts delivered frames over restarts.
type tally struct {
	Day   string `json:"day"` // local date
	Today int    `json:"today"`
	Ever  int    `json:"ever"`
}

func loadTally(dir string) tally {
	var t tally
	text, err := os.ReadFile(filepath.Join(dir, "tally.json"))
	if err != nil || json.Unmarshal(text, &t) != nil || t.Today < 0 || t.Ever < 0 {
		return tally{} // only a figure for people: it starts again
	}
	return t
}

func (t *tally) today(now time.Time) int {
	if t.Day != now.Format(time.DateOnly) {
		return 0
	}
	return t.Today
}

func (t *tally) add(now time.Time, frames int) {
	t.Today = t.today(now) + frames
	t.Day = now.Format(time.DateOnly)
	t.Ever += frames
}

func (t *tally) save(dir string) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	part := filepath.Join(dir, "tally.json.part")
	if err := os.WriteFile(part, text, 0o600); err != nil {
		return fmt.Errorf("keep the tally: %w", err)
	}
	return os.Rename(part, filepath.Join(dir, "tally.json"))
}

func tokens(a job.Amount) float64 { return float64(a) / float64(job.Token) }
