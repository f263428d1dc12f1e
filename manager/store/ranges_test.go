package store

import (
	"slices"
	"testing"
)

func TestFrames(t *testing.T) {
	for _, frames := range [][]int{nil, {5}, {1, 2, 3}, {-4, -3, 0, 7, 8, 100}} {
		got, err := ParseFrames(FormatFrames(frames), 100)
		if err != nil || !slices.Equal(got, frames) {
			t.Errorf("%v became %q became %v, %v", frames, FormatFrames(frames), got, err)
		}
	}
}

func FuzzParseFrames(f *testing.F) {
	for _, seed := range []string{"1:3,9", "-5:-1", "9223372036854775807", "-9223372036854775808:9223372036854775807", ",", "1:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		frames, err := ParseFrames(text, 1000)
		if err == nil && len(frames) > 1000 {
			t.Fatalf("%q made %d frames", text, len(frames))
		}
	})
}

func TestFramesAreNamedForPeople(t *testing.T) {
	for want, frames := range map[string][]int{"frame 3": {3}, "frames 1-3, 8": {1, 2, 3, 8}} {
		if got := NameFrames(frames); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
