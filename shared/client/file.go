package client

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
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

// Download fetches one delivered file to path: into a temporary file beside it, checked
// against the digest, then renamed, so that path is never half a frame.
func (c *Client) Download(ctx context.Context, f wire.JobFile, path string) error {
	raw, err := decodeHex("the frame's digest", f.Digest, 32)
	if err != nil {
		return err
	}
	digest := [32]byte(raw)
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the output folder: %w; choose another with --out", err)
	}
	temp, err := os.CreateTemp(dir, ".heliostat-*"+filepath.Ext(path))
	if err != nil {
		return fmt.Errorf("write frame %d: %w; choose another folder with --out", f.Frame, err)
	}
	defer os.Remove(temp.Name())
	err = c.transfer.Get(ctx, Signed(f.Get), temp, f.Size, &digest)
	if err == nil {
		err = temp.Chmod(0o644)
	}
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err != nil {
		return fmt.Errorf("download frame %d to %s: %w", f.Frame, path, err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return fmt.Errorf("write frame %d: %w", f.Frame, err)
	}
	return nil
}

func decodeHex(what, text string, size int) ([]byte, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != size {
		return nil, fmt.Errorf("%s is not %d bytes of hex", what, size)
	}
	return raw, nil
}
