package submit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// maxFindings bounds the list that people get to see.
const maxFindings = 200

// checkHost looks at this machine: the scene's files, the frames, the output.
func checkHost(s Scene) []Finding {
	var found []Finding
	add := func(f Finding) {
		if len(found) < maxFindings {
			found = append(found, f)
		}
	}
	told := make(map[string]bool)
	for _, f := range s.Findings {
		told[f.File] = f.File != ""
		add(f)
	}
	if s.Tiles > 1 {
		for _, f := range s.Whole {
			add(f)
		}
	}
	if len(s.Frames) == 0 && !slices.ContainsFunc(found, func(f Finding) bool { return f.Code == "empty_range" || f.Code == "frames" }) {
		add(Finding{Level: LevelError, Code: "empty_range", Text: "there is no frame to render", Fix: "set the frame range"})
	}
	for _, f := range s.Files {
		if err := pack.CheckPath(f.Name); err != nil {
			add(Finding{Level: LevelError, Code: "file_name", Text: fmt.Sprintf("%s can't be in a package: %v", f.Path, err), Fix: "rename the file", File: f.Path, User: f.User})
		}
		if told[f.Path] {
			continue
		}
		missing, err := readable(f.Path)
		switch {
		case err != nil:
			add(unreadable(f, err))
		case missing != uncut:
			add(cutOff(f, missing))
		}
	}
	for _, f := range checkOutput(s) {
		add(f)
	}
	return found
}

// readable opens a file and tells whether it is a picture that lost its end.
func readable(path string) (cutting, error) {
	info, err := os.Stat(path)
	if err != nil {
		return uncut, err
	}
	if !info.Mode().IsRegular() {
		return uncut, errors.New("it is not a file")
	}
	file, err := os.Open(path)
	if err != nil {
		return uncut, err
	}
	missing, err := cut(file, info.Size())
	return missing, errors.Join(err, file.Close())
}

// cutOff is what to say of a picture that lost its end.
func cutOff(f File, missing cutting) Finding {
	found := Finding{Level: LevelError, Code: "cut_file", Text: fmt.Sprintf("%s %s is cut off: it ends before its picture does, and nothing of it would be seen", f.kind(), f.Path),
		Fix: "save or copy it again, or remove it from the scene", File: f.Path, User: f.User}
	if missing == greyed {
		found.Level = LevelWarning
		found.Text = fmt.Sprintf("%s %s is cut off: it has no end, and what is missing of its picture is rendered grey", f.kind(), f.Path)
	}
	return found
}

func unreadable(f File, err error) Finding {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	found := Finding{Level: LevelError, Code: "unreadable_file", Text: fmt.Sprintf("%s %s can't be read: %v", f.kind(), f.Path, err), File: f.Path, User: f.User}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		found.Code, found.Fix = "missing_file", "put it back, or remove it from the scene"
	case errors.Is(err, fs.ErrPermission):
		found.Fix = "fix its permissions, or remove it from the scene"
	default:
		found.Fix = "check the file, or remove it from the scene"
	}
	return found
}

func checkOutput(s Scene) []Finding {
	if s.Output.Pattern == "" || !filepath.IsAbs(s.Output.Pattern) {
		return []Finding{{Level: LevelError, Code: "output", Text: fmt.Sprintf("the output path %q is not a full path", s.Output.Pattern), Fix: "set the output path; save the scene first if it is relative"}}
	}
	var found []Finding
	dir := filepath.Dir(s.Output.Path(0))
	if err := writable(dir); err != nil {
		found = append(found, Finding{Level: LevelError, Code: "output", Text: fmt.Sprintf("frames can't be written to %s: %v", dir, err), Fix: "choose another output path, or fix the folder's permissions", File: dir})
	}
	targets := make(map[string]bool, len(s.Frames))
	there := 0
	for _, frame := range s.Frames {
		path := s.Output.Path(frame)
		if targets[path] {
			found = append(found, Finding{Level: LevelError, Code: "output", Text: fmt.Sprintf("several frames would be written to %s", path), Fix: "put enough # into the output path"})
			break
		}
		targets[path] = true
		if _, err := os.Lstat(path); err == nil {
			there++
		}
	}
	if there > 0 && s.Output.Overwrite != OverwriteNever {
		found = append(found, Finding{Level: LevelWarning, Code: "overwrites", Text: fmt.Sprintf("%d of %d frames are already in %s and will be replaced", there, len(s.Frames), dir), Fix: "choose another output path to keep them", File: dir})
	}
	return found
}

// writable tries to write into dir, or into the nearest folder above it that exists.
func writable(dir string) error {
	for {
		info, err := os.Stat(dir)
		if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
			dir = filepath.Dir(dir)
			continue
		}
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return fmt.Errorf("%s is not a folder", dir)
		}
		file, err := os.CreateTemp(dir, ".heliostat-*")
		if err != nil {
			var p *fs.PathError
			if errors.As(err, &p) {
				return p.Err
			}
			return err
		}
		return errors.Join(file.Close(), os.Remove(file.Name()))
	}
}

// checkNetwork looks at what the connected workers can do.
func checkNetwork(s Scene, installs []wire.RendererCount) []Finding {
	var same, usable []wire.RendererCount
	var versions []string
	for _, i := range installs {
		if i.Renderer != s.Recipe.Renderer || i.Workers == 0 {
			continue
		}
		same = append(same, i)
		if !slices.Contains(versions, i.Version) {
			versions = append(versions, i.Version)
		}
		if render.Suits(s.Recipe, i.Version) {
			usable = append(usable, i)
		}
	}
	title := s.Recipe.Renderer
	if title != "" {
		title = strings.ToUpper(title[:1]) + title[1:]
	}
	switch {
	case len(same) == 0:
		return []Finding{{Level: LevelWarning, Code: "no_worker", Text: fmt.Sprintf("no worker with %s is connected now; the job will wait for one", title), Fix: "start one with `heliostat worker`"}}
	case len(usable) == 0:
		fix := "submit from a version that the network has, or add a worker with this one"
		loose := s.Recipe
		loose.AnyPatch = true
		if slices.ContainsFunc(versions, func(v string) bool { return render.Suits(loose, v) }) {
			fix = "take any patch release (heliostat submit --any-patch), " + fix
		}
		return []Finding{{Level: LevelError, Code: "version", Text: fmt.Sprintf("no worker has %s %s; they have %s", title, s.Recipe.Version, strings.Join(versions, ", ")), Fix: fix}}
	}
	has := func(test func(wire.RendererCount) bool) bool { return slices.ContainsFunc(usable, test) }
	var found []Finding
	if !has(func(i wire.RendererCount) bool {
		return slices.Contains(i.Engines, s.Recipe.Engine) || len(i.Engines) == 0
	}) {
		found = append(found, Finding{Level: LevelError, Code: "engine", Text: fmt.Sprintf("no worker has the render engine %s", s.Recipe.Engine), Fix: "choose another engine, or add a worker that has it"})
	}
	if device := s.Recipe.Device; device != "" && !has(func(i wire.RendererCount) bool { return i.Device == "" || i.Device == device }) {
		fix := "add a worker that has one"
		if s.Recipe.Renderer == "blender" && device == "GPU" {
			fix = "set Render Properties > Device to CPU, or " + fix
		}
		found = append(found, Finding{Level: LevelError, Code: "device", Text: fmt.Sprintf("the scene renders on a %s, and no worker with %s %s has one", device, title, s.Recipe.Version), Fix: fix})
	}
	if denoiser := undenoised(s, title, has); denoiser != nil {
		found = append(found, *denoiser)
	}
	return found
}

// undenoised is what to say where none of the installs has the denoiser that the scene takes, nil where one has.
func undenoised(s Scene, title string, has func(func(wire.RendererCount) bool) bool) *Finding {
	kind, who, what, where := job.TaskRender, "the scene denoises", "a denoiser", "switch Render Properties > Sampling > Render > Denoise off"
	switch {
	case s.Recipe.DenoiseNode:
		who, what, where = "the compositor has a Denoise node", "OpenImageDenoise", "mute the node"
	case s.Tiles > 1: // denoised once, after they are joined
		what = "OpenImageDenoise to join its tiles"
	}
	if s.Tiles > 1 {
		kind = job.TaskAssemble
	}
	if has(func(i wire.RendererCount) bool { return render.Undenoised(s.Recipe, kind, i.Denoisers) == "" }) {
		return nil
	}
	return &Finding{Level: LevelError, Code: "denoiser", Text: fmt.Sprintf("%s, but no worker's %s %s has %s", who, title, s.Recipe.Version, what), Fix: where + ", or add a worker whose build has OpenImageDenoise"}
}

// firstError is what keeps a scene from being submitted, nil for nothing.
func firstError(findings []Finding) *Problem {
	var first *Finding
	more := -1
	for i := range findings {
		if findings[i].Level == LevelError {
			if first == nil {
				first = &findings[i]
			}
			more++
		}
	}
	if first == nil {
		return nil
	}
	p := &Problem{Message: first.Text, Next: first.Fix}
	if more > 0 {
		p.Message += fmt.Sprintf(" (and %d more)", more)
	}
	return p
}
