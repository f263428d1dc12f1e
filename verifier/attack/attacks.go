package attack

import (
	"context"
	"slices"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// Forgery is a way to deliver frames that weren't rendered as the recipe says.
type Forgery struct {
	Name   string
	Frames int      // of its task; 0 is four
	Scenes []string // that it makes sense on; nil is all
	// Forge makes one frame. at counts the task's frames from 0.
	Forge func(ctx context.Context, l *Lab, scene string, frame, at int) (Files, error)
}

// On tells whether it makes sense on a scene.
func (f Forgery) On(scene string) bool { return f.Scenes == nil || slices.Contains(f.Scenes, scene) }

// Length is how many frames its task has.
func (f Forgery) Length() int {
	if f.Frames == 0 {
		return 4
	}
	return f.Frames
}

// shot renders with something changed.
func shot(change func(l *Lab, s *Shot)) func(context.Context, *Lab, string, int, int) (Files, error) {
	return func(ctx context.Context, l *Lab, scene string, frame, _ int) (Files, error) {
		s := Shot{Scene: scene, Frame: frame, Seed: Seed(frame)}
		change(l, &s)
		return l.Shoot(ctx, s)
	}
}

// Honest renders a frame as the recipe says.
func Honest(ctx context.Context, l *Lab, scene string, frame int) (Files, error) {
	return l.Shoot(ctx, Shot{Scene: scene, Frame: frame, Seed: Seed(frame)})
}

// painted renders honestly, or with fewer samples, and changes the images.
func painted(part int, change func(*raster.Raster) *raster.Raster) func(context.Context, *Lab, string, int, int) (Files, error) {
	return func(ctx context.Context, l *Lab, scene string, frame, _ int) (Files, error) {
		f, err := l.Shoot(ctx, Shot{Scene: scene, Frame: frame, Seed: Seed(frame), Samples: l.Samples / part})
		if err != nil {
			return Files{}, err
		}
		return paint(f, change)
	}
}

// region has half of the samples in a part of every frame, elsewhere in each.
func region(share float64) func(context.Context, *Lab, string, int, int) (Files, error) {
	return func(ctx context.Context, l *Lab, scene string, frame, at int) (Files, error) {
		good, err := Honest(ctx, l, scene, frame)
		if err != nil {
			return Files{}, err
		}
		bad, err := l.Shoot(ctx, Shot{Scene: scene, Frame: frame, Seed: Seed(frame), Samples: l.Samples / 2})
		if err != nil {
			return Files{}, err
		}
		where := float64(at)*0.37 + 0.2
		return patch(good, bad, share, where-float64(int(where)))
	}
}

// SameRecipe tells whether a forgery differs from an honest frame by its seed only, which says nothing
// of an engine whose samples don't follow from it.
func SameRecipe(f Forgery) bool {
	return slices.Contains([]string{"replay_attempt", "replay_other_job", "stolen_result"}, f.Name)
}

var textured = []string{"smooth", "comp"}

// Forgeries are the cheats that show in pixels; a verifier catches all of them.
var Forgeries = []Forgery{
	{Name: "half_samples", Forge: shot(func(l *Lab, s *Shot) { s.Samples = l.Samples / 2 })},
	{Name: "samples_31_of_32", Forge: shot(func(l *Lab, s *Shot) { s.Samples = l.Samples - max(l.Samples/32, 1) })},
	{Name: "fewer_bounces", Forge: shot(func(_ *Lab, s *Shot) { s.Variation = "bounces" })},
	{Name: "raised_adaptive_threshold", Forge: shot(func(_ *Lab, s *Shot) { s.Variation = "adaptive" })},
	{Name: "half_resolution", Forge: func(ctx context.Context, l *Lab, scene string, frame, _ int) (Files, error) {
		f, err := l.Shoot(ctx, Shot{Scene: scene, Frame: frame, Seed: Seed(frame), Shrink: 2})
		if err != nil {
			return Files{}, err
		}
		return paint(f, func(r *raster.Raster) *raster.Raster { return enlarge(r, l.Width, l.Height) })
	}},
	{Name: "denoised_low_samples", Forge: painted(4, bilateral)},
	{Name: "neighbouring_frame", Forge: shot(func(_ *Lab, s *Shot) { s.Frame++ })},
	{Name: "replay_attempt", Forge: shot(func(_ *Lab, s *Shot) { s.Seed = proof.Seed(jobKey, "task", s.Frame, 2) })},
	{Name: "replay_other_job", Forge: shot(func(_ *Lab, s *Shot) { s.Seed = proof.Seed([32]byte{9}, "task", s.Frame, 1) })},
	{Name: "stolen_result", Forge: shot(func(_ *Lab, s *Shot) { s.Seed = proof.Seed(jobKey, "another task", s.Frame, 1) })},
	{Name: "wrong_camera", Forge: shot(func(_ *Lab, s *Shot) { s.Variation = "camera" })},
	{Name: "missing_texture", Scenes: textured, Forge: shot(func(_ *Lab, s *Shot) { s.Variation = "texture" })},
	{Name: "bad_region_5", Forge: region(0.05)},
	{Name: "bad_region_20", Forge: region(0.20)},
	{Name: "one_bad_frame_in_20", Frames: 20, Forge: func(ctx context.Context, l *Lab, scene string, frame, at int) (Files, error) {
		if at != 12 {
			return Honest(ctx, l, scene, frame)
		}
		return l.Shoot(ctx, Shot{Scene: scene, Frame: frame, Seed: Seed(frame), Samples: l.Samples / 2})
	}},
	{Name: "interpolated_frames", Forge: func(ctx context.Context, l *Lab, scene string, frame, at int) (Files, error) {
		a, err := Honest(ctx, l, scene, frame-at%2)
		if err != nil || at%2 == 0 {
			return a, err
		}
		b, err := Honest(ctx, l, scene, frame+1)
		if err != nil {
			return Files{}, err
		}
		return blend(a, b)
	}},
	{Name: "bilateral_repaint", Forge: painted(1, bilateral)},
	{Name: "swapped_colour_space", Forge: painted(1, func(r *raster.Raster) *raster.Raster {
		return each(r, r.W, r.H, func(x, y, c int) float64 {
			v := r.At(x, y, c)
			if len(r.Channels) == 4 && c == 3 || v <= 0 {
				return v
			}
			return v * v // near enough to reading display values as light
		})
	})},
	// The master is honest, and what the artist gets isn't.
	{Name: "delivered_not_from_master", Forge: func(ctx context.Context, l *Lab, scene string, frame, _ int) (Files, error) {
		good, err := Honest(ctx, l, scene, frame)
		if err != nil {
			return Files{}, err
		}
		bad, err := paint(good, bilateral)
		return Files{Final: bad.Final, Master: good.Master}, err
	}},
}
