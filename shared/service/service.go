// Package service starts, stops and supervises the long-running parts of a program: the
// context that signals end, a group of parts that live and die together, the logger and
// the ready line that every command prints.
//
// It is not a framework: a part is a function that runs until its context ends.
package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
)

// Context ends on SIGINT or SIGTERM. A second signal ends the process at once, as if
// Context had never been called.
func Context() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// Part is something that runs until its context ends. Returning earlier, even without an
// error, stops the others.
type Part struct {
	Name string
	Run  func(ctx context.Context) error
}

// Run runs the parts until ctx ends or the first of them returns, then stops the rest and
// waits for all. The error names the parts that failed; the end of ctx is no failure. A
// part that panics takes the process down: a supervisor that goes on with broken state
// loses data.
func Run(ctx context.Context, parts ...Part) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		wg.Go(func() {
			defer cancel()
			err := part.Run(ctx)
			if err != nil && !(ctx.Err() != nil && errors.Is(err, context.Canceled)) {
				errs[i] = fmt.Errorf("%s: %w", part.Name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Ready prints the one line on standard output that tells scripts that a command serves:
// "ready key=value …". The pairs are keys and values in turn; values have no spaces.
func Ready(w io.Writer, pairs ...string) {
	var b strings.Builder
	b.WriteString("ready")
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, " %s=%s", pairs[i], pairs[i+1])
	}
	fmt.Fprintln(w, b.String())
}
