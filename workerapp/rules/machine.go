package rules

import (
	"context"
	"errors"
	"time"
)

// Machine is what the keeper asks of the computer. Every method may fail; ErrUnknown means
// that this computer has no such sensor.
type Machine interface {
	// Idle is how long keyboard and mouse were untouched; Forever where nobody can sit at it.
	Idle(ctx context.Context) (time.Duration, error)
	// Fullscreen names the window that fills the screen, "" when there is none.
	Fullscreen(ctx context.Context) (string, error)
	// OnBattery tells whether no mains feeds the computer; false where there is no battery.
	OnBattery(ctx context.Context) (bool, error)
	// Temperature is the processor's hottest reading, in °C.
	Temperature(ctx context.Context) (float64, error)
	// Power is what the processor takes, in W, since the last call; 0 at the first.
	Power(ctx context.Context) (float64, error)
	// Programs are the names of the programs that run, without this worker's own.
	Programs(ctx context.Context) ([]string, error)
}

// Board is a GPU's state.
type Board struct {
	Name        string
	Temperature float64 // °C; 0 where it isn't known
	Power       float64 // W; 0 where it isn't known
}

// Forever is an idle time without a beginning.
const Forever = time.Duration(1<<63 - 1)

// ErrUnknown says that a computer can't tell.
var ErrUnknown = errors.New("this computer can't tell")
