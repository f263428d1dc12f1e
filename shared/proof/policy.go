package proof

import "github.com/heliostat-render/heliostat/shared/job"

// Method is how two renders of a tile are compared.
type Method string

const (
	// MethodExact is for engines whose sampling is reproducible from the seed (Cycles).
	MethodExact Method = "exact"
	// MethodPerceptual is for engines without reproducible sampling (EEVEE, Workbench): it
	// tells a wrong image from a right one, but not 31 samples from 32.
	MethodPerceptual Method = "perceptual"
)

// Policy holds every threshold of a verdict, so that a stored verdict can be recomputed
// after the defaults have changed. PROTOCOL.md says where each number comes from.
type Policy struct {
	Version int    `json:"version"`
	Method  Method `json:"method"`
	Engine  string `json:"engine"`
	W       int    `json:"w"`     // pixels that the recipe asks for; 0 isn't checked
	H       int    `json:"h"`     //
	Tiles   int    `json:"tiles"` // picks per task; 0 is DefaultPicks

	NeedMaster   bool `json:"needMaster"`   // a frame without a master fails
	CompareFinal bool `json:"compareFinal"` // the delivered tiles are compared; a frame without them fails

	Tolerance      float64 `json:"tolerance"`      // relative difference of a sample that makes its pixel an outlier
	Floor          float64 `json:"floor"`          // absolute difference, linear, that never does
	FinalTolerance float64 `json:"finalTolerance"` // absolute difference of a delivered sample, 1 is white

	// A linear tile is bad when more pixels are outliers than MaxOutliers and one of the next
	// three says that this isn't the rounding of an honest node.
	MaxOutliers    float64 `json:"maxOutliers"`    // share of a tile's pixels
	MaxNoise       float64 `json:"maxNoise"`       // see TileFigure.Noise
	MinCorrelation float64 `json:"minCorrelation"` // of the noise, in a textured tile
	MaxBias        float64 `json:"maxBias"`        // see TileFigure.Bias

	// MaxData is the share of a tile's pixels that may be outliers in a pass that holds no light; see PassFigure.
	MaxData float64 `json:"maxData"`

	// The whole verdict fails beyond both.
	MaxMeanOutliers float64 `json:"maxMeanOutliers"` // share over all tiles
	MaxMeanNoise    float64 `json:"maxMeanNoise"`    // mean over all tiles

	// Border is the tile of a still that the commitment is for; Assembled says that it is for a
	// still that was joined from such tiles. See ForBorder and ForAssembly.
	Border    *job.Border `json:"border,omitempty"`
	Assembled bool        `json:"assembled,omitempty"`
	// Guides says that what guides the denoiser is compared beside the master; a tile without it fails.
	Guides bool `json:"guides,omitempty"`

	// Likeness says how the delivered file is compared with its master at full frame.
	Likeness Likeness `json:"likeness,omitempty"`
	Ext      string   `json:"ext,omitempty"` // the delivered files' extension, with its dot
	// Extras holds the frame's further files too to what the master gives, where Likeness is set.
	Extras bool `json:"extras,omitempty"`
	// Eyes does so where it isn't, if there are any or the scene has a second eye: only then is a master developed.
	Eyes bool `json:"eyes,omitempty"`

	SameTolerance float64 `json:"sameTolerance"` // absolute display value, or relative linear one, that rounding explains
	SameOff       float64 `json:"sameOff"`       // share of a tile's pixels beyond it
	SameFlip      float64 `json:"sameFlip"`      // FLIP of a tile, which SameOff has to come with
	LossyFlip     float64 `json:"lossyFlip"`     // FLIP of a tile
	LossyMean     float64 `json:"lossyMean"`     // FLIP of a frame
	NearFlip      float64 `json:"nearFlip"`      // FLIP of a tile, reduced eightfold
	NearMean      float64 `json:"nearMean"`      // FLIP of a frame, reduced eightfold

	// Pairs are device classes that this job's own frames have shown to agree; between them a
	// verdict counts as within one class. See Calibrate.
	Pairs []Pair `json:"pairs,omitempty"`

	PerceptualMean float64 `json:"perceptualMean"` // mean absolute difference of a blurred tile, display values
	PerceptualTile float64 `json:"perceptualTile"` // the same, that no tile may exceed
	PerceptualBad  float64 `json:"perceptualBad"`  // share of tiles that may exceed PerceptualMean
	PerceptualOff  float64 `json:"perceptualOff"`  // share of a tile's pixels that are off, which counts as exceeding it
	// Every is one in how many frames a check renders again, whole; 0 where it renders regions of each.
	Every int `json:"every,omitempty"`
}

// Engines as Blender names them.
const engineCycles = "CYCLES"

// PolicyFor returns the current thresholds for a recipe.
func PolicyFor(r job.Recipe) Policy {
	exact := r.Renderer == "blender" && r.Engine == engineCycles
	straight := lossless(r) && !r.Denoise && !r.Compositing
	p := Policy{
		Version: PolicyVersion, Method: MethodExact, Engine: r.Engine, W: r.Width, H: r.Height,
		NeedMaster: true,
		// A multilayer file holds the passes that were sampled, whatever is made of them.
		CompareFinal: straight || exact && lossless(r) && r.Format == "OPEN_EXR_MULTILAYER",
		Tolerance:    1e-3, Floor: 1.5e-4, FinalTolerance: 1.5 / 255,
		MaxOutliers: 0.10, MaxNoise: 0.08, MinCorrelation: 0.95, MaxBias: 0.02, MaxData: 0.25,
		MaxMeanOutliers: 0.05, MaxMeanNoise: 0.04,
		SameTolerance: 2.5 / 255, SameOff: 0.05, SameFlip: 0.02, LossyFlip: 0.25, LossyMean: 0.12, NearFlip: 0.12, NearMean: 0.07,
	}
	if !exact {
		p.Method, p.NeedMaster = MethodPerceptual, !p.CompareFinal
		t := ToleranceOf(r)
		p.PerceptualMean, p.PerceptualTile, p.PerceptualBad, p.PerceptualOff, p.Every = t.Mean, t.Tile, t.Bad, t.Off, t.Every
	}
	switch {
	case r.Renderer != "blender" || !p.NeedMaster:
	case straight:
		p.Ext, p.Extras, p.Eyes = Extension(r.Format), true, true
	default:
		p.Likeness, p.Ext, p.Extras = likenessOf(r), Extension(r.Format), true
	}
	return p
}

// likenessOf is how a recipe's delivered files are compared with their masters, where they are.
func likenessOf(r job.Recipe) Likeness {
	if r.Denoise && r.Engine == engineCycles {
		return LikeNear
	}
	return likenessOfExt(Extension(r.Format))
}

func likenessOfExt(ext string) Likeness {
	switch ext {
	case ".png", ".exr", ".tif", ".tiff":
		return LikeSame
	}
	return LikeLossy
}

// PolicyVersion counts the changes of PolicyFor and of what Judge does with a policy.
const PolicyVersion = 6

// lossless tells whether a recipe's files are surely read by Decode. An OpenEXR recipe
// that leaves the codec to the scene may not be.
func lossless(r job.Recipe) bool {
	switch r.Format {
	case "PNG":
		return true
	case "OPEN_EXR", "OPEN_EXR_MULTILAYER":
		return r.ExrCodec == "NONE" || r.ExrCodec == "ZIP" || r.ExrCodec == "ZIPS"
	}
	return false
}

// TileFigure is what was measured on one tile of one plane.
type TileFigure struct {
	// What is zero is left out: on most tiles of honest nodes all of it is.
	Frame    int     `json:"frame"`
	Tile     int     `json:"tile"`
	Plane    Plane   `json:"plane"`
	Textured bool    `json:"textured,omitempty"`
	Outliers float64 `json:"outliers,omitempty"` // share of pixels beyond the tolerance
	MaxDiff  float64 `json:"maxDiff,omitempty"`  // largest absolute difference of a sample
	MeanDiff float64 `json:"meanDiff,omitempty"` // mean absolute difference, blurred; perceptual only
	// Noise is how far the noise of both sides is apart, where there is any: the median of the
	// differences between their residuals, less what rounding does, by that of the residuals. 0 is the same
	// noise, 1 about another one; k of n samples give √((n-k)/k). A median, because honest
	// nodes differ strongly in a few pixels and not at all in most.
	Noise       float64 `json:"noise,omitempty"`
	Correlation float64 `json:"correlation"`    // of the noise, -1 to 1; 1 where it can't be measured
	Bias        float64 `json:"bias,omitempty"` // mean absolute difference of luminance without the largest tenth, relative to the mean
	Bad         bool    `json:"bad,omitempty"`  // beyond a threshold
	// Pass is one beside the image that is bad in this tile, "" when none is.
	Pass string `json:"pass,omitempty"`
}

// Verdict is the outcome of Judge.
//
// Pass means that nothing contradicts the worker; Inconclusive that this pair of renders
// can't decide: with Pass because no challenged tile carried noise, without Pass because
// the two device classes differ and a verifier of the worker's class has to decide.
type Verdict struct {
	Pass         bool         `json:"pass"`
	Inconclusive bool         `json:"inconclusive"`
	Reason       string       `json:"reason"`
	Tiles        []TileFigure `json:"tiles"`
	Passes       []PassFigure `json:"passes,omitempty"`
	Textured     int          `json:"textured"` // tiles that carried noise
	SameClass    bool         `json:"sameClass"`
	Delivered    []Relation   `json:"delivered,omitempty"` // without the files
	Policy       Policy       `json:"policy"`
}
