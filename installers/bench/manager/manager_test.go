package manager

import (
	"context"
	"fmt"
	"os"
	"testing"
)

func TestTry(t *testing.T) {
	row := func(name string, value float64, unit string, baseline float64) {
		fmt.Printf("%s\t%.3f\t%s\t%.3f\t%.3f\n", name, value, unit, baseline, value/baseline)
	}
	parts := map[string]func(context.Context, string, string, Row) error{"cycles": cycles, "dispatch": dispatch, "watch": watching, "conn": connections}
	if err := parts[os.Getenv("PART")](t.Context(), os.Getenv("BIN"), t.TempDir(), row); err != nil {
		t.Fatal(err)
	}
}
