package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/plugins/submit"
	"github.com/heliostat-render/heliostat/shared/job"
)

// wants are the flags of a submission about who renders it, and when.
type wants struct {
	after, tags, allow, block []string
	vram, memory              string
	class, region, deadline   string
	scout, probe, anyPatch    bool
	release                   string
	tiles                     int

	needs job.Needs // from the flags above, by check
	due   int64     // Unix seconds, 0 for none
	held  *int64    // seconds, from release; nil for ever
}

func (w *wants) register(flags *pflag.FlagSet) {
	flags.StringSliceVar(&w.after, "after", nil, "start once these `jobs` are delivered; repeatable")
	flags.StringSliceVar(&w.tags, "tag", nil, "only workers with all of these `tags`; repeatable")
	flags.StringVar(&w.region, "region", "", "only workers of this `region`")
	flags.StringVar(&w.class, "class", "", "only workers of this device `class`, as heliostat nodes --json shows it")
	flags.StringVar(&w.vram, "vram", "", "only workers with so much GPU memory, such as 12G")
	flags.StringVar(&w.memory, "memory", "", "only workers with so much memory, such as 32G")
	flags.StringSliceVar(&w.allow, "allow", nil, "only these `workers`, by address; repeatable")
	flags.StringSliceVar(&w.block, "block", nil, "never these `workers`, by address; repeatable")
	flags.StringVar(&w.deadline, "deadline", "", "finish by this `time`, such as 6h or \"2026-11-23 08:00\": those of your jobs that would be late go first")
	flags.BoolVar(&w.scout, "scout", false, "render the first, the middle and the last frame, and the rest after heliostat job release")
	flags.StringVar(&w.release, "scout-release", "never", "with --scout: release the rest by itself `after` so long, such as 2h, counted from the scouts' check; verified is at once, never waits for you")
	flags.BoolVar(&w.probe, "probe", false, "pay for three frames at reduced samples first, so that the quote is a good one")
	flags.BoolVar(&w.anyPatch, "any-patch", false, "take workers with any patch release of your Blender, such as 3.4.0 for 3.4.1: more of them, and pixels that may differ a little between frames")
	flags.IntVar(&w.tiles, "tiles", 0, "render each frame in about so many `parts`, on as many workers, and join them without seams: for stills that take long")
}

// check reads the flags.
func (w *wants) check(now time.Time) error {
	w.needs = job.Needs{Class: w.class, Region: w.region, Tags: w.tags, Allow: w.allow, Block: w.block}
	for _, size := range []struct {
		name, text string
		to         *int64
	}{{"vram", w.vram, &w.needs.VRAM}, {"memory", w.memory, &w.needs.Memory}} {
		if size.text == "" {
			continue
		}
		n, err := parseSize(size.text)
		if err != nil {
			return usagef("--%s %w", size.name, err)
		}
		*size.to = n
	}
	for name, list := range map[string][]string{"allow": w.allow, "block": w.block} {
		for _, address := range list {
			if len(address) != 42 || !strings.HasPrefix(address, "0x") {
				return usagef("--%s %s is not a worker's address; heliostat nodes --json shows them", name, address)
			}
		}
	}
	var err error
	if w.held, err = parseRelease(w.release, w.scout); err != nil {
		return usageError{err}
	}
	if w.tiles < 0 || w.tiles > 1024 {
		return usagef("--tiles %d is out of range; use 2 to 1024, or leave it out", w.tiles)
	}
	if w.deadline == "" {
		return nil
	}
	due, err := parseDeadline(w.deadline, now)
	if err != nil {
		return usageError{err}
	}
	w.due = due.Unix()
	return nil
}

// apply puts them into the scene.
func (w *wants) apply(s *submit.Scene) {
	s.Needs, s.After, s.Scout, s.Tiles, s.Probe, s.Deadline = w.needs, w.after, w.scout, w.tiles, w.probe, w.due
	s.ReleaseAfter = w.held
	s.Recipe.AnyPatch = s.Recipe.AnyPatch || w.anyPatch
}

// parseRelease reads after which time scouted jobs go on by themselves, nil for never.
func parseRelease(text string, scout bool) (*int64, error) {
	if text == "never" {
		return nil, nil
	}
	if !scout {
		return nil, errors.New("--scout-release needs --scout: without scout frames nothing is held back")
	}
	if text == "verified" {
		return new(int64), nil
	}
	after, err := time.ParseDuration(text)
	if err != nil || after < 0 || after > maxRelease {
		return nil, fmt.Errorf("--scout-release %q can't be used: write a time such as 90m or 2h, up to 30 days (720h), or verified, or never", text)
	}
	seconds := int64(math.Ceil(after.Seconds()))
	return &seconds, nil
}

// maxRelease is what managers allow.
const maxRelease = 30 * 24 * time.Hour

// parseSize reads bytes: "12G", "512M", in powers of 1024; without a unit they are GiB.
func parseSize(text string) (int64, error) {
	number, unit := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(text), "B"), "I"), float64(1<<30)
	if len(number) > 0 {
		if i := strings.IndexByte("MGT", number[len(number)-1]); i >= 0 {
			number, unit = number[:len(number)-1], float64(int64(1)<<(20+10*i))
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n > 0 && n*unit < math.MaxInt64/2) {
		return 0, fmt.Errorf("%q is not a size: write 12G or 512M", text)
	}
	return int64(n * unit), nil
}

// parseDeadline reads a duration from now, or a time of this machine's clock.
func parseDeadline(text string, now time.Time) (time.Time, error) {
	due := now
	if d, err := time.ParseDuration(text); err == nil {
		due = now.Add(d)
	} else {
		found := false
		for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"} {
			if at, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
				due, found = at, true
				break
			}
		}
		if !found {
			return now, fmt.Errorf("--deadline %q can't be read; write 6h, 90m or \"2026-11-23 08:00\"", text)
		}
	}
	if !due.After(now) {
		return now, fmt.Errorf("--deadline %s has passed", due.Format("2006-01-02 15:04"))
	}
	return due, nil
}

// scouting says how far a job with scout frames is.
func scouting(j job.Job) string {
	switch text := "first, middle and last frame; the rest waits for heliostat job release " + j.ID; {
	case j.Released:
		return "seen, the rest is released"
	case j.ReleaseAfter == nil:
		return text + ", it isn't released by itself"
	case j.ReleaseAt > 0:
		return text + ", or until " + time.UnixMilli(j.ReleaseAt).Format("2006-01-02 15:04:05")
	default:
		return text + fmt.Sprintf(", or until %s after their check", time.Duration(*j.ReleaseAfter)*time.Second)
	}
}

// wantsOf are the same of a job that is there, for people.
func wantsOf(j job.Job) (facts [][]string) {
	add := func(name, text string) {
		if text != "" {
			facts = append(facts, []string{name, clean(text)})
		}
	}
	if j.Priority != 0 {
		add("priority", strconv.Itoa(j.Priority))
	}
	add("rush", state.Rushed(j))
	if j.Deadline > 0 {
		add("deadline", time.Unix(j.Deadline, 0).Format("2006-01-02 15:04"))
	}
	add("after", strings.Join(j.After, ", "))
	if j.Scout {
		add("scouts", scouting(j))
	}
	if j.Recipe.AnyPatch {
		add("releases", "any patch release of "+j.Recipe.Version)
	}
	var needs []string
	for _, size := range []struct {
		n    int64
		what string
	}{{j.Needs.VRAM, "of GPU memory"}, {j.Needs.Memory, "of memory"}} {
		if size.n > 0 {
			needs = append(needs, fmt.Sprintf("%.1f GiB %s", float64(size.n)/(1<<30), size.what))
		}
	}
	for _, text := range []string{j.Needs.Class, j.Needs.Region, strings.Join(j.Needs.Tags, ", ")} {
		if text != "" {
			needs = append(needs, text)
		}
	}
	if n := len(j.Needs.Allow); n > 0 {
		needs = append(needs, fmt.Sprintf("one of %d allowed workers", n))
	}
	if n := len(j.Needs.Block); n > 0 {
		needs = append(needs, fmt.Sprintf("none of %d blocked workers", n))
	}
	add("needs", strings.Join(needs, "; "))
	return facts
}
