package attack

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/render"
)

//go:embed scenes.py
var scenesScript string

// Scenes are the suite's scenes: smooth-shaded with textures, volume and hair, flat graphics with
// little noise, compositor and view transform.
var Scenes = []string{"smooth", "fog", "flat", "comp"}

// Lab renders the scenes, honestly and otherwise. It belongs to one goroutine.
type Lab struct {
	dir     string
	scenes  string
	program render.Renderer
	Install render.Install
	Engine  string
	Width   int
	Height  int
	Samples int
	threads int
	made    map[string]string // folders of scenes by name and variation
	open    map[string]*bench // sessions, kept warm
	order   []string          // of open, the one used longest ago first
	cache   map[string]Files
	CPU     float64 // seconds that rendering took so far
	// Marks, where it is set, is drawn onto every delivered image that is rendered: what a
	// scheme does that hides marks in the scene.
	Marks func(f Files, s Shot) (Files, error)
}

// bench is a session with its workspace.
type bench struct {
	session render.Session
	dir     string
}

// Options configure a Lab.
type Options struct {
	Dir     string // an existing folder that it may fill
	Scenes  string // folder of the scenes' files; "" is one in Dir. Labs that play nodes of one network share it
	Width   int    // pixels; 0 is 240
	Height  int    // pixels; 0 is 135
	Samples int    // of the honest recipe; 0 is 32
	Threads int    // of its sessions; 0 uses every processor
	Env     []string
	Engine  string // "" is CYCLES; POVRAY is POV-Ray's, which has scenes of its own
}

// New looks for the engine's program: Blender, or POV-Ray. The caller closes the lab.
func New(ctx context.Context, o Options) (*Lab, error) {
	o.Engine = cmp.Or(o.Engine, cycles)
	program, err := rendererOf(o)
	if err != nil {
		return nil, err
	}
	found, err := program.Find(ctx)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no %s found; install it: apt-get install %[1]s", program.Name())
	}
	if o.Scenes == "" {
		o.Scenes = filepath.Join(o.Dir, "scenes")
	}
	l := &Lab{dir: o.Dir, scenes: o.Scenes, program: program, Install: found[0], Engine: o.Engine, Width: o.Width, Height: o.Height, Samples: o.Samples, threads: o.Threads,
		made: map[string]string{}, open: map[string]*bench{}, cache: map[string]Files{}}
	if l.Width == 0 || l.Height == 0 {
		l.Width, l.Height = 240, 135
	}
	if l.Samples == 0 {
		l.Samples = 32
	}
	return l, nil
}

// Close ends every session.
func (l *Lab) Close() error {
	var failed []error
	for _, b := range l.open {
		failed = append(failed, b.session.Close())
	}
	clear(l.open)
	l.order = nil
	return errors.Join(failed...)
}

// Recipe is a scene's honest recipe.
func (l *Lab) Recipe(scene string) job.Recipe {
	r := job.Recipe{
		Renderer: l.program.Name(), Version: l.Install.Version, Engine: l.Engine, MainFile: "scene.blend",
		Width: l.Width, Height: l.Height, Samples: l.Samples, Device: "CPU",
		Format: "PNG", ColorMode: "RGB", ColorDepth: "8", Compositing: scene == "comp" || scene == scenePasses,
	}
	if layered(scene) {
		r.Format, r.ColorMode, r.ColorDepth, r.ExrCodec = "OPEN_EXR_MULTILAYER", "RGBA", "16", "ZIP"
	}
	if l.Engine == povray {
		r.MainFile, r.Compositing = "scene.pov", false
	}
	return r
}

// master tells whether nodes of the scene's recipe upload a master.
func (l *Lab) master(scene string) bool {
	return l.Engine == cycles || proof.PolicyFor(l.Recipe(scene)).NeedMaster
}

// Folder is a scene's folder, made when it is asked for first.
func (l *Lab) Folder(ctx context.Context, scene, variation string) (string, error) {
	name := scene + "-" + variation
	if dir, ok := l.made[name]; ok {
		return dir, nil
	}
	dir := filepath.Join(l.scenes, name)
	if _, err := os.Stat(filepath.Join(dir, l.Recipe(scene).MainFile)); err == nil {
		l.made[name] = dir
		return dir, nil
	}
	if l.Engine == povray {
		l.made[name] = dir
		return dir, writePovray(dir, scene, variation)
	}
	script := filepath.Join(l.dir, "scenes.py")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(script, []byte(scenesScript), 0o600)); err != nil {
		return "", fmt.Errorf("make the scene %s: %w", name, err)
	}
	cmd := exec.CommandContext(ctx, l.Install.Path, "-b", "--factory-startup", "-noaudio", "--python-exit-code", "64", "-P", script, "--", dir, scene, variation)
	cmd.Env = append(os.Environ(), "HOME="+l.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make the scene %s: %w\n%s", name, err, out)
	}
	l.made[name] = dir
	return dir, nil
}

// Session opens a scene in a variation with a recipe, or returns the one that is open.
func (l *Lab) Session(ctx context.Context, scene, variation string, rc job.Recipe) (render.Session, string, error) {
	key := fmt.Sprintf("%s-%s-%d-%dx%d", scene, variation, rc.Samples, rc.Width, rc.Height)
	if b, ok := l.open[key]; ok && b.session.Alive() {
		i := slices.Index(l.order, key)
		l.order = append(slices.Delete(l.order, i, i+1), key)
		return b.session, b.dir, nil
	}
	folder, err := l.Folder(ctx, scene, variation)
	if err != nil {
		return nil, "", err
	}
	work, err := os.MkdirTemp(l.dir, "work-")
	if err != nil {
		return nil, "", fmt.Errorf("make a workspace: %w", err)
	}
	if err := os.CopyFS(filepath.Join(work, render.SceneFolder), os.DirFS(folder)); err != nil {
		return nil, "", fmt.Errorf("make a workspace: %w", err)
	}
	s, err := l.program.Open(ctx, render.Options{Install: l.Install, Workspace: work, Recipe: rc, Threads: l.threads, Sandbox: render.NoSandbox{}})
	if err != nil {
		return nil, "", err
	}
	l.open[key], l.order = &bench{s, work}, append(l.order, key)
	if len(l.order) > maxOpen {
		oldest := l.order[0]
		l.order = l.order[1:]
		err = l.open[oldest].session.Close()
		delete(l.open, oldest)
	}
	return s, work, err
}

// maxOpen bounds the Blender processes.
const maxOpen = 6

// Files is one rendered frame.
type Files struct {
	Final   []byte // PNG, of FurtherScenes also OpenEXR
	Master  []byte // OpenEXR; nil where the engine's recipe needs none
	Further []Further
}

// Further is a further file of a frame.
type Further struct {
	Name string
	Body []byte
}

// takeFile reads a file and removes it.
func takeFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	return data, errors.Join(err, os.Remove(path))
}

// Shot is one way to render a frame.
type Shot struct {
	Scene     string
	Variation string
	Frame     int
	Seed      int32
	Samples   int // 0 is the recipe's
	Shrink    int // divides the size; 0 is 1
}

// Shoot renders a frame, or returns it when it was rendered before.
func (l *Lab) Shoot(ctx context.Context, s Shot) (Files, error) {
	key := fmt.Sprint(s)
	if f, ok := l.cache[key]; ok {
		return l.marked(f, s)
	}
	rc := l.Recipe(s.Scene)
	if s.Samples > 0 {
		rc.Samples = l.samples(s.Samples)
	}
	if s.Shrink > 1 {
		rc.Width, rc.Height = rc.Width/s.Shrink, rc.Height/s.Shrink
	}
	session, work, err := l.Session(ctx, s.Scene, s.Variation, rc)
	if err != nil {
		return Files{}, err
	}
	r, err := session.Render(ctx, render.Request{Frame: s.Frame, Seed: s.Seed, OutDir: work, Master: l.master(s.Scene)}, nil)
	if err != nil {
		return Files{}, err
	}
	l.CPU += r.CPUSeconds
	var f Files
	if f.Final, err = takeFile(r.Files[0].Path); err == nil && r.Master != "" {
		f.Master, err = takeFile(r.Master)
	}
	for _, x := range r.Extras {
		body, failed := takeFile(x.Path)
		f.Further, err = append(f.Further, Further{x.Name, body}), errors.Join(err, failed)
	}
	if err != nil {
		return Files{}, fmt.Errorf("read frame %d: %w", s.Frame, err)
	}
	l.cache[key] = f
	return l.marked(f, s)
}

func (l *Lab) marked(f Files, s Shot) (Files, error) {
	if l.Marks == nil {
		return f, nil
	}
	return l.Marks(f, s)
}

// Forget drops the frames that were rendered, to keep memory small.
func (l *Lab) Forget() { clear(l.cache) }

// jobKey is the one of the suite's job.
var jobKey = [32]byte{1, 2, 3}

// Seed is what an honest worker's attempt renders a frame with.
func Seed(frame int) int32 { return proof.Seed(jobKey, "task", frame, 1) }

// Develop makes the delivered image and the further files from a master, as a verifier does.
func (l *Lab) Develop(ctx context.Context, scene string, frame int, trees *proof.Trees) (final []byte, further []Further, err error) {
	s, work, err := l.Session(ctx, scene, "", l.Recipe(scene))
	if err != nil {
		return nil, nil, err
	}
	d, err := s.(render.Developer).Develop(ctx, render.Develop{Frame: frame, Seed: Seed(frame), Master: trees.Master, OutDir: work})
	if err != nil {
		return nil, nil, err
	}
	l.CPU += d.CPUSeconds
	if final, err = os.ReadFile(d.File.Path); err != nil {
		return nil, nil, fmt.Errorf("read the developed frame %d: %w", frame, err)
	}
	for _, x := range d.Extras {
		body, err := os.ReadFile(x.Path)
		if err != nil {
			return nil, nil, fmt.Errorf("read the developed frame %d: %w", frame, err)
		}
		further = append(further, Further{x.Name, body})
	}
	return final, further, nil
}
