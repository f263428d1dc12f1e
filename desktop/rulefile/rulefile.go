// Package rulefile changes single values of a TOML text and leaves everything else as its
// author wrote it: comments, order, spacing, keys that the caller doesn't know.
//
// It is not the place for what the values mean: workerapp/rules decides that.
package rulefile

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxText bounds what is edited, in bytes.
const maxText = 1 << 20

// ErrShape says that a text is written in a way that can't be edited in place, such as an
// inline table; Rewrite makes it anew.
var ErrShape = errors.New("the file is written in a way that can't be changed in place")

// Change sets one key, "table.key", to a TOML literal: `"10m"`, `80`, `["a", "b"]`.
type Change struct{ Key, Literal string }

// Values are the text's tables and their keys.
func Values(text []byte) (map[string]map[string]any, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("the file is larger than %d KiB", maxText>>10)
	}
	var values map[string]map[string]any
	if err := toml.Unmarshal(text, &values); err != nil {
		return nil, err
	}
	return values, nil
}

// Edit makes the changes in place. A key that is there keeps its line and the comment behind
// it; comments inside of a value that is replaced move above it. A new key goes to the end of
// its table, a new table to the end of the text. What comes out is held against what was
// asked for: the error is ErrShape where they differ, and the text's own where it is no TOML.
func Edit(text []byte, changes []Change) ([]byte, error) {
	want, err := wanted(text, changes)
	if err != nil {
		return nil, err
	}
	out := text
	for _, c := range changes {
		if out, err = set(out, c); err != nil {
			return nil, err
		}
	}
	got, err := Values(out)
	if err != nil || !reflect.DeepEqual(got, want) {
		return nil, ErrShape
	}
	return out, nil
}

// Rewrite makes a text with the same values and the changes, without the comments.
func Rewrite(text []byte, changes []Change) ([]byte, error) {
	values, err := wanted(text, changes)
	if err != nil {
		return nil, err
	}
	return toml.Marshal(values)
}

// wanted are the values as they have to be after the changes.
func wanted(text []byte, changes []Change) (map[string]map[string]any, error) {
	values, err := Values(text)
	if err != nil {
		return nil, err
	}
	if values == nil {
		values = make(map[string]map[string]any)
	}
	for _, c := range changes {
		table, key, ok := strings.Cut(c.Key, ".")
		if !ok {
			return nil, fmt.Errorf("%q is no table and key", c.Key)
		}
		var one map[string]any
		if err := toml.Unmarshal([]byte("v = "+c.Literal+"\n"), &one); err != nil || len(one) != 1 {
			return nil, fmt.Errorf("%s: %q is no value", c.Key, c.Literal)
		}
		if values[table] == nil {
			values[table] = make(map[string]any)
		}
		values[table][key] = one["v"]
	}
	return values, nil
}

// set makes one change.
func set(text []byte, c Change) ([]byte, error) {
	table, key, _ := strings.Cut(c.Key, ".")
	newline := "\n"
	if bytes.Contains(text, []byte("\r\n")) {
		newline = "\r\n"
	}
	var p unstable.Parser
	p.KeepComments = true
	p.Reset(text)
	var within []string
	last := -1 // the end of what belongs to the table so far
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			within = names(e.Key())
			if slices.Equal(within, []string{table}) {
				last = ending(&p, e.Key())
			}
		case unstable.KeyValue:
			path := append(slices.Clone(within), names(e.Key())...)
			end := int(e.Raw.Offset + e.Raw.Length)
			if slices.Equal(path, []string{table, key}) {
				return replace(text, e, ending(&p, e.Key()), end, c.Literal, newline), nil
			}
			if slices.Equal(within, []string{table}) {
				last = end
			}
		}
	}
	if err := p.Error(); err != nil {
		return nil, fmt.Errorf("the file can't be read: %w", err)
	}
	line := key + " = " + c.Literal + newline
	if last >= 0 {
		at := endOfLine(text, last)
		if at > 0 && text[at-1] != '\n' {
			line = newline + line
		}
		return splice(text, at, at, line), nil
	}
	if len(text) > 0 {
		if text[len(text)-1] != '\n' {
			text = splice(text, len(text), len(text), newline)
		}
		line = newline + "[" + table + "]" + newline + line
	} else {
		line = "[" + table + "]" + newline + line
	}
	return splice(text, len(text), len(text), line), nil
}

// replace puts a literal in the place of a value. Comments inside of the old value move to
// lines above it.
func replace(text []byte, e *unstable.Node, keyEnd, end int, literal, newline string) []byte {
	from := keyEnd + bytes.IndexByte(text[keyEnd:end], '=') + 1
	for from < end && (text[from] == ' ' || text[from] == '\t') {
		from++
	}
	notes := comments(e.Value())
	out := splice(text, from, end, literal)
	if len(notes) > 0 {
		start := bytes.LastIndexByte(text[:e.Raw.Offset], '\n') + 1
		out = splice(out, start, start, strings.Join(notes, newline)+newline)
	}
	return out
}

// comments are those inside of a value, in their order.
func comments(n *unstable.Node) []string {
	var found []string
	for children := n.Children(); children.Next(); {
		child := children.Node()
		if child.Kind == unstable.Comment {
			found = append(found, strings.TrimRight(string(child.Data), "\r"))
		}
		found = append(found, comments(child)...)
	}
	return found
}

func names(keys unstable.Iterator) []string {
	var all []string
	for keys.Next() {
		all = append(all, string(keys.Node().Data))
	}
	return all
}

// ending is where a key's last part ends.
func ending(p *unstable.Parser, keys unstable.Iterator) int {
	end := 0
	for keys.Next() {
		raw := keys.Node().Raw
		end = int(raw.Offset + raw.Length)
	}
	return end
}

func endOfLine(text []byte, at int) int {
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

func splice(text []byte, from, to int, with string) []byte {
	return slices.Concat(text[:from], []byte(with), text[to:])
}
