package attack

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
)

// Scenes with more than one picture a frame: File Output nodes and a compositor that read passes, a second eye, and
// multilayer files.
const (
	scenePasses = "passes"
	sceneStereo = "stereo"
	sceneLayers = "layers"
	// sceneRough is what honest nodes differ most on.
	sceneRough = "rough"
)

// FurtherScenes are those that FurtherForgeries are played on; HonestScenes are all that honest nodes are compared on.
var (
	FurtherScenes = []string{scenePasses, sceneStereo, sceneLayers}
	HonestScenes  = slices.Concat(Scenes, FurtherScenes, []string{sceneRough})
)

// layered tells whether a scene's frames are multilayer files.
func layered(scene string) bool { return scene == sceneLayers || scene == sceneRough }

// further changes an honest frame's further files.
func further(change func(ctx context.Context, l *Lab, scene string, frame int, good Files) ([]Further, error)) func(context.Context, *Lab, string, int, int) (Files, error) {
	return func(ctx context.Context, l *Lab, scene string, frame, _ int) (Files, error) {
		f, err := Honest(ctx, l, scene, frame)
		if err == nil {
			f.Further, err = change(ctx, l, scene, frame, f)
		}
		return f, err
	}
}

// replaced gives some files other bodies.
func replaced(files []Further, body func(f Further) []byte) []Further {
	out := slices.Clone(files)
	for i, f := range out {
		if b := body(f); b != nil {
			out[i].Body = b
		}
	}
	return out
}

// forgePass turns a pass of an OpenEXR file upside down.
func forgePass(data []byte, pass string) ([]byte, error) {
	r, err := raster.DecodeStored(data, raster.Limits{})
	if err != nil {
		return nil, fmt.Errorf("read a file to forge: %w", err)
	}
	found := false
	out := each(r, r.W, r.H, func(x, y, c int) float64 {
		if strings.Contains(r.Channels[c], pass) {
			found = true
			y = r.H - 1 - y
		}
		return r.At(x, y, c)
	})
	if !found {
		return nil, fmt.Errorf("there is no pass %s in %v", pass, r.Channels)
	}
	var b bytes.Buffer
	if err := raster.EncodeEXR(&b, out, true); err != nil {
		return nil, fmt.Errorf("write a forged file: %w", err)
	}
	return b.Bytes(), nil
}

// FurtherForgeries are the cheats on what is delivered beside the frame.
var FurtherForgeries = []Forgery{
	{Name: "further_other_picture", Frames: 2, Scenes: []string{scenePasses}, Forge: further(func(ctx context.Context, l *Lab, scene string, frame int, good Files) ([]Further, error) {
		next, err := Honest(ctx, l, scene, frame+1)
		return replaced(good.Further, func(f Further) []byte {
			for i, x := range good.Further {
				if x.Name == f.Name && strings.HasPrefix(f.Name, "DiffInd") {
					return next.Further[i].Body
				}
			}
			return nil
		}), err
	})},
	{Name: "further_missing", Frames: 2, Scenes: []string{scenePasses}, Forge: further(func(_ context.Context, _ *Lab, _ string, _ int, good Files) ([]Further, error) {
		return good.Further[1:], nil
	})},
	{Name: "further_surplus", Frames: 2, Scenes: []string{scenePasses, sceneStereo}, Forge: further(func(_ context.Context, _ *Lab, _ string, _ int, good Files) ([]Further, error) {
		return append(slices.Clone(good.Further), Further{"more.png", good.Further[0].Body}), nil
	})},
	// The image has every sample, the passes beside it half of them, in the master as in the files.
	{Name: "pass_half_samples", Frames: 2, Scenes: []string{scenePasses}, Forge: func(ctx context.Context, l *Lab, scene string, frame, _ int) (Files, error) {
		good, err := Honest(ctx, l, scene, frame)
		if err != nil {
			return Files{}, err
		}
		half, err := l.Shoot(ctx, Shot{Scene: scene, Frame: frame, Seed: Seed(frame), Samples: l.Samples / 2})
		if err != nil {
			return Files{}, err
		}
		a, err := raster.DecodeEXR(good.Master, raster.Limits{})
		if err != nil {
			return Files{}, fmt.Errorf("read a master: %w", err)
		}
		b, err := raster.DecodeEXR(half.Master, raster.Limits{})
		if err != nil {
			return Files{}, fmt.Errorf("read a master: %w", err)
		}
		made := each(a, a.W, a.H, func(x, y, c int) float64 {
			if c < a.Shows() {
				return a.At(x, y, c)
			}
			return b.At(x, y, c)
		})
		var master bytes.Buffer
		if err := raster.EncodeEXR(&master, made, true); err != nil {
			return Files{}, fmt.Errorf("write a forged master: %w", err)
		}
		return Files{Final: good.Final, Master: master.Bytes(), Further: half.Further}, nil
	}},
	{Name: "second_eye_other", Frames: 2, Scenes: []string{sceneStereo}, Forge: further(func(_ context.Context, _ *Lab, _ string, _ int, good Files) ([]Further, error) {
		return replaced(good.Further, func(Further) []byte { return good.Final }), nil
	})},
	{Name: "second_eye_missing", Frames: 2, Scenes: []string{sceneStereo}, Forge: further(func(context.Context, *Lab, string, int, Files) ([]Further, error) {
		return nil, nil
	})},
	forgedPass("multilayer_forged_depth", "Depth"),
	forgedPass("multilayer_forged_normal", "Normal"),
	forgedPass("multilayer_forged_light", "DiffInd"),
	forgedPass("multilayer_forged_matte", "CryptoObject00"),
}

// forgedPass turns one pass of a multilayer file upside down.
func forgedPass(name, pass string) Forgery {
	return Forgery{Name: name, Frames: 2, Scenes: []string{scenePasses, sceneLayers}, Forge: func(ctx context.Context, l *Lab, scene string, frame, _ int) (Files, error) {
		f, err := Honest(ctx, l, scene, frame)
		if err != nil {
			return Files{}, err
		}
		if scene == sceneLayers {
			f.Final, err = forgePass(f.Final, pass)
			return f, err
		}
		f.Further = replaced(f.Further, func(x Further) []byte {
			if err != nil || !strings.HasSuffix(x.Name, ".exr") {
				return nil
			}
			var forged []byte
			forged, err = forgePass(x.Body, pass)
			return forged
		})
		return f, err
	}}
}
