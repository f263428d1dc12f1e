package submit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/heliostat-render/heliostat/plugins/blender"
)

// scenePrefix begins the names of the folders that Describe makes.
const scenePrefix = "scene-"

// DescribeOptions name a .blend and what to render of it.
type DescribeOptions struct {
	Blender    string // program; "" looks for blender in PATH
	Blend      string // the scene
	Out        string // folder for the frames, or a path with # for digits; "" is the scene's own output path
	Frames     string // "1-12,20,30-40x2"; "" is the scene's range
	Samples    int    // 0 is the scene's
	Percentage int    // resolution in percent; 0 is the scene's
	Scene      string // "" is the active one
	Name       string // of the job; "" is the file's name
	Root       string // project folder; "" is the .blend's folder
	CacheDir   string // for the rewritten scene; "" is the system's temporary folder
}

// Describe opens a .blend in a headless Blender and returns its description, findings
// included. The files it makes are deleted when the scene is uploaded, or by Discard.
func Describe(ctx context.Context, o DescribeOptions) (Scene, error) {
	blend, err := filepath.Abs(o.Blend)
	if err != nil {
		return Scene{}, problemOf("find "+o.Blend, err)
	}
	if info, err := os.Stat(blend); err != nil || !info.Mode().IsRegular() {
		if err == nil {
			err = errors.New("it is not a file")
		}
		if errors.Is(err, fs.ErrNotExist) {
			return Scene{}, problem("check the path", "the scene %s does not exist", blend)
		}
		return Scene{}, problem("check the file and its permissions", "the scene %s can't be read: %v", blend, err)
	}
	program, err := exec.LookPath(orText(o.Blender, "blender"))
	if err != nil {
		return Scene{}, problem("install Blender, or name its program with --blender", "Blender is not found: %v", err)
	}
	if o.CacheDir != "" {
		if err := os.MkdirAll(o.CacheDir, 0o700); err != nil {
			return Scene{}, problemOf("make the cache folder", err)
		}
	}
	base, err := os.MkdirTemp(o.CacheDir, scenePrefix)
	if err != nil {
		return Scene{}, problemOf("make a temporary folder", err)
	}
	scene, err := describe(ctx, program, blend, base, o)
	if err != nil {
		os.RemoveAll(base)
		return Scene{}, err
	}
	return scene, nil
}

func describe(ctx context.Context, program, blend, base string, o DescribeOptions) (Scene, error) {
	scripts, out, work := filepath.Join(base, "scripts"), filepath.Join(base, "scene.json"), filepath.Join(base, "work")
	// Only the description outlives this call; the scene's clean removes the rest.
	defer os.RemoveAll(scripts)
	if err := os.CopyFS(scripts, blender.Scripts()); err != nil {
		return Scene{}, problemOf("unpack the collector", err)
	}
	arguments := []string{"-b", blend, "--factory-startup", "--python-exit-code", "3",
		"--python", filepath.Join(scripts, blender.Package, "describe.py"), "--", "--out", out, "--workdir", work}
	add := func(flag, value string) {
		if value != "" && value != "0" {
			arguments = append(arguments, flag+"="+value)
		}
	}
	add("--frames", o.Frames)
	add("--samples", strconv.Itoa(o.Samples))
	add("--percentage", strconv.Itoa(o.Percentage))
	add("--scene", o.Scene)
	add("--name", o.Name)
	add("--root", o.Root)
	// The same addresses in every run make the copy's bytes repeat, so that a second
	// submit of an unchanged scene uploads almost nothing.
	if setarch, err := exec.LookPath("setarch"); err == nil {
		arguments = append([]string{"-R", program}, arguments...)
		program = setarch
	}
	command := exec.CommandContext(ctx, program, arguments...)
	command.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	err := command.Run()
	if ctx.Err() != nil {
		return Scene{}, context.Cause(ctx)
	}
	raw, readErr := os.ReadFile(out)
	if err != nil || readErr != nil {
		return Scene{}, problem("open it in Blender to see whether it is damaged", "Blender can't describe %s: %s", blend, lastLines(log.String(), 4))
	}
	os.Remove(out)
	scene, err := ParseScene(raw)
	if err != nil {
		return Scene{}, err
	}
	scene.Findings = append(scene.Findings, engineFindings(log.String())...)
	if o.Out != "" {
		scene.Findings = slices.DeleteFunc(scene.Findings, func(f Finding) bool { return f.Code == "absolute_output" }) // about what isn't used
		if scene.Output, err = scene.Output.In(o.Out); err != nil {
			return Scene{}, err
		}
	}
	return scene, nil
}

var noEngine = regexp.MustCompile(`Error: Engine '([^'\n]{1,64})' not available for scene '([^\n]{1,64})'`)

// engineFindings tells of render engines that this Blender hasn't: it replaces them with
// EEVEE on loading, and says so only in its log.
func engineFindings(log string) []Finding {
	var found []Finding
	for _, engine := range noEngine.FindAllStringSubmatch(log, maxFindings) {
		found = append(found, Finding{Level: LevelError, Code: "engine", User: engine[2],
			Text: fmt.Sprintf("scene %q renders with %s, an add-on that workers don't have", engine[2], engine[1]), Fix: "render with Cycles, EEVEE or Workbench"})
	}
	return found
}

// Discard deletes what Describe made for a scene that is not submitted after all.
func Discard(scene Scene) {
	(&Submission{record: &record{Scene: scene}}).clean()
}

// lastLines is the end of a log, without Blender's chatter.
func lastLines(log string, n int) string {
	var lines []string
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		if line != "" && line != "Blender quit" && !strings.HasPrefix(line, "Blender ") && !strings.HasPrefix(line, "Read blend:") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return "it gave no reason"
	}
	return strings.Join(lines[max(0, len(lines)-n):], " / ")
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
