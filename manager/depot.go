package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/manager/gateway"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/render/depot"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/usage"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// packings are how archives of the depot are packed, by the end of their name.
var packings = []string{".tar.xz", ".tar.gz", ".zip"}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$`)

// checkArchive holds an archive's description to its bounds: workers make paths of it.
func checkArchive(a wire.Archive) error {
	bad := func(format string, args ...any) error {
		return &wire.Error{Code: wire.CodeBadRequest, Message: fmt.Sprintf(format, args...)}
	}
	for name, text := range map[string]string{"--renderer": a.Renderer, "--version": a.Version, "--os": a.OS, "--arch": a.Arch} {
		if !plainWord.MatchString(text) {
			return bad("%s %q has to be 1 to 64 letters, digits, dots, dashes", name, text)
		}
	}
	if !slices.Contains([]string{"linux", "windows", "darwin"}, a.OS) || !slices.Contains([]string{"amd64", "arm64"}, a.Arch) {
		return bad("no worker runs on %s/%s: --os is linux, windows or darwin, --arch is amd64 or arm64", a.OS, a.Arch)
	}
	if !slices.ContainsFunc(packings, func(end string) bool { return strings.HasSuffix(a.Name, end) }) {
		return bad("the archive %q has to end with one of %s", a.Name, strings.Join(packings, ", "))
	}
	if len(a.Name) > 200 || strings.ContainsAny(a.Name, `/\`) || !utf8.ValidString(a.Name) {
		return bad("the archive's name %q is no file name", a.Name)
	}
	if a.Size <= 0 || a.Size > blob.MaxObject {
		return bad("the archive has %d bytes; 1 to %d can be stored", a.Size, int64(blob.MaxObject))
	}
	if raw, err := hex.DecodeString(a.Digest); err != nil || len(raw) != sha256.Size || hex.EncodeToString(raw) != a.Digest {
		return bad("the archive's digest is not 64 lower-case hex digits")
	}
	for name, path := range map[string]string{"--root": a.Root, "--executable": a.Executable} {
		if name == "--root" && path == "" {
			continue
		}
		if len(path) > 400 || !filepath.IsLocal(filepath.FromSlash(path)) || strings.ContainsAny(path, "\\\x00") || strings.HasPrefix(path, "/") {
			return bad("%s %q is not a path inside the archive", name, path)
		}
	}
	return nil
}

func (d *desk) depotList(w http.ResponseWriter, r *http.Request) {
	all := []wire.Archive{}
	err := d.db.View(r.Context(), func(tx store.Tx) error {
		list, err := tx.Archives()
		all = append(all[:0], list...)
		return err
	})
	d.reply(w, r, all, err)
}

func (d *desk) depotAdd(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	a := wire.Archive{
		Renderer: q.Get("renderer"), Version: q.Get("version"), OS: q.Get("os"), Arch: q.Get("arch"), Name: q.Get("name"), Digest: q.Get("digest"),
		Root: q.Get("root"), Executable: q.Get("executable"), Size: r.ContentLength,
	}
	d.reply(w, r, a, func() error {
		if err := checkArchive(a); err != nil {
			return err
		}
		raw, err := hex.DecodeString(a.Digest)
		if err != nil {
			return err
		}
		if err := d.blobs.Put(r.Context(), gateway.DepotKey(a.Digest), r.Body, a.Size, [32]byte(raw)); err != nil {
			return fmt.Errorf("store the archive: %w", err)
		}
		return d.db.Update(r.Context(), func(tx store.Tx) error {
			if err := tx.PutArchive(a); err != nil {
				return err
			}
			return d.did(r.Context(), tx, "depot.add", a.Digest, fmt.Sprintf("%s %s for %s/%s", a.Renderer, a.Version, a.OS, a.Arch))
		})
	}())
}

func (d *desk) depotRemove(w http.ResponseWriter, r *http.Request) {
	prefix := r.PathValue("digest")
	var gone wire.Archive
	err := d.db.Update(r.Context(), func(tx store.Tx) error {
		all, err := tx.Archives()
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(a wire.Archive) bool { return !strings.HasPrefix(a.Digest, prefix) })
		if len(all) != 1 || len(prefix) < 8 {
			return &wire.Error{Code: wire.CodeNotFound, Message: fmt.Sprintf("%d archives begin with %q", len(all), prefix), Next: "name at least 8 digits, as `heliostat-manager depot list` shows them"}
		}
		gone = all[0]
		return errors.Join(tx.DropArchive(gone.Digest), d.did(r.Context(), tx, "depot.remove", gone.Digest, gone.Renderer+" "+gone.Version))
	})
	d.reply(w, r, gone, err) // the bytes go with the next sweep: a worker may be fetching them
}

// where names the stores of a command that works with and without a running manager.
type where struct {
	config
	fresh bool // the data folder may be a new one, whose manager hasn't run yet
}

func (c *where) flags(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&c.Data, "data", "", "the manager's data folder (required)")
	cmd.PersistentFlags().StringVar(&c.Store, "store", "", "database, where the manager was started with --store and doesn't run on this machine")
	cmd.PersistentFlags().StringVar(&c.Blobs, "blobs", "dir", "object store, as the manager's --blobs")
}

// with calls the manager that runs on the data folder, or, when none does, one that lives for this
// command only.
func (c *where) with(ctx context.Context, do func(*operator) error) (err error) {
	o, err := call(ctx, c.Data)
	if err != nil {
		return err
	}
	if o == nil {
		if c.Store == "" && !c.fresh {
			if _, err := os.Stat(c.store()); errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("the folder %s holds no manager's data: name the one that `heliostat-manager serve` was started with", c.Data)
			}
		}
		if o, err = c.open(ctx); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, o.close()) }()
	return do(o)
}

func depotCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "depot",
		Short: "Keep renderers that workers fetch by themselves",
		Long: `Keep archives of renderers, as their makers publish them. A worker that lacks the exact
version of a job fetches it from here, checks its digest and unpacks it.`,
	}
	c := &where{}
	c.flags(cmd)

	var a wire.Archive
	add := &cobra.Command{
		Use:   "add ARCHIVE --renderer NAME --version VERSION",
		Short: "Add an archive",
		Long: `Add an archive. It is unpacked once, into the system's folder for temporary files, as a worker will do it: one without
the named program in it is refused.`,
		Example: `  heliostat-manager depot add blender-4.2.1-linux-x64.tar.xz --data /srv/heliostat --renderer blender --version 4.2.1
  heliostat-manager depot add blender-4.2.1-windows-x64.zip --data /srv/heliostat --renderer blender --version 4.2.1 --os windows --executable blender.exe`,
		Args: usage.Exactly("the archive"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := service.Context()
			defer stop()
			c.fresh = true
			return addArchive(ctx, c, args[0], a, cmd.OutOrStdout())
		},
	}
	f := add.Flags()
	f.StringVar(&a.Renderer, "renderer", "", "the renderer's name, \"blender\" (required)")
	f.StringVar(&a.Version, "version", "", "its exact version, \"4.2.1\" (required)")
	f.StringVar(&a.OS, "os", runtime.GOOS, "system that it runs on: linux, windows or darwin")
	f.StringVar(&a.Arch, "arch", runtime.GOARCH, "processor that it runs on: amd64 or arm64")
	f.StringVar(&a.Root, "root", "", "folder inside the archive; empty is the archive's name without its end, \".\" its top")
	f.StringVar(&a.Executable, "executable", "", "path of the program below that folder; empty is the renderer's name")

	list := &cobra.Command{
		Use:   "list",
		Short: "List the archives",
		Args:  usage.Exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []wire.Archive
			if err := c.with(cmd.Context(), func(o *operator) error { return o.do(cmd.Context(), http.MethodGet, "/depot", nil, -1, &all) }); err != nil {
				return err
			}
			t := tabwriter.NewWriter(usage.Plain(cmd.OutOrStdout()), 0, 8, 2, ' ', 0)
			fmt.Fprintln(t, "DIGEST\tRENDERER\tVERSION\tSYSTEM\tSIZE\tNAME")
			for _, a := range all {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s/%s\t%s\t%s\n", a.Digest[:12], a.Renderer, a.Version, a.OS, a.Arch, size(a.Size), a.Name)
			}
			return t.Flush()
		},
	}
	remove := &cobra.Command{
		Use:   "remove DIGEST",
		Short: "Remove an archive, named by the first digits of its digest",
		Args:  usage.Exactly("the archive's digest"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(o *operator) error {
				var gone wire.Archive
				if err := o.do(cmd.Context(), http.MethodDelete, "/depot/"+url.PathEscape(args[0]), nil, -1, &gone); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "removed %s %s for %s/%s\n", gone.Renderer, gone.Version, gone.OS, gone.Arch)
				return nil
			})
		},
	}
	cmd.AddCommand(add, list, remove)
	return usage.Group(cmd)
}

// addArchive sends an archive to the manager.
func addArchive(ctx context.Context, c *where, path string, a wire.Archive, out io.Writer) error {
	if a.Renderer == "" || a.Version == "" {
		return errors.New("--renderer and --version are missing: name what the archive holds, such as --renderer blender --version 4.2.1")
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the archive %s does not exist: check the path", path)
	}
	if err != nil {
		return fmt.Errorf("the archive: %w", err)
	}
	defer file.Close()
	h := sha256.New()
	if a.Size, err = io.Copy(h, file); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	a.Digest, a.Name = hex.EncodeToString(h.Sum(nil)), filepath.Base(path)
	switch a.Root {
	case "":
		a.Root = a.Name
		for _, end := range packings {
			a.Root = strings.TrimSuffix(a.Root, end)
		}
	case ".":
		a.Root = ""
	}
	a.Executable = cmp.Or(a.Executable, a.Renderer)
	if err := checkArchive(a); err != nil {
		return err
	}
	if err := depot.Try(ctx, file, a); err != nil {
		if errors.Is(err, depot.ErrDescribe) {
			return fmt.Errorf("%s: %w: name the folder with --root (\".\" is its top), and the program below it with --executable", path, err)
		}
		return fmt.Errorf("workers can't unpack %s: %w", path, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	q := url.Values{"renderer": {a.Renderer}, "version": {a.Version}, "os": {a.OS}, "arch": {a.Arch}, "name": {a.Name}, "digest": {a.Digest}, "root": {a.Root}, "executable": {a.Executable}}
	return c.with(ctx, func(o *operator) error {
		if err := o.do(ctx, http.MethodPut, "/depot?"+q.Encode(), io.NopCloser(file), a.Size, nil); err != nil {
			return err
		}
		fmt.Fprintf(out, "added %s %s for %s/%s, %s, sha256 %s\n", a.Renderer, a.Version, a.OS, a.Arch, size(a.Size), a.Digest)
		return nil
	})
}
