package submit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	fetchBatch    = 32 // frames whose URLs are asked for at a time
	fetchParallel = 3
	fetchTries    = 3
	fetchAgain    = 2 * time.Second
)

// fetch brings delivered frames to the output folder.
func (s *Submission) fetch(ctx context.Context, c *client.Client, frames []int) error {
	frames = frames[:min(len(frames), fetchBatch)]
	var err error
	for try := range fetchTries {
		if try > 0 && !pause(ctx, fetchAgain) {
			return context.Cause(ctx)
		}
		if err = s.fetchOnce(ctx, c, frames); err == nil || ctx.Err() != nil || lasting(err) {
			break
		}
		s.agent.log.Info("fetching frames again", "job", s.record.Job, "err", err)
	}
	if err != nil {
		return problemOf("fetch frames", err)
	}
	return nil
}

// lasting tells errors that trying again at once can't change.
func lasting(err error) bool {
	var p *Problem
	var refused *wire.Error
	return errors.As(err, &p) || errors.Is(err, fs.ErrPermission) ||
		errors.As(err, &refused) && refused.Code != wire.CodeUnavailable && refused.Code != wire.CodeConflict
}

func (s *Submission) fetchOnce(ctx context.Context, c *client.Client, frames []int) error {
	files, err := c.Files(ctx, s.record.Job, frames)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchParallel)
	for _, f := range files.Files {
		group.Go(func() error { return s.fetchFile(ctx, c, f) })
	}
	return group.Wait()
}

func (s *Submission) fetchFile(ctx context.Context, c *client.Client, f wire.JobFile) error {
	s.mu.Lock()
	mine := s.frames[f.Frame]
	s.mu.Unlock()
	if mine == nil {
		return nil // a frame that wasn't asked for
	}
	path, aside, err := s.target(f.Frame)
	if err != nil {
		return err
	}
	if err := c.Download(ctx, f, path); err != nil {
		return err
	}
	if err := s.note(func(r *record) { r.Written[path] = f.Digest }); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// The manager's word may have changed meanwhile; look compares again.
	mine.Path, mine.Aside = path, aside
	s.setLocked(func(now *Status) {
		now.Last, now.LastNo = path, f.Frame
		now.Here++
		if now.Phase == Render {
			s.progressLocked(now)
		}
	})
	return nil
}

// target is where a frame goes: its place in the output pattern, or beside it where the
// overwrite policy keeps the file that is there.
func (s *Submission) target(frame int) (path string, aside bool, err error) {
	output := s.record.Scene.Output
	path = output.Path(frame)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, false, nil
	}
	if err != nil {
		return "", false, problemOf("look at "+path, err)
	}
	if info.IsDir() {
		return "", false, problem("remove the folder, or choose another output path", "frame %d can't be written: %s is a folder", frame, path)
	}
	s.mu.Lock()
	digest := s.record.Written[path]
	s.mu.Unlock()
	switch {
	case output.Overwrite == OverwriteAlways,
		output.Overwrite != OverwriteNever && info.ModTime().Before(s.record.Started),
		digest != "" && hasDigest(path, digest):
		return path, false, nil
	}
	return s.aside(frame), true, nil
}

// aside is the name beside a kept file: frame_0007.heliostat-k3v9xq.png.
func (s *Submission) aside(frame int) string {
	path := s.record.Scene.Output.Path(frame)
	extension := filepath.Ext(path)
	return path[:len(path)-len(extension)] + ".heliostat-" + s.record.Key[1:7] + extension
}

// writtenLocked finds a frame that an earlier run has fetched and that is still there.
func (s *Submission) writtenLocked(frame int, digest string) (path string, aside bool) {
	for _, candidate := range []string{s.record.Scene.Output.Path(frame), s.aside(frame)} {
		if s.record.Written[candidate] == digest && hasDigest(candidate, digest) {
			return candidate, candidate != s.record.Scene.Output.Path(frame)
		}
	}
	return "", false
}

func hasDigest(path, digest string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return false
	}
	return hex.EncodeToString(hash.Sum(nil)) == digest
}
