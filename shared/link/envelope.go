package link

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// Every message is written and read here, so the envelope around it is neither built nor taken apart by
// reflection, and its body is read once, by whoever it is for.

const opening = `{"v":`

// appendEnvelope writes a message as json.Marshal would. Its body is JSON.
func appendEnvelope(out []byte, e wire.Envelope) []byte {
	out = strconv.AppendInt(append(out, opening...), int64(e.V), 10)
	if e.ID != 0 {
		out = strconv.AppendUint(append(out, `,"id":`...), e.ID, 10)
	}
	if e.Re != 0 {
		out = strconv.AppendUint(append(out, `,"re":`...), e.Re, 10)
	}
	out = append(out, `,"type":`...)
	if plain([]byte(e.Type)) {
		out = append(append(append(out, '"'), e.Type...), '"')
	} else {
		name, _ := json.Marshal(e.Type) // a string always can be
		out = append(out, name...)
	}
	if len(e.Body) > 0 {
		out = append(append(out, `,"body":`...), e.Body...)
	}
	return append(out, '}')
}

// parseEnvelope reads a message, whose body shares data's bytes. Where data is as appendEnvelope writes it, whether
// the body is JSON shows when it is decoded.
func parseEnvelope(data []byte) (wire.Envelope, error) {
	if e, ok := parseOurs(data); ok {
		return e, nil
	}
	var e wire.Envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("a message that isn't an envelope: %w", err)
	}
	return e, nil
}

// parseOurs reads what appendEnvelope has written, its keys in that order and nothing else.
func parseOurs(data []byte) (e wire.Envelope, ok bool) {
	rest, ok := bytes.CutPrefix(data, []byte(opening))
	if !ok || data[len(data)-1] != '}' {
		return e, false
	}
	rest = rest[:len(rest)-1]
	v, rest, ok := number(rest)
	if !ok || v > math.MaxInt32 {
		return e, false
	}
	e.V = int(v)
	if after, has := bytes.CutPrefix(rest, []byte(`,"id":`)); has {
		if e.ID, rest, ok = number(after); !ok {
			return e, false
		}
	}
	if after, has := bytes.CutPrefix(rest, []byte(`,"re":`)); has {
		if e.Re, rest, ok = number(after); !ok {
			return e, false
		}
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`,"type":"`)); !ok {
		return e, false
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 || !plain(rest[:end]) {
		return e, false
	}
	e.Type, rest = wire.Type(rest[:end]), rest[end+1:]
	if len(rest) == 0 {
		return e, true
	}
	body, ok := bytes.CutPrefix(rest, []byte(`,"body":`))
	if !ok || string(body) != "null" && !single(body) {
		return e, false
	}
	e.Body = body
	return e, true
}

// plain tells whether a text is the same in JSON.
func plain(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// number reads digits that are a number in JSON too.
func number(data []byte) (n uint64, rest []byte, ok bool) {
	i := 0
	for ; i < len(data) && i < 19 && data[i] >= '0' && data[i] <= '9'; i++ {
		n = 10*n + uint64(data[i]-'0')
	}
	return n, data[i:], i > 0 && i < 19 && (i == 1 || data[0] != '0')
}

// single tells whether JSON that begins an object is nothing but that object.
func single(data []byte) bool {
	if len(data) == 0 || data[0] != '{' {
		return false
	}
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i == len(data)-1
			}
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		}
	}
	return false
}
