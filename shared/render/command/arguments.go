package command

import (
	"fmt"
	"strings"
	"unicode"
)

// value is what a placeholder stands for.
type value struct {
	text    string
	number  bool
	foreign bool // a stranger chose it
}

// values are the placeholders of one command line.
type values map[string]value

// placeholders are all names that FORMAT.md has.
var placeholders = []string{
	"scene", "package", "outdir", "bindir", "stem", "ext", "frame", "first", "last", "step", "width", "height",
	"samples", "threads", "depth", "quality", "compression", "seed", "engine", "camera", "sceneName", "layers", "device", "deviceID",
	"left", "right", "top", "bottom", "left1", "right1", "top1", "bottom1", "low", "high",
}

// spliced are the lists that args may take in.
var spliced = []string{"engine", "format", "mode", "device", "tile"}

// fill makes the arguments. splices are the lists for "{name...}".
func (a Args) fill(v values, splices map[string]Args) ([]string, error) {
	var out []string
	for _, group := range a {
		if len(group) == 1 && strings.HasPrefix(group[0], "{") && strings.HasSuffix(group[0], "...}") {
			name := strings.TrimSuffix(strings.TrimPrefix(group[0], "{"), "...}")
			list, there := splices[name]
			if !there {
				return nil, fmt.Errorf("%q can't be put in here", group[0])
			}
			more, err := list.fill(v, nil)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
			continue
		}
		if len(group) == 0 {
			return nil, fmt.Errorf("a group is empty")
		}
		var part []string
		leave := false
		for _, text := range group {
			arg, empty, err := expand(text, v)
			if err != nil {
				return nil, err
			}
			leave = leave || empty
			part = append(part, arg)
		}
		if !leave {
			out = append(out, part...)
		}
		if len(out) > maxArgs {
			return nil, fmt.Errorf("over %d arguments", maxArgs)
		}
	}
	return out, nil
}

// expand puts values into a text. empty says that one of them is.
func expand(text string, v values) (out string, empty bool, err error) {
	var b strings.Builder
	for rest := text; rest != ""; {
		i := strings.IndexByte(rest, '{')
		if i < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		if rest = rest[i+1:]; strings.HasPrefix(rest, "{") {
			b.WriteByte('{')
			rest = rest[1:]
			continue
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return "", false, fmt.Errorf("%q has an open brace", text)
		}
		rest = after
		name, width, padded := strings.Cut(name, ":")
		from, there := v[name]
		if !there {
			return "", false, fmt.Errorf("%q: there is no {%s}", text, name)
		}
		empty = empty || from.text == ""
		shown := from.text
		if padded {
			if !from.number || len(width) != 1 || width[0] < '1' || width[0] > '9' {
				return "", false, fmt.Errorf("%q: {%s:%s} can't be padded", text, name, width)
			}
			shown = pad(shown, int(width[0]-'0'))
		}
		if from.foreign {
			if strings.ContainsFunc(shown, unicode.IsControl) {
				return "", false, fmt.Errorf("{%s} is %q, which has a control character", name, shown)
			}
			if b.Len() == 0 && strings.ContainsAny(shown[:min(len(shown), 1)], "-+@") {
				return "", false, fmt.Errorf("{%s} is %q, which the renderer could take for an option", name, shown)
			}
		}
		b.WriteString(shown)
	}
	return b.String(), empty, nil
}

// pad writes a number with at least so many digits.
func pad(text string, width int) string {
	sign, digits := "", text
	if strings.HasPrefix(text, "-") {
		sign, digits = "-", text[1:]
	}
	return sign + strings.Repeat("0", max(width-len(digits), 0)) + digits
}
