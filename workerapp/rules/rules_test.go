package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
)

func TestTheSpecsExampleIsRead(t *testing.T) {
	page, err := os.ReadFile("RULES.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(page), "```toml\n")
	example, _, _ = strings.Cut(example, "```")
	if !found {
		t.Fatal("RULES.md has no example")
	}
	r, err := Parse([]byte(example), Default())
	if err != nil {
		t.Fatal(err)
	}
	if time.Duration(r.When.Idle) != 10*time.Minute || len(r.When.Hours) != 2 || r.Limits.Upload != 5<<20 || r.Price.Floor != 0.05 ||
		!r.Pause.Fullscreen || r.Limits.GPUTemperature != 80 || len(r.Jobs.Block) != 1 || r.Limits.Cache != 20<<30 || r.When.HoursEnd != Finish {
		t.Fatalf("got %+v", r)
	}
}

// Every rule of the code has a row in the page, and the other way round.
func TestRulesPageAndCodeAgree(t *testing.T) {
	page, err := os.ReadFile("RULES.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		for name := range strings.SplitSeq(cell, ", ") {
			rows++
			name = strings.Trim(name, "`")
			table, key, _ := strings.Cut(name, ".")
			value := map[string]string{
				"when.idle": `"1m"`, "when.hours": `["daily 01:00-02:00"]`, "when.hours-end": `"now"`, "when.battery": "true", "pause.programs": `["x"]`,
				"pause.fullscreen": "true", "jobs.allow": `["x"]`, "jobs.block": `["x"]`, "process.priority": `"low"`,
			}[name]
			if value == "" {
				value = "7" // a number is a size too
			}
			if _, err := Parse([]byte("["+table+"]\n"+key+" = "+value+"\n"), Default()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if rows != 20 {
		t.Errorf("RULES.md lists %d rules", rows)
	}
}

func TestRulesThatMakeNoSenseAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"[when]\nidel = \"5m\"":                   "when.idel",
		"\n[when]\nidle = \"soon\"":               "line 3",
		"[when]\nidle = \"-5m\"":                  "no duration",
		"[when]\nhours = [\"mon 25:00-26:00\"]":   "no time of day",
		"[when]\nhours = [\"someday 1:00-2:00\"]": "no day",
		"[when]\nhours = [\"mon 10:00-10:00\"]":   "no length",
		"[when]\nhours = [\"mon\"]":               "days and times",
		"[when]\nhours-end = \"later\"":           "hours-end",
		"[pause]\nprograms = [\"[\"]":             "no pattern",
		"[pause]\nprograms = [\"\"]":              "empty",
		"[limits]\ntemperature = nan":             "temperature",
		"[limits]\npower = -1":                    "power",
		"[limits]\nvram = \"much\"":               "no size",
		"[limits]\nvram = -5":                     "size",
		"[limits]\nthreads = 99999":               "threads",
		"[price]\nfloor = inf":                    "price",
		"[process]\npriority = \"urgent\"":        "priority",
		"[when":                                   "line 1",
	} {
		before := Default()
		before.Price.Floor = 3
		after, err := Parse([]byte(text), before)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
		if after.Price.Floor != 3 {
			t.Errorf("%q changed the rules", text)
		}
	}
	file := filepath.Join(t.TempDir(), "rules.toml")
	if err := os.WriteFile(file, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file, Default()); err == nil {
		t.Error("a huge file was read")
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none"), Default()); err != nil {
		t.Errorf("a missing file: %v", err)
	}
}

func TestHours(t *testing.T) {
	at := func(text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", text, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	// 2026-11-23 is a Monday.
	for _, c := range []struct {
		hours, at string
		in        bool
	}{
		{"mon-fri 19:00-07:00", "2026-11-23 19:00", true},
		{"mon-fri 19:00-07:00", "2026-11-23 18:59", false},
		{"mon-fri 19:00-07:00", "2026-11-23 06:59", false}, // Sunday night isn't in
		{"mon-fri 19:00-07:00", "2026-11-24 06:59", true},
		{"mon-fri 19:00-07:00", "2026-11-28 06:59", true}, // Friday's night ends on Saturday
		{"mon-fri 19:00-07:00", "2026-11-28 07:00", false},
		{"sat,sun 00:00-24:00", "2026-11-28 23:59", true},
		{"sat,sun 00:00-24:00", "2026-11-30 00:00", false},
		{"fri-mon 12:00-13:00", "2026-11-29 12:30", true},
		{"fri-mon 12:00-13:00", "2026-11-24 12:30", false},
		{"daily 09:00-10:00", "2026-11-25 09:30", true},
		{"sun 23:00-01:00", "2026-11-30 00:30", true},
	} {
		var h Hours
		if err := h.UnmarshalText([]byte(c.hours)); err != nil {
			t.Fatal(err)
		}
		if h.Contain(at(c.at)) != c.in {
			t.Errorf("%s at %s: want %v", c.hours, c.at, c.in)
		}
	}
	var h Hours
	if err := h.UnmarshalText([]byte("mon 19:00-20:00")); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{"2026-11-23 18:00": "2026-11-23 19:00", "2026-11-23 19:00": "2026-11-30 19:00"} {
		if begin, ok := next([]Hours{h}, at(from)); !ok || !begin.Equal(at(want)) {
			t.Errorf("after %s: %v", from, begin)
		}
	}
}

func TestTakes(t *testing.T) {
	recipe := job.Recipe{Renderer: "blender"}
	for _, c := range []struct {
		allow, block []string
		takes        bool
	}{
		{nil, nil, true},
		{[]string{"0xAB"}, nil, true},
		{[]string{"0xCD"}, nil, false},
		{[]string{"0xCD", " j1 "}, nil, true},
		{[]string{"j1"}, []string{"0xab"}, false},
		{nil, []string{"Blender"}, false},
		{nil, []string{"maya"}, true},
	} {
		var r Rules
		r.Jobs.Allow, r.Jobs.Block = c.allow, c.block
		if err := r.Takes("j1", "0xab", recipe); (err == nil) != c.takes {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[when]\nhours = [\"mon-fri 19:00-07:00\"]\nidle=\"5m\"")
	f.Add("[limits]\nvram = \"8GiB\"\npower=3.5")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse([]byte(text), Default())
		if err != nil {
			return
		}
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
		for _, h := range r.When.Hours {
			h.Contain(time.Unix(0, 0))
		}
		next(r.When.Hours, time.Unix(0, 0))
	})
}
