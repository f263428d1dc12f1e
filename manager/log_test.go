package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/service"
)

// logNouns are words of a message, and the ids that its line then has.
var logNouns = []struct {
	word *regexp.Regexp
	keys []string
}{
	{regexp.MustCompile(`\bjob\b`), []string{"job"}},
	{regexp.MustCompile(`\b(task|lease)\b`), []string{"job", "task"}},
	{regexp.MustCompile(`\b(audit|verdict)\b`), []string{"job", "task", "audit"}},
	{regexp.MustCompile(`\b(node|worker|verifier)\b`), []string{"node"}},
}

// logSynonyms are other names of the ids, which no line uses.
var logSynonyms = map[string]string{"lease": "attempt", "verifier": "node", "worker": "node", "peer": "node", "task_id": "task", "job_id": "job"}

// logLacks names the first id that a line with that message ought to have and hasn't.
func logLacks(message string, keys []string) string {
	for _, n := range logNouns {
		if !n.word.MatchString(message) {
			continue
		}
		for _, k := range n.keys {
			if !slices.Contains(keys, k) {
				return k
			}
		}
	}
	return ""
}

// TestLinesOfTheSourceNameTheirSubjects reads every call of a logger in the manager's packages.
func TestLinesOfTheSourceNameTheirSubjects(t *testing.T) {
	lines, used := 0, make(map[string]bool)
	if err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, f.Sel.Name) || len(call.Args) == 0 {
				return true
			}
			message, ok := literal(call.Args[0])
			if tester, isName := f.X.(*ast.Ident); !ok || isName && tester.Name == "t" {
				return true // not a logger's
			}
			lines++
			args, keys := call.Args[1:], []string(nil)
			if len(args) == 1 { // append(s.named(), …)...
				if c, ok := args[0].(*ast.CallExpr); ok && len(c.Args) > 0 {
					keys, args = []string{"job", "task", "attempt", "audit"}, c.Args[1:]
				}
			}
			for i := 0; i < len(args); i += 2 {
				k, ok := literal(args[i])
				if !ok {
					t.Errorf("%s: the line %q has a key that isn't a plain word", path, message)
				}
				keys = append(keys, k)
			}
			for _, k := range keys {
				used[k] = true
				if other := logSynonyms[k]; other != "" && !(k == "worker" && slices.Contains(keys, "node")) {
					t.Errorf("%s: the line %q has the key %q; manager/LOG.md calls it %q", path, message, k, other)
				}
			}
			if lacks := logLacks(message, keys); lacks != "" {
				t.Errorf("%s: the line %q says nothing of which %s", path, message, lacks)
			}
			return true
		})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if lines < 40 {
		t.Errorf("only %d lines were found", lines)
	}
	page, err := os.ReadFile("LOG.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		if !used[m[1]] {
			t.Errorf("manager/LOG.md lists %q, which no line has", m[1])
		}
	}
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// logged collects a log.
type logged struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestLogOfAJob drives a job through a manager, past a cheat, and reads its log: lines name what they are
// about by the ids that really are, and no secret is in any of them.
func TestLogOfAJob(t *testing.T) {
	out := &logged{}
	log, err := service.Logger(out, "json", slog.LevelDebug)
	if err != nil {
		t.Fatal(err)
	}
	c := settings(t, "devchain")
	c.Log = log
	url, stop := startManager(t, c)
	good, cheat := startWorker(t, url, fake.Behaviour{}), startWorker(t, url, fake.Behaviour{FrameShift: 1})
	judges := []*verifier{startVerifier(t, url, fake.Behaviour{}), startVerifier(t, url, fake.Behaviour{})}
	a := newArtist(t, url)
	j := a.submit(6)
	if _, err := a.Priority(a.ctx, j.ID, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Pause(a.ctx, "jnobody", ""); err == nil {
		t.Error("a job that isn't there is paused")
	}
	d := a.await(j.ID, inState(job.Delivered))
	secrets := map[string]string{"the admin token": adminToken(t, c.Data)}
	for _, f := range a.download(j.ID) {
		secrets["the signature of "+f.Name] = signature(t, f.Get.URL)
	}
	key := a.built.JobKey
	secrets["the job key"], secrets["the job key, base 64"] = hex.EncodeToString(key[:]), string(must(json.Marshal(key[:])))
	if _, err := a.Accept(a.ctx, j.ID); err != nil {
		t.Fatal(err)
	}
	a.await(j.ID, inState(job.Settled))
	cheat.stop()
	stop()

	ids := map[string][]string{"job": {j.ID, "jnobody"}, "node": {good.id.Address(), cheat.id.Address(), judges[0].id.Address(), judges[1].id.Address()}}
	for _, k := range d.Tasks {
		ids["task"] = append(ids["task"], k.ID)
	}
	text := out.String()
	for name, secret := range secrets {
		if len(secret) < 16 {
			t.Fatalf("%s is %q", name, secret)
		}
		if strings.Contains(text, strings.Trim(secret, `"`)) {
			t.Errorf("%s is in the log", name)
		}
	}
	said := make(map[string]bool)
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		var line map[string]any
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		message, _ := line["msg"].(string)
		said[message] = true
		var keys []string
		for k, v := range line {
			keys = append(keys, k)
			if known := ids[k]; known != nil && v != "" && !slices.Contains(known, v.(string)) {
				t.Errorf("there is no %s %v: %s", k, v, lines.Text())
			}
		}
		if lacks := logLacks(message, keys); lacks != "" {
			t.Errorf("the line says nothing of which %s: %s", lacks, lines.Text())
		}
	}
	for _, want := range []string{"node is here", "task leased", "task committed", "audit given", "verdict", "command", "settled on the chain"} {
		if !said[want] {
			t.Errorf("the log has no line %q; its messages: %v", want, said)
		}
	}
}

func adminToken(t *testing.T, data string) string {
	t.Helper()
	o, err := call(t.Context(), data)
	if err != nil || o == nil {
		t.Fatalf("the manager's admin address: %v", err)
	}
	return o.address.Token
}

func signature(t *testing.T, signed string) string {
	t.Helper()
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("s")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
