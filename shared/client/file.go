package client

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Signed turns the protocol's signed request into the one that shared/blob/transfer
// carries out.
func Signed(s wire.Signed) blob.Signed {
	return blob.Signed{Method: s.Method, URL: s.URL, Header: s.Header, Expires: time.Unix(s.Expires, 0)}
}

// Files asks for the signed URLs of delivered frames; nil frames is all that are
// delivered.
func (c *Client) Files(ctx context.Context, id string, frames []int) (wire.JobFiles, error) {
	var files wire.JobFiles
	err := c.conn.Request(ctx, wire.TypeJobFetch, wire.JobFetch{Job: id, Frames: frames}, &files)
	return files, err
}

// filesAsked is how many frames' URLs EachFile asks for at a time. They expire within the hour.
const filesAsked = 32

// EachFile calls fn for each file of a job's delivered frames, a frame's own file first, with how many
// frames came before it and how many there are; nil frames is all. It asks for URLs as it
// goes, so that the last ones are as fresh as the first however long the files take. An error of fn
// ends it and is returned.
func (c *Client) EachFile(ctx context.Context, detail wire.JobDetail, frames []int, fn func(f wire.JobFile, done, all int) error) error {
	var ready []int
	for _, f := range detail.Frames {
		delivered := f.State == job.FrameDelivered || f.State == job.FrameAccepted
		if delivered && (frames == nil || slices.Contains(frames, f.Number)) {
			ready = append(ready, f.Number)
		}
	}
	for done := 0; done < len(ready); {
		asked := ready[done:min(done+filesAsked, len(ready))]
		files, err := c.Files(ctx, detail.Job.ID, asked)
		if err != nil {
			return err
		}
		// An answer that would be too long ends early, between two frames.
		last := -1
		for _, f := range files.Files {
			at := slices.Index(asked, f.Frame)
			if at < 0 {
				return fmt.Errorf("the manager answers with frame %d of job %s, which wasn't asked for", f.Frame, detail.Job.ID)
			}
			if err := fn(f, done+at, len(ready)); err != nil {
				return err
			}
			last = max(last, at)
		}
		if last < 0 {
			last = len(asked) - 1 // rendered again since, or removed
		}
		done += last + 1
	}
	return nil
}

// pictures are the endings of what renderers write.
var pictures = []string{
	".png", ".exr", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".tga", ".hdr", ".jp2", ".j2c", ".dpx", ".cin", ".rgb", ".rgba", ".sgi", ".iff", ".pic", ".psd", ".rat", ".ppm", ".pfm",
}

// CheckName refuses to write a delivered file under its name: the manager's or a worker's word, which may
// be that of a program, of a hidden file that programs read, or lead out of the folder.
func CheckName(f wire.JobFile) error {
	if err := pack.CheckPath(f.Name); err != nil {
		return fmt.Errorf("frame %d: a file's name can't be used: %w", f.Frame, err)
	}
	for part := range strings.SplitSeq(f.Name, "/") {
		if strings.HasPrefix(part, ".") {
			return fmt.Errorf("frame %d: a file's name can't be used: %.160q is hidden", f.Frame, f.Name)
		}
	}
	if !slices.Contains(pictures, strings.ToLower(path.Ext(f.Name))) {
		return fmt.Errorf("frame %d: a file's name can't be used: %.160q isn't a picture's", f.Frame, f.Name)
	}
	return nil
}

const (
	// partKept is the least that is worth going on with after a cut, in bytes.
	partKept = 4 << 20
	// partAge is how long a cut download waits to be gone on with.
	partAge = 7 * 24 * time.Hour
)

// Download fetches one delivered file to path: into a temporary file beside it, checked
// against the digest, then renamed, so that path is never half a frame. A download that was cut off after
// more than partKept bytes, even with its process, goes on where it stopped.
func (c *Client) Download(ctx context.Context, f wire.JobFile, path string) error {
	raw, err := decodeHex("the frame's digest", f.Digest, 32)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the output folder: %w; choose another with --out", err)
	}
	part, err := openPart(path, f.Digest)
	if err != nil {
		return fmt.Errorf("write frame %d: %w; choose another folder with --out", f.Frame, err)
	}
	err = c.transfer.GetFile(ctx, Signed(f.Get), part.File, f.Size, [32]byte(raw))
	if err != nil {
		part.leave(errors.Is(err, blob.ErrDigest) || errors.Is(err, blob.ErrTooLarge))
		return fmt.Errorf("download frame %d to %s: %w", f.Frame, path, err)
	}
	if err := errors.Join(part.Chmod(0o644), part.Sync()); err != nil {
		part.leave(false)
		return fmt.Errorf("download frame %d to %s: %w", f.Frame, path, err)
	}
	if err := part.become(path); err != nil {
		return fmt.Errorf("write frame %d: %w", f.Frame, err)
	}
	return nil
}

// part is a download under way, locked against other processes that fetch the same frame.
type part struct {
	*os.File
	lock *flock.Flock
}

// openPart opens the file that belongs to path and digest, with what an earlier download
// left in it. Where another process has it, a new one is made.
func openPart(path, digest string) (*part, error) {
	dir, base := filepath.Split(path)
	forgetParts(dir)
	name := filepath.Join(dir, ".heliostat-"+digest[:16]+"-"+base+".part")
	if len(filepath.Base(name)) > 200 {
		name = filepath.Join(dir, ".heliostat-"+digest+".part")
	}
	// On Windows a locked file can't be written through another handle: there a cut download starts over.
	if runtime.GOOS != "windows" {
		p := &part{lock: flock.New(name, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))}
		held, err := p.lock.TryLock()
		if err != nil {
			return nil, err
		}
		if held {
			if p.File, err = os.OpenFile(name, os.O_RDWR, 0o600); err == nil {
				return p, nil
			}
			p.unlock()
			if !errors.Is(err, fs.ErrNotExist) { // unless another process has just finished with it
				return nil, err
			}
		}
	}
	file, err := os.CreateTemp(dir, ".heliostat-*.part")
	return &part{File: file}, err
}

// become closes the part and renames it to path.
func (p *part) become(path string) error {
	err := p.Close()
	if err == nil {
		err = os.Rename(p.Name(), path)
	}
	p.unlock()
	return err
}

// leave closes a part that isn't whole. It is kept for the next download where that is worth it.
func (p *part) leave(spoiled bool) {
	info, err := p.Stat()
	_ = p.Close() // what is in it is checked again
	if spoiled || p.lock == nil || err != nil || info.Size() < partKept {
		_ = os.Remove(p.Name())
	}
	p.unlock()
}

func (p *part) unlock() {
	if p.lock != nil {
		_ = p.lock.Unlock() // it ends with the process at the latest
	}
}

// forgetParts deletes what nobody has gone on with.
func forgetParts(dir string) {
	parts, err := filepath.Glob(filepath.Join(dir, ".heliostat-*.part"))
	if err != nil {
		return
	}
	for _, name := range parts {
		if info, err := os.Lstat(name); err == nil && time.Since(info.ModTime()) > partAge {
			_ = os.Remove(name)
		}
	}
}

func decodeHex(what, text string, size int) ([]byte, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != size {
		return nil, fmt.Errorf("%s is not %d bytes of hex", what, size)
	}
	return raw, nil
}
