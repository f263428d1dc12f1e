package submit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack"
)

// SceneVersion is the version of SCENE.md that this package reads.
const SceneVersion = 1

// Bounds of a scene folder description.
const (
	MaxSceneBytes = 64 << 20
	MaxFiles      = 500_000
	MaxFrames     = 100_000
)

// Scene is a scene folder description, see SCENE.md.
type Scene struct {
	Heliostat int        `json:"heliostat"` // SceneVersion
	Name      string     `json:"name"`
	Host      string     `json:"host,omitempty"` // "blender 3.4.1 (hash)", for people
	Root      string     `json:"root,omitempty"` // project folder on this machine, for people
	Main      string     `json:"main"`           // package name of the scene file
	Files     []File     `json:"files"`
	Recipe    job.Recipe `json:"recipe"`
	Frames    []int      `json:"frames"`
	Output    Output     `json:"output"`
	Findings  []Finding  `json:"findings,omitempty"` // of the host's own preflight
	Whole     []Finding  `json:"whole,omitempty"`    // why its stills can't be joined from tiles
	Workdir   string     `json:"workdir,omitempty"`  // holds files made for this submission only

	Priority int        `json:"priority,omitempty"`
	Deadline int64      `json:"deadline,omitempty"` // Unix seconds
	MaxPrice job.Amount `json:"maxPrice,omitempty"`
	Needs    job.Needs  `json:"needs"`
	After    []string   `json:"after,omitempty"` // jobs that have to be delivered first
	Scout    bool       `json:"scout,omitempty"` // first, middle and last frame before the rest is released
	// ReleaseAfter is how many seconds after the scouts passed their check the rest is released by itself; nil is never.
	ReleaseAfter *int64 `json:"releaseAfter,omitempty"`
	Tiles        int    `json:"tiles,omitempty"`  // into about how many parts a still is split
	Probe        bool   `json:"probe,omitempty"`  // a few frames at reduced samples are rendered before the quote
	Rehash       bool   `json:"rehash,omitempty"` // don't trust the scan cache

	AcceptQuote  bool `json:"acceptQuote,omitempty"`  // don't wait for AcceptQuote
	AcceptFrames bool `json:"acceptFrames,omitempty"` // don't wait for AcceptFrames
	CheckOnly    bool `json:"checkOnly,omitempty"`    // stop after preflight
}

// File is one file of the scene.
type File struct {
	Name string `json:"name"`           // slash-separated, in the package
	Path string `json:"path"`           // on this machine
	User string `json:"user,omitempty"` // what wants it: `Image "ground"`
	Kind string `json:"kind,omitempty"` // what to call it: "image", "library"
}

// Output says where frames go on this machine.
type Output struct {
	Pattern   string    `json:"pattern"`             // absolute; a run of # is the frame number
	Extension string    `json:"extension,omitempty"` // ".png"; "" where the pattern has its own
	Overwrite Overwrite `json:"overwrite,omitempty"`
}

// Overwrite says what happens to files that are already where a frame goes.
type Overwrite string

const (
	// OverwriteOlder, the default, replaces files that were there when the submission
	// began and what Heliostat wrote. What somebody else has written since is kept, and the
	// frame goes beside it.
	OverwriteOlder  Overwrite = "older"
	OverwriteAlways Overwrite = "always"
	OverwriteNever  Overwrite = "never" // frames go beside every file that Heliostat didn't write
)

// Level is how severe a finding is.
type Level string

const (
	LevelError   Level = "error"   // it can't be submitted
	LevelWarning Level = "warning" // it can, but look
	LevelNote    Level = "note"
)

// Finding is one thing that preflight noticed.
type Finding struct {
	Level Level  `json:"level"`
	Code  string `json:"code"` // "missing_file", for programs
	Text  string `json:"text"`
	Fix   string `json:"fix,omitempty"` // the next step
	File  string `json:"file,omitempty"`
	User  string `json:"user,omitempty"`
}

// ParseScene reads a description. Its errors are Problems that name what is wrong.
func ParseScene(raw []byte) (Scene, error) {
	var s Scene
	if len(raw) > MaxSceneBytes {
		return s, problem("", "the scene description has %d bytes, more than %d", len(raw), MaxSceneBytes)
	}
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&s); err != nil {
		return s, problem("update the plug-in so that it fits this library", "the scene description can't be read: %v", err)
	}
	if err := s.check(); err != nil {
		return s, err
	}
	return s, nil
}

func (s *Scene) check() error {
	next := "update the plug-in so that it fits this library"
	if s.Heliostat != SceneVersion {
		return problem(next, "the scene description has version %d, this library reads %d", s.Heliostat, SceneVersion)
	}
	if len(s.Files) > MaxFiles || len(s.Frames) > MaxFrames {
		return problem("split the job", "the scene has %d files and %d frames, more than %d and %d", len(s.Files), len(s.Frames), MaxFiles, MaxFrames)
	}
	if s.Name == "" || len(s.Name) > 200 {
		return problem("give it a name of at most 200 bytes", "the job's name %.40q can't be used", s.Name)
	}
	switch s.Output.Overwrite {
	case "", OverwriteOlder, OverwriteAlways, OverwriteNever:
	default:
		return problem("use older, always or never", "the overwrite policy %q is not known", s.Output.Overwrite)
	}
	names := make(map[string]bool, len(s.Files))
	for _, f := range s.Files {
		if f.Path == "" || names[f.Name] {
			return problem(next, "the scene description lists %q twice or without a path", f.Name)
		}
		names[f.Name] = true
	}
	if !names[s.Main] {
		return problem(next, "the scene description doesn't list its main file %q", s.Main)
	}
	slices.Sort(s.Frames)
	s.Frames = slices.Compact(s.Frames)
	return nil
}

// sources is the list of files as shared/pack takes it.
func (s *Scene) sources() []pack.Source {
	list := make([]pack.Source, len(s.Files))
	for i, f := range s.Files {
		list[i] = pack.Source{Name: f.Name, Path: f.Path, Kind: f.kind()}
	}
	return list
}

func (f File) kind() string {
	kind := f.Kind
	switch kind {
	case "image":
		kind = "texture"
	case "":
		kind = "file"
	}
	if f.User != "" && f.Kind != "scene" {
		return fmt.Sprintf("%s (%s)", kind, f.User)
	}
	return kind
}
