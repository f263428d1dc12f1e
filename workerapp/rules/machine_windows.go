package rules

import (
	"context"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Untested: no Windows machine was at hand.

var (
	user32               = windows.NewLazySystemDLL("user32.dll")
	kernel32             = windows.NewLazySystemDLL("kernel32.dll")
	shell32              = windows.NewLazySystemDLL("shell32.dll")
	getLastInputInfo     = user32.NewProc("GetLastInputInfo")
	getTickCount         = kernel32.NewProc("GetTickCount")
	getSystemPowerStatus = kernel32.NewProc("GetSystemPowerStatus")
	queryUserState       = shell32.NewProc("SHQueryUserNotificationState")
)

// Idle asks when the session's last input was.
func (other) Idle(context.Context) (time.Duration, error) {
	info := struct{ size, tick uint32 }{size: 8}
	if ok, _, err := getLastInputInfo.Call(uintptr(unsafe.Pointer(&info))); ok == 0 {
		return 0, fmt.Errorf("ask when this machine was used: %w", err)
	}
	now, _, _ := getTickCount.Call()
	return time.Duration(uint32(now)-info.tick) * time.Millisecond, nil // wraps every 49 days, as the subtraction does
}

// Fullscreen asks the shell, which knows games and presentations.
func (other) Fullscreen(context.Context) (string, error) {
	var state uint32
	if result, _, _ := queryUserState.Call(uintptr(unsafe.Pointer(&state))); int32(result) < 0 {
		return "", fmt.Errorf("ask what fills the screen: error %#x", uint32(result))
	}
	switch state {
	case 2: // QUNS_BUSY
		return "a full-screen program", nil
	case 3: // QUNS_RUNNING_D3D_FULL_SCREEN
		return "a game", nil
	case 4: // QUNS_PRESENTATION_MODE
		return "a presentation", nil
	}
	return "", nil
}

// OnBattery asks the power manager.
func (other) OnBattery(context.Context) (bool, error) {
	var status struct {
		ac, battery, percent, saver byte
		life, full                  uint32
	}
	if ok, _, err := getSystemPowerStatus.Call(uintptr(unsafe.Pointer(&status))); ok == 0 {
		return false, fmt.Errorf("ask what feeds this machine: %w", err)
	}
	return status.ac == 0, nil
}

// Temperature can't be told without a driver of the owner's.
func (other) Temperature(context.Context) (float64, error) {
	return 0, fmt.Errorf("the processor's temperature: %w", ErrUnknown)
}
