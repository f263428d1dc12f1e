package rows

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/manager/lifecycle"
)

var update = flag.Bool("update", false, "rewrite the table list of BACKUP.md")

// TestDocument holds BACKUP.md to the tables.
func TestDocument(t *testing.T) {
	const name, mark = "../BACKUP.md", "## The tables\n\n"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, have, ok := strings.Cut(string(text), mark)
	if !ok {
		t.Fatalf("%s has no list of tables", name)
	}
	if *update {
		if err := os.WriteFile(name, []byte(before+mark+Document()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != Document() {
		t.Fatal("BACKUP.md doesn't list the tables as they are; run go test ./manager/store/rows -run Document -update")
	}
}

// TestOver holds the lists of states in SQL to job.State.Over.
func TestOver(t *testing.T) {
	for _, state := range lifecycle.Jobs.States() {
		in := func(list string) bool { return strings.Contains(list, "'"+string(state)+"'") }
		if in(overStates) != state.Over() || in(goingStates) == state.Over() {
			t.Errorf("%s: over %v, in the lists %v and %v", state, state.Over(), in(overStates), in(goingStates))
		}
	}
}

// sample is a backup with one setting.
func sample(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	b, err := newBackupWriter(&out, 7)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range Tables {
		if err := b.begin(table); err != nil {
			t.Fatal(err)
		}
		if table.Name == "meta" {
			if err := b.row([]any{"<key>", "a\nb\u2028"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.end(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.done(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func nothing(Table, []Column, []any) error { return nil }

func TestReadBackup(t *testing.T) {
	good := string(sample(t))
	got := 0
	sum, err := ReadBackup(strings.NewReader(good), func(table Table, columns []Column, values []any) error {
		if table.Name != "meta" || len(columns) != 2 || values[0] != "<key>" || values[1] != "a\nb\u2028" {
			t.Errorf("%s: %v", table.Name, values)
		}
		got++
		return nil
	})
	if err != nil || got != 1 || sum.Rows != 1 || sum.Time != 7 || len(sum.Tables) != len(Tables) {
		t.Fatalf("%+v, %v", sum, err)
	}
	lines := strings.SplitAfter(good, "\n")
	for name, bad := range map[string]string{
		"nothing":        "",
		"cut off":        strings.Join(lines[:len(lines)-2], ""),
		"no heading":     strings.Join(lines[1:], ""),
		"newer":          strings.Replace(good, `"version":1`, `"version":2`, 1),
		"changed":        strings.Replace(good, "<key>", "<kez>", 1),
		"unknown column": strings.Replace(good, `"key:text"`, `"key:int"`, 1),
		"column twice":   strings.Replace(good, `"key:text","value:text"`, `"key:text","key:text"`, 1),
		"other order":    strings.Replace(strings.Replace(good, `"table":"meta"`, `"table":"nodes"`, 1), `"end":"meta"`, `"end":"nodes"`, 1),
		"lost row":       strings.Replace(good, lines[2], "", 1),
		"row too many":   strings.Replace(good, lines[2], lines[2]+lines[2], 1),
		"short row":      strings.Replace(good, lines[2], "[\"a\"]\n", 1),
		"wrong kind":     strings.Replace(good, lines[2], "[1,2]\n", 1),
		"null text":      strings.Replace(good, lines[2], "[null,\"x\"]\n", 1),
		"zero byte":      strings.Replace(good, lines[2], "[\"\\u0000\",\"x\"]\n", 1),
		"stray row":      lines[0] + lines[2],
		"more behind":    good + lines[0],
		"empty line":     lines[0] + "\n" + good[len(lines[0]):],
		"totals":         strings.Join(lines[:len(lines)-2], "") + strings.Replace(lines[len(lines)-2], `"rows":1`, `"rows":2`, 1),
	} {
		if bad == good {
			t.Fatalf("%s: the sample wasn't changed", name)
		}
		if _, err := ReadBackup(strings.NewReader(bad), nothing); !errors.Is(err, ErrBackup) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadBackup(f *testing.F) {
	good := sample(f)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(`{"heliostat":"backup","version":1,"time":7}` + "\n" + `{"table":"meta","columns":["key:text"]}` + "\n[1e400]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sum, err := ReadBackup(bytes.NewReader(data), nothing)
		if err == nil && len(sum.Tables) != len(Tables) {
			t.Errorf("a backup without all tables was taken: %+v", sum)
		}
		if err != nil && !errors.Is(err, ErrBackup) {
			t.Errorf("refused with %v", err)
		}
	})
}
