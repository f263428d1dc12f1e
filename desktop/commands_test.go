package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"heliostat": main})
}

// TestCommands runs the command lines in testdata/script against a manager of the test's
// own: $MANAGER answers, $REFUSING lets nobody in, $NOBODY doesn't listen.
func TestCommands(t *testing.T) {
	open, refusing := newManager(t), newManager(t)
	refusing.closed = true
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("MANAGER", open.url)
			env.Setenv("REFUSING", refusing.url)
			env.Setenv("NOBODY", "http://127.0.0.1:1")
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "share"))
			env.Setenv("DISPLAY", "")
			env.Setenv("WAYLAND_DISPLAY", "")
			env.Setenv("PATH", os.Getenv("PATH"))
			return nil
		},
		RequireExplicitExec: true,
	})
}
