package process

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"time"
)

// look reads what a process and everything below it has used. The processes of a namespace of
// their own are seen from outside like all others.
func look(root int) pulse {
	var p pulse
	self, _ := os.Stat("/proc/self/exe")
	todo, seen := []int{root}, map[int]bool{}
	for len(todo) > 0 {
		pid := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[pid] {
			continue
		}
		seen[pid] = true
		more, err := Children(pid)
		if err != nil {
			continue // it has ended
		}
		todo = append(todo, more...)
		dir := "/proc/" + strconv.Itoa(pid)
		if exe, err := os.Stat(dir + "/exe"); err == nil && os.SameFile(exe, self) {
			continue
		}
		p.add(dir)
	}
	return p
}

// What lies behind the name in a stat file, counted from the state on.
const (
	statUser    = 11 // and after it: system, and both of the children that it waited for
	statStarted = 19
)

// add counts one process.
func (p *pulse) add(dir string) {
	fields := stat(dir)
	if len(fields) <= statStarted || fields[0] == "Z" {
		return
	}
	p.known = true
	p.processes++
	for _, ticks := range fields[statUser : statUser+4] {
		n, _ := strconv.ParseInt(ticks, 10, 64)
		p.cpu += time.Duration(n) * clockTick
	}
	// The order doesn't matter, and none appears twice.
	started, _ := strconv.ParseUint(fields[statStarted], 10, 64)
	pid, _ := strconv.ParseUint(dir[len("/proc/"):], 10, 64)
	p.family += (started<<22 ^ pid) * 0x9e3779b97f4a7c15
	if fields[0] == "T" || fields[0] == "t" {
		p.stopped++
	}
	threads, _ := os.ReadDir(dir + "/task")
	for _, t := range threads {
		if f := stat(dir + "/task/" + t.Name()); len(f) > 0 && (f[0] == "R" || f[0] == "D") {
			p.active = true
		}
	}
	text, _ := os.ReadFile(dir + "/io") // without the right to, processor time has to do
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "rchar", "wchar", "read_bytes", "write_bytes": // files that are mapped are only in the latter
			n, _ := strconv.ParseInt(value, 10, 64)
			p.bytes += n
		}
	}
}

// stat gives the fields of a process or thread from its state on; none when it has ended.
func stat(dir string) []string {
	text, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // a name may hold anything
}

// Children are the processes that a process's threads have started and that were left to it.
func Children(pid int) ([]int, error) {
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	threads, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []int
	for _, t := range threads {
		text, err := os.ReadFile(dir + "/" + t.Name() + "/children")
		if err != nil {
			continue
		}
		for _, word := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(word); err == nil {
				all = append(all, child)
			}
		}
	}
	return all, nil
}
