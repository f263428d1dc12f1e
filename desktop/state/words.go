package state

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Money writes an amount with its symbol, rounded to the nearest: "12.50 HELIO". Two decimals, and of what is less than
// a token two digits that count: "0.0048 HELIO".
func Money(amount job.Amount, symbol string) string { return money(amount, symbol, false) }

// AtMost writes a bound as Money does, never below it: nothing that is paid may be more than was said.
func AtMost(amount job.Amount, symbol string) string { return money(amount, symbol, true) }

func money(amount job.Amount, symbol string, up bool) string {
	sign := ""
	value := uint64(amount)
	if amount < 0 {
		sign, value = "−", uint64(-amount)
	}
	const cent = uint64(job.Token) / 100
	unit := cent // what is shown is a multiple of it
	for value < 10*unit && value < uint64(job.Token) && unit > 1 {
		unit /= 10
	}
	if up {
		value += unit - 1
	} else {
		value += unit / 2
	}
	value -= value % unit
	whole, digits := value/uint64(job.Token), fmt.Sprintf("%06d", value%uint64(job.Token))
	for len(digits) > 2 && strings.HasSuffix(digits, "0") {
		digits = digits[:len(digits)-1]
	}
	text := sign + strconv.FormatUint(whole, 10) + "." + digits
	if symbol == "" {
		return text
	}
	return text + " " + symbol
}

// Duration writes seconds for people: "8 s", "2 min 05 s", "3 h 12 min", "2 d 4 h".
func Duration(seconds float64) string {
	if math.IsNaN(seconds) || seconds < 0 {
		return "–"
	}
	if seconds > 1e8 {
		return "more than a year"
	}
	total := int64(math.Round(seconds))
	switch {
	case total < 60:
		return fmt.Sprintf("%d s", total)
	case total < 3600:
		return fmt.Sprintf("%d min %02d s", total/60, total%60)
	case total < 86400:
		return fmt.Sprintf("%d h %02d min", total/3600, total%3600/60)
	}
	return fmt.Sprintf("%d d %d h", total/86400, total%86400/3600)
}

// ETA writes the estimate until the last frame, "–" while it is unknown.
func ETA(seconds float64) string {
	if seconds <= 0 {
		return "–"
	}
	return Duration(seconds)
}

// Ago writes how long ago a time in Unix milliseconds was.
func Ago(milliseconds int64, now time.Time) string {
	if milliseconds <= 0 {
		return "never"
	}
	seconds := now.Sub(time.UnixMilli(milliseconds)).Seconds()
	if seconds < 5 {
		return "just now"
	}
	if seconds < 60 {
		return fmt.Sprintf("%d s ago", int(seconds))
	}
	if seconds < 3600 {
		return fmt.Sprintf("%d min ago", int(seconds/60))
	}
	if seconds < 86400 {
		return fmt.Sprintf("%d h ago", int(seconds/3600))
	}
	return fmt.Sprintf("%d d ago", int(seconds/86400))
}

// Short writes an address or an id so that people can tell two apart: "0x12ab…89ef".
func Short(id string) string {
	if len(id) <= 13 {
		return id
	}
	return id[:6] + "…" + id[len(id)-4:]
}

// Who names a node by what its owner calls it, else by its short address.
func Who(address string, nodes []job.Node) string {
	if address == "" {
		return ""
	}
	for i := range nodes {
		if strings.EqualFold(nodes[i].Address, address) && nodes[i].Capabilities.Name != "" {
			return nodes[i].Capabilities.Name
		}
	}
	return Short(address)
}

// Said is what an event tells. Where its node is named beside it, the text doesn't need the whole address.
func Said(e wire.Event) string {
	if e.Node == "" {
		return e.Text
	}
	return strings.ReplaceAll(e.Text, " on "+e.Node, "")
}

// Rushed says that an operator put a job before everybody's, since when and why; "" once nothing of it waits for that any more.
func Rushed(j job.Job) string {
	if j.Rush == 0 || Finished(j.State) {
		return ""
	}
	text := "before everybody's jobs since " + time.UnixMilli(j.Rush).Format("2006-01-02 15:04") + ", by an operator"
	if j.RushReason != "" {
		text += ": " + j.RushReason
	}
	return text
}

// Frames writes frame numbers as ranges: "1-12, 20". The numbers ascend.
func Frames(frames []int) string {
	var out strings.Builder
	for i := 0; i < len(frames); {
		end := i
		for end+1 < len(frames) && frames[end+1] == frames[end]+1 {
			end++
		}
		if out.Len() > 0 {
			out.WriteString(", ")
		}
		if out.Len() > 60 {
			out.WriteString("…")
			break
		}
		out.WriteString(strconv.Itoa(frames[i]))
		if end > i {
			out.WriteString("-" + strconv.Itoa(frames[end]))
		}
		i = end + 1
	}
	return out.String()
}

// MaxFrames bounds a frame range that a person types.
const MaxFrames = 100_000

// ParseFrames reads "1-12,20,30-40x2" into ascending frame numbers without duplicates; x2
// is every second frame. The error names the part that can't be read.
func ParseFrames(text string) ([]int, error) {
	if len(text) > 4096 {
		return nil, fmt.Errorf("the frame range is %d characters long; at most 4096 are read", len(text))
	}
	seen := make(map[int]bool)
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		first, last, step, err := span(part)
		if err != nil {
			return nil, err
		}
		if (last-first)/step+1+len(seen) > MaxFrames {
			return nil, fmt.Errorf("the frame range %q has more than %d frames; split it into several jobs", text, MaxFrames)
		}
		for n := first; n <= last; n += step {
			seen[n] = true
		}
	}
	frames := make([]int, 0, len(seen))
	for n := range seen {
		frames = append(frames, n)
	}
	sortInts(frames)
	return frames, nil
}

// span reads one part of a frame range. Frame numbers are Blender's: 0 to 1 048 574.
func span(part string) (first, last, step int, err error) {
	bad := fmt.Errorf("%q is not a frame or a range of frames; write --frames 1-12 or --frames 1,5,9-20x2", part)
	body, every, stepped := strings.Cut(part, "x")
	step = 1
	if stepped {
		if step, err = strconv.Atoi(every); err != nil || step < 1 {
			return 0, 0, 0, bad
		}
	}
	from, to, ranged := strings.Cut(body, "-")
	if first, err = strconv.Atoi(from); err != nil {
		return 0, 0, 0, bad
	}
	last = first
	if ranged {
		if last, err = strconv.Atoi(to); err != nil {
			return 0, 0, 0, bad
		}
	}
	if first < 0 || last < first || last > 1_048_574 || (stepped && !ranged) {
		return 0, 0, 0, bad
	}
	return first, last, step, nil
}
