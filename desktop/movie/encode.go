package movie

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/render/process"
)

// ErrExists means that the movie is there already and may not be written over.
var ErrExists = errors.New("the file is there already")

// Preset is one way to encode.
type Preset struct {
	Name  string
	About string
	Exts  []string
	// Quality is the encoder's own number: of H.264 and VP9 the lower the better; 0 takes this preset's default.
	Default, Low, High int
	args               func(quality int) []string
}

// Video tags: what the frames' colours mean, so that players show them as they are.
var colours = []string{"-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709"}

// even makes the sides even, which 4:2:0 needs, and says which YUV the colours become.
func even(format string) string {
	return "pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_color_matrix=bt709:out_range=tv,format=" + format
}

// Presets are the ways to encode; the first that knows an ending is its default.
var Presets = []Preset{
	{
		Name: "h264", About: "H.264 for every player", Exts: []string{".mp4", ".mov"}, Default: 16, Low: 0, High: 51,
		args: func(q int) []string {
			return append([]string{"-vf", even("yuv420p"), "-c:v", "libx264", "-preset", "slow", "-crf", strconv.Itoa(q), "-movflags", "+faststart"}, colours...)
		},
	},
	{
		Name: "vp9", About: "VP9 for the web", Exts: []string{".webm"}, Default: 24, Low: 0, High: 63,
		args: func(q int) []string {
			return append([]string{"-vf", even("yuv420p"), "-c:v", "libvpx-vp9", "-crf", strconv.Itoa(q), "-b:v", "0", "-row-mt", "1"}, colours...)
		},
	},
	{
		Name: "prores", About: "ProRes 422 HQ for editing", Exts: []string{".mov"}, Default: 3, Low: 0, High: 3,
		args: func(q int) []string {
			return append([]string{"-vf", even("yuv422p10le"), "-c:v", "prores_ks", "-profile:v", strconv.Itoa(q), "-vendor", "apl0"}, colours...)
		},
	},
	{
		Name: "prores4444", About: "ProRes 4444 with transparency", Exts: []string{".mov"}, Default: 4, Low: 4, High: 4,
		args: func(int) []string {
			return append([]string{"-vf", even("yuva444p10le"), "-c:v", "prores_ks", "-profile:v", "4", "-vendor", "apl0", "-alpha_bits", "16"}, colours...)
		},
	},
}

// ChoosePreset finds the named preset, or the default for the file's ending.
func ChoosePreset(name, out string) (Preset, error) {
	ext := strings.ToLower(filepath.Ext(out))
	var names, exts []string
	for _, p := range Presets {
		names, exts = append(names, p.Name), append(exts, p.Exts...)
		if (name == "" || name == p.Name) && slices.Contains(p.Exts, ext) {
			return p, nil
		}
		if name == p.Name {
			return Preset{}, fmt.Errorf("%s goes into %s, not %q", p.Name, strings.Join(p.Exts, " or "), ext)
		}
	}
	if name != "" {
		return Preset{}, fmt.Errorf("there is no preset %q; there are %s", name, strings.Join(names, ", "))
	}
	slices.Sort(exts)
	return Preset{}, fmt.Errorf("%s ends on none of %s", filepath.Base(out), strings.Join(slices.Compact(exts), ", "))
}

// Job is one movie to make.
type Job struct {
	Files   []string // images in order; one may stand there twice
	Ext     string   // of the images
	Out     string
	FPS     string // "24", "30000/1001"
	Preset  Preset
	Quality int  // the preset's own number; below 0 takes its default
	Force   bool // write over a file that is there
	FFmpeg  string
}

// Progress is how far an encoding has come.
type Progress struct {
	Frames    int // encoded
	Total     int
	Remaining time.Duration // 0 when unknown
}

// Encode runs ffmpeg. The movie appears at once when it is whole; what is there stays when
// anything fails. progress may be nil.
func Encode(ctx context.Context, j Job, progress func(Progress)) error {
	out, err := filepath.Abs(j.Out)
	if err != nil {
		return fmt.Errorf("name the movie: %w", err)
	}
	if _, err := os.Lstat(out); err == nil && !j.Force {
		return fmt.Errorf("%s: %w; --force writes over it", j.Out, ErrExists)
	}
	if j.Quality < 0 {
		j.Quality = j.Preset.Default
	}
	if j.Quality < j.Preset.Low || j.Quality > j.Preset.High {
		return fmt.Errorf("%s takes a quality from %d to %d, not %d", j.Preset.Name, j.Preset.Low, j.Preset.High, j.Quality)
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return fmt.Errorf("make the movie's folder: %w", err)
	}
	// Beside the movie, so that it can be renamed into its place.
	work, err := os.MkdirTemp(filepath.Dir(out), ".heliostat-encode-")
	if err != nil {
		return fmt.Errorf("make the movie: %w", err)
	}
	defer os.RemoveAll(work)
	for i, file := range j.Files {
		if err := stand(file, filepath.Join(work, fmt.Sprintf("%08d%s", i, j.Ext))); err != nil {
			return fmt.Errorf("line up the frames: %w", err)
		}
	}
	part := filepath.Join(work, "movie"+strings.ToLower(filepath.Ext(out)))
	if err := run(ctx, j, work, part, progress); err != nil {
		return err
	}
	if j.Force {
		err = os.Rename(part, out)
	} else {
		// A link never replaces what has come there meanwhile.
		if err = os.Link(part, out); errors.Is(err, os.ErrExist) {
			return fmt.Errorf("%s: %w; --force writes over it", j.Out, ErrExists)
		} else if err != nil {
			err = os.Rename(part, out) // a disk without links
		}
	}
	if err != nil {
		return fmt.Errorf("put the movie in its place: %w", err)
	}
	return nil
}

// stand makes a file appear under another name: by a link, or a copy where there are none.
func stand(file, as string) error {
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	if os.Symlink(path, as) == nil || os.Link(path, as) == nil {
		return nil
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(as)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

func run(ctx context.Context, j Job, work, part string, progress func(Progress)) error {
	args := []string{"-hide_banner", "-nostdin", "-loglevel", "error", "-progress", "pipe:1", "-y", "-protocol_whitelist", "file"}
	if j.Ext == ".exr" {
		// Frames in linear light; a plain sRGB curve is all that is done to them.
		args = append(args, "-apply_trc", "iec61966_2_1")
	}
	args = append(args, "-framerate", j.FPS, "-start_number", "0", "-i", "file:"+filepath.Join(work, "%08d"+j.Ext), "-an")
	args = append(args, j.Preset.args(j.Quality)...)
	args = append(args, "file:"+part)
	cmd := exec.CommandContext(ctx, j.FFmpeg, args...)
	process.OwnGroup(cmd)
	cmd.Cancel = func() error { process.KillGroup(cmd.Process); return nil }
	cmd.WaitDelay = 2 * time.Second
	cmd.Dir = work
	said := &tail{}
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start ffmpeg: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start ffmpeg: %w; install it, for example with apt-get install ffmpeg, or name it with --ffmpeg", err)
	}
	began := time.Now()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		p, ok := parse(lines.Text(), len(j.Files), time.Since(began))
		if ok && progress != nil {
			progress(p)
		}
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("ffmpeg failed: %w: %s", err, said.String())
	}
	if info, err := os.Stat(part); err != nil || info.Size() == 0 {
		return fmt.Errorf("ffmpeg wrote no movie: %s", said.String())
	}
	return nil
}

// parse reads a line of ffmpeg's -progress output.
func parse(line string, total int, since time.Duration) (Progress, bool) {
	text, ok := strings.CutPrefix(line, "frame=")
	if !ok {
		return Progress{}, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 {
		return Progress{}, false
	}
	p := Progress{Frames: min(n, total), Total: total}
	if p.Frames > 0 {
		p.Remaining = time.Duration(float64(since) / float64(p.Frames) * float64(total-p.Frames))
	}
	return p, true
}

// tail keeps the last bytes that are written to it.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if n := len(t.text) - 2000; n > 0 {
		t.text = t.text[n:]
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.Join(strings.Fields(string(t.text)), " ") }
