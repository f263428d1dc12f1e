package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/heliostat-render/heliostat/shared/render/process"
)

// usage is what some processes take together.
type usage struct {
	processes int
	threads   int
	memory    int64 // bytes that they share with no file on a disk
	unlinked  int64 // bytes on disks, of files without a name
}

// under measures everything below a process, until there are more processes than most: whoever starts
// them faster than they can be counted would never be done with. Orphans have to come back to it: in a process
// namespace they go to the namespace's first process, else to the keeper that asked for them.
func under(root, most int) (usage, error) {
	var u usage
	seen, held := map[int]bool{root: true}, make(map[inode]bool)
	todo, err := process.Children(root)
	if err != nil {
		return u, err
	}
	for len(todo) > 0 && (most <= 0 || u.processes <= most) {
		pid := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[pid] {
			continue
		}
		seen[pid] = true
		u.processes++
		if text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status"); err == nil { // else it has ended
			// What it has to itself, what it has made to share with others, and what of it lies in swap.
			u.memory += sum(string(text), "RssAnon:", "RssShmem:", "VmSwap:") << 10
			u.threads += int(sum(string(text), "Threads:"))
		}
		u.open(pid, held)
		if more, err := process.Children(pid); err == nil { // else it has ended
			todo = append(todo, more...)
		}
	}
	return u, nil
}

// sum adds the numbers of some lines of a file of /proc.
func sum(text string, names ...string) (total int64) {
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) >= 2 && slices.Contains(names, fields[0]) {
			n, _ := strconv.ParseInt(fields[1], 10, 64) // the kernel's word
			total += n
		}
	}
	return total
}

// inode tells open files apart.
type inode struct{ dev, ino uint64 }

// open adds the files that a process holds open and that no folder shows: those in memory (memfd), and
// those that were removed, or never had a name.
func (u *usage) open(pid int, held map[inode]bool) {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd/"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		var st syscall.Stat_t
		if syscall.Stat(dir+entry.Name(), &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG || st.Nlink > 0 {
			continue
		}
		id := inode{st.Dev, st.Ino}
		if held[id] {
			continue
		}
		held[id] = true
		if to, err := os.Readlink(dir + entry.Name()); err == nil && strings.HasPrefix(to, "/memfd:") {
			u.memory += st.Blocks * 512
		} else {
			u.unlinked += st.Blocks * 512
		}
	}
}

// available is how much memory the machine can still give, in bytes; -1 where that isn't known.
func available() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil || !strings.Contains(string(text), "MemAvailable:") {
		return -1
	}
	return sum(string(text), "MemAvailable:") << 10
}

// defaultSpare is what the machine keeps: 1/32 of its memory, at most 512 MB.
func defaultSpare() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	return min(sum(string(text), "MemTotal:")<<10/32, 512<<20)
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
