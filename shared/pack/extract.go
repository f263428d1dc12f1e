package pack

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"runtime"
	"strconv"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/zeebo/blake3"
	"golang.org/x/sync/errgroup"
)

// ExtractOptions says what to unpack and where to.
type ExtractOptions struct {
	Manifest *Manifest
	Dir      string // made if it isn't there
	Fetch    Fetcher
	Parallel int            // chunks that are fetched at a time, 8 MiB each at most; 0 is a good default
	Limits   Limits         // zero fields have defaults
	Progress func(Progress) // called from one goroutine at a time; may be nil
}

// Extract writes a package's files below Dir. Files that are already there with the right
// content are kept, so a cancelled Extract can be continued; others are replaced. A file appears under its
// name only when it is whole and its digest is right. Nothing outside Dir is touched, whatever links
// are in it. Errors: what the Fetcher returned, seal.ErrOpen and seal.ErrFormat for damaged chunks, ErrDigest,
// ErrManifest, ErrLimit.
func Extract(ctx context.Context, o ExtractOptions) error {
	if o.Manifest == nil || o.Fetch == nil {
		return errors.New("unpack a package: no Manifest or no Fetcher was given")
	}
	if o.Parallel <= 0 {
		o.Parallel = min(max(2*runtime.GOMAXPROCS(0), 4), 16)
	}
	m := o.Manifest
	if err := m.Check(o.Limits); err != nil {
		return err
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return fmt.Errorf("make the folder to unpack into: %w", err)
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return fmt.Errorf("open the folder to unpack into: %w", err)
	}
	defer root.Close()
	x := &extractor{o: o, m: m, root: root, progress: newProgress(o.Progress)}
	x.progress.begin(PhaseExtract, len(m.Files), m.Bytes())
	if err := x.run(ctx); err != nil {
		return err
	}
	if err := root.RemoveAll(partFolder); err != nil {
		return fmt.Errorf("remove unfinished files: %w", err)
	}
	x.progress.done(PhaseExtract)
	return nil
}

type extractor struct {
	o        ExtractOptions
	m        *Manifest
	root     *os.Root
	progress *progress
}

type fetched struct {
	plain []byte
	err   error
}

// run fetches ahead in the order in which the files will want their chunks, and writes in that order.
func (x *extractor) run(ctx context.Context) error {
	if err := x.root.RemoveAll(partFolder); err != nil {
		return fmt.Errorf("remove unfinished files: %w", err)
	}
	if err := x.root.Mkdir(partFolder, 0o700); err != nil {
		return fmt.Errorf("make a folder for unfinished files: %w", err)
	}
	var files []int
	for _, i := range x.m.order() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if x.have(&x.m.Files[i]) {
			x.progress.file(x.m.Files[i].Size)
			continue
		}
		files = append(files, i)
	}
	g, ctx := errgroup.WithContext(ctx)
	ahead := make(chan chan fetched, x.o.Parallel-1)
	g.Go(func() error {
		defer close(ahead)
		fetch, fctx := errgroup.WithContext(ctx)
		fetch.SetLimit(x.o.Parallel)
		var stopped error
		x.m.walk(files, func(c int) {
			if stopped != nil {
				return
			}
			slot := make(chan fetched, 1)
			select {
			case ahead <- slot:
				fetch.Go(func() error {
					plain, err := x.chunk(fctx, c)
					slot <- fetched{plain, err}
					return nil // the writer reports it, in order
				})
			case <-ctx.Done():
				stopped = ctx.Err()
			}
		})
		return errors.Join(fetch.Wait(), stopped)
	})
	g.Go(func() error {
		w := writer{x: x, ahead: ahead, last: -1}
		for n, i := range files {
			if err := w.file(ctx, n, &x.m.Files[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// have says whether a file is already there, whole.
func (x *extractor) have(f *File) bool {
	info, err := x.root.Lstat(f.Path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size {
		return false
	}
	in, err := x.root.Open(f.Path)
	if err != nil {
		return false
	}
	defer in.Close()
	h := blake3.New()
	n, err := io.Copy(h, io.LimitReader(in, f.Size+1))
	if err != nil || n != f.Size || [32]byte(h.Sum(nil)) != f.Digest {
		return false
	}
	return in.Chmod(modeOf(f)) == nil
}

func modeOf(f *File) os.FileMode {
	if f.Exec {
		return 0o755
	}
	return 0o644
}

// chunk fetches and opens a chunk; a damaged one is asked for twice if the Fetcher can forget it.
func (x *extractor) chunk(ctx context.Context, i int) ([]byte, error) {
	c := &x.m.Chunks[i]
	plain, err := x.open(ctx, c)
	if err == nil || (!errors.Is(err, seal.ErrOpen) && !errors.Is(err, seal.ErrFormat)) {
		return plain, err
	}
	d, ok := x.o.Fetch.(Discarder)
	if !ok {
		return nil, err
	}
	d.Discard(ctx, c.ID)
	return x.open(ctx, c)
}

func (x *extractor) open(ctx context.Context, c *Chunk) ([]byte, error) {
	stored, err := x.o.Fetch.Chunk(ctx, c.ID)
	if err != nil {
		return nil, fmt.Errorf("fetch chunk %s: %w", c.ID, err)
	}
	plain, err := seal.OpenChunk(c.Key, c.ID, stored, chunk.Max)
	if err != nil {
		return nil, err
	}
	if len(plain) != c.Plain {
		return nil, fmt.Errorf("chunk %s has %d bytes, the manifest says %d: %w", c.ID, len(plain), c.Plain, seal.ErrFormat)
	}
	return plain, nil
}

// writer takes chunks in order and writes files in order.
type writer struct {
	x     *extractor
	ahead <-chan chan fetched
	last  int
	plain []byte
}

func (w *writer) file(ctx context.Context, n int, f *File) (err error) {
	part := path.Join(partFolder, strconv.Itoa(n))
	out, err := w.x.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, modeOf(f))
	if err != nil {
		return fmt.Errorf("unpack %q: %w", f.Path, err)
	}
	defer func() {
		if err != nil {
			_ = out.Close()
			_ = w.x.root.Remove(part)
		}
	}()
	h := blake3.New()
	for _, p := range f.Parts {
		if err := w.turn(ctx, p.Chunk); err != nil {
			return fmt.Errorf("unpack %q: %w", f.Path, err)
		}
		if err := w.write(out, h, w.plain[p.Offset:p.Offset+p.Len]); err != nil {
			return fmt.Errorf("unpack %q: %w", f.Path, err)
		}
	}
	if [32]byte(h.Sum(nil)) != f.Digest {
		return fmt.Errorf("unpack %q: %w", f.Path, ErrDigest)
	}
	if err := out.Chmod(modeOf(f)); err != nil { // the umask took part before
		return fmt.Errorf("unpack %q: %w", f.Path, err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("unpack %q: %w", f.Path, err)
	}
	if err := w.place(part, f.Path); err != nil {
		return fmt.Errorf("unpack %q: %w", f.Path, err)
	}
	w.x.progress.file(0)
	return nil
}

func (w *writer) write(out io.Writer, h hash.Hash, b []byte) error {
	_, _ = h.Write(b)
	if _, err := out.Write(b); err != nil {
		return err
	}
	w.x.progress.add(0, int64(len(b)))
	return nil
}

// turn makes chunk c the current one.
func (w *writer) turn(ctx context.Context, c int) error {
	if c == w.last {
		return nil
	}
	select {
	case slot, ok := <-w.ahead:
		if !ok {
			return context.Cause(ctx)
		}
		select {
		case r := <-slot:
			w.plain, w.last = r.plain, c
			return r.err
		case <-ctx.Done():
			return ctx.Err()
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) place(part, name string) error {
	if dir := path.Dir(name); dir != "." {
		if err := w.x.root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return w.x.root.Rename(part, name)
}
