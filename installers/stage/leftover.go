package stage

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Leftover lists the processes, other than this one, whose command line or working folder
// names dir: what a run that used dir left behind.
func Leftover(dir string) []string {
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	self := "/proc/" + strconv.Itoa(os.Getpid())
	var left []string
	for _, entry := range entries {
		if entry == self {
			continue
		}
		line, err := os.ReadFile(entry + "/cmdline")
		if err != nil || len(line) == 0 {
			continue // ended meanwhile, or a zombie
		}
		cwd, _ := os.Readlink(entry + "/cwd")
		command := strings.ReplaceAll(string(line), "\x00", " ")
		if strings.Contains(command, dir) || strings.HasPrefix(cwd, dir) {
			left = append(left, filepath.Base(entry)+" "+command)
		}
	}
	return left
}
