package submit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	recordVersion = 1
	recordFolder  = "submissions"
	recordKeep    = 200 // finished submissions that stay on disk
	// infoResume is the HPKE info under which a submission's job key is sealed to the
	// artist's own identity while it waits on disk.
	infoResume = "heliostat submission v1"
)

// record is a submission on disk: all that Resume needs. The job key in it is sealed to
// the artist's identity.
type record struct {
	Version int               `json:"version"`
	Key     string            `json:"key"`
	Manager string            `json:"manager"`
	Scene   Scene             `json:"scene"`
	Started time.Time         `json:"started"`
	Phase   Phase             `json:"phase"`
	Package string            `json:"package,omitempty"` // id, once the manager has all of it
	JobKey  []byte            `json:"jobKey,omitempty"`  // sealed
	Job     string            `json:"job,omitempty"`
	Funded  bool              `json:"funded,omitempty"`
	Written map[string]string `json:"written,omitempty"` // path -> digest of the frame that this submission put there
}

// Summary is one submission of Agent.List.
type Summary struct {
	Key     string    `json:"key"`
	Name    string    `json:"name"`
	Job     string    `json:"job,omitempty"`
	Phase   Phase     `json:"phase"`
	Started time.Time `json:"started"`
	Frames  int       `json:"frames"`
}

func recordPath(dataDir, key string) string {
	return filepath.Join(dataDir, recordFolder, key+".json")
}

// writeRecord replaces the file in one step, so that a crash leaves the old or the new one.
func writeRecord(dataDir, key string, raw []byte) error {
	path := recordPath(dataDir, key)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write the submission: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".record-*")
	if err != nil {
		return fmt.Errorf("write the submission: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(raw)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("write the submission: %w", err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return fmt.Errorf("write the submission: %w", err)
	}
	return nil
}

func loadRecord(path string) (*record, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r record
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if r.Version != recordVersion || r.Key+".json" != filepath.Base(path) {
		return nil, fmt.Errorf("read %s: it is not a submission of this version", path)
	}
	if err := r.Scene.check(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return &r, nil
}

// records reads every submission, newest first; damaged files are left out.
func records(dataDir string) ([]*record, error) {
	entries, err := os.ReadDir(filepath.Join(dataDir, recordFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, problemOf("list the submissions", err)
	}
	var list []*record
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		if r, err := loadRecord(filepath.Join(dataDir, recordFolder, e.Name())); err == nil {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *record) int { return b.Started.Compare(a.Started) })
	return list, nil
}

func listRecords(dataDir string) ([]Summary, error) {
	list, err := records(dataDir)
	if err != nil {
		return nil, err
	}
	summaries := make([]Summary, len(list))
	for i, r := range list {
		summaries[i] = Summary{Key: r.Key, Name: r.Scene.Name, Job: r.Job, Phase: r.Phase, Started: r.Started, Frames: len(r.Scene.Frames)}
	}
	return summaries, nil
}

func findRecord(dataDir, key string) (*record, error) {
	list, err := records(dataDir)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if key != "" && (r.Key == key || r.Job == key) {
			return r, nil
		}
	}
	return nil, problem("list what can be resumed, or submit the scene again", "no submission or job %q is known in %s", key, dataDir)
}

// prune deletes the oldest finished submissions.
func prune(dataDir string) {
	list, err := records(dataDir)
	if err != nil {
		return
	}
	kept := 0
	for _, r := range list {
		if !r.Phase.final() {
			continue
		}
		if kept++; kept > recordKeep {
			_ = os.Remove(recordPath(dataDir, r.Key))
		}
	}
}
