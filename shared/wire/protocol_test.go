package wire_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The page lists each message type that the code has, and no other.
func TestProtocolPageAndCodeAgree(t *testing.T) {
	page, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]bool)
	name := regexp.MustCompile("`([a-z]+(?:\\.[a-z]+)?)`")
	for _, line := range strings.Split(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, m := range name.FindAllStringSubmatch(cells[1], -1) {
			if strings.Contains(m[1], ".") || m[1] == "ok" || m[1] == "error" {
				documented[m[1]] = true
			}
		}
	}
	coded := typeConstants(t)
	for typ := range coded {
		if !documented[typ] {
			t.Errorf("%s is a message type, but PROTOCOL.md has no row for it", typ)
		}
	}
	for typ := range documented {
		if !coded[typ] {
			t.Errorf("PROTOCOL.md has a row for %s, but no such type exists", typ)
		}
	}
	if len(coded) < 40 {
		t.Errorf("only %d types found in the code: this test is broken", len(coded))
	}
}

func typeConstants(t *testing.T) map[string]bool {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, entry := range files {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Type" {
				return true
			}
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found[value] = true
			return true
		})
	}
	return found
}
