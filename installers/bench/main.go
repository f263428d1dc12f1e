// Command heliostat-bench runs the project's benchmarks, each beside a baseline in the
// same run, and prints rows that other checks read: name, value, unit, baseline, ratio,
// separated by tabs. Ratio is value / baseline.
//
// It is not a test: nothing fails because it was slow.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/installers/bench/manager"
	"github.com/heliostat-render/heliostat/shared/service"
)

// bench is one benchmark: it works in dir and prints its rows.
type bench func(ctx context.Context, e env) error

type env struct {
	bin  string // built programs
	dir  string // a folder of its own, removed afterwards
	only *regexp.Regexp
}

// wants tells whether --only chooses a part of a benchmark; those that have no parts run whole.
func (e env) wants(part string) bool { return e.only.MatchString(part) }

var benches = map[string]bench{
	"farm":       farm,
	"limits":     limits,
	"manager":    func(ctx context.Context, e env) error { return manager.Run(ctx, e.bin, e.dir, row) },
	"packaging":  packagingBench,
	"quote":      quotes,
	"verify":     verify,
	"simulation": simulationBench,
	"worker":     worker,
}

func main() {
	log.SetFlags(0)
	bin := flag.String("bin", "bin", "folder with the built programs")
	only := flag.String("only", "", "regular expression: the parts of verify (attack/NAME/SCENE, trick/NAME, honest/SCENE/PAIR, shares) and limits (ENGINE/NODE, ENGINE/cheats, ENGINE/share, prints), and the scenes of quote, to run")
	flag.Parse()
	parts, err := regexp.Compile(*only)
	if err != nil {
		log.Fatalf("--only: %v", err)
	}
	names := flag.Args()
	if len(names) == 0 && *only != "" {
		log.Fatal("--only chooses parts of a benchmark: name it too")
	}
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(benches))
	}
	ctx, stop := service.Context()
	defer stop()
	for _, name := range names {
		if err := run(ctx, name, env{bin: *bin, only: parts}); err != nil {
			log.Fatalf("benchmark %s: %v", name, err)
		}
	}
}

func run(ctx context.Context, name string, e env) error {
	b, ok := benches[name]
	if !ok {
		return fmt.Errorf("there is none of that name; known: %s", strings.Join(slices.Sorted(maps.Keys(benches)), ", "))
	}
	var err error
	if e.dir, err = os.MkdirTemp("", "heliostat-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(e.dir)
	if e.bin, err = filepath.Abs(e.bin); err != nil {
		return err
	}
	return b(ctx, e)
}

// row prints one figure beside its baseline.
func row(name string, value float64, unit string, baseline float64) {
	fmt.Printf("%s\t%.3f\t%s\t%.3f\t%.3f\n", name, value, unit, baseline, value/baseline)
}
