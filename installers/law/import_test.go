package law_test

import (
	"strings"
	"testing"
)

// top is the first element of a folder inside the module.
func top(rel string) string {
	first, _, _ := strings.Cut(rel, "/")
	return first
}

// The law: a package imports only shared/* and its own siblings; only a package main
// looks sideways. Tests look where their package may.
func TestPackagesImportOnlySharedAndSiblings(t *testing.T) {
	for _, p := range packages(t) {
		imports := append(append([]string{}, p.Imports...), append(p.TestImports, p.XTestImports...)...)
		for _, path := range imports {
			if !strings.HasPrefix(path, module+"/") {
				continue
			}
			if reason := unlawful(p, strings.TrimPrefix(path, module+"/")); reason != "" {
				t.Errorf("%s imports %s: %s", p.rel(), strings.TrimPrefix(path, module+"/"), reason)
			}
		}
	}
}

func unlawful(p pkg, imported string) string {
	from, to := top(p.rel()), top(imported)
	switch {
	case to == "shared" || to == from:
		return ""
	case from == "shared":
		return "shared/* is what the others stand on, so it imports nothing but shared/*; move the noun to shared/job, or declare a small interface here and let main pass it in"
	case p.Name == "main":
		return ""
	case from == "installers":
		return "" // the demo, the benchmarks and the end-to-end tests are about the whole
	}
	return "a package imports only shared/* and its own siblings, so that a stranger can read one folder alone; declare the small interface that you call and let a package main wire it"
}

// What must stay out of a package's whole dependency tree, and why.
var forbidden = []struct {
	packages string // prefix of the folders that this holds for
	path     string // import path prefix
	reason   string
}{
	{"manager", "fyne.io/", "a manager runs on servers without GL"},
	{"workerapp", "fyne.io/", "the headless worker runs in containers without GL"},
	{"verifier", "fyne.io/", "a verifier runs on servers without GL"},
	{"shared", "fyne.io/", "screens are desktop's"},
	{"desktop/state", "fyne.io/", "state is what screens show, without the screens, so that it can be tested alone"},
	{"plugins/bridge", "github.com/NVIDIA/go-nvml", "it breaks a c-shared library that is loaded with RTLD_NOW"},
	{"plugins/bridge", "fyne.io/", "the bridge lives inside other programs' processes"},
	{"plugins/bridge", "github.com/mattn/go-sqlite3", "the bridge keeps no database"},
	{"workerapp", "github.com/mattn/go-sqlite3", "a worker keeps no database, and shared/blob/dir is the manager's"},
	{"verifier", "github.com/mattn/go-sqlite3", "a verifier keeps no database, and shared/blob/dir is the manager's"},
	{"shared/job", "github.com/", "nouns depend on nothing"},
	{"shared/job", module, "nouns depend on nothing"},
}

func TestForbiddenDependencies(t *testing.T) {
	found := make(map[string]bool)
	for _, p := range packages(t) {
		for _, f := range forbidden {
			if p.rel() != f.packages && !strings.HasPrefix(p.rel(), f.packages+"/") {
				continue
			}
			found[f.packages] = true
			for _, dep := range p.Deps {
				if strings.HasPrefix(dep, f.path) {
					t.Errorf("%s depends on %s: %s", p.rel(), dep, f.reason)
				}
			}
		}
	}
	for _, f := range forbidden {
		if !found[f.packages] {
			t.Errorf("no package under %s: the rule about %s guards nothing", f.packages, f.path)
		}
	}
}

// The checker itself has to be able to fail.
func TestTheLawCanBeBroken(t *testing.T) {
	for _, c := range []struct {
		from, name, to string
		lawful         bool
	}{
		{"manager/audit", "audit", "shared/proof", true},
		{"manager/audit", "audit", "manager/store", true},
		{"manager/audit", "audit", "contracts/chain", false},
		{"manager", "main", "contracts/chain", true},
		{"shared/link", "link", "manager/store", false},
		{"desktop/page", "page", "workerapp", false},
		{"desktop", "main", "workerapp", true},
	} {
		p := pkg{ImportPath: module + "/" + c.from, Name: c.name}
		if got := unlawful(p, c.to) == ""; got != c.lawful {
			t.Errorf("%s importing %s: lawful is %v", c.from, c.to, got)
		}
	}
}
