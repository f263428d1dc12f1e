package resident

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestProtocolPage holds PROTOCOL.md to the code: every field of a reply and every kind of
// failure is on the page.
func TestProtocolPage(t *testing.T) {
	page, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, kind := range []reflect.Type{reflect.TypeFor[Reply](), reflect.TypeFor[FileReply](), reflect.TypeFor[MasterReply](), reflect.TypeFor[TileReply]()} {
		for field := range kind.Fields() {
			words = append(words, strings.ToLower(field.Name))
		}
	}
	for kind := range kinds {
		words = append(words, kind)
	}
	for _, word := range words {
		if !strings.Contains(string(page), "`"+word+"`") {
			t.Errorf("the page has no %s", word)
		}
	}
}
