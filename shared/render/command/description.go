package command

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/heliostat-render/heliostat/shared/render"
)

// Bounds of a description.
const (
	maxFile    = 256 << 10 // bytes
	maxPattern = 1 << 10   // bytes
	maxArgs    = 512       // arguments of a list
	maxMargin  = 64        // pixels
)

const cpu = "CPU"

// ErrDescription means that a description is wrong; the error says where.
var ErrDescription = errors.New("this renderer description is wrong")

// Args is an argument list: groups of arguments that appear together or not at all.
type Args [][]string

// Description is a batch renderer, as FORMAT.md has it.
type Description struct {
	Renderer string            `toml:"renderer"`
	Name     string            `toml:"name"`
	Tested   []string          `toml:"tested"`
	Programs []string          `toml:"programs"`
	Scenes   []string          `toml:"scenes"`
	Seeded   bool              `toml:"seeded"`
	Refuse   string            `toml:"refuse"`
	Version  Version           `toml:"version"`
	Env      map[string]string `toml:"env"`
	Engines  map[string]Choice `toml:"engines"`
	Formats  map[string]Format `toml:"formats"`
	Modes    map[string]Choice `toml:"modes"`
	Devices  map[string]Device `toml:"devices"`
	Args     Args              `toml:"args"`
	Output   string            `toml:"output"`
	Exit     []int             `toml:"exit"`
	Tile     *Tile             `toml:"tile"`
	Progress []Progress        `toml:"progress"`
	Errors   []Failure         `toml:"errors"`
}

// Version is how the program tells its version.
type Version struct {
	Args    []string `toml:"args"`
	Pattern string   `toml:"pattern"`
	Exit    []int    `toml:"exit"`

	pattern *regexp.Regexp
}

func (v Version) exit() []int { return orZero(v.Exit) }

func orZero(codes []int) []int {
	if len(codes) == 0 {
		return []int{0}
	}
	return codes
}

// Choice is what a recipe's word adds to the arguments.
type Choice struct {
	Args Args `toml:"args"`
}

// Format is an image format that the renderer writes.
type Format struct {
	Ext    string   `toml:"ext"`
	Args   Args     `toml:"args"`
	Depths []string `toml:"depths"`
}

// Device is what the renderer can render on.
type Device struct {
	Args   Args   `toml:"args"`
	Exists string `toml:"exists"`
}

// Tile is how a region is rendered.
type Tile struct {
	Args   Args   `toml:"args"`
	Shows  string `toml:"shows"` // "frame" or "region"
	Margin int    `toml:"margin"`
}

// Progress is a line that tells how far a render is.
type Progress struct {
	Pattern string `toml:"pattern"`
	Unit    int64  `toml:"unit"` // bytes of one in the group memory

	pattern *regexp.Regexp
}

// Failure is a line that tells why a render failed.
type Failure struct {
	Pattern string `toml:"pattern"`
	Kind    string `toml:"kind"`
	Cause   string `toml:"cause"`
	Always  bool   `toml:"always"`

	pattern *regexp.Regexp
	kind    error
}

var kinds = map[string]error{
	"missing":     render.ErrMissingAsset,
	"memory":      render.ErrOutOfMemory,
	"unsupported": render.ErrUnsupported,
	"scene":       render.ErrBadScene,
	"crashed":     render.ErrCrashed,
}

var (
	rendererName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	envName      = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)
	extension    = regexp.MustCompile(`^\.[a-z0-9]{1,8}$`)
	progressed   = []string{"percent", "done", "total", "sample", "samples", "remaining", "memory"}
)

// Parse reads and checks a description. Errors wrap ErrDescription.
func Parse(text []byte) (*Description, error) {
	d := &Description{}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%w: it has over %d bytes", ErrDescription, maxFile)
	}
	if err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(d); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			return nil, fmt.Errorf("%w: a key isn't known:\n%s", ErrDescription, strict.String())
		}
		return nil, fmt.Errorf("%w: %w", ErrDescription, err)
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDescription, err)
	}
	return d, nil
}

func (d *Description) check() error {
	switch {
	case !rendererName.MatchString(d.Renderer):
		return fmt.Errorf("renderer %q isn't lower-case letters, digits and -", d.Renderer)
	case d.Name == "" || len(d.Programs) == 0 || len(d.Scenes) == 0 || len(d.Engines) == 0 || len(d.Formats) == 0 || len(d.Args) == 0 || d.Output == "":
		return errors.New("name, programs, scenes, engines, formats, args and output are needed")
	case d.Tile != nil && d.Tile.Shows != "frame" && d.Tile.Shows != "region":
		return fmt.Errorf("tile.shows is %q, not frame or region", d.Tile.Shows)
	case d.Tile != nil && (d.Tile.Margin < 0 || d.Tile.Margin > maxMargin):
		return fmt.Errorf("tile.margin is %d, not 0 to %d", d.Tile.Margin, maxMargin)
	}
	var err error
	if d.Version.pattern, err = compile("version.pattern", d.Version.Pattern); err != nil {
		return err
	}
	if d.Version.pattern.NumSubexp() != 1 {
		return errors.New("version.pattern needs one group")
	}
	for name, value := range d.Env {
		if !envName.MatchString(name) || strings.ContainsRune(value, 0) {
			return fmt.Errorf("env.%s can't be a variable", name)
		}
	}
	for _, ext := range d.Scenes {
		if !extension.MatchString(ext) {
			return fmt.Errorf("scenes: %q is no ending", ext)
		}
	}
	for name, f := range d.Formats {
		if !extension.MatchString(f.Ext) {
			return fmt.Errorf("formats.%s.ext: %q is no ending", name, f.Ext)
		}
	}
	if len(d.Devices) == 0 {
		d.Devices = map[string]Device{cpu: {}}
	}
	if err := d.checkArgs(); err != nil {
		return err
	}
	for i := range d.Progress {
		p := &d.Progress[i]
		if p.pattern, err = compile("progress", p.Pattern); err != nil {
			return err
		}
		if !slices.ContainsFunc(p.pattern.SubexpNames(), func(n string) bool { return slices.Contains(progressed, n) }) {
			return fmt.Errorf("progress: %q has none of the groups %s", p.Pattern, strings.Join(progressed, ", "))
		}
	}
	for i := range d.Errors {
		f := &d.Errors[i]
		if f.pattern, err = compile("errors", f.Pattern); err != nil {
			return err
		}
		if f.kind = kinds[f.Kind]; f.kind == nil {
			return fmt.Errorf("errors: kind %q is none of %s", f.Kind, strings.Join(keys(kinds), ", "))
		}
	}
	return nil
}

// checkArgs fills every list with harmless values, so that a misspelt placeholder is found
// now and not at a worker.
func (d *Description) checkArgs() error {
	v := values{}
	for _, name := range placeholders {
		v[name] = value{text: "1", number: true}
	}
	lists := map[string]Args{"args": d.Args}
	for name, c := range d.Engines {
		lists["engines."+name] = c.Args
	}
	for name, c := range d.Formats {
		lists["formats."+name] = c.Args
	}
	for name, c := range d.Modes {
		lists["modes."+name] = c.Args
	}
	for name, c := range d.Devices {
		lists["devices."+name] = c.Args
	}
	if d.Tile != nil {
		lists["tile"] = d.Tile.Args
	}
	for where, list := range lists {
		splices := map[string]Args{}
		if where == "args" {
			for _, name := range spliced {
				splices[name] = nil
			}
		}
		if _, err := list.fill(v, splices); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	out, empty, err := expand(d.Output, v)
	if err != nil || empty || !filepath.IsLocal(out) {
		return fmt.Errorf("output %q is no path inside a folder: %v", d.Output, err)
	}
	return nil
}

func compile(where, pattern string) (*regexp.Regexp, error) {
	if pattern == "" || len(pattern) > maxPattern {
		return nil, fmt.Errorf("%s: a pattern has 1 to %d bytes", where, maxPattern)
	}
	p, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return p, nil
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
