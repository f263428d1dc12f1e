// Package render turns a scene and a recipe into frames. A Renderer opens a Session: one
// renderer process with the scene loaded, which then renders frames or borders on request.
// blender drives Blender; fake is an in-memory renderer for tests; rendertest is the suite
// that every renderer passes.
//
// It is not for fetching packages (workerapp), for confining processes (a Sandbox does
// that, given by the caller) or for comparing results (shared/proof).
//
// Receives: an extracted package and a recipe, then frame numbers with their seeds.
// Hands on: image files, their noisy masters and single tiles to workerapp and verifier.
package render

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// Renderer is one kind of rendering program.
type Renderer interface {
	// Name is what recipes call it: "blender".
	Name() string
	// Find looks for installed versions and probes what each can do. It starts each one
	// once, which takes seconds: callers keep the answer. Finding none is no error.
	Find(ctx context.Context) ([]Install, error)
	// Open starts a process, loads the scene and applies the recipe. The context bounds
	// opening only; the session lives until Close. The caller closes it in every case where
	// Open gave one.
	Open(ctx context.Context, o Options) (Session, error)
}

// Session is a renderer with a scene loaded. It is used by one goroutine at a time, except
// that Close and Alive may be called from any.
type Session interface {
	// Render renders one frame, or some borders of it. progress may be nil; it is called
	// from Render's own goroutine. When ctx ends, the whole process tree is killed within
	// two seconds, Render returns ctx's error and the session is dead.
	Render(ctx context.Context, r Request, progress func(Progress)) (Frame, error)
	// Alive tells whether another Render can succeed.
	Alive() bool
	// Close ends the process and waits for it. It may be called twice.
	Close() error
}

// Install is one installed version of a renderer.
type Install struct {
	Renderer  string   `json:"renderer"`  // "blender"
	Version   string   `json:"version"`   // exact: "3.4.1"
	BuildHash string   `json:"buildHash"` // "" when the build doesn't tell
	Path      string   `json:"path"`      // of the program
	Engines   []string `json:"engines"`   // as recipes call them: "CYCLES"
	Devices   []string `json:"devices"`   // "CPU", and GPU backends: "OPTIX", "CUDA", "HIP", "ONEAPI", "METAL"
	Denoisers []string `json:"denoisers"` // "OPENIMAGEDENOISE", "OPTIX"
	Class     string   `json:"class"`     // device class on the CPU, "cpu/avx2": installs of one class and version give the same bits
}

// Options is what a session is opened with.
type Options struct {
	Install   Install
	Workspace string // an existing folder of this session's own, absolute; the package lies in Workspace/scene
	Recipe    job.Recipe
	// Tiled is for tiles of stills and for joining them: a recipe that denoises is rendered without, its borders'
	// masters carry what guides the denoiser (see proof.SplitGuides), and Develop denoises.
	Tiled       bool
	Threads     int     // 0 uses every processor; 1 makes smooth-shaded meshes exact too
	Device      string  // "CPU", or a GPU backend: "OPTIX", "CUDA", "HIP", "ONEAPI", "METAL"; "" is "CPU"
	DeviceID    string  // the GPU's own identifier, "GPU-…" or its index; "" takes every one of the backend
	Sandbox     Sandbox // required; NoSandbox must be chosen on purpose
	MemoryLimit int64   // bytes that the process may use; 0 sets no limit
	// Patience is how long the renderer may say nothing while its processes do nothing, before it
	// is killed with ErrHung; 0 is two minutes, ten on a GPU.
	Patience time.Duration
	// Busy tells whether the GPU works, which counts for life; nil where that isn't known.
	Busy func() bool
	Log  func(line string)
}

// SceneFolder is where Open expects the extracted package, inside the workspace.
const SceneFolder = "scene"

// Rect is a region in pixels, origin at the top left of the final image.
type Rect = raster.Rect

// Request is one thing to render.
type Request struct {
	Frame   int
	Seed    int32  // 0 or more; the recipe's PinnedSeed wins over it
	Borders []Rect // nil renders the whole frame; else only these regions, one after the other
	OutDir  string // an existing folder inside the workspace, absolute
	Master  bool   // also give the noisy linear pass
}

// maxBorders bounds the borders of one request.
const maxBorders = 1024

// Check validates a request to a session that was opened with o, and returns its folder
// relative to the workspace.
func (r Request) Check(o Options) (out string, err error) {
	out, err = filepath.Rel(o.Workspace, r.OutDir)
	switch {
	case err != nil || !filepath.IsLocal(out):
		return "", fmt.Errorf("folder %s isn't inside the workspace", r.OutDir)
	case r.Seed < 0:
		return "", fmt.Errorf("seed %d is negative", r.Seed)
	case len(r.Borders) > maxBorders:
		return "", fmt.Errorf("%d borders in one request, at most %d", len(r.Borders), maxBorders)
	}
	for _, b := range r.Borders {
		if b.W <= 0 || b.H <= 0 || b.X < 0 || b.Y < 0 || b.X > o.Recipe.Width-b.W || b.Y > o.Recipe.Height-b.H {
			return "", fmt.Errorf("border %+v isn't inside %d×%d pixels", b, o.Recipe.Width, o.Recipe.Height)
		}
	}
	return out, nil
}

// Frame is a finished request.
type Frame struct {
	Number     int
	Files      []File // the delivered image, of a stereo scene the first eye's; none for borders
	Extras     []File // further files of the frame: File Output nodes', the other eyes'
	Master     string // path of the noisy linear pass as half-float OpenEXR; "" for borders or when not asked for
	Tiles      []Tile // in the order of the request's borders
	PeakMemory int64  // bytes, the process's peak so far
	// DeviceMemory is the most that the rendering device held for this request, in bytes; on
	// a GPU what the scene needs of its memory. 0 when the renderer doesn't tell.
	DeviceMemory int64
	Seconds      float64
	CPUSeconds   float64
}

// File is a file that a render wrote.
type File struct {
	Path string // absolute
	Name string // of an extra, as it is delivered: relative, slash-separated, see proof.CheckExtraName
	Size int64  // bytes
}

// Tile is a rendered border.
type Tile struct {
	Rect   Rect
	Master *raster.Raster // nil when the request didn't ask for it
	// Final is as delivered; nil when the format can't be read without loss, or when a denoiser
	// or compositor makes the delivered image from more than this region.
	Final *raster.Raster
}

// Progress is how far a request has come. It is for people: it may jump, never back.
type Progress struct {
	Frame    int
	Fraction float64 // 0 to 1
	Sample   int
	Samples  int
	Memory   int64 // bytes
	// DeviceMemory is the most that the rendering device held so far, in bytes: a GPU's own
	// memory, or the engine's share of the machine's. 0 when the renderer doesn't tell.
	DeviceMemory int64
	Remaining    time.Duration // 0 when unknown
	Text         string        // what the renderer says it is doing
}

// What can go wrong. Errors from Open and Render wrap one of these, or a context's error.
var (
	ErrMissingAsset = errors.New("a file that the scene needs is missing")
	ErrOutOfMemory  = errors.New("the renderer ran out of memory")
	ErrCrashed      = errors.New("the renderer crashed")
	ErrTimeout      = errors.New("the renderer stopped answering")
	ErrHung         = errors.New("the renderer hung") // it said nothing and did nothing, without end
	ErrUnsupported  = errors.New("this renderer can't do what the recipe asks for")
	ErrBadScene     = errors.New("the scene can't be rendered")
)

// Error carries a failure's kind, cause and the renderer's last words.
type Error struct {
	Kind  error    // one of the errors above
	Cause string   // names the thing and the next step
	Log   []string // the last lines that the renderer wrote, oldest first
}

func (e *Error) Error() string {
	if e.Cause == "" {
		return e.Kind.Error()
	}
	return fmt.Sprintf("%v: %s", e.Kind, e.Cause)
}

// Unwrap gives the kind, for errors.Is.
func (e *Error) Unwrap() error { return e.Kind }

// LastLog returns the renderer's last lines that an error carries, "" when it carries none.
func LastLog(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return strings.Join(e.Log, "\n")
	}
	return ""
}
