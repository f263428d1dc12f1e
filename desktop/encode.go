package main

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/desktop/movie"
	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// encodeFlags are what `heliostat job encode` can be told.
type encodeFlags struct {
	out, fps, preset, frames, gaps, ffmpeg string
	quality                                int
	force                                  bool
}

var jobID = regexp.MustCompile(`^j[a-z2-7]{20,40}$`)

func (c *cli) jobEncodeCommand() *cobra.Command {
	var f encodeFlags
	about := ""
	for _, p := range movie.Presets {
		about += fmt.Sprintf("\n  %-11s %s (%s)", p.Name, p.About, strings.Join(p.Exts, ", "))
	}
	cmd := &cobra.Command{
		Use:   "encode FOLDER|PATTERN|JOB",
		Short: "Make a movie of a job's frames, with ffmpeg",
		Long: `Makes a movie of numbered images. They come from a folder, from a pattern such as
render/shot_####.png, or from a job, whose frames are fetched first. Missing frames are named.

Presets:` + about,
		Example: "  heliostat job encode render --out shot.mp4\n  heliostat job encode 'render/shot_####.exr' --out shot.mov --preset prores --fps 25\n" +
			"  heliostat job encode j6f2… --out shot.webm",
		Args: exactly("the frames' folder"),
		RunE: func(cmd *cobra.Command, args []string) error { return c.encode(cmd.Context(), args[0], f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "the movie's `file`; its ending chooses the preset")
	flags.StringVar(&f.fps, "fps", "24", "frames a second, such as 24, 23.976 or `30000/1001`")
	flags.StringVar(&f.preset, "preset", "", "how to encode: `h264, vp9, prores or prores4444`")
	flags.IntVar(&f.quality, "quality", -1, "the encoder's own `number`: H.264 0 to 51 and VP9 0 to 63, less is better; ProRes 0 to 3")
	flags.StringVar(&f.frames, "frames", "", "which `frames`, such as 1-48 (default: all)")
	flags.StringVar(&f.gaps, "gaps", "refuse", "about missing frames, hold the one before or leave them out: `refuse, hold or skip`")
	flags.BoolVar(&f.force, "force", false, "write over a movie that is there")
	flags.StringVar(&f.ffmpeg, "ffmpeg", "ffmpeg", "the ffmpeg `program`")
	return cmd
}

// rate checks frames a second and writes them as a fraction.
func rate(text string) (*big.Rat, error) {
	r, ok := new(big.Rat).SetString(text)
	if !ok || len(text) > 20 || r.Sign() <= 0 || r.Cmp(big.NewRat(1000, 1)) > 0 {
		return nil, usagef("%q aren't frames a second; write --fps 24 or --fps 30000/1001", text)
	}
	return r, nil
}

func (c *cli) encode(ctx context.Context, from string, f encodeFlags) error {
	if f.out == "" {
		return usagef("say which file to make: --out shot.mp4")
	}
	fps, err := rate(f.fps)
	if err != nil {
		return err
	}
	preset, err := movie.ChoosePreset(f.preset, f.out)
	if err != nil {
		return usageError{err}
	}
	if f.gaps != "refuse" && f.gaps != "hold" && f.gaps != "skip" {
		return usagef("--gaps %s isn't refuse, hold or skip", f.gaps)
	}
	var only []int
	if f.frames != "" {
		if only, err = state.ParseFrames(f.frames); err != nil {
			return usageError{err}
		}
	}
	ffmpeg, err := exec.LookPath(f.ffmpeg)
	if err != nil {
		return fmt.Errorf("ffmpeg isn't there: %w; install it, for example with apt-get install ffmpeg, or name it with --ffmpeg", err)
	}
	if _, err := os.Lstat(f.out); err == nil && !f.force {
		return fmt.Errorf("%s is there already; --force writes over it", f.out)
	}
	display := c.newDisplay()
	defer display.close()
	wanted := only
	if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) && jobID.MatchString(from) {
		folder, err := os.MkdirTemp(filepath.Dir(f.out), ".heliostat-frames-")
		if err != nil {
			return fmt.Errorf("make a folder for the frames: %w", err)
		}
		defer os.RemoveAll(folder)
		all, err := c.fetchForMovie(ctx, from, only, folder, display)
		if err != nil {
			return c.interrupted(ctx, err)
		}
		if wanted == nil {
			wanted = all
		}
		from = folder
	}
	found, err := movie.Find(from, only)
	if err != nil {
		return err
	}
	files, held, err := lineUp(found, wanted, f.gaps)
	if err != nil {
		return err
	}
	task := movie.Job{
		Files: files, Ext: found.Ext, Out: f.out, FPS: fps.RatString(), Preset: preset, Quality: f.quality, Force: f.force, FFmpeg: ffmpeg,
	}
	err = movie.Encode(ctx, task, func(p movie.Progress) {
		display.step("encode", found.Name, float64(p.Frames)/float64(p.Total), p.Remaining.Seconds())
	})
	if err != nil {
		return c.interrupted(ctx, err)
	}
	display.close()
	seconds, _ := new(big.Rat).Quo(big.NewRat(int64(len(files)), 1), fps).Float64()
	note := ""
	if held > 0 {
		note = fmt.Sprintf(", %d of them held", held)
	}
	fmt.Fprintf(c.out, "%s: %d frames%s, %.2f s at %s frames a second, %s\n", f.out, len(files), note, seconds, f.fps, preset.Name)
	return nil
}

// fetchForMovie fetches a job's delivered frames and returns all frames that it has.
func (c *cli) fetchForMovie(ctx context.Context, id string, only []int, folder string, display *display) ([]int, error) {
	manager, detail, err := c.detail(ctx, id)
	if err != nil {
		return nil, err
	}
	defer manager.Close()
	fetched := 0
	err = manager.EachFile(ctx, detail, only, func(f wire.JobFile, done, all int) error {
		if f.Extra {
			return nil
		}
		fetched++
		// The manager's word for a name isn't needed: the number and the ending are.
		name := fmt.Sprintf("%07d%s", f.Frame, strings.ToLower(filepath.Ext(f.Name)))
		if f.Frame < 0 || !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) {
			return fmt.Errorf("the manager names a file %q, which is no frame", clean(f.Name))
		}
		if err := manager.Download(ctx, f, filepath.Join(folder, name)); err != nil {
			return err
		}
		display.step("fetch", fmt.Sprintf("frame %d", f.Frame), float64(done+1)/float64(all), 0)
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case fetched == 0:
		return nil, fmt.Errorf("none of the job's frames that are wanted is delivered yet; see heliostat job why %s", id)
	}
	return detail.Job.Frames, nil
}

// lineUp orders the images and closes or names the gaps. wanted are the frames that should
// be there; nil when only the images themselves tell. held counts the repeated ones.
func lineUp(s movie.Sequence, wanted []int, gaps string) (files []string, held int, err error) {
	var missing []int
	if wanted == nil {
		missing, _ = s.Missing()
	} else {
		for _, n := range wanted {
			if s.Files[n] == "" {
				missing = append(missing, n)
			}
		}
	}
	if len(missing) > 0 && gaps == "refuse" {
		return nil, 0, fmt.Errorf("of %s frames %s are missing; render or fetch them, or choose --gaps hold or --gaps skip", s.Name, state.Frames(missing))
	}
	absent := make(map[int]bool)
	for _, n := range missing {
		absent[n] = true
	}
	order := append(append([]int{}, s.Frames...), missing...)
	slices.Sort(order)
	for _, n := range order {
		switch {
		case !absent[n]:
			files = append(files, s.Files[n])
		case gaps == "hold" && len(files) > 0:
			files, held = append(files, files[len(files)-1]), held+1
		}
	}
	return files, held, nil
}
