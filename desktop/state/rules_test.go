package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fixed is a rules file whose checks need no worker: RuleFile's real ones are tried where the
// window is wired.
func fixed(t *testing.T, text string) RuleFile {
	t.Helper()
	f := RuleFile{
		Path: filepath.Join(t.TempDir(), "rules.toml"),
		Check: func(text []byte) error {
			if strings.Contains(string(text), "soon") {
				return errors.New(`line 2: toml: "soon" is no duration`)
			}
			return nil
		},
		Hours: func(line string) (func(time.Time) bool, error) {
			day, rest, _ := strings.Cut(line, " ")
			var from, to int
			if _, err := fmt.Sscanf(rest, "%d-%d", &from, &to); err != nil {
				return nil, err
			}
			return func(at time.Time) bool {
				return strings.EqualFold(at.Format("Mon"), day) && at.Hour() >= from && at.Hour() < to
			}, nil
		},
	}
	if text != "" {
		if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestRulesAreSavedWithoutTouchingTheRest(t *testing.T) {
	f := fixed(t, "# mine\n[when]\nidle = \"10m\" # coffee\n\n[limits]\nvram = 1024\n")
	b := f.Open()
	if b.Problem != "" || b.Value("when.idle") != "10m" || b.Value("limits.vram") != "1024" || b.Value("price.floor") != "" {
		t.Fatalf("read %+v", b)
	}
	start, err := b.Save(map[string]string{
		"when.idle": "5m", "limits.vram": "8GiB", "price.floor": "0.05", "jobs.block": "0xAB\n\n say \"no\" ", "limits.power": "",
	}, false)
	if err != nil || !slices.Equal(start, []string{"GPU memory"}) {
		t.Fatalf("saved with %v, %v", start, err)
	}
	got, err := os.ReadFile(f.Path)
	want := "# mine\n[when]\nidle = \"5m\" # coffee\n\n[limits]\nvram = \"8GiB\"\n\n[price]\nfloor = 0.05\n\n[jobs]\nblock = [\"0xAB\", \"say \\\"no\\\"\"]\n"
	if err != nil || string(got) != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	if b.Value("jobs.block") != "0xAB\nsay \"no\"" {
		t.Fatalf("read again: %q", b.Value("jobs.block"))
	}
	if _, err := b.Save(map[string]string{"when.idle": "", "price.floor": "1"}, false); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(f.Path); !strings.Contains(string(got), "idle = \"0s\" # coffee") || !strings.Contains(string(got), "floor = 1\n") {
		t.Fatalf("got\n%s", got)
	}
	if b.Value("when.idle") != "" {
		t.Fatalf("a rule that is off reads %q", b.Value("when.idle"))
	}
}

func TestRulesThatAreWrongAreNotSaved(t *testing.T) {
	f := fixed(t, "")
	b := f.Open()
	for key, text := range map[string]string{"when.idle": "soon", "limits.power": "much", "limits.threads": "1.5", "price.floor": "NaN"} {
		EachRule(func(rule Rule) {
			if rule.Key == key && b.Check(rule, text) == nil {
				t.Errorf("%s takes %q", key, text)
			}
		})
		if _, err := b.Save(map[string]string{key: text}, false); err == nil {
			t.Errorf("%s = %q was saved", key, text)
		}
	}
	if err := b.Check(Rule{Key: "when.idle", Kind: RuleDuration}, "soon"); err == nil || err.Error() != `"soon" is no duration` {
		t.Errorf("a field is told %v", err)
	}
	if _, err := os.Stat(f.Path); err == nil {
		t.Fatal("a file was written")
	}
}

func TestRulesOfSomebodyElseAreNotOverwritten(t *testing.T) {
	f := fixed(t, "[when]\nidle = \"10m\"\n")
	b := f.Open()
	if err := os.WriteFile(f.Path, []byte("[when]\nidle = \"7m\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Save(map[string]string{"when.idle": "5m"}, true); !errors.Is(err, ErrRulesMoved) {
		t.Fatalf("got %v", err)
	}
}

func TestFilesThatCantBeEditedAreWrittenAnewOnRequest(t *testing.T) {
	for _, text := range []string{"# gone\nwhen = { idle = \"10m\" }\n", "[when]\nidle = \"soon\"\n", "[when"} {
		f := fixed(t, text)
		b := f.Open()
		if _, err := b.Save(map[string]string{"price.floor": "2", "when.battery": "true"}, false); err == nil {
			t.Fatalf("%q was edited in place", text)
		}
		if _, err := b.Save(map[string]string{"price.floor": "2", "when.battery": "true"}, true); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if b.Problem != "" || b.Value("price.floor") != "2" || b.Value("when.battery") != "true" {
			t.Fatalf("%q became %+v", text, b.read)
		}
		if old, err := os.ReadFile(f.Path + ".old"); err != nil || string(old) != text {
			t.Fatalf("the old file is %q, %v", old, err)
		}
	}
}

func TestWeeksAreWrittenAsHours(t *testing.T) {
	for _, c := range []struct {
		fill [][3]int // day, from, to in minutes
		want []string
	}{
		{nil, nil},
		{[][3]int{{0, 540, 1020}}, []string{"mon 09:00-17:00"}},
		{[][3]int{{0, 1140, 1440}, {1, 0, 420}}, []string{"mon 19:00-07:00"}},
		{[][3]int{{6, 1410, 1440}, {0, 0, 61}}, []string{"sun 23:30-01:01"}},
		{[][3]int{{5, 0, 1440}, {6, 0, 1440}}, []string{"sat,sun 00:00-24:00"}},
		{[][3]int{{0, 0, 60}, {2, 0, 60}, {3, 0, 60}, {4, 0, 60}}, []string{"mon,wed-fri 00:00-01:00"}},
		// A night into a whole day, and one that would be longer than a day.
		{[][3]int{{4, 1200, 1440}, {5, 0, 1440}}, []string{"fri 20:00-24:00", "sat 00:00-24:00"}},
		{[][3]int{{0, 60, 1440}, {1, 0, 120}}, []string{"mon 01:00-24:00", "tue 00:00-02:00"}},
	} {
		var w Week
		for _, f := range c.fill {
			w.Fill(f[0], f[1], f[2], true)
		}
		if got := w.Hours(); !slices.Equal(got, c.want) {
			t.Errorf("%v is written %q, want %q", c.fill, got, c.want)
		}
	}
	var all Week
	for day := range all {
		all.Fill(day, 0, dayMinutes, true)
	}
	if got := all.Hours(); !slices.Equal(got, []string{"daily 00:00-24:00"}) || all.Total() != 7*dayMinutes {
		t.Errorf("the whole week is %q", got)
	}
	b := fixed(t, "").Open()
	week, err := b.Week("mon 9-17\nTue 0-2")
	if err != nil || week.Total() != 10*60 || week.Share(0, 8*60, 10*60) != 0.5 {
		t.Errorf("read %v minutes, %v", week.Total(), err)
	}
}
