package rules

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// machine is a computer that a test makes up.
type machine struct {
	idle        time.Duration
	screen      string
	battery     bool
	temperature float64
	power       float64
	programs    []string
	fail        error
}

func (m *machine) Idle(context.Context) (time.Duration, error)  { return m.idle, m.fail }
func (m *machine) Fullscreen(context.Context) (string, error)   { return m.screen, m.fail }
func (m *machine) OnBattery(context.Context) (bool, error)      { return m.battery, m.fail }
func (m *machine) Temperature(context.Context) (float64, error) { return m.temperature, m.fail }
func (m *machine) Power(context.Context) (float64, error)       { return m.power, m.fail }
func (m *machine) Programs(context.Context) ([]string, error)   { return m.programs, m.fail }

// desk is a keeper over such a computer, with a clock that the test turns.
type desk struct {
	*Keeper
	t       *testing.T
	machine *machine
	boards  []Board
	now     time.Time
}

func newDesk(t *testing.T, change func(*Rules)) *desk {
	d := &desk{t: t, machine: &machine{idle: Forever}, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	r := Default()
	change(&r)
	d.Keeper = &Keeper{
		Gate: &Gate{}, Machine: d.machine, Base: r, Log: slog.New(slog.DiscardHandler),
		Boards: func(context.Context) ([]Board, error) { return d.boards, d.machine.fail },
	}
	return d
}

// look lets time pass and holds the verdict to what is wanted: "" is work.
func (d *desk) look(after time.Duration, mode Mode, reason string) {
	d.t.Helper()
	d.now = d.now.Add(after)
	d.Look(d.t.Context(), d.now)
	v := d.Gate.Verdict()
	if v.Paused != (reason != "") || v.Paused && v.Mode != mode || !strings.Contains(v.Reason, reason) {
		d.t.Fatalf("at %s the verdict is %+v, want %q", d.now.Format("Mon 15:04:05"), v, reason)
	}
}

func TestWithoutRulesItWorks(t *testing.T) {
	d := newDesk(t, func(*Rules) {})
	d.machine.idle, d.machine.screen, d.machine.temperature, d.machine.programs = 0, "Doom", 150, []string{"doom"}
	d.look(0, "", "")
	d.machine.battery = true
	d.look(time.Second, Now, "battery")
	d.machine.fail = ErrUnknown
	d.look(time.Second, "", "")
}

func TestOnlyWhenIdle(t *testing.T) {
	d := newDesk(t, func(r *Rules) { r.When.Idle = Duration(5 * time.Minute) })
	d.look(0, "", "")
	d.machine.idle = 3 * time.Second
	d.look(time.Second, Now, "idle for 5m0s")
	d.machine.idle = 5 * time.Minute
	d.look(5*time.Minute, "", "")
	d.machine.fail = errors.New("the display is gone")
	d.look(time.Second, Now, "the display is gone")
}

func TestHoursOfTheWeek(t *testing.T) {
	var h Hours
	if err := h.UnmarshalText([]byte("mon-fri 19:00-07:00")); err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, func(r *Rules) { r.When.Hours = []Hours{h} })
	d.look(0, Finish, "work goes on Mon 19:00")
	d.look(7*time.Hour, "", "")
	d.look(11*time.Hour, "", "")
	d.look(time.Hour, Finish, "Tue 19:00")
	r := d.Rules()
	r.When.HoursEnd = Now
	d.Set(r)
	d.look(time.Second, Now, "Tue 19:00")
}

func TestProgramsAndScreens(t *testing.T) {
	d := newDesk(t, func(r *Rules) { r.Pause.Programs, r.Pause.Fullscreen = []string{"OBS", "steam_app_*"}, true })
	d.machine.programs = []string{"bash", "observer"}
	d.look(0, "", "")
	d.machine.programs = []string{"obs.exe"}
	d.look(time.Second, Now, "obs.exe is running")
	d.machine.programs = []string{"steam_app_440"}
	d.look(time.Second, Now, "steam_app_440")
	d.machine.programs, d.machine.screen = nil, "Doom"
	d.look(time.Second, Now, "“Doom” fills the screen")
	d.machine.screen = ""
	d.look(time.Second, "", "")
}

func TestHeatHoldsUntilItIsCool(t *testing.T) {
	d := newDesk(t, func(r *Rules) { r.Limits.Temperature, r.Limits.GPUTemperature = 80, 70 })
	d.machine.temperature = 79
	d.boards = []Board{{Name: "A GPU", Temperature: 69}}
	d.look(0, "", "")
	d.machine.temperature = 81
	d.look(time.Second, Now, "81 °C, its limit is 80 °C")
	d.machine.temperature = 77
	d.look(2*time.Minute, Now, "77 °C")
	d.machine.temperature = 74
	d.look(10*time.Second, Now, "77 °C")
	d.look(time.Minute, "", "")
	d.boards[0].Temperature = 70
	d.look(time.Second, Now, "A GPU has 70 °C")
}

func TestPowerCeiling(t *testing.T) {
	d := newDesk(t, func(r *Rules) { r.Limits.Power = 300 })
	d.machine.power, d.boards = 100, []Board{{Power: 150}}
	d.look(0, "", "")
	d.boards = append(d.boards, Board{Power: 50})
	d.look(time.Second, Now, "300 W")
	d.boards = nil
	d.look(59*time.Second, Now, "300 W")
	d.look(2*time.Second, "", "")
	d.machine.fail = errors.New("no meter")
	d.look(time.Second, Now, "no meter")
}

func TestTheFileIsReadAgainWhenItChanges(t *testing.T) {
	d := newDesk(t, func(*Rules) {})
	d.File = filepath.Join(t.TempDir(), "rules.toml")
	told := 0
	d.Changed = func(Rules) { told++ }
	write := func(text string, at int64) {
		if err := os.WriteFile(d.File, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(d.File, time.Unix(at, 0), time.Unix(at, 0)); err != nil {
			t.Fatal(err)
		}
	}
	d.look(0, "", "")
	write("[price]\nfloor = 2\n", 1)
	d.look(time.Second, "", "")
	write("[when]\nidle = 5\n", 2)
	d.look(time.Second, Finish, "rules.toml")
	if d.Rules().Price.Floor != 2 {
		t.Fatalf("a broken file changed the rules: %+v", d.Rules())
	}
	write("[when]\nidle = \"1m\"\n", 3)
	d.machine.idle = 0
	d.look(time.Second, Now, "somebody")
	if err := os.Remove(d.File); err != nil {
		t.Fatal(err)
	}
	d.look(time.Second, "", "")
	if d.Rules().Price.Floor != 0 || told != 3 {
		t.Fatalf("without the file: %+v, told %d times", d.Rules(), told)
	}
}

func TestKeepEnds(t *testing.T) {
	d := newDesk(t, func(*Rules) {})
	d.machine.battery = true
	ctx, cancel := context.WithCancelCause(t.Context())
	tick, ended := make(chan time.Time), make(chan error, 1)
	go func() { ended <- d.Keep(ctx, tick) }()
	tick <- d.now
	tick <- d.now // the first look is over
	if !d.Gate.Verdict().Paused {
		t.Error("a tick changes nothing")
	}
	stop := errors.New("stop")
	cancel(stop)
	if err := <-ended; !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}
