// Package packaging makes the packaging benchmark's inputs: about 1 GB per seed, of meshes
// saved by real Blender, 4k textures and 2 000 small files, and the same after an artist's edit.
//
// It measures nothing; installers/bench does.
package packaging

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

//go:embed meshes.py
var meshes []byte

// version changes with whatever is made, so that a cache of older inputs is not used.
const version = "1"

// Main is the scene's file, in every input folder.
const Main = "scene.blend"

const (
	texture    = "tex/rock_03_color.png" // is edited
	smallFiles = 2000
	side       = 4096 // of a texture, in pixels
)

// Make returns the folder of one seed's scene below cache, and makes it if it isn't there.
func Make(ctx context.Context, cache string, seed int) (string, error) {
	dir := filepath.Join(cache, "v"+version, "scene-"+strconv.Itoa(seed))
	return dir, once(dir, func(part string) error {
		log.Printf("packaging: making scene %d, about 1 GB", seed)
		if err := blender(ctx, "make", part, strconv.Itoa(seed)); err != nil {
			return err
		}
		if err := pictures(filepath.Join(part, "tex"), uint64(seed)); err != nil {
			return fmt.Errorf("make the textures: %w", err)
		}
		if err := small(part, uint64(seed)); err != nil {
			return fmt.Errorf("make the small files: %w", err)
		}
		return nil
	})
}

// Edited returns the folder of seed 1's scene after one object was moved and one texture
// painted on; all other files are hard links to the unedited ones. changed is the whole size of the two.
func Edited(ctx context.Context, cache string) (dir string, changed int64, err error) {
	from, err := Make(ctx, cache, 1)
	if err != nil {
		return "", 0, err
	}
	dir = filepath.Join(cache, "v"+version, "scene-1-edited")
	err = once(dir, func(part string) error {
		log.Print("packaging: moving one object and painting on one texture")
		if err := os.CopyFS(part, linkless{os.DirFS(from)}); err != nil {
			return err
		}
		err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err := filepath.Rel(from, path)
			if err != nil || name == Main || filepath.ToSlash(name) == texture {
				return err
			}
			return os.Link(path, filepath.Join(part, name))
		})
		if err != nil {
			return err
		}
		if err := blender(ctx, "edit", filepath.Join(from, Main), filepath.Join(part, Main)); err != nil {
			return err
		}
		return paint(filepath.Join(from, texture), filepath.Join(part, texture))
	})
	for _, name := range []string{Main, texture} {
		info, serr := os.Stat(filepath.Join(dir, name))
		if serr != nil {
			return dir, 0, errors.Join(err, serr)
		}
		changed += info.Size()
	}
	return dir, changed, err
}

// linkless is a file system's folders without its files.
type linkless struct{ fs.FS }

// ReadDir implements fs.ReadDirFS.
func (l linkless) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(l.FS, name)
	var dirs []fs.DirEntry
	for _, d := range all {
		if d.IsDir() {
			dirs = append(dirs, d)
		}
	}
	return dirs, err
}

// once makes dir in one step, so that an interrupted run leaves no half of it.
func once(dir string, make func(part string) error) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := os.MkdirAll(part, 0o755); err != nil {
		return err
	}
	if err := make(part); err != nil {
		return errors.Join(err, os.RemoveAll(part))
	}
	return os.Rename(part, dir)
}

func blender(ctx context.Context, args ...string) error {
	script, err := os.CreateTemp("", "heliostat-meshes-*.py")
	if err != nil {
		return err
	}
	defer os.Remove(script.Name())
	_, err = script.Write(meshes)
	if err := errors.Join(err, script.Close()); err != nil {
		return err
	}
	args = append([]string{"--background", "--factory-startup", "--python-exit-code", "3", "--python", script.Name(), "--"}, args...)
	if out, err := exec.CommandContext(ctx, "blender", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("make meshes with Blender: %w; it printed:\n%s", err, out)
	}
	return nil
}

// small writes files of 0.5 to 60 KB: settings, previews that are compressed already, and
// short caches of points.
func small(dir string, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 2))
	for i := range smallFiles {
		size := 500 << r.IntN(7)
		size += r.IntN(size)
		var name string
		var body []byte
		switch i % 5 {
		case 0:
			name = fmt.Sprintf("settings/shader_%04d.json", i)
			for len(body) < size {
				body = fmt.Appendf(body, "{\"node\": \"mix_%d\", \"factor\": %.4f, \"color\": [%.3f, %.3f, %.3f]},\n", r.IntN(40), r.Float64(), r.Float64(), r.Float64(), r.Float64())
			}
		case 1:
			name = fmt.Sprintf("cache/points_%04d.bin", i)
			body = points(r, size/12)
		default:
			name = fmt.Sprintf("preview/asset_%04d.jpg", i)
			body = make([]byte, size)
			for j := range body {
				body[j] = byte(r.Uint32())
			}
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, body, 0o644); err != nil {
			return err
		}
	}
	return nil
}
