package python

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPython runs the Python tests against the real library and a stand-in manager.
func TestPython(t *testing.T) {
	dir := t.TempDir()
	library, stub := filepath.Join(dir, "libheliostat.so"), filepath.Join(dir, "stub")
	build(t, "-buildmode=c-shared", "-o", library, "../bridge")
	build(t, "-o", stub, "../submit/submittest/stub")
	tests := exec.CommandContext(t.Context(), "python3", "-m", "unittest", "discover", "-s", "tests", "-v")
	tests.Env = append(os.Environ(), "HELIOSTAT_LIBRARY="+library, "HELIOSTAT_STUB="+stub, "PYTHONDONTWRITEBYTECODE=1")
	out, err := tests.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

func build(t *testing.T, arguments ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"build", "-trimpath"}, arguments...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
}
