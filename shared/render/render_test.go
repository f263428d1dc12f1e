package render

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestErrorsKeepKindAndLog(t *testing.T) {
	err := fmt.Errorf("rendering frame 3: %w", &Error{Kind: ErrMissingAsset, Cause: "image \"a\": //a.png", Log: []string{"one", "two"}})
	if !errors.Is(err, ErrMissingAsset) || errors.Is(err, ErrCrashed) {
		t.Errorf("kind of %v", err)
	}
	if got := LastLog(err); got != "one\ntwo" {
		t.Errorf("log %q", got)
	}
	if LastLog(errors.New("other")) != "" {
		t.Error("a log out of nowhere")
	}
	want := `rendering frame 3: a file that the scene needs is missing: image "a": //a.png`
	if err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestNoSandboxChangesNothing(t *testing.T) {
	argv, env, err := NoSandbox{}.Wrap(SandboxSpec{Argv: []string{"/a", "b"}, Env: []string{"C=d"}})
	if err != nil || !slices.Equal(argv, []string{"/a", "b"}) || !slices.Equal(env, []string{"C=d"}) {
		t.Errorf("%v %v %v", argv, env, err)
	}
}
