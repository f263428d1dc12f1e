package link

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/heliostat-render/heliostat/shared/wire"
)

func TestEnvelopesAreJSON(t *testing.T) {
	for _, e := range []wire.Envelope{
		{V: 1, Type: "ok"},
		{V: 1, ID: 7, Type: "job.draft", Body: json.RawMessage(`{"a":"}","b":["]\\\"",{}]}`)},
		{V: 2, Re: 1 << 40, Type: "error", Body: json.RawMessage(`{}`)},
		{V: -1, ID: 1<<64 - 1, Re: 3, Type: "a\"<\u00e9\n", Body: json.RawMessage(`[1]`)},
		{},
	} {
		got := appendEnvelope([]byte("x"), e)[1:]
		want, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s, expected %s", got, want)
		}
		back, err := parseEnvelope(got)
		if err != nil || back.V != e.V || back.ID != e.ID || back.Re != e.Re || back.Type != e.Type || !bytes.Equal(back.Body, e.Body) {
			t.Errorf("%s comes back as %+v (%v)", got, back, err)
		}
	}
}

// Whoever writes keys in another order, twice or with spaces between them means the same.
func FuzzParseEnvelope(f *testing.F) {
	for _, seed := range []string{
		`{"v":1,"type":"ok"}`, `{"v":1,"id":3,"re":4,"type":"a.b","body":{"x":["}",{}]}}`, `{"v":1,"type":"a","body":{},"id":5}`,
		`{"v":1,"type":"a","body":{"b":1},"body":{"c":2}}`, ` { "v" : 1 }`, `{"v":01,"type":"a"}`, `{"v":1,"type":"a","body":{"a":"\\"}}`, `{"v":1,"type":"a","body":{}]}`,
		`{"v":1,"id":99999999999999999999,"type":"a"}`, `{"v":1,"type":"a","body":null}`, `{"v":1,"type":"a","body":{]}}`, `{}`, `}`, ``, `{"v":1,"type":"a","extra":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parseEnvelope(data)
		var want wire.Envelope
		wrong := json.Unmarshal(data, &want)
		switch {
		case err != nil && wrong == nil:
			t.Fatalf("%q is refused: %v", data, err)
		case err != nil:
			return
		case wrong != nil:
			// Only the body may hide that it isn't JSON, and it must not be decoded either.
			if len(got.Body) == 0 || json.Valid(got.Body) {
				t.Fatalf("%q is taken as %+v, though %v", data, got, wrong)
			}
			return
		}
		if got.V != want.V || got.ID != want.ID || got.Re != want.Re || got.Type != want.Type || !bytes.Equal(got.Body, want.Body) {
			t.Fatalf("%q is %+v, expected %+v", data, got, want)
		}
	})
}
