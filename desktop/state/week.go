package state

import (
	"fmt"
	"strings"
	"time"
)

const (
	dayMinutes = 24 * 60
	weekDays   = 7
)

// DayNames begin the week on Monday.
var DayNames = [weekDays]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Week is the minutes of a week, Monday first, in local time.
type Week [weekDays][dayMinutes]bool

// Fill sets the minutes from (with) to (without) of a day.
func (w *Week) Fill(day, from, to int, on bool) {
	for minute := from; minute < to; minute++ {
		w[day][minute] = on
	}
}

// Share is how much of a span of a day's minutes is set, 0 to 1.
func (w *Week) Share(day, from, to int) float32 {
	n := 0
	for _, on := range w[day][from:to] {
		if on {
			n++
		}
	}
	return float32(n) / float32(to-from)
}

// Total is how many minutes of the week are set.
func (w *Week) Total() int {
	n := 0
	for day := range w {
		for _, on := range w[day] {
			if on {
				n++
			}
		}
	}
	return n
}

// weekOf samples hours: a minute is set where contain says so.
func weekOf(contain func(time.Time) bool) Week {
	var w Week
	monday := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) // any week without a change of the clocks
	for day := range w {
		for minute := range w[day] {
			w[day][minute] = contain(monday.Add(time.Duration(day*dayMinutes+minute) * time.Minute))
		}
	}
	return w
}

// stretch is a part of a day, or of a night that begins on it: to is less than from then.
type stretch struct{ from, to int }

// Hours writes the week as RULES.md does: days that have the same hours share a line, a night
// belongs to the day that it begins on.
func (w *Week) Hours() []string {
	var order []stretch
	days := make(map[stretch]*[weekDays]bool)
	add := func(day int, s stretch) {
		if days[s] == nil {
			days[s] = new([weekDays]bool)
			order = append(order, s)
		}
		days[s][day] = true
	}
	morning := func(day int) int { // how long the day's first stretch is; 0 where it begins later
		n := 0
		for n < dayMinutes && w[day][n] {
			n++
		}
		return n
	}
	// A stretch at a day's beginning is the end of the night before, where there was one.
	night := func(day int) bool {
		before := (day + weekDays - 1) % weekDays
		long := morning(day)
		return long > 0 && long < dayMinutes && w[before][dayMinutes-1] && morning(before) < dayMinutes && begin(&w[before]) > long
	}
	for day := range w {
		from := 0
		if night(day) {
			from = morning(day)
		}
		for from < dayMinutes {
			if !w[day][from] {
				from++
				continue
			}
			to := from
			for to < dayMinutes && w[day][to] {
				to++
			}
			s := stretch{from, to}
			if next := (day + 1) % weekDays; to == dayMinutes && night(next) {
				s.to = morning(next)
			}
			add(day, s)
			from = to
		}
	}
	var lines []string
	for _, s := range order {
		lines = append(lines, fmt.Sprintf("%s %s-%s", spans(days[s]), clock(s.from), clock(s.to)))
	}
	return lines
}

// begin is where the stretch at a day's end begins.
func begin(day *[dayMinutes]bool) int {
	n := dayMinutes
	for n > 0 && day[n-1] {
		n--
	}
	return n
}

func clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// spans writes days: "mon-fri", "sat,sun", "daily".
func spans(days *[weekDays]bool) string {
	var parts []string
	for day := 0; day < weekDays; {
		if !days[day] {
			day++
			continue
		}
		last := day
		for last+1 < weekDays && days[last+1] {
			last++
		}
		switch last - day {
		case 0:
			parts = append(parts, DayNames[day])
		case 1:
			parts = append(parts, DayNames[day], DayNames[last])
		case weekDays - 1:
			return "daily"
		default:
			parts = append(parts, DayNames[day]+"-"+DayNames[last])
		}
		day = last + 1
	}
	return strings.Join(parts, ",")
}
