package usage_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/heliostat-render/heliostat/shared/usage"
)

// terminals do something when they are told these.
const steering = "\x1b]0;title\x07\x1b[2J\u009b31m\u202egnp.exe\u2066\r\x7f\x00\u2028\x9b2J"

func TestStrangersSteerNoTerminal(t *testing.T) {
	var out strings.Builder
	fmt.Fprintf(usage.Plain(&out), "name\t%s\nnext\n", steering)
	for name, text := range map[string]string{"line": usage.Line("a\n" + steering), "lines": usage.Lines(steering), "written": out.String()} {
		for _, r := range text {
			if unicode.IsControl(r) && (name == "line" || r != '\n' && r != '\t') || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%s: %q is left of %q", name, r, text)
			}
		}
	}
	if got := usage.Lines("Straße 1\t日本\n"); got != "Straße 1\t日本\n" {
		t.Errorf("%q", got)
	}
	if n, err := fmt.Fprint(usage.Plain(&out), "\x1b"); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
