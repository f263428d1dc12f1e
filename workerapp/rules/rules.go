// Package rules decides whether the owner lets this machine work now. RULES.md specifies
// the file that the owner writes; the keeper holds it against the machine: the clock, who
// sits at it, what runs, how hot it is. Anything that forbids work holds a pause under its
// own name ("owner", "disk", "idle", …), and every pause has a reason that a person reads.
//
// It is not the place for stopping renderers: workerapp does that when the gate closes.
//
// Receives: the owner's rules, pauses and resumes from the owner and from the worker's own
// checks.
// Hands on: one answer, may I work, and why not.
package rules

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/pelletier/go-toml/v2"

	"github.com/heliostat-render/heliostat/shared/job"
)

// Priorities of a renderer's process.
const (
	Low    = "low"
	Normal = "normal"
)

// maxFile bounds a rules file, in bytes; maxList a list in it.
const (
	maxFile = 64 << 10
	maxList = 1000
)

// Duration is written "10m".
type Duration time.Duration

// UnmarshalText reads a duration that isn't negative.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no duration; write it like \"10m\" or \"1h30m\"", text)
	}
	*d = Duration(v)
	return nil
}

// Size is a number of bytes, written "8GiB".
type Size int64

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	v, err := humanize.ParseBytes(string(text))
	if err != nil || v > math.MaxInt64/2 {
		return fmt.Errorf("%q is no size; write it like \"8GiB\"", text)
	}
	*s = Size(v)
	return nil
}

// Rules are what RULES.md specifies.
type Rules struct {
	When struct {
		Idle     Duration `toml:"idle"`
		Hours    []Hours  `toml:"hours"`
		HoursEnd Mode     `toml:"hours-end"`
		Battery  bool     `toml:"battery"`
	} `toml:"when"`
	Pause struct {
		Programs   []string `toml:"programs"`
		Fullscreen bool     `toml:"fullscreen"`
	} `toml:"pause"`
	Limits struct {
		Temperature    float64 `toml:"temperature"`     // °C
		GPUTemperature float64 `toml:"gpu-temperature"` // °C
		Power          float64 `toml:"power"`           // W
		VRAM           Size    `toml:"vram"`
		Memory         Size    `toml:"memory"`
		Threads        int     `toml:"threads"`
		Cache          Size    `toml:"cache"`
		MinFree        Size    `toml:"min-free"`
		Download       Size    `toml:"download"` // bytes a second
		Upload         Size    `toml:"upload"`   // bytes a second
	} `toml:"limits"`
	Price struct {
		Floor float64 `toml:"floor"` // tokens a work unit
	} `toml:"price"`
	Jobs struct {
		Allow []string `toml:"allow"`
		Block []string `toml:"block"`
	} `toml:"jobs"`
	Process struct {
		Priority string `toml:"priority"`
	} `toml:"process"`
}

// Default is what holds where the owner says nothing.
func Default() Rules {
	var r Rules
	r.When.HoursEnd = Finish
	r.Limits.Cache = 20 << 30
	r.Limits.MinFree = 512 << 20
	r.Process.Priority = Normal
	return r
}

// Parse reads a rules file over the given rules. The error names the place and the remedy.
func Parse(text []byte, over Rules) (Rules, error) {
	r := over
	d := toml.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		var unknown *toml.StrictMissingError
		if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
			row, _ := unknown.Errors[0].Position()
			return over, fmt.Errorf("line %d: there is no rule %s; RULES.md lists them", row, strings.Join(unknown.Errors[0].Key(), "."))
		}
		var wrong *toml.DecodeError
		if errors.As(err, &wrong) {
			row, _ := wrong.Position()
			return over, fmt.Errorf("line %d: %w", row, err)
		}
		return over, err
	}
	if err := r.Check(); err != nil {
		return over, err
	}
	return r, nil
}

// Check refuses rules that make no sense.
func (r *Rules) Check() error {
	l := r.Limits
	figure := func(v, most float64) bool { return v >= 0 && v <= most } // false for NaN
	switch {
	case r.When.Idle > 0 && r.When.Idle < Duration(time.Second):
		return fmt.Errorf("when.idle is %v; write it like \"10m\"", time.Duration(r.When.Idle))
	case r.When.HoursEnd != Finish && r.When.HoursEnd != Now:
		return fmt.Errorf("when.hours-end is %q; use \"finish\" or \"now\"", r.When.HoursEnd)
	case r.Process.Priority != Low && r.Process.Priority != Normal:
		return fmt.Errorf("process.priority is %q; use \"low\" or \"normal\"", r.Process.Priority)
	case !figure(l.Temperature, 200), !figure(l.GPUTemperature, 200):
		return errors.New("a temperature limit is out of range; use 0 to 200 °C")
	case !figure(l.Power, 100_000):
		return errors.New("limits.power is out of range; use 0 to 100000 W")
	case l.Threads < 0 || l.Threads > 4096:
		return errors.New("limits.threads is out of range; use 0 for all, or up to 4096")
	case l.Cache < 0 || l.VRAM < 0 || l.Memory < 0 || l.MinFree < 0 || l.Download < 0 || l.Upload < 0:
		return errors.New("a size in limits is negative")
	case !figure(r.Price.Floor, 1e9):
		return errors.New("price.floor is out of range; use tokens a work unit, 0 for any")
	}
	for name, list := range map[string][]string{"pause.programs": r.Pause.Programs, "jobs.allow": r.Jobs.Allow, "jobs.block": r.Jobs.Block} {
		if len(list) > maxList {
			return fmt.Errorf("%s has %d entries; %d are allowed", name, len(list), maxList)
		}
		for _, entry := range list {
			if strings.TrimSpace(entry) == "" {
				return fmt.Errorf("%s has an empty entry", name)
			}
		}
	}
	for _, pattern := range r.Pause.Programs {
		if _, err := path.Match(strings.ToLower(pattern), ""); err != nil {
			return fmt.Errorf("pause.programs: %q is no pattern", pattern)
		}
	}
	return nil
}

// Read reads a rules file over the given rules. A file that isn't there changes nothing.
func Read(file string, over Rules) (Rules, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return over, nil
	case err != nil:
		return over, fmt.Errorf("read the rules: %w", err)
	case info.Size() > maxFile || !info.Mode().IsRegular():
		return over, fmt.Errorf("the rules in %s aren't a file of at most %d KiB", file, maxFile>>10)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return over, fmt.Errorf("read the rules: %w", err)
	}
	r, err := Parse(text, over)
	if err != nil {
		return over, fmt.Errorf("the rules in %s: %w", file, err)
	}
	return r, nil
}

// Takes tells whether the owner's lists let the machine work for a job; the error is why
// not.
func (r *Rules) Takes(id, artist string, recipe job.Recipe) error {
	named := func(list []string) string {
		for _, entry := range list {
			for _, name := range []string{id, artist, recipe.Renderer} {
				if name != "" && strings.EqualFold(strings.TrimSpace(entry), name) {
					return entry
				}
			}
		}
		return ""
	}
	if entry := named(r.Jobs.Block); entry != "" {
		return fmt.Errorf("the owner doesn't work for %s", entry)
	}
	if len(r.Jobs.Allow) > 0 && named(r.Jobs.Allow) == "" {
		return errors.New("the owner works only for chosen jobs, and this isn't one")
	}
	return nil
}
