package audit

import (
	"context"
	"fmt"
	"io"

	"github.com/heliostat-render/heliostat/manager/lease"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/proof"
)

// look reads the worker's files: gone, not the committed ones, or files that don't lead to
// the tiles that it committed to, for which it is to blame. What only looks wrong, an image that is
// all black, say, is a doubt: a scene can be so on purpose.
func (u *Auditor) look(ctx context.Context, s *subject) (f finding, err error) {
	keys := make([]string, len(s.attempt.Commit.Files))
	for i, file := range s.attempt.Commit.Files {
		keys[i] = lease.FrameKey(s.attempt.Job, s.attempt.ID, file)
	}
	objects, err := blob.Stats(ctx, u.options.Blobs, keys)
	if err != nil {
		return f, err
	}
	large := false
	for i, file := range s.attempt.Commit.Files {
		if objects[i] == nil {
			return finding{reason: fmt.Sprintf("the %s file of frame %d is gone", file.Kind, file.Frame)}, nil
		}
		if !lease.Same(*objects[i], file.Size, file.Digest) {
			return finding{reason: fmt.Sprintf("the %s file of frame %d is not the committed one", file.Kind, file.Frame)}, nil
		}
		large = large || file.Size > maxRead
	}
	if s.joined() {
		if f, err = u.compareParts(ctx, s); err != nil || f.reason != "" {
			return f, err
		}
	}
	if large {
		return finding{doubt: "its files are too large to look into here"}, nil
	}
	p := s.policy()
	for _, c := range s.attempt.Commit.Frames {
		bodies := make(map[string][]byte)
		ext := ""
		for _, file := range s.attempt.Commit.Files {
			if file.Frame != c.Frame || file.Kind != lease.KindFinal && file.Kind != lease.KindMaster {
				continue
			}
			if bodies[file.Kind], err = u.read(ctx, lease.FrameKey(s.attempt.Job, s.attempt.ID, file)); err != nil {
				return f, err
			}
			if file.Kind == lease.KindFinal {
				ext = file.Ext
			}
		}
		got, trees, err := proof.Recommit(c, ext, bodies[lease.KindFinal], bodies[lease.KindMaster])
		if err != nil {
			return finding{reason: fmt.Sprintf("the worker's files can't be read: %v", err), guilt: convicted}, nil
		}
		if got.Hash() != c.Hash() {
			return finding{reason: fmt.Sprintf("the worker's files of frame %d don't lead to what it committed to", c.Frame), guilt: convicted}, nil
		}
		err = proof.Sanity(trees.Final, trees.Master, p.W, p.H)
		if err == nil && trees.Final == nil && c.Border == nil {
			err = proof.Garbage(ext, bodies[lease.KindFinal], nil, p.W, p.H)
		}
		if err != nil && f.doubt == "" {
			f.doubt = fmt.Sprintf("frame %d: %v", c.Frame, err)
		}
		if c.Border != nil {
			continue // not yet a picture that anybody gets
		}
		if p, ok := proof.PrintFile(ext, trees.Final, bodies[lease.KindFinal]); ok {
			f.prints = append(f.prints, proof.FramePrint{Frame: c.Frame, Print: p})
		}
	}
	return f, nil
}

// maxRead bounds the files that the manager looks into itself, in bytes.
const maxRead = 256 << 20

func (u *Auditor) read(ctx context.Context, key string) ([]byte, error) {
	r, _, err := u.options.Blobs.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", key, err)
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, maxRead+1))
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", key, err)
	}
	return raw, nil
}
