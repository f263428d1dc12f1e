package main

import (
	"bufio"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// meter counts the processor time of everything that is started while it is entered, also
// of processes that end in a sandbox's namespace, where nobody is told what they took: a
// control group of its own.
type meter struct {
	dir, home string
	usage     func(dir string) (float64, error)
}

// newMeter makes a control group; the error says why this machine has none to give.
func newMeter(name string) (*meter, error) {
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return nil, err
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	var failed []error
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		m := &meter{}
		prefix := ""
		switch {
		case fields[2] == "cgroup2":
			m.usage, prefix = usageNow, "0::"
		case fields[2] == "cgroup" && strings.Contains(","+fields[3]+",", ",cpuacct,"):
			m.usage, prefix = usageOld, ":cpuacct:"
		default:
			continue
		}
		for line := range strings.Lines(string(own)) {
			if at := strings.Index(line, prefix); at >= 0 {
				m.home = filepath.Join(fields[1], strings.TrimSpace(line[at+len(prefix):]))
			}
		}
		if m.home == "" {
			continue
		}
		m.dir = filepath.Join(m.home, fmt.Sprintf("heliostat-bench-%d-%s", os.Getpid(), name))
		if err := os.Mkdir(m.dir, 0o755); err != nil {
			failed = append(failed, err)
			continue
		}
		if _, err := m.usage(m.dir); err != nil {
			failed = append(failed, err, os.Remove(m.dir))
			continue
		}
		return m, nil
	}
	return nil, errors.Join(append(failed, errors.New("no control group can be made here; run as root for the CPU row"))...)
}

func usageNow(dir string) (float64, error) {
	f, err := os.Open(filepath.Join(dir, "cpu.stat"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "usage_usec "); ok {
			micros, err := strconv.ParseFloat(text, 64)
			return micros / 1e6, err
		}
	}
	return 0, errors.New("cpu.stat tells no usage")
}

func usageOld(dir string) (float64, error) {
	text, err := os.ReadFile(filepath.Join(dir, "cpuacct.usage"))
	if err != nil {
		return 0, err
	}
	nanos, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	return nanos / 1e9, err
}

// during counts what is started in f from now on, as long as it lives. A nil meter only
// runs f.
func (m *meter) during(f func() error) error {
	if m == nil {
		return f()
	}
	move := func(dir string) error {
		return os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0)
	}
	if err := move(m.dir); err != nil {
		return fmt.Errorf("enter a control group: %w", err)
	}
	return errors.Join(f(), move(m.home))
}

// seconds is the processor time so far.
func (m *meter) seconds() float64 {
	if m == nil {
		return 0
	}
	s, err := m.usage(m.dir)
	if err != nil {
		log.Print(err)
	}
	return s
}

func (m *meter) close() {
	if m != nil {
		if err := os.Remove(m.dir); err != nil {
			log.Print(err)
		}
	}
}
