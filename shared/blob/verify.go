package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Verify returns a reader of exactly size bytes of r which returns ErrSize or ErrDigest
// instead of the last bytes when they don't complete the announced content. Whoever copies it
// therefore never completes an object that is wrong. It also ends with ctx.
func Verify(ctx context.Context, r io.Reader, size int64, digest [32]byte) io.Reader {
	return &verifier{ctx: ctx, r: r, left: size, want: digest, h: sha256.New()}
}

type verifier struct {
	ctx  context.Context
	r    io.Reader
	left int64
	want [32]byte
	h    hash.Hash
	err  error // what every further Read returns
}

func (v *verifier) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.read(p)
	v.err = err
	return n, err
}

func (v *verifier) read(p []byte) (int, error) {
	if err := v.ctx.Err(); err != nil {
		return 0, err
	}
	if len(p) == 0 && v.left > 0 {
		return 0, nil
	}
	if int64(len(p)) > v.left {
		p = p[:v.left]
	}
	n := 0
	if v.left > 0 {
		var err error
		n, err = v.r.Read(p)
		_, _ = v.h.Write(p[:n])
		v.left -= int64(n)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if errors.Is(err, io.EOF) && v.left > 0 {
			return 0, fmt.Errorf("%d bytes are missing: %w", v.left, ErrSize)
		}
		if v.left > 0 {
			return n, nil
		}
	}
	if err := v.end(); err != nil {
		return 0, err
	}
	return n, io.EOF
}

// end checks what can only be known at the end, before the last bytes are let go.
func (v *verifier) end() error {
	var one [1]byte
	for range 100 {
		n, err := v.r.Read(one[:])
		if n > 0 {
			return fmt.Errorf("there are more bytes than announced: %w", ErrSize)
		}
		if errors.Is(err, io.EOF) {
			if [32]byte(v.h.Sum(nil)) != v.want {
				return ErrDigest
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}
