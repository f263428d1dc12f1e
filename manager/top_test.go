package main

import (
	"strings"
	"testing"
)

// What nodes and artists say of themselves must not steer the operator's terminal.
func TestTopShowsStrangersWordsPlainly(t *testing.T) {
	const steers = "\x1b[2J\u009b31m\u202e"
	v := overview{Jobs: []topJob{{ID: "j", Name: steers, Why: steers}}, Nodes: []topNode{{Address: "0x", Name: steers, Class: steers, Paused: steers}}}
	var out strings.Builder
	if err := v.print(&out); err != nil || strings.ContainsAny(out.String(), "\x1b\u009b\u202e") {
		t.Errorf("%v: %q", err, out.String())
	}
}
