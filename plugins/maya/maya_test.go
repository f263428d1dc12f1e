package maya

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestModule runs the Python tests with a stand-in for Maya, the real library and a
// stand-in manager.
func TestModule(t *testing.T) {
	dir := t.TempDir()
	library, stub := filepath.Join(dir, "libheliostat.so"), filepath.Join(dir, "stub")
	for _, arguments := range [][]string{{"-buildmode=c-shared", "-o", library, "../bridge"}, {"-o", stub, "../submit/submittest/stub"}} {
		if out, err := exec.CommandContext(t.Context(), "go", append([]string{"build", "-trimpath"}, arguments...)...).CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
	}
	tests := exec.CommandContext(t.Context(), "python3", "-m", "unittest", "discover", "-s", "tests", "-v")
	tests.Env = append(os.Environ(), "HELIOSTAT_LIBRARY="+library, "HELIOSTAT_STUB="+stub, "PYTHONDONTWRITEBYTECODE=1")
	out, err := tests.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}
