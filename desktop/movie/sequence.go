// Package movie turns numbered images into a movie with ffmpeg: it finds the images, names
// what is missing, and encodes with one of a few presets.
//
// It is not for fetching frames or for asking people: the command does both.
//
// Receives: a folder of delivered frames.
// Hands on: a movie file.
package movie

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxFrames bounds a sequence; a day at 24 frames a second has 2 million.
const maxFrames = 4_000_000

// Sequence is one set of numbered images.
type Sequence struct {
	Name   string         // "shot_####.png", for people
	Ext    string         // with the dot, in lower case
	Files  map[int]string // paths by frame
	Frames []int          // ascending
	pure   bool           // the name is nothing but the number
}

// Missing are the frames that lie between the first and the last and aren't there. step is
// the usual distance of two frames.
func (s Sequence) Missing() (missing []int, step int) {
	// A render of every second frame has no gaps; one lost frame of it is one.
	distances := map[int]int{}
	for i := 1; i < len(s.Frames); i++ {
		distances[s.Frames[i]-s.Frames[i-1]]++
	}
	step = 1
	for d, n := range distances {
		if n > distances[step] || n == distances[step] && d < step {
			step = d
		}
	}
	for i := 1; i < len(s.Frames); i++ {
		for n := s.Frames[i-1] + step; n < s.Frames[i] && len(missing) < maxFrames; n += step {
			missing = append(missing, n)
		}
	}
	return missing, step
}

// The last number in a name is the frame.
var numbered = regexp.MustCompile(`^(.*?)(\d{1,9})([^0-9]*\.)(?i:(png|jpe?g|exr|tiff?|webp))$`)

// Find looks for images: path is a folder with one sequence in it, a pattern such as
// "render/shot_####.png", or one of the images. only limits the frames; nil takes all.
func Find(path string, only []int) (Sequence, error) {
	folder, want := path, ""
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		folder, want = filepath.Split(path)
		if folder == "" {
			folder = "."
		}
		if err == nil { // one of the images stands for all
			if want = pattern(want); want == "" {
				return Sequence{}, fmt.Errorf("%s is no numbered image; name a folder of PNG, JPEG, EXR, TIFF or WebP frames", path)
			}
		} else if !strings.Contains(want, "#") {
			return Sequence{}, fmt.Errorf("there is no %s; name a folder of frames, or a pattern such as render/shot_####.png", path)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return Sequence{}, fmt.Errorf("look for frames: %w", err)
	}
	found := map[string]*Sequence{}
	for _, entry := range entries {
		m := numbered.FindStringSubmatch(entry.Name())
		name := pattern(entry.Name())
		if m == nil || entry.IsDir() || want != "" && key(name) != key(want) {
			continue
		}
		frame, err := strconv.Atoi(m[2])
		if err != nil || only != nil && !contains(only, frame) {
			continue
		}
		s := found[key(name)]
		if s == nil {
			s = &Sequence{Name: name, Ext: "." + strings.ToLower(m[4]), Files: map[int]string{}, pure: m[1] == "" && m[3] == "."}
			found[key(name)] = s
		}
		if other, twice := s.Files[frame]; twice {
			return Sequence{}, fmt.Errorf("frame %d is there twice, as %s and %s; remove one", frame, filepath.Base(other), entry.Name())
		}
		s.Files[frame] = filepath.Join(folder, entry.Name())
		s.Frames = append(s.Frames, frame)
	}
	s, err := choose(found, path)
	if err != nil {
		return Sequence{}, err
	}
	if len(s.Frames) > maxFrames {
		return Sequence{}, fmt.Errorf("%s has %d frames, at most %d make a movie", s.Name, len(s.Frames), maxFrames)
	}
	slices.Sort(s.Frames)
	return *s, nil
}

// choose takes the only sequence, or the one whose names are just numbers, as the network
// delivers frames: what lies beside it are further outputs.
func choose(found map[string]*Sequence, path string) (*Sequence, error) {
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no numbered PNG, JPEG, EXR, TIFF or WebP images; fetch them with heliostat job fetch", path)
	}
	var names []string
	var all, pure []*Sequence
	for _, s := range found {
		names = append(names, fmt.Sprintf("%s (%d)", s.Name, len(s.Frames)))
		all = append(all, s)
		if s.pure {
			pure = append(pure, s)
		}
	}
	slices.Sort(names)
	switch {
	case len(all) == 1:
		return all[0], nil
	case len(pure) == 1:
		return pure[0], nil
	}
	return nil, fmt.Errorf("%w: %s; name one, such as %s", errSeveral, strings.Join(names, ", "), filepath.Join(path, all[0].Name))
}

var errSeveral = errors.New("there are several sequences")

// pattern is "shot_####.png" of "shot_0012.png", "" of what is no numbered image.
func pattern(name string) string {
	m := numbered.FindStringSubmatch(name)
	if m == nil {
		return ""
	}
	return m[1] + strings.Repeat("#", len(m[2])) + m[3] + m[4]
}

// key makes patterns of differently long numbers one.
func key(pattern string) string { return hashes.ReplaceAllString(pattern, "#") }

var hashes = regexp.MustCompile(`#+`)

func contains(sorted []int, n int) bool {
	_, there := slices.BinarySearch(sorted, n)
	return there
}
