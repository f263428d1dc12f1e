package wire

import "unicode/utf8"

// Trim cuts what a peer wrote to at most n bytes, between two letters.
func Trim(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
