// Package appetite remembers how much memory and time scenes took, per package and recipe, so that a
// worker doesn't start a second time what can't fit its device, and knows a frame that never ends.
//
// It is not the place for limits (workerapp/rules) or for measuring (shared/render).
//
// Receives: peaks and failures, from workerapp.
// Hands on: what a scene is known to need, to workerapp.
package appetite

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// maxScenes is how many scenes are remembered; the one that was seen longest ago goes first.
const maxScenes = 2000

// maxFile bounds the file, in bytes.
const maxFile = 4 << 20

// Need is what a scene took, or was refused.
type Need struct {
	Scene  string `json:"scene"`  // package and recipe, see Key
	Memory int64  `json:"memory"` // bytes of the machine's memory, at the peak
	Device int64  `json:"device"` // bytes of the GPU's memory, at the peak
	// Over is the GPU memory that it didn't fit into, in bytes; 0 when it always fitted.
	Over int64 `json:"over,omitempty"`
	// Seconds is how long the slowest frame took, or was given before it was given up; 0 where none did.
	Seconds float64 `json:"seconds,omitempty"`
}

// Key names a scene.
func Key(pkg, recipe string) string { return pkg + "/" + recipe }

// Store keeps the needs in a file. It may be used from many goroutines.
type Store struct {
	file string

	mu     sync.Mutex
	scenes []Need // guarded by mu; the latest last
}

// Open reads the file; one that can't be read is begun anew.
func Open(file string) *Store {
	s := &Store{file: file}
	info, err := os.Stat(file)
	if err != nil || info.Size() > maxFile {
		return s
	}
	text, err := os.ReadFile(file)
	var scenes []Need
	if err != nil || json.Unmarshal(text, &scenes) != nil {
		return s
	}
	for _, n := range scenes {
		if n.Memory >= 0 && n.Device >= 0 && n.Over >= 0 && n.Seconds >= 0 && n.Scene != "" && len(s.scenes) < maxScenes {
			s.scenes = append(s.scenes, n)
		}
	}
	return s
}

// Of is what a scene is known to need; the zero Need when nothing is known.
func (s *Store) Of(scene string) Need {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.scenes {
		if n.Scene == scene {
			return n
		}
	}
	return Need{Scene: scene}
}

// Saw notes what a frame took.
func (s *Store) Saw(scene string, memory, device int64) error {
	return s.change(scene, func(n *Need) {
		n.Memory, n.Device = max(n.Memory, memory), max(n.Device, device)
		if n.Over > 0 && device > n.Over {
			n.Over = 0 // it fitted after all
		}
	})
}

// Took notes how long a frame took.
func (s *Store) Took(scene string, seconds float64) error {
	return s.change(scene, func(n *Need) { n.Seconds = max(n.Seconds, seconds) })
}

// DidNotFit notes that a GPU with so many bytes was too small.
func (s *Store) DidNotFit(scene string, bytes int64) error {
	return s.change(scene, func(n *Need) { n.Over = max(n.Over, bytes) })
}

// Fits tells whether a GPU with so many bytes can hold the scene, as far as is known; the
// error says what it needs.
func (s *Store) Fits(scene string, bytes int64) error {
	n := s.Of(scene)
	const gib = 1 << 30
	switch {
	case bytes <= 0:
		return nil
	case n.Device > bytes:
		return fmt.Errorf("the scene took %.1f GiB of GPU memory before, %.1f are given", float64(n.Device)/gib, float64(bytes)/gib)
	case n.Over >= bytes:
		return fmt.Errorf("the scene didn't fit into %.1f GiB of GPU memory before, %.1f are given", float64(n.Over)/gib, float64(bytes)/gib)
	}
	return nil
}

func (s *Store) change(scene string, how func(*Need)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	need := Need{Scene: scene}
	at := -1
	for i, n := range s.scenes {
		if n.Scene == scene {
			need, at = n, i
		}
	}
	before := need
	how(&need)
	if at >= 0 && at == len(s.scenes)-1 && need == before {
		return nil
	}
	if at >= 0 {
		s.scenes = append(s.scenes[:at], s.scenes[at+1:]...)
	}
	s.scenes = append(s.scenes, need)
	if len(s.scenes) > maxScenes {
		s.scenes = s.scenes[len(s.scenes)-maxScenes:]
	}
	text, err := json.Marshal(s.scenes)
	if err != nil {
		return err
	}
	part := s.file + ".part"
	if err := errors.Join(os.MkdirAll(filepath.Dir(s.file), 0o700), os.WriteFile(part, text, 0o600)); err != nil {
		return fmt.Errorf("remember what the scene needs: %w", err)
	}
	if err := os.Rename(part, s.file); err != nil {
		return fmt.Errorf("remember what the scene needs: %w", err)
	}
	return nil
}
