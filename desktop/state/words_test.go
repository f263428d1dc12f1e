package state_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func TestMoney(t *testing.T) {
	for amount, want := range map[job.Amount][2]string{
		0: {"0.00 H", "0.00 H"}, 1_234_567: {"1.23 H", "1.24 H"}, 12_000_000: {"12.00 H", "12.00 H"}, 12_995_000: {"13.00 H", "13.00 H"},
		1200: {"0.0012 H", "0.0012 H"}, 15_841: {"0.016 H", "0.016 H"}, 14_401: {"0.014 H", "0.015 H"}, 99_600: {"0.10 H", "0.10 H"},
		3: {"0.000003 H", "0.000003 H"}, 500_000: {"0.50 H", "0.50 H"}, -2_500_000: {"−2.50 H", "−2.50 H"}, -1 << 63: {"−9223372036854.78 H", "−9223372036854.78 H"},
	} {
		if got := [2]string{state.Money(amount, "H"), state.AtMost(amount, "H")}; got != want {
			t.Errorf("Money and AtMost of %d are %q, want %q", amount, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0 s", 8.4: "8 s", 59.6: "1 min 00 s", 125: "2 min 05 s", 11520: "3 h 12 min", 187200: "2 d 4 h", -1: "–", 1e12: "more than a year"} {
		if got := state.Duration(seconds); got != want {
			t.Errorf("Duration(%v) = %q, want %q", seconds, got, want)
		}
	}
}

func TestAgo(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for ago, want := range map[time.Duration]string{time.Second: "just now", 42 * time.Second: "42 s ago", 3 * time.Minute: "3 min ago", 5 * time.Hour: "5 h ago", 50 * time.Hour: "2 d ago"} {
		if got := state.Ago(now.Add(-ago).UnixMilli(), now); got != want {
			t.Errorf("%s: %q, want %q", ago, got, want)
		}
	}
}

func TestAnEventNamesItsNodeOnce(t *testing.T) {
	for _, c := range []struct {
		e    wire.Event
		want string
	}{
		{wire.Event{Text: "frame 2 on 0xAb: the renderer crashed", Node: "0xAb"}, "frame 2: the renderer crashed"},
		{wire.Event{Text: "frame 2 on 0xAb: the renderer crashed", Node: "0xCd"}, "frame 2 on 0xAb: the renderer crashed"},
		{wire.Event{Text: "2.64 in escrow"}, "2.64 in escrow"},
	} {
		if got := state.Said(c.e); got != c.want {
			t.Errorf("%+v reads %q", c.e, got)
		}
	}
}

func TestFrames(t *testing.T) {
	if got := state.Frames([]int{1, 2, 3, 7, 9, 10}); got != "1-3, 7, 9-10" {
		t.Errorf("Frames = %q", got)
	}
	got, err := state.ParseFrames("1-3, 20,5-9x2,2")
	if err != nil || !slices.Equal(got, []int{1, 2, 3, 5, 7, 9, 20}) {
		t.Errorf("ParseFrames = %v, %v", got, err)
	}
	for _, bad := range []string{"", "a", "5-1", "-3", "1-", "1x2", "1-9x0", "0-9999999", "1-200000", "1,,2", strings.Repeat("1,", 3000)} {
		if frames, err := state.ParseFrames(bad); err == nil {
			t.Errorf("ParseFrames(%.20q) = %d frames", bad, len(frames))
		}
	}
}

// TestRushed: nothing goes before anything once it has ended.
func TestRushed(t *testing.T) {
	for s, rushed := range map[job.State]bool{job.Rendering: true, job.Paused: true, job.Delivered: false, job.Settled: false, job.Cancelled: false, job.Failed: false} {
		j := job.Job{State: s, Rush: 1, RushReason: "dailies"}
		if got := state.Rushed(j); strings.HasSuffix(got, ", by an operator: dailies") != rushed || !rushed && got != "" {
			t.Errorf("%s: %q", s, got)
		}
	}
}

func FuzzParseFrames(f *testing.F) {
	for _, seed := range []string{"1-12", "1,5,9-20x2", "0", "1-", "x", "9999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		frames, err := state.ParseFrames(text)
		if err != nil {
			return
		}
		if len(frames) == 0 || len(frames) > state.MaxFrames || !slices.IsSorted(frames) || frames[0] < 0 {
			t.Fatalf("%q gave %d frames", text, len(frames))
		}
		if len(slices.Compact(slices.Clone(frames))) != len(frames) {
			t.Fatalf("%q gave a frame twice", text)
		}
	})
}
