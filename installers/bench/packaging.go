package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/heliostat-render/heliostat/installers/bench/packaging"
)

// packagingBench packs and seals a 1 GB scene of large meshes, 4k textures and 2 000 small
// files into a local folder, and does the same by `restic backup` and by `tar | zstd -3`. Each side runs
// once, in turn, in processes of its own, with the input in the page cache; cpu_s is user and system
// time, bytes are what lies in the folder afterwards, MB of memory is the peak resident set.
//
// This project's CPU time includes that of preparing Blender's copy of the .blend (submit.Steady), which
// makes its bytes repeat; the copy itself is Blender's.
//
// The resubmits compare with this project itself: uploaded bytes after an edit with the whole size of the
// two edited files, seconds of an unchanged resubmit with those of the first pack. The peak at 1 GB is
// compared with restic's, the peak at 4 GB with the peak at 1 GB.
func packagingBench(ctx context.Context, e env) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	cache = filepath.Join(cache, "heliostat-bench", "packaging")
	edited, changed, err := packaging.Edited(ctx, cache)
	if err != nil {
		return err
	}
	p := &packs{env: e, scene: filepath.Join(e.dir, "scene")}
	var scenes []string
	for seed := 1; seed <= 4; seed++ {
		dir, err := packaging.Make(ctx, cache, seed)
		if err != nil {
			return err
		}
		scenes = append(scenes, dir)
	}
	if err := p.use(scenes[0]); err != nil {
		return err
	}
	size, err := p.warm()
	if err != nil {
		return err
	}
	log.Printf("packaging: the scene has %.0f MB", float64(size)/1e6)

	// Every side finds its input in the page cache and, by the sync, an idle disk.
	ours, _, err := p.pack(ctx, "first")
	if err != nil {
		return err
	}
	steady, err := p.steady(ctx)
	if err != nil {
		return err
	}
	ours.cpu += steady.cpu
	ours.wall += steady.wall
	same, sameDid, err := p.pack(ctx, "first")
	if err != nil {
		return err
	}
	if sameDid.Reread != 0 {
		return fmt.Errorf("an unchanged resubmit read %d bytes again", sameDid.Reread)
	}
	oursBytes, err := sizeOf(filepath.Join(e.dir, "first", "store"))
	if err != nil {
		return err
	}
	if err := p.use(edited); err != nil {
		return err
	}
	_, edit, err := p.pack(ctx, "first")
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(e.dir, "first")); err != nil {
		return err
	}
	if err := p.use(scenes[0]); err != nil {
		return err
	}
	restic, resticBytes, err := p.restic(ctx)
	if err != nil {
		return err
	}
	tar, tarBytes, err := p.tar(ctx)
	if err != nil {
		return err
	}
	row("pack_cpu_vs_restic", ours.cpu, "cpu_s", restic.cpu)
	row("pack_bytes_vs_restic", float64(oursBytes), "bytes", float64(resticBytes))
	row("pack_cpu_vs_tarzstd", ours.cpu, "cpu_s", tar.cpu)
	row("pack_bytes_vs_tarzstd", float64(oursBytes), "bytes", float64(tarBytes))
	row("resubmit_edit_bytes", float64(edit.Uploaded), "bytes", float64(changed))
	row("resubmit_same_time", same.wall.Seconds(), "s", ours.wall.Seconds())
	row("pack_peak_1gb", ours.peak, "MB", restic.peak)

	four, did, err := p.pack(ctx, "four", scenes[1:]...)
	if err != nil {
		return err
	}
	log.Printf("packaging: %.0f MB took %.1f cpu_s", float64(did.Bytes)/1e6, four.cpu)
	row("pack_peak_4gb", four.peak, "MB", ours.peak)
	return nil
}

// packs runs the sides over one scene, whose folder is a link that can be turned to its edited version.
type packs struct {
	env
	scene string
}

type used struct {
	wall time.Duration
	cpu  float64 // seconds
	peak float64 // MB
}

// did is what heliostat-bench-pack prints.
type did struct{ Uploaded, Reread, Bytes int64 }

func (p *packs) use(dir string) error {
	if err := os.Remove(p.scene); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(dir, p.scene)
}

// warm reads the scene once, and returns its size.
func (p *packs) warm() (size int64, err error) {
	err = fs.WalkDir(os.DirFS(p.scene), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(filepath.Join(p.scene, name))
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, f)
		size += n
		return errors.Join(err, f.Close())
	})
	return size, err
}

func (p *packs) pack(ctx context.Context, home string, more ...string) (used, did, error) {
	log.Printf("packaging: heliostat, %s", home)
	home = filepath.Join(p.dir, home)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return used{}, did{}, err
	}
	u, out, err := measured(ctx, p.dir, nil, filepath.Join(p.bin, "heliostat-bench-pack"), append([]string{"--home", home, p.scene}, more...)...)
	if err != nil {
		return used{}, did{}, err
	}
	var d did
	if err := json.Unmarshal(out, &d); err != nil {
		return used{}, did{}, fmt.Errorf("read what heliostat-bench-pack printed: %w", err)
	}
	log.Printf("packaging: %s: %.1f s, %.1f cpu_s, %.0f MB peak, %d bytes uploaded, %d read", home, u.wall.Seconds(), u.cpu, u.peak, d.Uploaded, d.Reread)
	return u, d, nil
}

// steady prepares a copy of the scene's .blend as a submission does.
func (p *packs) steady(ctx context.Context) (used, error) {
	from, err := os.Open(filepath.Join(p.scene, "scene.blend"))
	if err != nil {
		return used{}, err
	}
	defer from.Close()
	copied, err := os.CreateTemp(p.dir, "steady-*.blend")
	if err != nil {
		return used{}, err
	}
	defer os.Remove(copied.Name())
	size, err := io.Copy(copied, from)
	if err := errors.Join(err, copied.Close()); err != nil {
		return used{}, err
	}
	u, _, err := measured(ctx, p.dir, nil, filepath.Join(p.bin, "heliostat-bench-pack"), "--steady", copied.Name())
	log.Printf("packaging: preparing the .blend of %.0f MB: %.1f s, %.1f cpu_s, %.0f MB peak", float64(size)/1e6, u.wall.Seconds(), u.cpu, u.peak)
	return u, err
}

func (p *packs) restic(ctx context.Context) (used, int64, error) {
	log.Print("packaging: restic backup")
	repo := filepath.Join(p.dir, "restic")
	environ := []string{"RESTIC_REPOSITORY=" + repo, "RESTIC_PASSWORD=benchmark", "RESTIC_CACHE_DIR=" + filepath.Join(p.dir, "restic-cache")}
	if _, _, err := measured(ctx, p.dir, environ, "restic", "init", "--quiet", "--repository-version", "2"); err != nil {
		return used{}, 0, err
	}
	// From inside: restic stores a link that it is given as a link.
	u, _, err := measured(ctx, p.scene, environ, "restic", "backup", "--quiet", ".")
	if err != nil {
		return used{}, 0, err
	}
	size, err := sizeOf(repo)
	log.Printf("packaging: restic: %.1f s, %.1f cpu_s, %.0f MB peak, %d bytes stored", u.wall.Seconds(), u.cpu, u.peak, size)
	return u, size, errors.Join(err, os.RemoveAll(repo))
}

func (p *packs) tar(ctx context.Context) (used, int64, error) {
	log.Print("packaging: tar | zstd -3")
	file := filepath.Join(p.dir, "scene.tar.zst")
	u, _, err := measured(ctx, p.dir, nil, "sh", "-c", `tar -C "$1/." -cf - . | zstd -3 -q -T1 -o "$2"`, "sh", p.scene, file)
	if err != nil {
		return used{}, 0, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return used{}, 0, err
	}
	log.Printf("packaging: tar | zstd -3: %.1f s, %.1f cpu_s, %d bytes stored", u.wall.Seconds(), u.cpu, info.Size())
	return u, info.Size(), os.Remove(file)
}

// measured runs a command to its end, after what was written before has reached the disk.
func measured(ctx context.Context, dir string, environ []string, program string, args ...string) (used, []byte, error) {
	syscall.Sync()
	// The kernel counts what this process has in memory at the fork into the child's peak.
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return used{}, nil, fmt.Errorf("reset this process's own peak memory: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), environ...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	begun := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return used{}, nil, fmt.Errorf("%s: %w; it printed:\n%s", filepath.Base(program), err, strings.TrimSpace(complaint.String()))
	}
	u := used{wall: time.Since(begun), cpu: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = float64(usage.Maxrss) * 1024 / 1e6 // Linux counts in KiB
	}
	return u, out, nil
}

func sizeOf(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
