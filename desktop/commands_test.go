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

// TestCommands runs the command lines in testdata/script, each against a manager of its own,
// because scripts run at the same time and change its jobs: $MANAGER answers, $OPERATED takes everybody for an operator, $REFUSING lets nobody in, $NOBODY doesn't listen.
func TestCommands(t *testing.T) {
	refusing := newManager(t)
	refusing.closed = true
	operated := newManager(t)
	operated.operate = true
	dir := filepath.Join("testdata", "script")
	scripts, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	managers := make(chan *manager, len(scripts))
	for range scripts {
		managers <- newManager(t)
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			env.Setenv("MANAGER", (<-managers).url)
			env.Setenv("OPERATED", operated.url)
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
