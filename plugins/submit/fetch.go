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
	"strconv"
	"strings"
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
	// A frame counts as here once its own file is: its further files come before it.
	for _, extra := range []bool{true, false} {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(fetchParallel)
		for _, f := range files.Files {
			if f.Extra == extra {
				group.Go(func() error { return s.fetchFile(ctx, c, f) })
			}
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Submission) fetchFile(ctx context.Context, c *client.Client, f wire.JobFile) error {
	s.mu.Lock()
	mine := s.frames[f.Frame]
	s.mu.Unlock()
	if mine == nil {
		return nil // a frame that wasn't asked for
	}
	path := s.record.Scene.Output.Path(f.Frame)
	if f.Extra {
		var err error
		if path, err = s.extraPath(f); err != nil {
			return err
		}
	}
	path, aside, err := s.target(f.Frame, path)
	if err != nil {
		return err
	}
	if f.Extra && s.written(path) == f.Digest && hasDigest(path, f.Digest) {
		return nil
	}
	if err := c.Download(ctx, f, path); err != nil {
		return err
	}
	if err := s.note(func(r *record) { r.Written[path] = f.Digest }); err != nil {
		return err
	}
	if f.Extra {
		return nil
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

// extraPath is where a further file of a frame goes.
func (s *Submission) extraPath(f wire.JobFile) (string, error) {
	path, taken, err := s.record.Scene.Output.Extra(f, s.record.Scene.Frames)
	if err != nil {
		return "", problemOf("fetch frame "+strconv.Itoa(f.Frame), err)
	}
	if taken {
		path = s.aside(path)
	}
	return path, nil
}

func (s *Submission) written(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record.Written[path]
}

// target is where a file goes that belongs at path: there, or beside it where the
// overwrite policy keeps the file that is there.
func (s *Submission) target(frame int, path string) (where string, aside bool, err error) {
	output := s.record.Scene.Output
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
	digest := s.written(path)
	switch {
	case s.ofScene(path):
		// Whatever the policy says: a further file's name is somebody else's word.
	case output.Overwrite == OverwriteAlways,
		output.Overwrite != OverwriteNever && info.ModTime().Before(s.record.Started),
		digest != "" && hasDigest(path, digest):
		return path, false, nil
	}
	return s.aside(path), true, nil
}

// ofScene tells whether a file is one that the scene was packed from.
func (s *Submission) ofScene(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	for _, f := range s.record.Scene.Files {
		if !strings.EqualFold(filepath.Base(f.Path), filepath.Base(path)) {
			continue
		}
		if own, err := os.Stat(f.Path); err == nil && os.SameFile(own, info) {
			return true
		}
	}
	return false
}

// aside is the name beside a kept file: frame_0007.heliostat-k3v9xq.png.
func (s *Submission) aside(path string) string {
	extension := filepath.Ext(path)
	return path[:len(path)-len(extension)] + ".heliostat-" + s.record.Key[1:7] + extension
}

// writtenLocked finds a frame that an earlier run has fetched and that is still there.
func (s *Submission) writtenLocked(frame int, digest string) (path string, aside bool) {
	own := s.record.Scene.Output.Path(frame)
	for _, candidate := range []string{own, s.aside(own)} {
		if s.record.Written[candidate] == digest && hasDigest(candidate, digest) {
			return candidate, candidate != own
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
