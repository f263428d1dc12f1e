package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// maxState bounds a stored audit, in bytes.
const maxState = 256 << 20

// auditName is what an audit may be called: it becomes a file's name.
var auditName = regexp.MustCompile(`^[a-z0-9]{1,64}$`)

// State is an audit in hand, as it is kept on disk. The job key in the offer is sealed to
// this node.
type State struct {
	Offer   wire.AuditOffer    `json:"offer"`
	Money   wire.Money         `json:"money"`
	Samples []proof.TileSample `json:"samples,omitempty"` // what was rendered; set before it is committed to
	Seconds float64            `json:"seconds"`           // spent rendering
	// Developed is the delivered file of a still that was joined, as this node made it before it saw the
	// worker's; Unread says why it couldn't.
	Developed []byte `json:"developed,omitempty"`
	// Extras are the further files beside Developed.
	Extras []extra `json:"extras,omitempty"`
	Unread string  `json:"unread,omitempty"`
	// Channels are the names of the master's channels as this node rendered them; the worker's
	// names decide nothing. Layouts name those of planes whose tiles hold passes beside the image.
	Channels []string       `json:"channels,omitempty"`
	Layouts  []proof.Layout `json:"layouts,omitempty"`
	Tries    int            `json:"tries"` // starts of the verifier that took it up
}

// extra is a further file that this node made.
type extra struct {
	Name   string       `json:"name"`
	Digest proof.Digest `json:"digest"`
	Bytes  []byte       `json:"bytes,omitempty"` // of the first maxExtras bytes of them
}

// shelf is the folder of audits in hand.
type shelf struct{ dir string }

// openShelf reads what an earlier process left; a file that can't be used is removed.
func openShelf(dir string) (shelf, []State, error) {
	s := shelf{dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return s, nil, fmt.Errorf("open the folder of audits: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return s, nil, fmt.Errorf("open the folder of audits: %w", err)
	}
	var states []State
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		state, err := readState(path)
		if err != nil || state.Offer.Audit+".json" != entry.Name() {
			if err := os.RemoveAll(path); err != nil {
				return s, nil, fmt.Errorf("clear the folder of audits: %w", err)
			}
			continue
		}
		states = append(states, state)
	}
	slices.SortFunc(states, func(a, b State) int { return int(a.Offer.Deadline - b.Offer.Deadline) })
	return s, states, nil
}

func readState(path string) (State, error) {
	f, err := os.Open(path)
	if err != nil {
		return State{}, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err != nil {
		return State{}, err
	}
	var s State
	if len(text) > maxState {
		return s, errors.New("too large")
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, err
	}
	return s, checkOffer(s.Offer)
}

// save writes the state whole or not at all, and durably.
func (s shelf) save(state State) error {
	text, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("keep audit %s: %w", state.Offer.Audit, err)
	}
	part, err := os.CreateTemp(s.dir, "part-*")
	if err != nil {
		return fmt.Errorf("keep audit %s: %w", state.Offer.Audit, err)
	}
	_, err = part.Write(text)
	err = errors.Join(err, part.Sync(), part.Close())
	if err == nil {
		err = os.Rename(part.Name(), s.path(state.Offer.Audit))
	}
	if err != nil {
		os.Remove(part.Name())
		return fmt.Errorf("keep audit %s: %w", state.Offer.Audit, err)
	}
	return nil
}

func (s shelf) drop(audit string) error {
	if err := os.Remove(s.path(audit)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("clear audit %s: %w", audit, err)
	}
	return nil
}

func (s shelf) path(audit string) string { return filepath.Join(s.dir, audit+".json") }

// checkOffer refuses what no honest manager sends, before anything is done with it.
func checkOffer(o wire.AuditOffer) error {
	if !auditName.MatchString(o.Audit) {
		return fmt.Errorf("audit %q has no usable name", o.Audit)
	}
	r := o.Recipe
	if r.Width <= 0 || r.Height <= 0 || proof.TileCount(r.Width, r.Height) > proof.MaxTiles {
		return fmt.Errorf("the recipe's image has %d×%d pixels", r.Width, r.Height)
	}
	if len(o.Frames) == 0 || len(o.Frames) > proof.MaxFrames || (len(o.Tiles) == 0) != (o.Kind == job.TaskAssemble) || len(o.Tiles) > proof.MaxPicks {
		return fmt.Errorf("the challenge has %d frames and %d tiles", len(o.Frames), len(o.Tiles))
	}
	if (o.Border != nil) != (o.Kind == job.TaskTile) || (o.Master != nil) != (o.Kind == job.TaskAssemble) {
		return fmt.Errorf("the challenge doesn't have what a task %q has", o.Kind)
	}
	w, h, left, top := r.Width, r.Height, 0, 0
	switch o.Kind {
	case job.TaskRender:
	case job.TaskTile:
		if err := proof.CheckBorder(r, *o.Border); err != nil {
			return err
		}
		w, h, left, top = o.Border.W, o.Border.H, o.Border.X, o.Border.Y
	case job.TaskAssemble:
		if len(o.Frames) != 1 || o.Master.Size <= 0 || o.Master.Size > maxFile {
			return fmt.Errorf("a joined still of %d frames with a master of %d bytes", len(o.Frames), o.Master.Size)
		}
	default:
		return fmt.Errorf("this verifier doesn't know what a task %q is; a newer one may", o.Kind)
	}
	frames := map[int]bool{}
	for _, f := range o.Frames {
		if frames[f.Frame] {
			return fmt.Errorf("the challenge has frame %d twice", f.Frame)
		}
		frames[f.Frame] = true
	}
	for _, t := range o.Tiles {
		rect, err := proof.TileRect(w, h, t.Tile)
		if err != nil {
			return err
		}
		if !frames[t.Frame] || rect != (proof.Rect{X: t.X - left, Y: t.Y - top, W: t.W, H: t.H}) {
			return fmt.Errorf("tile %d of frame %d isn't one of this image's", t.Tile, t.Frame)
		}
	}
	return nil
}
