package rulefile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const text = `# Mine. Hands off.

[when]
  idle = "10m"   # a coffee
hours = [
  "mon-fri 19:00-07:00", # the nights
  # and Sundays
  "sun 00:00-24:00",
]

# the room gets hot
[limits]
gpu-temperature=80
future = { a = 1 } # not known to this program

[price]
`

func TestOnlyWhatChangesIsTouched(t *testing.T) {
	got, err := Edit([]byte(text), []Change{
		{"when.idle", `"5m"`}, {"limits.power", "250"}, {"limits.gpu-temperature", "75"}, {"price.floor", "0.05"}, {"jobs.block", `["0xAB"]`},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(
		`idle = "10m"   # a coffee`, `idle = "5m"   # a coffee`,
		"gpu-temperature=80", "gpu-temperature=75",
		"# not known to this program\n", "# not known to this program\npower = 250\n",
		"[price]\n", "[price]\nfloor = 0.05\n\n[jobs]\nblock = [\"0xAB\"]\n",
	).Replace(text)
	if string(got) != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCommentsInAListMoveAboveIt(t *testing.T) {
	got, err := Edit([]byte(text), []Change{{"when.hours", `["daily 01:00-02:00"]`}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got), "# a coffee\n# the nights\n# and Sundays\nhours = [\"daily 01:00-02:00\"]\n\n# the room") {
		t.Fatalf("got\n%s", got)
	}
}

func TestOtherShapes(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     "[when]\nidle = \"5m\"\n",
		"# nothing":                            "# nothing\n\n[when]\nidle = \"5m\"\n",
		"[when]":                               "[when]\nidle = \"5m\"\n",
		"[when]\nbattery = true":               "[when]\nbattery = true\nidle = \"5m\"\n",
		"when.idle = \"1m\" # dotted\n":        "when.idle = \"5m\" # dotted\n",
		"[when]\r\nidle=\"1m\"\r\n":            "[when]\r\nidle=\"5m\"\r\n",
		"[when]\r\nbattery=true\r\n":           "[when]\r\nbattery=true\r\nidle = \"5m\"\r\n",
		"[ \"when\" ]\n'idle' = \"\"\"x\"\"\"": "[ \"when\" ]\n'idle' = \"5m\"",
	} {
		got, err := Edit([]byte(in), []Change{{"when.idle", `"5m"`}})
		if err != nil || string(got) != want {
			t.Errorf("%q became %q (%v), want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"when = { battery = true }\n", "[[when]]\nbattery = true\n"} {
		if got, err := Edit([]byte(in), []Change{{"when.idle", `"5m"`}}); err == nil {
			t.Errorf("%q became %q", in, got)
		}
	}
	in := "# gone\nwhen = { battery = true }\n"
	if _, err := Edit([]byte(in), []Change{{"when.idle", `"5m"`}}); !errors.Is(err, ErrShape) {
		t.Errorf("an inline table: %v", err)
	}
	got, err := Rewrite([]byte(in), []Change{{"when.idle", `"5m"`}})
	if err != nil {
		t.Fatal(err)
	}
	values, err := Values(got)
	if err != nil || !reflect.DeepEqual(values, map[string]map[string]any{"when": {"battery": true, "idle": "5m"}}) {
		t.Fatalf("rewritten as %q (%v)", got, err)
	}
	for _, c := range []Change{{"idle", "1"}, {"when.idle", "soon"}, {"when.idle", "1\n[x]"}, {"when.idle", ""}} {
		if got, err := Edit(nil, []Change{c}); err == nil {
			t.Errorf("%v made %q", c, got)
		}
	}
}

// What comes out of an edit has the values that were asked for and nothing else changed.
func FuzzEdit(f *testing.F) {
	f.Add(text)
	f.Add("when = {}\n")
	f.Add("[when]\nidle = [[\"a\"], # c\n [1]]\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		before, err := Values([]byte(text))
		if err != nil {
			return
		}
		got, err := Edit([]byte(text), []Change{{"when.idle", `"5m"`}, {"limits.vram", "7"}})
		if err != nil {
			return
		}
		after, err := Values(got)
		if err != nil || after["when"]["idle"] != "5m" || after["limits"]["vram"] != int64(7) {
			t.Fatalf("%q became %q", text, got)
		}
		for table, keys := range before {
			for key, v := range keys {
				if table+"."+key == "when.idle" || table+"."+key == "limits.vram" {
					continue
				}
				if a, b := fmt.Sprint(after[table][key]), fmt.Sprint(v); a != b {
					t.Fatalf("%s.%s changed from %s to %s", table, key, b, a)
				}
			}
		}
	})
}
