package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/heliostat-render/heliostat/shared/render/process"
)

// usage is what some processes take together.
type usage struct {
	processes int
	memory    int64 // bytes that they share with no file
}

// under measures everything below a process. Orphans have to come back to it: in a process
// namespace they go to the namespace's first process, else to the keeper that asked for them.
func under(root int) (usage, error) {
	var u usage
	seen := map[int]bool{root: true}
	todo, err := process.Children(root)
	if err != nil {
		return u, err
	}
	for len(todo) > 0 {
		pid := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[pid] {
			continue
		}
		seen[pid] = true
		u.processes++
		u.memory += memory(pid)
		if more, err := process.Children(pid); err == nil { // else it has ended
			todo = append(todo, more...)
		}
	}
	return u, nil
}

func memory(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 3 {
		return 0
	}
	resident, _ := strconv.ParseInt(fields[1], 10, 64)
	shared, _ := strconv.ParseInt(fields[2], 10, 64)
	return max(0, resident-shared) * int64(os.Getpagesize())
}

// written counts what lies in the writable folder beside the spared ones. It stops once a
// limit is broken.
func written(s guardSpec) (files int, bytes int64) {
	_ = filepath.WalkDir(s.Writable, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry == nil {
			return nil //nolint:nilerr // it has just been removed
		}
		if entry.IsDir() && spared(s, path) {
			return fs.SkipDir
		}
		files++
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			size := info.Size()
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				size = min(size, st.Blocks*512) // a hole takes nothing
			}
			bytes += size
		}
		if s.Files > 0 && files > s.Files || s.Disk > 0 && bytes > s.Disk {
			return fs.SkipAll
		}
		return nil
	})
	return files, bytes
}
