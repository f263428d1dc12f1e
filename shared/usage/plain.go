package usage

import (
	"io"
	"strings"
	"unicode"
)

// Line makes one harmless line of a text that a stranger chose: nothing in it steers a terminal, hides
// what stands beside it or turns it around.
func Line(text string) string { return strings.Map(harmless, text) }

// Lines is Line for a text of several lines and columns.
func Lines(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return harmless(r)
	}, text)
}

func harmless(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
		return '·'
	}
	return r
}

// Plain writes Lines. Each write has to be whole letters, as those of fmt are.
func Plain(w io.Writer) io.Writer { return plain{w} }

type plain struct{ w io.Writer }

func (p plain) Write(b []byte) (int, error) {
	if _, err := io.WriteString(p.w, Lines(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}
