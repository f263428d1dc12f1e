package store

import (
	"fmt"
	"strconv"
	"strings"
)

// FormatFrames writes ascending frame numbers in short: "1:12,20".
func FormatFrames(frames []int) string {
	var b strings.Builder
	for i := 0; i < len(frames); {
		j := i
		for j+1 < len(frames) && frames[j+1] == frames[j]+1 {
			j++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(frames[i]))
		if j > i {
			b.WriteByte(':')
			b.WriteString(strconv.Itoa(frames[j]))
		}
		i = j + 1
	}
	return b.String()
}

var readable = strings.NewReplacer(":", "-", ",", ", ")

// NameFrames names frames for people: "frame 3", "frames 1-12, 20".
func NameFrames(frames []int) string {
	noun := "frames "
	if len(frames) == 1 {
		noun = "frame "
	}
	return noun + readable.Replace(FormatFrames(frames))
}

// ParseFrames reads what FormatFrames wrote, of at most limit frames.
func ParseFrames(text string, limit int) ([]int, error) {
	var frames []int
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(part, ":")
		a, err := strconv.Atoi(first)
		if err != nil {
			return nil, fmt.Errorf("frames %q: %w", part, err)
		}
		b := a
		if ranged {
			if b, err = strconv.Atoi(last); err != nil {
				return nil, fmt.Errorf("frames %q: %w", part, err)
			}
		}
		if b < a || uint64(b)-uint64(a) >= uint64(limit-len(frames)) {
			return nil, fmt.Errorf("frames %q: more than %d, or descending", part, limit)
		}
		for f := a; ; f++ {
			frames = append(frames, f)
			if f == b {
				break
			}
		}
	}
	return frames, nil
}
