package rules

import (
	"fmt"
	"strings"
	"time"
)

// Hours are a part of the week: "mon-fri 19:00-07:00".
type Hours struct {
	days     [7]bool // that they begin on; Sunday is 0
	from, to int     // minutes of the day; to may lie on the next day: then it is less than from
	text     string
}

var days = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// UnmarshalText reads hours as RULES.md writes them.
func (h *Hours) UnmarshalText(text []byte) error {
	bad := func(why string) error {
		return fmt.Errorf("%q are no hours: %s; write them like \"mon-fri 19:00-07:00\"", text, why)
	}
	fields := strings.Fields(strings.ToLower(string(text)))
	if len(fields) != 2 {
		return bad("days and times are needed")
	}
	n := Hours{text: strings.Join(fields, " ")}
	for part := range strings.SplitSeq(fields[0], ",") {
		first, last, _ := strings.Cut(part, "-")
		if last == "" {
			last = first
		}
		if part == "daily" {
			first, last = "sun", "sat"
		}
		a, b := day(first), day(last)
		if a < 0 || b < 0 {
			return bad("there is no day " + part)
		}
		for d := a; ; d = (d + 1) % 7 {
			n.days[d] = true
			if d == b {
				break
			}
		}
	}
	from, to, ok := strings.Cut(fields[1], "-")
	if !ok {
		return bad("a time to begin and a time to end are needed")
	}
	var err error
	if n.from, err = minute(from); err != nil {
		return bad(err.Error())
	}
	if n.to, err = minute(to); err != nil {
		return bad(err.Error())
	}
	if n.from == n.to || n.from == 24*60 {
		return bad("they have no length")
	}
	*h = n
	return nil
}

func (h Hours) String() string { return h.text }

func day(name string) int {
	for i, d := range days {
		if d == name {
			return i
		}
	}
	return -1
}

func minute(text string) (int, error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("%s is no time of day", text)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// Contain tells whether a moment lies in the hours, by its own time zone's clock.
func (h Hours) Contain(at time.Time) bool {
	now, today := at.Hour()*60+at.Minute(), int(at.Weekday())
	if h.from < h.to {
		return h.days[today] && now >= h.from && now < h.to
	}
	return h.days[today] && now >= h.from || h.days[(today+6)%7] && now < h.to
}

// next is when one of the hours begins after at, within eight days.
func next(hours []Hours, at time.Time) (time.Time, bool) {
	var first time.Time
	for _, h := range hours {
		for ahead := range 8 {
			// The clock of that day decides, so that a change of summer time moves nothing.
			begin := time.Date(at.Year(), at.Month(), at.Day()+ahead, h.from/60, h.from%60, 0, 0, at.Location())
			if h.days[begin.Weekday()] && begin.After(at) {
				if first.IsZero() || begin.Before(first) {
					first = begin
				}
				break
			}
		}
	}
	return first, !first.IsZero()
}
