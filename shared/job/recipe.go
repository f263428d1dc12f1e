package job

// Recipe is everything that decides pixels. It is hashed and signed; a worker that
// renders another recipe has cheated. Adding a field changes every recipe's hash, so new
// fields carry omitempty.
type Recipe struct {
	Renderer string `json:"renderer"` // "blender"
	Version  string `json:"version"`  // exact, "3.4.1"
	// AnyPatch accepts other patch releases of Version too ("3.4.0" for "3.4.1"): more workers,
	// and pixels that may differ between them.
	AnyPatch  bool   `json:"anyPatch,omitempty"`
	BuildHash string `json:"buildHash,omitempty"` // the renderer's own build hash; "" accepts any build of Version
	Engine    string `json:"engine"`              // "CYCLES", "BLENDER_EEVEE" or "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH"

	MainFile   string   `json:"mainFile"`             // path of the scene file inside the package
	Scene      string   `json:"scene,omitempty"`      // "" is the file's active scene
	ViewLayers []string `json:"viewLayers,omitempty"` // nil renders all that the scene enables
	Camera     string   `json:"camera,omitempty"`     // "" is the scene's camera

	Width   int    `json:"width"`   // final pixels, after any percentage
	Height  int    `json:"height"`  // final pixels
	Samples int    `json:"samples"` // per pixel; 0 keeps the scene's
	Device  string `json:"device"`  // "CPU", or "GPU"; a GPU recipe never renders on a CPU

	// PinnedSeed replaces the seed that is bound to job, task, frame and attempt.
	// With it, a replayed result is no longer visible in the noise.
	PinnedSeed *int32 `json:"pinnedSeed,omitempty"`

	Format      string `json:"format"`                // Blender's name: "PNG", "OPEN_EXR", "JPEG", "TIFF", "WEBP"
	ColorMode   string `json:"colorMode,omitempty"`   // "BW", "RGB", "RGBA"
	ColorDepth  string `json:"colorDepth,omitempty"`  // bits per channel: "8", "16", "32"
	Compression int    `json:"compression,omitempty"` // PNG, 0 to 100
	Quality     int    `json:"quality,omitempty"`     // JPEG and WebP, 0 to 100
	ExrCodec    string `json:"exrCodec,omitempty"`    // Blender's name: "ZIP", "DWAA"

	Denoise     bool `json:"denoise,omitempty"`     // the scene denoises after sampling
	Compositing bool `json:"compositing,omitempty"` // the scene's compositor runs after sampling
	// DenoiseNode: that compositor has a Denoise node. A program without OpenImageDenoise would hand the noise on, so
	// none of the job's tasks and checks goes to one.
	DenoiseNode bool `json:"denoiseNode,omitempty"`
}
