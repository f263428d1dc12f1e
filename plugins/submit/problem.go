package submit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Problem is an error for people: what is wrong, and the next step.
type Problem struct {
	Message string `json:"message"`
	Next    string `json:"next,omitempty"`
	cause   error
}

// Error is both sentences in one line.
func (p *Problem) Error() string {
	if p.Next == "" {
		return p.Message
	}
	return p.Message + "; " + p.Next
}

// Unwrap returns what caused it, if anything did.
func (p *Problem) Unwrap() error { return p.cause }

func problem(next, format string, args ...any) *Problem {
	return &Problem{Message: fmt.Sprintf(format, args...), Next: next}
}

// problemOf words an error for people. Errors that already carry a next step keep it.
func problemOf(doing string, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var refused *wire.Error
	if errors.As(err, &refused) {
		return &Problem{Message: refused.Message, Next: refused.Next, cause: err}
	}
	var file *pack.FileError
	if errors.As(err, &file) {
		message, _ := strings.CutSuffix(file.Error(), "; "+file.Next)
		return &Problem{Message: message, Next: file.Next, cause: err}
	}
	p = &Problem{Message: fmt.Sprintf("%s: %v", doing, err), cause: err}
	// shared/client words its errors as "problem; next step" or "problem: next step" itself.
	if strings.Contains(err.Error(), "heliostat farm start") {
		message, next, ok := strings.Cut(err.Error(), ": start one")
		if ok {
			p.Message = message
			if detail := strings.LastIndex(next, " ("); detail > 0 {
				next = next[:detail]
			}
			p.Next = "start one" + next
		}
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		p.Next = "free some space on the disk, then retry"
	case errors.Is(err, fs.ErrPermission):
		p.Next = "check the permissions, or choose another folder, then retry"
	case errors.Is(err, context.DeadlineExceeded):
		p.Next = "check the connection to the manager, then retry"
	}
	return p
}
