package rules

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Linux reads /sys, /proc, the X server and the login manager.
type Linux struct {
	Sys     string // "/sys"
	Proc    string // "/proc"
	Display string // the X display; "" where there is none
	Self    int    // the process whose descendants are the worker's own programs

	now     func() time.Time
	energy  map[string]float64 // microjoules by counter, of the last reading
	metered time.Time
}

var _ Machine = (*Linux)(nil)

// This is the computer that the worker runs on.
func This() Machine {
	return &Linux{Sys: "/sys", Proc: "/proc", Display: os.Getenv("DISPLAY"), Self: os.Getpid(), now: time.Now}
}

// Idle asks the X server where there is a display, else the login manager. A display that
// can't be reached is an error: it says that somebody has one.
func (l *Linux) Idle(ctx context.Context) (time.Duration, error) {
	if l.Display != "" {
		idle, err := idleX(l.Display)
		if err == nil {
			return idle, nil
		}
		if logged, e := idleLogin(ctx); e == nil && logged < Forever {
			return logged, nil // somebody is logged in, at a screen that we may not see
		}
		return 0, err
	}
	return idleLogin(ctx)
}

// Fullscreen asks the X server. Without one nobody watches a screen that we could see.
func (l *Linux) Fullscreen(context.Context) (string, error) {
	if l.Display == "" {
		return "", nil
	}
	return fullscreenX(l.Display)
}

// OnBattery is true when a battery discharges and no mains is on line.
func (l *Linux) OnBattery(context.Context) (bool, error) {
	supplies, err := os.ReadDir(filepath.Join(l.Sys, "class", "power_supply"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the power supplies: %w", err)
	}
	discharging := false
	for _, s := range supplies {
		dir := filepath.Join(l.Sys, "class", "power_supply", s.Name())
		if word(dir, "scope") == "Device" {
			continue // a mouse's or a pen's battery
		}
		switch word(dir, "type") {
		case "Mains", "USB":
			if word(dir, "online") == "1" {
				return false, nil
			}
		case "Battery":
			discharging = discharging || word(dir, "status") == "Discharging"
		}
	}
	return discharging, nil
}

// processorSensors are the hwmon drivers and thermal zones of processors.
var processorSensors = []string{"coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "x86_pkg_temp", "soc_thermal", "soc-thermal", "scpi_sensors"}

// Temperature is the processor's hottest sensor.
func (l *Linux) Temperature(context.Context) (float64, error) {
	hottest := math.Inf(-1)
	see := func(file string) {
		if milli, err := strconv.ParseFloat(word(filepath.Split(file)), 64); err == nil && milli > 0 && milli < 200_000 {
			hottest = max(hottest, milli/1000)
		}
	}
	chips, _ := filepath.Glob(filepath.Join(l.Sys, "class", "hwmon", "*"))
	for _, chip := range chips {
		if slices.Contains(processorSensors, word(chip, "name")) {
			inputs, _ := filepath.Glob(filepath.Join(chip, "temp*_input"))
			for _, input := range inputs {
				see(input)
			}
		}
	}
	zones, _ := filepath.Glob(filepath.Join(l.Sys, "class", "thermal", "thermal_zone*"))
	for _, zone := range zones {
		if kind := word(zone, "type"); slices.Contains(processorSensors, kind) || strings.HasPrefix(strings.ToLower(kind), "cpu") {
			see(filepath.Join(zone, "temp"))
		}
	}
	if math.IsInf(hottest, -1) {
		return 0, fmt.Errorf("no sensor of the processor is in %s: %w", l.Sys, ErrUnknown)
	}
	return hottest, nil
}

// Power is the mean of the processor's packages since the last call (RAPL).
func (l *Linux) Power(context.Context) (float64, error) {
	packages, _ := filepath.Glob(filepath.Join(l.Sys, "class", "powercap", "intel-rapl:*"))
	now := l.now()
	seconds := now.Sub(l.metered).Seconds()
	before := l.energy
	l.energy, l.metered = map[string]float64{}, now
	watts, read := 0.0, 0
	for _, p := range packages {
		if strings.Count(filepath.Base(p), ":") != 1 {
			continue // a part of a package
		}
		energy, err := strconv.ParseFloat(word(p, "energy_uj"), 64)
		if err != nil {
			continue
		}
		read++
		l.energy[p] = energy
		if last, ok := before[p]; ok && energy >= last && seconds > 0 { // the counter starts again now and then
			watts += (energy - last) / 1e6 / seconds
		}
	}
	if read == 0 {
		return 0, fmt.Errorf("the processor has no meter that this user may read: %w", ErrUnknown)
	}
	return watts, nil
}

// Programs lists what runs, without the worker and what it started.
func (l *Linux) Programs(context.Context) ([]string, error) {
	entries, err := os.ReadDir(l.Proc)
	if err != nil {
		return nil, fmt.Errorf("list the programs: %w", err)
	}
	parents, names := map[int]int{}, map[int]string{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join(l.Proc, e.Name(), "stat"))
		if err != nil {
			continue // it has ended
		}
		// "pid (name) state parent …"; a name may hold brackets.
		open, end := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
		if open < 0 || end < open {
			continue
		}
		rest := strings.Fields(string(text[end+1:]))
		if len(rest) < 2 {
			continue
		}
		parents[pid], _ = strconv.Atoi(rest[1])
		names[pid] = string(text[open+1 : end])
		// The kernel keeps 15 letters.
		if len(names[pid]) == 15 {
			if line, err := os.ReadFile(filepath.Join(l.Proc, e.Name(), "cmdline")); err == nil {
				first, _, _ := strings.Cut(string(line), "\x00")
				if base := filepath.Base(first); strings.HasPrefix(base, names[pid]) {
					names[pid] = base
				}
			}
		}
	}
	var programs []string
	for pid, name := range names {
		ours := false
		for at, steps := pid, 0; at > 0 && steps < 1000; at, steps = parents[at], steps+1 {
			if at == l.Self {
				ours = true
				break
			}
		}
		if !ours {
			programs = append(programs, name)
		}
	}
	slices.Sort(programs)
	return slices.Compact(programs), nil
}

// word is the first line of a small file, "" when it can't be read.
func word(dir, name string) string {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	defer f.Close()
	line, _ := bufio.NewReaderSize(f, 256).ReadString('\n')
	return strings.TrimSpace(line)
}
