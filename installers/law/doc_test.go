package law_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pathPackages are on the path of a frame; their comments end with what they receive and
// what they hand on.
var pathPackages = []string{
	"shared/wire", "shared/link", "shared/client", "shared/pack", "shared/proof", "shared/receipt", "shared/render",
	"plugins/submit", "plugins/bridge", "manager/gateway", "manager/intake", "manager/quote", "manager/schedule",
	"manager/lease", "manager/audit", "manager/settle", "workerapp", "verifier",
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range packages(t) {
		doc := packageComment(t, p)
		seen[p.rel()] = true
		if len(doc) < 60 {
			t.Errorf("%s: its package comment should say what it is for and what it is not for; it says %q", p.rel(), doc)
			continue
		}
		if slices.Contains(pathPackages, p.rel()) {
			lines := strings.Split(strings.TrimSpace(doc), "\n")
			text := "\n" + strings.Join(lines, "\n")
			if !strings.Contains(text, "\nReceives: ") || !strings.Contains(text, "\nHands on: ") {
				t.Errorf("%s: frames pass through it, so its package comment ends with the lines `Receives: …` and `Hands on: …`", p.rel())
			}
		}
	}
	for _, path := range pathPackages {
		if !seen[path] {
			t.Errorf("no package %s: the path of a frame has a hole", path)
		}
	}
}

// packageComment reads the whole comment; `go list` gives only its first sentence.
func packageComment(t *testing.T, p pkg) string {
	t.Helper()
	var doc string
	for _, name := range append(append([]string{}, p.GoFiles...), p.CgoFiles...) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if f.Doc != nil && !ast.IsGenerated(f) {
			doc += f.Doc.Text()
		}
	}
	if doc == "" && len(p.GoFiles)+len(p.CgoFiles) == 0 {
		return strings.Repeat("only tests ", 10) // a folder of tests explains itself there
	}
	return doc
}

// folders are the top level, exactly.
var folders = []string{"desktop", "plugins", "manager", "workerapp", "verifier", "shared", "contracts", "installers"}

func TestTopLevelHasOnlyWhatTheDesignLists(t *testing.T) {
	dir := root(t)
	cmd := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range strings.Fields(string(out)) {
		first, _, inside := strings.Cut(file, "/")
		switch {
		case strings.HasPrefix(first, "."):
		case inside && slices.Contains(folders, first):
		case !inside && slices.Contains([]string{"go.mod", "go.sum", "README.md", "LICENSE"}, first):
		default:
			t.Errorf("%s: the top level has only %s, go.mod, go.sum, README.md, LICENSE and dotfiles; put it into the folder whose job it is", file, strings.Join(folders, ", "))
		}
	}
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(dir, folder)); err != nil {
			t.Errorf("the folder %s is missing: %v", folder, err)
		}
	}
}

// The specifications that code is written against exist.
func TestFormatsAndProtocolsAreSpecified(t *testing.T) {
	dir := root(t)
	for _, page := range []string{"shared/wire/PROTOCOL.md", "shared/pack/FORMAT.md", "shared/proof/PROTOCOL.md", "plugins/submit/SCENE.md", "README.md"} {
		if info, err := os.Stat(filepath.Join(dir, page)); err != nil || info.Size() < 1000 {
			t.Errorf("%s is missing or a stub (%v)", page, err)
		}
	}
}
