package dir

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// FOLDER.md says what the code does.
func TestFolderIsAsSpecified(t *testing.T) {
	b, err := os.ReadFile("FOLDER.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(b)), " ")
	for _, want := range []string{
		strings.Join(strings.Fields(schema), " "),
		hex.EncodeToString(trailer(0, sha256.Sum256(nil))),
		fmt.Sprintf("an object of at most %d bytes", maxPacked),
		fmt.Sprintf("while %d others are being received", maxBuffers),
		fmt.Sprintf("pages have %d bytes", pageSize),
		fmt.Sprintf("carried over into the file at %d mib", checkpointBytes>>20),
		fmt.Sprintf("%d mib that hold nothing", reserveBytes>>20),
		fmt.Sprintf("`application_id` %#x, `user_version` %d", applicationID, schemaVersion),
		fmt.Sprintf("with up to %d others that wait (%d mib)", maxGroup-1, maxGroupBytes>>20),
		fmt.Sprintf("stored last, up to %d MiB", maxRecent>>20),
		fmt.Sprintf("a quarter of the file (and %d mib)", keepFree>>20),
		fmt.Sprintf("a digest of 32 zeros it is %d", markOf("a", 1, 2, 3, make([]byte, 32))),
	} {
		if !strings.Contains(strings.ToLower(page), strings.ToLower(want)) {
			t.Errorf("FOLDER.md doesn't say %q", want)
		}
	}
	// Its table has what is in a folder, and nothing else.
	s := open(t, Options{})
	for _, key := range []string{"a/small", "a/large"} {
		data := key
		if key == "a/large" {
			data = filled(large, key)
		}
		mustPut(t, s, key, data)
	}
	if _, err := os.Stat(filepath.Join(s.root, "objects", "a", "large@")); err != nil {
		t.Error(err)
	}
	said := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+?)/?` \\|").FindAllStringSubmatch(string(b), -1) {
		said[m[1]] = true
	}
	there, err := os.ReadDir(s.root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range there {
		if !said[e.Name()] {
			t.Errorf("FOLDER.md doesn't name %s", e.Name())
		}
		delete(said, e.Name())
	}
	if len(said) > 0 {
		t.Errorf("not in the folder: %v", said)
	}
}
