package resident

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
)

// The program may have been taken over by its scene, so its paths are only names inside the
// folder, and symlinks lead nowhere.

// maxViews is how many eyes a scene may have.
const maxViews = 16

// keepMaster makes one master out of the passes of every eye.
func (s *Session) keepMaster(out, master string, parts []MasterReply) error {
	if len(parts) == 1 {
		passes := filepath.Join(out, filepath.Base(parts[0].Path))
		data, err := s.read(passes)
		if err != nil {
			return err
		}
		channels, err := raster.EXRChannels(data)
		if err != nil {
			return fmt.Errorf("reading the render passes: %w", err)
		}
		img, err := raster.DecodePasses(data, raster.Limits{W: s.opts.Recipe.Width, H: s.opts.Recipe.Height}, parts[0].Passes)
		if err != nil {
			return fmt.Errorf("reading the render passes: %w", err)
		}
		if len(channels) == len(img.Channels) {
			// Nothing but what belongs into it: saves compressing it again.
			if err := s.root.Rename(passes, master); err != nil {
				return fmt.Errorf("keeping the master: %w", err)
			}
			return nil
		}
	}
	img, err := s.masters(out, parts, s.opts.Recipe.Width, s.opts.Recipe.Height, false)
	if err != nil {
		return err
	}
	return s.Write(master, img, true)
}

// Write writes an image as OpenEXR, to a path relative to the workspace.
func (s *Session) Write(path string, img *raster.Raster, compress bool) error {
	w, err := s.root.Create(path)
	if err != nil {
		return fmt.Errorf("writing the master: %w", err)
	}
	if err := errors.Join(raster.EncodeEXR(w, img, compress), w.Close()); err != nil {
		return fmt.Errorf("writing the master: %w", err)
	}
	return nil
}

// Remove removes a file, by its path relative to the workspace.
func (s *Session) Remove(path string) error { return s.root.Remove(path) }

// masters reads the passes of every eye into one image, guided with what guides a denoiser, and removes their files. With
// several eyes the layers are called "layer@eye".
func (s *Session) masters(out string, parts []MasterReply, w, h int, guided bool) (*raster.Raster, error) {
	decode := raster.DecodePasses
	if guided {
		decode = func(data []byte, limits raster.Limits, _ []string) (*raster.Raster, error) {
			return raster.DecodeGuided(data, limits)
		}
	}
	if len(parts) > maxViews {
		return nil, &render.Error{Kind: render.ErrUnsupported, Cause: fmt.Sprintf("the scene has %d eyes, at most %d", len(parts), maxViews)}
	}
	var images []*raster.Raster
	for _, part := range parts {
		path := filepath.Join(out, filepath.Base(part.Path))
		data, err := s.read(path)
		if err != nil {
			return nil, err
		}
		img, err := decode(data, raster.Limits{W: w, H: h}, part.Passes)
		if err != nil {
			return nil, fmt.Errorf("reading the render passes: %w", err)
		}
		if err := s.root.Remove(path); err != nil {
			return nil, fmt.Errorf("removing the render passes: %w", err)
		}
		if len(parts) > 1 {
			for i, c := range img.Channels {
				img.Channels[i] = raster.OfEye(c, part.View)
			}
		}
		images = append(images, img)
	}
	img, err := merge(images)
	if err == nil && guided {
		err = raster.CheckGuided(img.Channels)
	}
	return img, err
}

// merge joins images of one size, channel beside channel, in the order in which
// raster.DecodeEXR finds them in a file: those that show the image first, by layer, then as they are.
func merge(images []*raster.Raster) (*raster.Raster, error) {
	if len(images) == 1 {
		return images[0], nil
	}
	type source struct {
		name    string
		image   *raster.Raster
		channel int
		beside  bool
	}
	var sources []source
	lead := 0
	first := images[0]
	for _, img := range images {
		if img.W != first.W || img.H != first.H || img.Depth != first.Depth {
			return nil, &render.Error{Kind: render.ErrCrashed, Cause: "the eyes' passes differ in size"}
		}
		for i, name := range img.Channels {
			sources = append(sources, source{name: name, image: img, channel: i, beside: i >= img.Shows()})
		}
		lead += img.Shows()
	}
	if len(sources) > raster.MaxChannels {
		return nil, &render.Error{Kind: render.ErrUnsupported, Cause: fmt.Sprintf("the eyes and layers have %d channels together, at most %d", len(sources), raster.MaxChannels)}
	}
	layer := func(name string) string { return name[:strings.LastIndexByte(name, '.')] }
	slices.SortStableFunc(sources, func(a, b source) int {
		if a.beside != b.beside {
			return map[bool]int{false: -1, true: 1}[a.beside]
		}
		return strings.Compare(layer(a.name), layer(b.name))
	})
	names := make([]string, len(sources))
	for i, from := range sources {
		names[i] = from.name
	}
	out := raster.New(first.W, first.H, names, first.Depth)
	if lead < len(names) {
		out.Lead = lead
	}
	size := first.Depth.Size()
	for i, from := range sources {
		n := len(from.image.Channels)
		for p := range first.W * first.H {
			copy(out.Bits[(p*len(sources)+i)*size:][:size], from.image.Bits[(p*n+from.channel)*size:])
		}
	}
	return out, nil
}

// regular makes sure that the program wrote an ordinary file with something in it.
func (s *Session) regular(path string) (os.FileInfo, error) {
	info, err := s.root.Lstat(path)
	if err != nil {
		return nil, s.crashed("%s wrote no %s; is the disk full?", s.cfg.Name, filepath.Base(path))
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return nil, &render.Error{Kind: render.ErrBadScene, Cause: fmt.Sprintf("%s isn't an ordinary file with content", filepath.Base(path)), Log: s.p.Tail()}
	}
	return info, nil
}

// Regular is a file that the program wrote into a folder of the workspace, by its own path.
func (s *Session) Regular(out, path string) (render.File, error) {
	at := filepath.Join(out, filepath.Base(path))
	info, err := s.regular(at)
	if err != nil {
		return render.File{}, err
	}
	return render.File{Path: filepath.Join(s.opts.Workspace, at), Size: info.Size()}, nil
}

func (s *Session) read(path string) ([]byte, error) {
	if _, err := s.regular(path); err != nil {
		return nil, err
	}
	f, err := s.root.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading what %s wrote: %w", s.cfg.Name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("reading what %s wrote: %w", s.cfg.Name, err)
	}
	return data, nil
}
