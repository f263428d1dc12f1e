package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The service and the image start this command with flags that it has.
func TestInstallersUseFlagsThatExist(t *testing.T) {
	flag := regexp.MustCompile(`--([a-z-]+)`)
	for file, start := range map[string]string{
		"../../installers/linux/heliostat-worker.service": "ExecStart=",
		"../../installers/container/Dockerfile":           "HEALTHCHECK",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, start) {
				continue
			}
			_, line, _ = strings.Cut(line, "heliostat-worker") // its own flags come after its name
			for _, m := range flag.FindAllStringSubmatch(line, -1) {
				found++
				if runCommand().Flags().Lookup(m[1]) == nil && statusCommand().Flags().Lookup(m[1]) == nil {
					t.Errorf("%s uses --%s", file, m[1])
				}
			}
		}
		if found == 0 {
			t.Errorf("%s starts nothing", file)
		}
	}
}
