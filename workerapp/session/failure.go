package session

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/render"
)

// maxLog is how much of the renderer's log a failure carries, in bytes.
const maxLog = 16 << 10

// maxCause bounds the cause, in bytes.
const maxCause = 1 << 10

// Failure is an attempt that ended without a result, and whose fault that is.
type Failure struct {
	Kind  job.FailureKind
	Cause string // for people
	Log   string // the renderer's last lines
	Err   error
}

func (f *Failure) Error() string { return f.Cause }

// Unwrap gives the cause as an error.
func (f *Failure) Unwrap() error { return f.Err }

// Classify tells whose fault an error is. The scene's fault is only what every worker
// would meet; doubt goes against the machine, which costs one more attempt elsewhere.
func Classify(err error) *Failure {
	var known *Failure
	if errors.As(err, &known) {
		return known
	}
	f := &Failure{Kind: job.FailWorker, Cause: shorten(err.Error(), maxCause), Log: tail(render.LastLog(err), maxLog), Err: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		f.Cause = "the worker's disk is full: " + f.Cause
	case errors.Is(err, render.ErrMissingAsset), errors.Is(err, render.ErrBadScene),
		errors.Is(err, pack.ErrManifest), errors.Is(err, pack.ErrPath), errors.Is(err, pack.ErrLimit), errors.Is(err, pack.ErrDigest):
		f.Kind = job.FailScene
	case errors.Is(err, render.ErrHung):
		f.Kind = job.FailHung
	case errors.Is(err, render.ErrOutOfMemory), errors.Is(err, syscall.ENOMEM):
		f.Kind = job.FailMemory
	case errors.Is(err, context.Canceled):
		f.Kind = job.FailYield
	}
	return f
}

func shorten(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n-len("…")], "") + "…"
}

func tail(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[len(text)-n:], "")
}
