// Package depot keeps the renderers that the operator put into the network: it fetches an
// archive, verifies it by its digest, unpacks it into a shared folder at once or not at all,
// and names the program in it. Several processes may share the folder.
//
// It is not for starting renderers (each renderer's Find takes the program) nor for the
// network: a Source brings the archives.
//
// Receives: archives, from a Source that workerapp or verifier fills from wire messages.
// Hands on: paths of programs, to the renderers.
package depot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// What can go wrong. Other errors are the disk's or the Source's.
var (
	ErrNone     = errors.New("the network's depot has no such renderer for this machine")
	ErrDigest   = errors.New("the archive isn't the one that the operator put into the depot")
	ErrArchive  = errors.New("the archive can't be unpacked")
	ErrLimit    = errors.New("the archive is larger than allowed")
	ErrDescribe = errors.New("the depot's description of the archive is wrong")
)

// Source brings archives. It may be called from several goroutines.
type Source interface {
	// All lists what the operator put into the network.
	All(ctx context.Context) ([]wire.Archive, error)
	// Open streams one archive. The caller closes it and checks what it reads.
	Open(ctx context.Context, a wire.Archive) (io.ReadCloser, error)
}

// Limits bound one archive. Zero fields take the default.
type Limits struct {
	Packed int64 // bytes of the archive; 2 GiB
	Total  int64 // bytes unpacked; 8 GiB
	File   int64 // bytes of one file; 2 GiB
	Files  int   // files, folders and links; 100 000
}

func (l Limits) orDefaults() Limits {
	if l.Packed == 0 {
		l.Packed = 2 << 30
	}
	if l.Total == 0 {
		l.Total = 8 << 30
	}
	if l.File == 0 {
		l.File = 2 << 30
	}
	if l.Files == 0 {
		l.Files = 100_000
	}
	return l
}

// Options configure a depot.
type Options struct {
	Folder string // made when it isn't there
	Source Source
	Limits Limits
	OS     string       // "" is this machine's
	Arch   string       // "" is this machine's
	Log    *slog.Logger // nil discards
}

// Depot is the folder of unpacked renderers. Its methods may be called from many goroutines.
type Depot struct {
	o Options
}

// Installed is one unpacked renderer.
type Installed struct {
	Archive wire.Archive
	Path    string // of the program
}

const (
	describes  = "archive.json" // its presence says that the folder is whole
	tree       = "tree"
	partPrefix = ".part-"
)

// New makes a depot and clears what an earlier process left half done.
func New(o Options) (*Depot, error) {
	o.Limits = o.Limits.orDefaults()
	if o.OS == "" {
		o.OS = runtime.GOOS
	}
	if o.Arch == "" {
		o.Arch = runtime.GOARCH
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Folder, 0o755); err != nil {
		return nil, fmt.Errorf("making the renderer depot: %w", err)
	}
	d := &Depot{o: o}
	lock := d.lock()
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the renderer depot: %w", err)
	}
	if !locked {
		return d, nil // another process unpacks; it clears up after itself
	}
	defer lock.Unlock()
	parts, err := filepath.Glob(filepath.Join(o.Folder, partPrefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("clearing the renderer depot: %w", err)
	}
	for _, part := range parts {
		if err := os.RemoveAll(part); err != nil {
			return nil, fmt.Errorf("clearing the renderer depot: %w", err)
		}
	}
	return d, nil
}

func (d *Depot) lock() *flock.Flock { return flock.New(filepath.Join(d.o.Folder, ".lock")) }

// Available lists what the network has for this machine.
func (d *Depot) Available(ctx context.Context) ([]wire.Archive, error) {
	all, err := d.o.Source.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking for the network's renderers: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(all), func(a wire.Archive) bool { return a.OS != d.o.OS || a.Arch != d.o.Arch }), nil
}

// Sync fetches everything that the network has for this machine and isn't here yet. changed
// says that something new is here. An archive that fails hides none of the others.
func (d *Depot) Sync(ctx context.Context) (changed bool, err error) {
	archives, err := d.Available(ctx)
	if err != nil {
		return false, err
	}
	var failed []error
	for _, a := range archives {
		if _, there := d.installed(a.Digest); there {
			continue
		}
		if _, err := d.Install(ctx, a); err != nil {
			failed = append(failed, err)
			continue
		}
		changed = true
	}
	return changed, errors.Join(failed...)
}

// Get returns a renderer of an exact version, from the folder or else from the network.
func (d *Depot) Get(ctx context.Context, renderer, version string) (Installed, error) {
	for _, in := range d.Installed() {
		if in.Archive.Renderer == renderer && in.Archive.Version == version {
			return in, nil
		}
	}
	archives, err := d.Available(ctx)
	if err != nil {
		return Installed{}, err
	}
	for _, a := range archives {
		if a.Renderer == renderer && a.Version == version {
			return d.Install(ctx, a)
		}
	}
	return Installed{}, fmt.Errorf("%w: %s %s for %s/%s", ErrNone, renderer, version, d.o.OS, d.o.Arch)
}

// Installed are the renderers that are here, by their folders' names.
func (d *Depot) Installed() []Installed {
	entries, err := os.ReadDir(d.o.Folder)
	if err != nil {
		return nil
	}
	var list []Installed
	for _, entry := range entries {
		if in, there := d.installed(entry.Name()); there {
			list = append(list, in)
		}
	}
	return list
}

// Programs are the paths of one renderer's programs that are here.
func (d *Depot) Programs(renderer string) []string {
	var list []string
	for _, in := range d.Installed() {
		if in.Archive.Renderer == renderer {
			list = append(list, in.Path)
		}
	}
	return list
}

// installed reads what lies under a digest.
func (d *Depot) installed(digest string) (Installed, bool) {
	if !digestText.MatchString(digest) {
		return Installed{}, false
	}
	text, err := os.ReadFile(filepath.Join(d.o.Folder, digest, describes))
	if err != nil {
		return Installed{}, false
	}
	var a wire.Archive
	if json.Unmarshal(text, &a) != nil || a.Digest != digest || check(a) != nil || a.OS != d.o.OS || a.Arch != d.o.Arch {
		return Installed{}, false
	}
	return Installed{Archive: a, Path: d.program(filepath.Join(d.o.Folder, digest), a)}, true
}

func (d *Depot) program(folder string, a wire.Archive) string {
	return filepath.Join(folder, tree, filepath.FromSlash(path.Join(a.Root, a.Executable)))
}

// Remove deletes an unpacked renderer. Nothing may be rendering with it.
func (d *Depot) Remove(digest string) error {
	if !digestText.MatchString(digest) {
		return fmt.Errorf("%w: digest %q", ErrDescribe, digest)
	}
	gone := filepath.Join(d.o.Folder, partPrefix+"gone-"+digest)
	err := os.Rename(filepath.Join(d.o.Folder, digest), gone)
	if err == nil {
		err = os.RemoveAll(gone)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing a renderer from the depot: %w", err)
	}
	return nil
}

var (
	digestText = regexp.MustCompile(`^[0-9a-f]{64}$`)
	word       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$`)
)

// check refuses a description that would lead somewhere else.
func check(a wire.Archive) error {
	inside := func(p string) bool {
		return p == path.Clean(p) && filepath.IsLocal(filepath.FromSlash(p)) && !strings.ContainsAny(p, "\\:\x00") && len(p) <= maxPath
	}
	switch {
	case !word.MatchString(a.Renderer) || !word.MatchString(a.Version):
		return fmt.Errorf("%w: renderer %.80q version %.80q", ErrDescribe, a.Renderer, a.Version)
	case !digestText.MatchString(a.Digest):
		return fmt.Errorf("%w: digest %.80q", ErrDescribe, a.Digest)
	case a.Size <= 0:
		return fmt.Errorf("%w: %d bytes", ErrDescribe, a.Size)
	case a.Root != "" && !inside(a.Root) || !inside(a.Executable) || a.Executable == ".":
		return fmt.Errorf("%w: program %.80q in %.80q", ErrDescribe, a.Executable, a.Root)
	case kindOf(a.Name) == nil:
		return fmt.Errorf("%w: %.80q is no .tar.xz, .tar.gz or .zip", ErrDescribe, a.Name)
	}
	return nil
}

// Install fetches, verifies and unpacks one archive, unless it is here already.
func (d *Depot) Install(ctx context.Context, a wire.Archive) (Installed, error) {
	if err := check(a); err != nil {
		return Installed{}, err
	}
	if a.Size > d.o.Limits.Packed {
		return Installed{}, fmt.Errorf("%w: %s has %d bytes, %d are allowed", ErrLimit, a.Name, a.Size, d.o.Limits.Packed)
	}
	lock := d.lock()
	if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		return Installed{}, fmt.Errorf("waiting for the renderer depot: %w", err)
	}
	defer lock.Unlock()
	if in, there := d.installed(a.Digest); there {
		return in, nil
	}
	part, err := os.MkdirTemp(d.o.Folder, partPrefix)
	if err != nil {
		return Installed{}, fmt.Errorf("unpacking %s: %w", a.Name, err)
	}
	defer os.RemoveAll(part)
	d.o.Log.Info("fetching a renderer", "renderer", a.Renderer, "version", a.Version, "bytes", a.Size)
	if err := d.install(ctx, part, a); err != nil {
		return Installed{}, fmt.Errorf("installing %s %s from the network: %w", a.Renderer, a.Version, err)
	}
	in, _ := d.installed(a.Digest)
	return in, nil
}

func (d *Depot) install(ctx context.Context, part string, a wire.Archive) error {
	packed, err := os.Create(filepath.Join(part, "packed"))
	if err != nil {
		return err
	}
	defer packed.Close()
	if err := d.fetch(ctx, packed, a); err != nil {
		return err
	}
	// Only a verified archive is read any further.
	folder := filepath.Join(part, "whole")
	if err := os.MkdirAll(filepath.Join(folder, tree), 0o755); err != nil {
		return err
	}
	if err := unpack(ctx, packed, a, filepath.Join(folder, tree), d.o.Limits); err != nil {
		return err
	}
	info, err := os.Stat(d.program(folder, a))
	if err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("%w: it has no program %s", ErrArchive, path.Join(a.Root, a.Executable))
	}
	if err := os.Chmod(d.program(folder, a), 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, describes), text, 0o644); err != nil {
		return err
	}
	to := filepath.Join(d.o.Folder, a.Digest)
	if err := os.RemoveAll(to); err != nil { // what isn't whole
		return err
	}
	return os.Rename(folder, to)
}

// fetch writes the archive and makes sure that it is the one.
func (d *Depot) fetch(ctx context.Context, to io.Writer, a wire.Archive) error {
	from, err := d.o.Source.Open(ctx, a)
	if err != nil {
		return err
	}
	defer from.Close()
	stop := context.AfterFunc(ctx, func() { from.Close() })
	defer stop()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, h), io.LimitReader(from, a.Size+1))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); n != a.Size || got != a.Digest {
		return fmt.Errorf("%w: %d bytes with SHA-256 %s came, %d bytes with %s were promised", ErrDigest, n, got, a.Size, a.Digest)
	}
	return nil
}
