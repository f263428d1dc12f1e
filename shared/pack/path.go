package pack

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	maxPath      = 1024
	maxComponent = 255
	partFolder   = ".heliostat-part" // where Extract keeps unfinished files
)

// CheckPath says whether a path may be in a package: relative, slash-separated, and a plain
// file's name on every system that renders. Its errors wrap ErrPath.
func CheckPath(p string) error {
	bad := func(why string) error { return fmt.Errorf("%q: %s: %w", short(p), why, ErrPath) }
	switch {
	case p == "":
		return bad("it is empty")
	case len(p) > maxPath:
		return bad(fmt.Sprintf("it is longer than %d bytes", maxPath))
	case !utf8.ValidString(p):
		return bad("it is not UTF-8")
	}
	for i := range len(p) {
		if c := p[i]; c < 0x20 || c == 0x7f {
			return bad("it has a control character")
		}
	}
	if i := strings.IndexAny(p, "\\:*?\"<>|"); i >= 0 {
		return bad(fmt.Sprintf("%q can't be in a file name everywhere", p[i:i+1]))
	}
	for i, part := range strings.Split(p, "/") {
		switch {
		case part == "":
			return bad("it is absolute or has an empty component")
		case part == "." || part == "..":
			return bad("it has a . or .. component")
		case len(part) > maxComponent:
			return bad(fmt.Sprintf("a component is longer than %d bytes", maxComponent))
		case strings.HasSuffix(part, " ") || strings.HasSuffix(part, "."):
			return bad("a component ends with a space or a dot")
		case reserved(part):
			return bad("Windows reserves " + part)
		case i == 0 && fold(part) == partFolder:
			return bad(partFolder + " is used while unpacking")
		}
	}
	return nil
}

// SafeName turns one component of a path into one that CheckPath takes, by replacing what
// it refuses with underscores. Names that are fine stay as they are. Two names may become one.
func SafeName(name string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(name, "_") {
		if r < 0x20 || r == 0x7f || strings.ContainsRune("/\\:*?\"<>|", r) {
			r = '_'
		}
		b.WriteRune(r)
	}
	s := b.String()
	for len(s) > maxComponent-1 {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	if t := strings.TrimRight(s, " ."); t != s {
		s = t + "_"
	}
	if s == "" || reserved(s) || fold(s) == partFolder {
		s = "_" + s
	}
	return s
}

// reserved says whether Windows takes a component for a device.
func reserved(part string) bool {
	stem, _, _ := strings.Cut(part, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	if rest, ok := strings.CutPrefix(stem, "COM"); ok {
		return deviceDigit(rest)
	}
	if rest, ok := strings.CutPrefix(stem, "LPT"); ok {
		return deviceDigit(rest)
	}
	return false
}

func deviceDigit(s string) bool {
	return (len(s) == 1 && s[0] >= '0' && s[0] <= '9') || s == "¹" || s == "²" || s == "³"
}

// fold maps paths that a file system might take for the same to the same string.
func fold(p string) string {
	ascii := true
	for i := range len(p) {
		if p[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(p)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(p)))
}

// pathSet finds paths that can't live side by side.
type pathSet struct {
	files   map[string]string // folded file -> path
	folders map[string]string // folded folder -> a path under it
}

func newPathSet(n int) *pathSet {
	return &pathSet{files: make(map[string]string, n), folders: make(map[string]string)}
}

// add checks p against all paths before it.
func (s *pathSet) add(p string) error {
	f := fold(p)
	if other, ok := s.files[f]; ok {
		return fmt.Errorf("%q and %q are the same file on some systems: %w", short(other), short(p), ErrPath)
	}
	if other, ok := s.folders[f]; ok {
		return fmt.Errorf("%q is a file, but %q needs a folder there: %w", short(p), short(other), ErrPath)
	}
	s.files[f] = p
	for i := len(f) - 1; i > 0; i-- {
		if f[i] != '/' {
			continue
		}
		if other, ok := s.files[f[:i]]; ok {
			return fmt.Errorf("%q is a file, but %q needs a folder there: %w", short(other), short(p), ErrPath)
		}
		if _, ok := s.folders[f[:i]]; ok {
			break // its own parents are known too
		}
		s.folders[f[:i]] = p
	}
	return nil
}

// short keeps a hostile path from filling a log.
func short(p string) string {
	if len(p) > 120 {
		return p[:117] + "..."
	}
	return p
}
