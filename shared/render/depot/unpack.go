package depot

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/ulikunitz/xz"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// Bounds that no archive of a renderer comes near.
const (
	maxPath   = 1024 // bytes of a path in the archive
	maxDepth  = 64   // folders in each other
	maxTarget = 1024 // bytes of a link's target
)

// kindOf returns how a file of this name is unpacked, nil when it isn't known.
func kindOf(name string) func(*os.File, int64, *sink) error {
	name = strings.ToLower(name)
	switch {
	case strings.HasSuffix(name, ".tar.xz"), strings.HasSuffix(name, ".txz"):
		return func(f *os.File, _ int64, s *sink) error {
			r, err := xz.NewReader(bufio.NewReaderSize(f, 1<<20))
			if err != nil {
				return fmt.Errorf("%w: %w", ErrArchive, err)
			}
			return s.tar(r)
		}
	case strings.HasSuffix(name, ".tar.gz"), strings.HasSuffix(name, ".tgz"):
		return func(f *os.File, _ int64, s *sink) error {
			r, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
			if err != nil {
				return fmt.Errorf("%w: %w", ErrArchive, err)
			}
			return s.tar(r)
		}
	case strings.HasSuffix(name, ".zip"):
		return func(f *os.File, size int64, s *sink) error {
			r, err := zip.NewReader(f, size)
			if err != nil {
				return fmt.Errorf("%w: %w", ErrArchive, err)
			}
			return s.zip(r)
		}
	}
	return nil
}

// unpack writes the archive's files into an empty folder.
func unpack(ctx context.Context, f *os.File, a wire.Archive, folder string, limits Limits) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	s := &sink{ctx: ctx, root: root, limits: limits}
	if err := kindOf(a.Name)(f, a.Size, s); err != nil {
		return err
	}
	return s.checkLinks()
}

// sink writes entries below one folder. The root refuses whatever leads out of it; the rest
// is refused here.
type sink struct {
	ctx    context.Context
	root   *os.Root
	limits Limits
	total  int64
	files  int
	links  []string
}

// place checks an entry's path and makes its folder.
func (s *sink) place(name string) (string, error) {
	if err := s.ctx.Err(); err != nil {
		return "", err
	}
	if s.files++; s.files > s.limits.Files {
		return "", fmt.Errorf("%w: over %d files", ErrLimit, s.limits.Files)
	}
	clean := path.Clean(strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/"))
	local := filepath.FromSlash(clean)
	if len(name) > maxPath || strings.Count(clean, "/") >= maxDepth || strings.ContainsAny(name, "\\\x00") || !filepath.IsLocal(local) || strings.Contains("/"+name+"/", "/../") {
		return "", fmt.Errorf("%w: the path %.80q leads out of it", ErrArchive, name)
	}
	if err := s.root.MkdirAll(filepath.Dir(local), 0o755); err != nil {
		return "", s.failed(name, err)
	}
	return local, nil
}

// failed is an error of writing an entry: the archive's fault, unless the disk's.
func (s *sink) failed(name string, err error) error {
	var where *fs.PathError
	if errors.As(err, &where) && (errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) || strings.Contains(where.Err.Error(), "escapes")) {
		return fmt.Errorf("%w: %.80q: %w", ErrArchive, name, err)
	}
	return err
}

func (s *sink) folder(name string) error {
	local, err := s.place(name)
	if err != nil {
		return err
	}
	if err := s.root.MkdirAll(local, 0o755); err != nil {
		return s.failed(name, err)
	}
	return nil
}

// file writes a regular file. Of its mode only whether it may be executed is kept.
func (s *sink) file(name string, mode fs.FileMode, size int64, from io.Reader) error {
	local, err := s.place(name)
	if err != nil {
		return err
	}
	left := min(s.limits.File, s.limits.Total-s.total)
	if size < 0 || size > left {
		return fmt.Errorf("%w: %.80q has %d bytes, %d are left", ErrLimit, name, size, left)
	}
	f, err := s.root.OpenFile(local, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644|mode.Perm()&0o111)
	if err != nil {
		return s.failed(name, err)
	}
	// What an archive says about a size needn't be true.
	n, err := io.Copy(f, &reader{s.ctx, io.LimitReader(from, left+1)})
	s.total += n
	if e := f.Close(); err == nil {
		err = e
	}
	switch {
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case n > left:
		return fmt.Errorf("%w: %.80q is larger than the %d bytes that are left", ErrLimit, name, left)
	case err != nil:
		return fmt.Errorf("%w: %.80q: %w", ErrArchive, name, err)
	case n != size:
		return fmt.Errorf("%w: %.80q has %d bytes, not %d", ErrArchive, name, n, size)
	}
	return nil
}

// link makes a symbolic link that stays inside by its text; checkLinks looks where it leads
// once everything is there.
func (s *sink) link(name, target string) error {
	local, err := s.place(name)
	if err != nil {
		return err
	}
	if target == "" || len(target) > maxTarget || path.IsAbs(target) || strings.ContainsAny(target, "\\\x00:") || !filepath.IsLocal(filepath.FromSlash(path.Join(path.Dir(filepath.ToSlash(local)), target))) {
		return fmt.Errorf("%w: the link %.80q leads out of it, to %.80q", ErrArchive, name, target)
	}
	if err := s.root.Symlink(filepath.FromSlash(target), local); err != nil {
		return s.failed(name, err)
	}
	s.links = append(s.links, local)
	return nil
}

// checkLinks follows every link: links over links may lead where no single one does.
func (s *sink) checkLinks() error {
	for _, link := range s.links {
		if _, err := s.root.Stat(link); err != nil {
			return fmt.Errorf("%w: the link %.80q leads nowhere in it: %w", ErrArchive, link, err)
		}
	}
	return nil
}

func (s *sink) tar(from io.Reader) error {
	// Headers and padding are read too: the whole stream is bounded, not only the files.
	r := tar.NewReader(&reader{s.ctx, &io.LimitedReader{R: from, N: s.limits.Total + int64(s.limits.Files)*4096}})
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrArchive, err)
		}
		switch h.Typeflag {
		case tar.TypeReg:
			err = s.file(h.Name, h.FileInfo().Mode(), h.Size, r)
		case tar.TypeDir:
			err = s.folder(h.Name)
		case tar.TypeSymlink:
			err = s.link(h.Name, h.Linkname)
		case tar.TypeXGlobalHeader:
		default:
			err = fmt.Errorf("%w: %.80q is neither file, folder nor symbolic link", ErrArchive, h.Name)
		}
		if err != nil {
			return err
		}
	}
}

func (s *sink) zip(r *zip.Reader) error {
	for _, f := range r.File {
		mode := f.Mode()
		if mode.IsDir() {
			if err := s.folder(f.Name); err != nil {
				return err
			}
			continue
		}
		if !mode.IsRegular() && mode.Type() != fs.ModeSymlink {
			return fmt.Errorf("%w: %.80q is neither file, folder nor symbolic link", ErrArchive, f.Name)
		}
		if err := s.zipped(f, mode); err != nil {
			return err
		}
	}
	return nil
}

func (s *sink) zipped(f *zip.File, mode fs.FileMode) error {
	from, err := f.Open()
	if err != nil {
		return fmt.Errorf("%w: %.80q: %w", ErrArchive, f.Name, err)
	}
	defer from.Close()
	if mode.IsRegular() {
		if f.UncompressedSize64 > 1<<62 {
			return fmt.Errorf("%w: %.80q", ErrLimit, f.Name)
		}
		return s.file(f.Name, mode, int64(f.UncompressedSize64), from)
	}
	target, err := io.ReadAll(io.LimitReader(from, maxTarget+1))
	if err != nil {
		return fmt.Errorf("%w: %.80q: %w", ErrArchive, f.Name, err)
	}
	return s.link(f.Name, string(target))
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
