package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Errors that callers branch on.
var (
	// ErrManifest means that a manifest is not what FORMAT.md describes, or that it is hostile.
	ErrManifest = errors.New("the package's manifest is not valid")
	// ErrPath means that a path may not be in a package.
	ErrPath = errors.New("path not allowed in a package")
	// ErrLimit means that a package exceeds a limit.
	ErrLimit = errors.New("the package exceeds a limit")
	// ErrDigest means that a file came out with other content than was packaged.
	ErrDigest = errors.New("the content is not what was packaged")
	// ErrChanged means that a file changed while it was read.
	ErrChanged = errors.New("it changed while it was being packaged")
)

// FileError is about one of the scene's files; it says what to do.
type FileError struct {
	Kind string // "texture", "file"
	Path string // on this host
	Err  error
	Next string // what the artist can do
}

// Error names the file, the cause and the next step.
func (e *FileError) Error() string {
	kind := e.Kind
	if kind == "" {
		kind = "file"
	}
	return fmt.Sprintf("%s %s can't be read: %v; %s", kind, e.Path, plainCause(e.Err), e.Next)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// plainCause drops the operation and path that a PathError repeats.
func plainCause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func fileError(s Source, err error) error {
	next := "check the file, or remove it from the scene"
	switch {
	case errors.Is(err, os.ErrPermission):
		next = "fix its permissions or remove it from the scene"
	case errors.Is(err, os.ErrNotExist):
		next = "put it back, or remove it from the scene"
	case errors.Is(err, ErrChanged):
		next = "wait until it is saved, then submit again"
	case errors.Is(err, errNotRegular):
		next = "replace it by a file, or remove it from the scene"
	}
	return &FileError{Kind: s.Kind, Path: s.Path, Err: err, Next: next}
}

var errNotRegular = errors.New("it is not a regular file")
