package main

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/workerapp/rules"
)

// Every rule of the worker's page of rules has a field in the window, and the other way round;
// what an empty field stands for is understood by the worker and means its default.
func TestTheWindowOffersEveryRule(t *testing.T) {
	page, err := os.ReadFile("../workerapp/rules/RULES.md")
	if err != nil {
		t.Fatal(err)
	}
	var specified []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `") {
			cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
			for name := range strings.SplitSeq(cell, ", ") {
				specified = append(specified, strings.Trim(name, "`"))
			}
		}
	}
	book := ruleFile(t.TempDir()).Open()
	defaults := rules.Default()
	defaults.Process.Priority = workerDefaults().Priority
	state.EachRule(func(rule state.Rule) {
		i := slices.Index(specified, rule.Key)
		if i < 0 {
			t.Errorf("RULES.md has no %s", rule.Key)
			return
		}
		specified = slices.Delete(specified, i, i+1)
		if err := book.Check(rule, ""); err != nil {
			t.Errorf("%s, left empty: %v", rule.Key, err)
		}
		table, key, _ := strings.Cut(rule.Key, ".")
		odd := defaults
		got, err := rules.Parse([]byte("["+table+"]\n"+key+" = "+rule.None+"\n"), odd)
		if err != nil {
			t.Errorf("%s = %s: %v", rule.Key, rule.None, err)
		}
		for _, r := range []*rules.Rules{&got, &odd} { // an empty list is no list
			for _, list := range []*[]string{&r.Pause.Programs, &r.Jobs.Allow, &r.Jobs.Block} {
				if len(*list) == 0 {
					*list = nil
				}
			}
			if len(r.When.Hours) == 0 {
				r.When.Hours = nil
			}
		}
		if !reflect.DeepEqual(got, odd) {
			t.Errorf("%s = %s isn't the worker's default", rule.Key, rule.None)
		}
	})
	if len(specified) > 0 {
		t.Errorf("the window doesn't offer %v", specified)
	}
}

// The window's fields speak as the worker judges.
func TestFieldsAreJudgedByTheWorker(t *testing.T) {
	book := ruleFile(t.TempDir()).Open()
	for key, c := range map[string]struct{ text, want string }{
		"when.idle":              {"soon", `"soon" is no duration`},
		"when.hours":             {"mon 25:00-26:00", "no time of day"},
		"pause.programs":         {"[", "no pattern"},
		"limits.temperature":     {"300", "out of range"},
		"limits.gpu-temperature": {"hot", "no number"},
		"limits.vram":            {"much", "no size"},
		"limits.upload":          {"-5", "size"},
		"limits.threads":         {"99999", "out of range"},
		"price.floor":            {"-1", "out of range"},
	} {
		state.EachRule(func(rule state.Rule) {
			if rule.Key != key {
				return
			}
			if err := book.Check(rule, c.text); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "line ") {
				t.Errorf("%s = %q: %v, want %q", key, c.text, err, c.want)
			}
		})
	}
	week, err := book.Week("mon-fri 19:10-07:00\nsat,sun 00:00-24:00")
	if err != nil {
		t.Fatal(err)
	}
	if got := week.Hours(); !slices.Equal(got, []string{"mon-thu 19:10-07:00", "fri 19:10-24:00", "sat,sun 00:00-24:00"}) {
		t.Errorf("written again as %q", got)
	}
	for _, line := range week.Hours() {
		contain, err := ruleFile(t.TempDir()).Hours(line)
		if err != nil {
			t.Fatalf("the worker doesn't understand %q: %v", line, err)
		}
		if line == "mon-thu 19:10-07:00" && !contain(time.Date(2026, 11, 24, 6, 59, 0, 0, time.UTC)) {
			t.Error("a night ends too early")
		}
	}
}
