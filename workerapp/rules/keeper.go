package rules

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"strings"
	"sync"
	"time"
)

const (
	// cool is how far below its limit a temperature has to fall before work goes on, in °C.
	cool = 5
	// hold is how long a pause for heat or power lasts at least.
	hold = time.Minute
	// patience bounds one look at the machine.
	patience = 10 * time.Second
)

// Keeper holds the owner's rules against the machine and closes the gate.
type Keeper struct {
	Gate    *Gate
	Machine Machine
	// Boards lists the GPUs that render; nil where none does.
	Boards func(ctx context.Context) ([]Board, error)
	// File is read again when it changes; "" keeps the rules that Set gave.
	File string
	// Base is what the file is read over.
	Base Rules
	// Changed is told new rules, from Look's goroutine. It may be nil.
	Changed func(Rules)
	Log     *slog.Logger

	mu    sync.Mutex
	rules Rules     // guarded by mu
	set   bool      // guarded by mu
	stamp time.Time // of the file's last reading; Look's own, as all that follow
	size  int64
	since map[string]time.Time // when a held pause began
}

// Rules are those in force.
func (k *Keeper) Rules() Rules {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.set {
		return k.Base
	}
	return k.rules
}

// Set puts rules in force until the file changes.
func (k *Keeper) Set(r Rules) {
	k.mu.Lock()
	k.rules, k.set = r, true
	k.mu.Unlock()
}

// Keep looks at every tick until ctx ends.
func (k *Keeper) Keep(ctx context.Context, tick <-chan time.Time) error {
	for {
		select {
		case now := <-tick:
			k.Look(ctx, now)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Look holds every rule against the machine once. It belongs to one goroutine.
func (k *Keeper) Look(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	k.reload()
	r := k.Rules()
	for _, rule := range all {
		if !rule.wanted(&r) {
			k.resume(rule.name, now)
			continue
		}
		mode, reason, err := rule.look(ctx, k, &r, now)
		switch {
		case ctx.Err() != nil && err != nil:
			continue // stopping, or a sensor that hangs: what was found last holds
		case err != nil:
			k.Gate.Pause(rule.name, Now, fmt.Sprintf("%s: %v; change the rule, or mend the sensor", rule.unknown, err))
		case reason != "":
			k.pause(rule, mode, reason, now)
		default:
			k.resume(rule.name, now)
		}
	}
}

func (k *Keeper) pause(r rule, mode Mode, reason string, now time.Time) {
	if r.held {
		if k.since == nil {
			k.since = map[string]time.Time{}
		}
		k.since[r.name] = now
	}
	k.Gate.Pause(r.name, mode, reason)
}

func (k *Keeper) resume(name string, now time.Time) {
	if began, held := k.since[name]; held && now.Sub(began) < hold && now.Sub(began) >= 0 {
		return
	}
	delete(k.since, name)
	k.Gate.Resume(name)
}

// reload reads the file again when it has changed.
func (k *Keeper) reload() {
	if k.File == "" {
		return
	}
	info, err := os.Stat(k.File)
	var stamp time.Time
	var size int64
	if err == nil {
		stamp, size = info.ModTime(), info.Size()
	}
	if stamp.Equal(k.stamp) && size == k.size {
		return
	}
	k.stamp, k.size = stamp, size
	r, err := Read(k.File, k.Base)
	if err != nil {
		k.Log.Warn("the owner's rules can't be used", "err", err)
		k.Gate.Pause("rules", Finish, err.Error())
		return
	}
	k.Gate.Resume("rules")
	k.Set(r)
	k.Log.Info("the owner's rules are in force", "file", k.File)
	if k.Changed != nil {
		k.Changed(r)
	}
}

// rule is one thing that the keeper looks at.
type rule struct {
	name    string
	unknown string // what to say when it can't be told
	held    bool   // a pause lasts for a while
	wanted  func(*Rules) bool
	look    func(context.Context, *Keeper, *Rules, time.Time) (Mode, string, error)
}

var all = []rule{
	{"idle", "it can't be told whether somebody uses this machine", false, func(r *Rules) bool { return r.When.Idle > 0 }, lookIdle},
	{"hours", "", false, func(r *Rules) bool { return len(r.When.Hours) > 0 }, lookHours},
	{"battery", "it can't be told whether this machine runs on battery", false, func(r *Rules) bool { return !r.When.Battery }, lookBattery},
	{"program", "it can't be told which programs run", false, func(r *Rules) bool { return len(r.Pause.Programs) > 0 }, lookPrograms},
	{"fullscreen", "it can't be told whether a window fills the screen", false, func(r *Rules) bool { return r.Pause.Fullscreen }, lookFullscreen},
	{"temperature", "the processor's temperature can't be read", true, func(r *Rules) bool { return r.Limits.Temperature > 0 }, lookTemperature},
	{"gpu-temperature", "the GPU's temperature can't be read", true, func(r *Rules) bool { return r.Limits.GPUTemperature > 0 }, lookBoards},
	{"power", "the power that this machine takes can't be read", true, func(r *Rules) bool { return r.Limits.Power > 0 }, lookPower},
}

func lookIdle(ctx context.Context, k *Keeper, r *Rules, _ time.Time) (Mode, string, error) {
	idle, err := k.Machine.Idle(ctx)
	if err != nil || idle >= time.Duration(r.When.Idle) {
		return "", "", err
	}
	return Now, fmt.Sprintf("somebody uses this machine; work goes on when it was idle for %v", time.Duration(r.When.Idle)), nil
}

func lookHours(_ context.Context, _ *Keeper, r *Rules, now time.Time) (Mode, string, error) {
	for _, h := range r.When.Hours {
		if h.Contain(now) {
			return "", "", nil
		}
	}
	reason := "outside the hours that the owner gives"
	if begin, ok := next(r.When.Hours, now); ok {
		reason += "; work goes on " + begin.Format("Mon 15:04")
	}
	return r.When.HoursEnd, reason, nil
}

func lookBattery(ctx context.Context, k *Keeper, _ *Rules, _ time.Time) (Mode, string, error) {
	on, err := k.Machine.OnBattery(ctx)
	if errors.Is(err, ErrUnknown) {
		return "", "", nil // the default rule, on a computer without batteries
	}
	if err != nil || !on {
		return "", "", err
	}
	return Now, "this machine runs on battery", nil
}

func lookPrograms(ctx context.Context, k *Keeper, r *Rules, _ time.Time) (Mode, string, error) {
	programs, err := k.Machine.Programs(ctx)
	if err != nil {
		return "", "", err
	}
	for _, program := range programs {
		name := strings.TrimSuffix(strings.ToLower(program), ".exe")
		for _, pattern := range r.Pause.Programs {
			if ok, err := path.Match(strings.TrimSuffix(strings.ToLower(pattern), ".exe"), name); ok && err == nil {
				return Now, program + " is running", nil
			}
		}
	}
	return "", "", nil
}

func lookFullscreen(ctx context.Context, k *Keeper, _ *Rules, _ time.Time) (Mode, string, error) {
	title, err := k.Machine.Fullscreen(ctx)
	if err != nil || title == "" {
		return "", "", err
	}
	return Now, "“" + title + "” fills the screen", nil
}

// tooMuch is the hysteresis of a figure: over the limit, or paused for it and not yet low
// enough.
func (k *Keeper) tooMuch(name string, figure, limit, margin float64) bool {
	_, paused := k.since[name]
	return figure >= limit || paused && figure > limit-margin
}

func lookTemperature(ctx context.Context, k *Keeper, r *Rules, _ time.Time) (Mode, string, error) {
	limit := r.Limits.Temperature
	t, err := k.Machine.Temperature(ctx)
	if err != nil || !k.tooMuch("temperature", t, limit, cool) {
		return "", "", err
	}
	return Now, fmt.Sprintf("the processor has %.0f °C, its limit is %.0f °C", t, limit), nil
}

func (k *Keeper) boards(ctx context.Context) ([]Board, error) {
	if k.Boards == nil {
		return nil, nil
	}
	return k.Boards(ctx)
}

func lookBoards(ctx context.Context, k *Keeper, r *Rules, _ time.Time) (Mode, string, error) {
	limit := r.Limits.GPUTemperature
	boards, err := k.boards(ctx)
	if err != nil {
		return "", "", err
	}
	for _, b := range boards {
		if b.Temperature > 0 && k.tooMuch("gpu-temperature", b.Temperature, limit, cool) {
			return Now, fmt.Sprintf("%s has %.0f °C, its limit is %.0f °C", b.Name, b.Temperature, limit), nil
		}
	}
	return "", "", nil
}

func lookPower(ctx context.Context, k *Keeper, r *Rules, _ time.Time) (Mode, string, error) {
	boards, err := k.boards(ctx)
	if err != nil {
		return "", "", err
	}
	total, err := k.Machine.Power(ctx)
	known := err == nil
	for _, b := range boards {
		total += b.Power
		known = known || b.Power > 0
	}
	if !known {
		return "", "", err
	}
	if !k.tooMuch("power", total, r.Limits.Power, 0) {
		return "", "", nil
	}
	return Now, fmt.Sprintf("processor and GPUs take %.0f W, their limit is %.0f W", total, r.Limits.Power), nil
}
