// Package lifecycle holds, for each noun of the network, the table of its states: which
// change may follow which, and who causes it. It is pure data with two questions; STATES.md
// beside it is generated from it, and manager/store enforces it again in SQL.
//
// It is not the place for making a change happen: the packages named in the tables do that
// with guarded updates of manager/store.
//
// Receives: nothing; it is imported.
// Hands on: transition tables to manager/store and the packages that move things.
package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Transition is one legal change.
type Transition[S ~string] struct {
	From, To S
	By       string // the package, or the person, that causes it
	When     string
}

// Table is the whole life of one noun.
type Table[S ~string] struct {
	Noun        string
	Initial     []S
	Transitions []Transition[S]
}

// Allows tells whether the change is in the table. Staying in a state is no change and
// always allowed.
func (t Table[S]) Allows(from, to S) bool {
	if from == to {
		return slices.Contains(t.States(), from)
	}
	return slices.ContainsFunc(t.Transitions, func(c Transition[S]) bool { return c.From == from && c.To == to })
}

// States lists every state, in the order in which the table first names it.
func (t Table[S]) States() []S {
	states := slices.Clone(t.Initial)
	for _, c := range t.Transitions {
		for _, s := range []S{c.From, c.To} {
			if !slices.Contains(states, s) {
				states = append(states, s)
			}
		}
	}
	return states
}

// Final tells whether nothing leaves the state.
func (t Table[S]) Final(s S) bool {
	return !slices.ContainsFunc(t.Transitions, func(c Transition[S]) bool { return c.From == s })
}

// Pairs lists the legal changes as plain strings, for SQL.
func (t Table[S]) Pairs() [][2]string {
	pairs := make([][2]string, len(t.Transitions))
	for i, c := range t.Transitions {
		pairs[i] = [2]string{string(c.From), string(c.To)}
	}
	return pairs
}

// Rule is one legal change as plain strings.
type Rule struct{ Noun, From, To string }

// All lists the legal changes of every noun, for SQL, in the order of their texts.
func All() []Rule {
	var rules []Rule
	add := func(noun string, pairs [][2]string) {
		for _, p := range pairs {
			rules = append(rules, Rule{noun, p[0], p[1]})
		}
	}
	add(Jobs.Noun, Jobs.Pairs())
	add(Tasks.Noun, Tasks.Pairs())
	add(Frames.Noun, Frames.Pairs())
	add(Attempts.Noun, Attempts.Pairs())
	add(Audits.Noun, Audits.Pairs())
	slices.SortFunc(rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.Noun, b.Noun), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return rules
}

// Markdown renders the table with its diagram.
func (t Table[S]) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n```mermaid\nstateDiagram-v2\n", t.Noun)
	for _, s := range t.Initial {
		fmt.Fprintf(&b, "    [*] --> %s\n", s)
	}
	for _, c := range t.Transitions {
		fmt.Fprintf(&b, "    %s --> %s\n", c.From, c.To)
	}
	for _, s := range t.States() {
		if t.Final(s) {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
	}
	b.WriteString("```\n\n| from | to | by | when |\n| --- | --- | --- | --- |\n")
	for _, c := range t.Transitions {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.From, c.To, c.By, c.When)
	}
	return b.String()
}

// Document is STATES.md.
func Document() string {
	return "# States\n\nGenerated from the tables of this package by `go test -run Document -update`; a test keeps it true.\n\n" +
		strings.Join([]string{Jobs.Markdown(), Tasks.Markdown(), Frames.Markdown(), Attempts.Markdown(), Audits.Markdown()}, "\n")
}
