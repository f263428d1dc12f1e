package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMistakesOfOperators: a wrong command line is answered with what to write instead, and changes nothing.
func TestMistakesOfOperators(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("not a backup"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"":                                    "say what to do: blobs, depot, drain, rush, serve, store, top, trail",
		"frob":                                `"frob" isn't a command`,
		"serv":                                "did you mean serve",
		"serve":                               "--data is missing: name a folder",
		"serve --data NONE --lease soon":      `--lease "soon" can't be read: write 30s, 10m or 1h30m`,
		"serve --data NONE --studio attic":    "--studio attic is not an address: write 0x and 40 hex digits",
		"serve --data NONE --operator attic":  "--operator attic is not an address: write 0x and 40 hex digits",
		"serve --data NONE --store mysql://x": "databases of mysql:// aren't spoken: use postgres://…",
		"serve --data NONE --price -1":        "--price and --faucet can't be negative",
		"drain":                               "--data is missing",
		"drain --wait":                        "--wait needs a value: write 30s, 10m or 1h30m",
		"drain --data NONE --wait soon":       `--wait "soon" can't be read: write 30s, 10m or 1h30m`,
		"drain --data NONE --wait -5m":        "--wait -5m0s is negative: write how long what is out may take, such as 10m",
		"drain --data NONE":                   "no manager runs on the data folder",
		"drain NONE":                          "is one argument too many",
		"top --data NONE --once":              "no manager runs on the data folder",
		"top --data NONE --every 1ms":         "--every 1ms is shorter than a tenth of a second",
		"trail --data NONE":                   "holds no manager's data",
		"trail --data NONE --limit 0":         "--limit 0 shows nothing: write how many lines",
		"depot":                               "say what to do: add, list, remove",
		"depot fetch":                         `"fetch" isn't a command: there are add, list, remove`,
		"depot list --data NONE":              "holds no manager's data",
		"depot add":                           "the archive is missing",
		"depot add FILE --data NONE":          "--renderer and --version are missing",
		"depot remove --data NONE":            "the archive's digest is missing",
		"store":                               "say what to do: backup, check, migrate-to, restore",
		"store check":                         "--data or --store is missing",
		"store backup --data NONE":            "the file to write is missing",
		"store restore --data NONE":           "the backup to read is missing",
		"store restore --data NONE NONE":      "does not exist: check the path",
		"store restore --data NONE FILE":      "is not a backup: name a file that `heliostat-manager store backup` wrote",
		"store migrate-to":                    "the new database is missing",
		"store check --store mysql://x":       "aren't spoken: use postgres://…",
		"blobs copy":                          "--from is missing",
		"depot add FILE --data NONE --os beos --renderer blender --version 4 --arch amd64": "no worker runs on beos/amd64",
	} {
		none := filepath.Join(dir, "none")
		args := strings.Fields(strings.NewReplacer("NONE", none, "FILE", file).Replace(line))
		out, err := command(rootCommand(), args...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("heliostat-manager %s: %v, want %q; it printed %q", line, err, want, out)
		}
		if _, err := os.Stat(none); err == nil {
			t.Errorf("heliostat-manager %s made the data folder", line)
			os.RemoveAll(none)
		}
	}
}
