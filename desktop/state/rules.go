package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/desktop/rulefile"
)

// RuleKind is how a rule is written.
type RuleKind string

const (
	RuleDuration RuleKind = "duration" // "10m"
	RuleNumber   RuleKind = "number"
	RuleSize     RuleKind = "size" // "8GiB", or a number of bytes
	RuleSwitch   RuleKind = "switch"
	RuleChoice   RuleKind = "choice"
	RuleList     RuleKind = "list"  // entries on lines of their own
	RuleHours    RuleKind = "hours" // hours on lines of their own
)

// Rule is one of the owner's rules as a screen offers it. workerapp/rules/RULES.md says what
// it means.
type Rule struct {
	Key   string // "when.idle"
	Kind  RuleKind
	Name  string
	Hint  string // of an empty field: what holds then
	Start bool   // a change holds from the next start of worker mode
	None  string // the literal that an empty field stands for
	// Choices are the values of a choice with what a person reads, the default first.
	Choices [][2]string
}

// RuleGroup is a part of the page.
type RuleGroup struct {
	Name  string
	Rules []Rule
}

// RuleGroups are every rule that an owner can set, in the order of the screen.
var RuleGroups = []RuleGroup{
	{"When", []Rule{
		{Key: "when.idle", Kind: RuleDuration, Name: "Only when idle for", Hint: "off; write 10m or 1h30m", None: `"0s"`},
		{Key: "when.battery", Kind: RuleSwitch, Name: "On battery too", None: "false"},
		{Key: "when.hours", Kind: RuleHours, Name: "Only in these hours", None: "[]"},
		{Key: "when.hours-end", Kind: RuleChoice, Name: "When the hours end", None: `"finish"`,
			Choices: [][2]string{{"finish", "finish the task in hand"}, {"now", "stop at once"}}},
	}},
	{"Pause while", []Rule{
		{Key: "pause.programs", Kind: RuleList, Name: "One of these programs runs", Hint: "none; a name on each line,\nsuch as obs or steam_app_*", None: "[]"},
		{Key: "pause.fullscreen", Kind: RuleSwitch, Name: "A window fills the screen", None: "false"},
	}},
	{"Heat and power", []Rule{
		{Key: "limits.temperature", Kind: RuleNumber, Name: "Processor, °C", Hint: "off", None: "0"},
		{Key: "limits.gpu-temperature", Kind: RuleNumber, Name: "GPU, °C", Hint: "off", None: "0"},
		{Key: "limits.power", Kind: RuleNumber, Name: "Together, W", Hint: "off", None: "0"},
		{Key: "process.priority", Kind: RuleChoice, Name: "Priority", Start: true, None: `"low"`,
			Choices: [][2]string{{"low", "low: behind other programs"}, {"normal", "normal"}}},
	}},
	{"Limits", []Rule{
		{Key: "limits.vram", Kind: RuleSize, Name: "GPU memory", Hint: "all; 8GiB", Start: true, None: "0"},
		{Key: "limits.memory", Kind: RuleSize, Name: "Memory", Hint: "the machine's; 16GiB", Start: true, None: "0"},
		{Key: "limits.threads", Kind: RuleNumber, Name: "CPU threads", Hint: "all", Start: true, None: "0"},
		{Key: "limits.cache", Kind: RuleSize, Name: "Scene cache", Hint: "20GiB", Start: true, None: `"20GiB"`},
		{Key: "limits.min-free", Kind: RuleSize, Name: "Leave free on the disk", Hint: "512MiB", None: `"512MiB"`},
		{Key: "limits.download", Kind: RuleSize, Name: "Download a second", Hint: "no limit; 10MiB", None: "0"},
		{Key: "limits.upload", Kind: RuleSize, Name: "Upload a second", Hint: "no limit; 5MiB", None: "0"},
	}},
	{"Price and jobs", []Rule{
		{Key: "price.floor", Kind: RuleNumber, Name: "Least price of a work unit", Hint: "any price", None: "0"},
		{Key: "jobs.allow", Kind: RuleList, Name: "Work only for", Hint: "everybody; an address, a job or\na renderer on each line", None: "[]"},
		{Key: "jobs.block", Kind: RuleList, Name: "Never work for", Hint: "nobody; wins over the list above", None: "[]"},
	}},
}

// EachRule calls f with every rule.
func EachRule(f func(Rule)) {
	for _, group := range RuleGroups {
		for _, rule := range group.Rules {
			f(rule)
		}
	}
}

// RuleFile is the owner's rules.toml and what the worker makes of it.
type RuleFile struct {
	Path string
	// Check is the worker's own judgement of a text.
	Check func(text []byte) error
	// Hours reads one line of hours.
	Hours func(line string) (contain func(time.Time) bool, err error)
}

// ErrRulesMoved says that the file was changed by somebody else since it was read.
var ErrRulesMoved = errors.New("rules.toml was changed outside of this page meanwhile; it was read again: look at it and save again")

// ErrRulesShape says that saving would lose the file's comments.
var ErrRulesShape = errors.New("rules.toml is written in a way that this page can't change in place; saving again writes it anew, without its comments")

// Rulebook is what a page edits: the file as it was read, and each rule's text.
type Rulebook struct {
	file RuleFile
	text []byte
	read map[string]string
	// Problem is why the file can't be used, "" when it can.
	Problem string
}

// maxRules bounds the file, in bytes, as the worker does.
const maxRules = 64 << 10

// Open reads the file. One that isn't there has no rules.
func (f RuleFile) Open() *Rulebook {
	b := &Rulebook{file: f, read: make(map[string]string)}
	text, err := f.load()
	if err == nil {
		b.text = text
		if err = f.Check(text); err == nil {
			err = b.values()
		}
	}
	if err != nil {
		b.Problem = err.Error()
	}
	return b
}

func (f RuleFile) load() ([]byte, error) {
	info, err := os.Stat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the rules: %w", err)
	case info.Size() > maxRules || !info.Mode().IsRegular():
		return nil, fmt.Errorf("the rules in %s aren't a file of at most %d KiB", f.Path, maxRules>>10)
	}
	text, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	return text, nil
}

// values takes each rule's text out of the file.
func (b *Rulebook) values() error {
	tables, err := rulefile.Values(b.text)
	if err != nil {
		return err
	}
	EachRule(func(rule Rule) {
		table, key, _ := strings.Cut(rule.Key, ".")
		if value, ok := tables[table][key]; ok {
			b.read[rule.Key] = ruleText(rule, value)
		}
	})
	return nil
}

// ruleText writes a value as its field shows it; what an empty field stands for is empty.
func ruleText(rule Rule, value any) string {
	switch v := value.(type) {
	case []any:
		lines := make([]string, len(v))
		for i, entry := range v {
			lines[i] = fmt.Sprint(entry)
		}
		return strings.Join(lines, "\n")
	case float64:
		if v == 0 {
			return ""
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int64:
		if v == 0 {
			return ""
		}
	case bool:
		if !v {
			return ""
		}
	case string:
		if rule.Kind == RuleDuration {
			if d, err := time.ParseDuration(v); err == nil && d == 0 {
				return ""
			}
		}
	}
	return fmt.Sprint(value)
}

// Value is a rule's text, "" where the file leaves it at its default.
func (b *Rulebook) Value(key string) string { return b.read[key] }

// place is the worker's word on where something is wrong, which a field knows better.
var place = regexp.MustCompile(`^(line \d+: )?(toml: )?`)

// Check says what is wrong with one rule's text, nil when nothing is.
func (b *Rulebook) Check(rule Rule, text string) error {
	literal, err := ruleLiteral(rule, text)
	if err != nil {
		return err
	}
	table, key, _ := strings.Cut(rule.Key, ".")
	if err := b.file.Check([]byte("[" + table + "]\n" + key + " = " + literal + "\n")); err != nil {
		return errors.New(place.ReplaceAllString(err.Error(), ""))
	}
	return nil
}

// ruleLiteral writes a field's text as TOML.
func ruleLiteral(rule Rule, text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return rule.None, nil
	}
	switch rule.Kind {
	case RuleNumber:
		whole, err := strconv.ParseInt(text, 10, 64)
		if err == nil {
			return strconv.FormatInt(whole, 10), nil
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || v != v || v > 1e15 || v < -1e15 {
			return "", fmt.Errorf("%q is no number", text)
		}
		if rule.Key == "limits.threads" {
			return "", fmt.Errorf("%q is no whole number", text)
		}
		literal := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(literal, ".") {
			literal += ".0"
		}
		return literal, nil
	case RuleSize:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return strconv.FormatInt(n, 10), nil
		}
	case RuleSwitch:
		return text, nil
	case RuleList, RuleHours:
		var quoted []string
		for _, line := range ruleLines(text) {
			quoted = append(quoted, quote(line))
		}
		return "[" + strings.Join(quoted, ", ") + "]", nil
	}
	return quote(text), nil
}

// quote writes a TOML string.
func quote(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&out, "\\u%04X", r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
	return out.String()
}

func ruleLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Week reads the text of the hours.
func (b *Rulebook) Week(text string) (Week, error) {
	var week Week
	for _, line := range ruleLines(text) {
		contain, err := b.file.Hours(line)
		if err != nil {
			return Week{}, err
		}
		one := weekOf(contain)
		for day := range week {
			for minute, on := range one[day] {
				week[day][minute] = week[day][minute] || on
			}
		}
	}
	return week, nil
}

// Save writes the rules whose text changed and leaves the rest of the file as it is. It tells
// which of them hold only from the worker's next start. With anew a file that can't be changed
// in place, or not be understood, is written from the beginning; the old one is kept beside it.
func (b *Rulebook) Save(texts map[string]string, anew bool) (start []string, err error) {
	now, err := b.file.load()
	switch {
	case err != nil && !anew:
		return nil, err
	case err == nil && string(now) != string(b.text):
		return nil, ErrRulesMoved
	case b.Problem != "" && !anew:
		return nil, errors.New(b.Problem)
	}
	changes, start, err := b.changes(texts)
	if err != nil {
		return nil, err
	}
	if len(changes) == 0 && b.Problem == "" {
		return nil, nil
	}
	next, err := b.next(changes, anew)
	if err != nil {
		return nil, err
	}
	if err := b.file.Check(next); err != nil {
		return nil, fmt.Errorf("the rules don't hold together: %w", err)
	}
	if err := writeFile(b.file.Path, next); err != nil {
		return nil, fmt.Errorf("saving the rules: %w", err)
	}
	*b = *b.file.Open()
	return start, nil
}

// changes are what differs from the file, and the names of those that need a new start.
func (b *Rulebook) changes(texts map[string]string) (changes []rulefile.Change, start []string, err error) {
	EachRule(func(rule Rule) {
		text, ok := texts[rule.Key]
		if !ok || err != nil || slices.Equal(ruleLines(text), ruleLines(b.read[rule.Key])) {
			return
		}
		if e := b.Check(rule, text); e != nil {
			err = fmt.Errorf("%s: %w", strings.ToLower(rule.Name), e)
			return
		}
		literal, _ := ruleLiteral(rule, text) // Check has read it
		changes = append(changes, rulefile.Change{Key: rule.Key, Literal: literal})
		if rule.Start {
			start = append(start, rule.Name)
		}
	})
	return changes, start, err
}

// next is the file's new text.
func (b *Rulebook) next(changes []rulefile.Change, anew bool) ([]byte, error) {
	base := b.text
	if b.Problem != "" {
		base = nil
	} else {
		next, err := rulefile.Edit(base, changes)
		if err == nil || !anew && !errors.Is(err, rulefile.ErrShape) {
			return next, err
		}
		if !anew {
			return nil, ErrRulesShape
		}
	}
	keep := func() error { return os.Rename(b.file.Path, b.file.Path+".old") } // what couldn't even be read
	if len(b.text) > 0 {
		keep = func() error { return writeFile(b.file.Path+".old", b.text) }
	}
	if err := keep(); err != nil {
		return nil, fmt.Errorf("keeping the old rules: %w", err)
	}
	return rulefile.Rewrite(base, changes)
}
