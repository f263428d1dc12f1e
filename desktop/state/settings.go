package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// DefaultManager is where `heliostat farm start` listens.
const DefaultManager = "http://127.0.0.1:7777"

// maxSettings bounds the settings file, in bytes.
const maxSettings = 64 << 10

// Settings are kept in desktop.toml in the data folder: Fyne's own preferences aren't
// written atomically.
type Settings struct {
	Manager string         `toml:"manager"`
	Blender string         `toml:"blender,omitempty"` // path of the program; "" searches PATH
	Theme   string         `toml:"theme,omitempty"`   // "dark", "light"; "" follows the system
	Worker  WorkerSettings `toml:"worker"`
}

// WorkerSettings are the owner's rules for worker mode.
type WorkerSettings struct {
	Name    string  `toml:"name,omitempty"`    // what others see; "" is the host's name
	Device  string  `toml:"device,omitempty"`  // "auto", "cpu"
	Threads int     `toml:"threads,omitempty"` // 0 is all
	Price   float64 `toml:"price,omitempty"`   // least tokens a work unit; 0 takes any
	Start   bool    `toml:"start,omitempty"`   // begin when the app opens
}

// LoadSettings reads the file. A missing file gives the defaults.
func LoadSettings(path string) (Settings, error) {
	defaults := Settings{Manager: DefaultManager, Worker: WorkerSettings{Device: "auto"}}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return defaults, nil
	}
	if err != nil {
		return defaults, fmt.Errorf("reading the settings: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSettings+1))
	if err != nil {
		return defaults, fmt.Errorf("reading the settings %s: %w", path, err)
	}
	settings, err := ParseSettings(data)
	if err != nil {
		return defaults, fmt.Errorf("%s: %w; correct it, or remove it to begin with the defaults", path, err)
	}
	return settings, nil
}

// ParseSettings reads the file's text; what it doesn't say keeps its default.
func ParseSettings(data []byte) (Settings, error) {
	settings := Settings{Manager: DefaultManager, Worker: WorkerSettings{Device: "auto"}}
	if len(data) > maxSettings {
		return settings, fmt.Errorf("the settings are larger than %d KiB", maxSettings>>10)
	}
	if err := toml.Unmarshal(data, &settings); err != nil {
		return Settings{}, fmt.Errorf("the settings can't be read: %w", err)
	}
	if err := settings.Check(); err != nil {
		return Settings{}, err
	}
	return settings, nil
}

// Check says what is wrong with the settings, and the next step.
func (s Settings) Check() error {
	if _, err := CheckManager(s.Manager); err != nil {
		return err
	}
	if s.Theme != "" && s.Theme != "dark" && s.Theme != "light" {
		return fmt.Errorf("the theme %q is unknown; use dark, light or leave it out", s.Theme)
	}
	if s.Worker.Threads < 0 || s.Worker.Threads > 1024 {
		return fmt.Errorf("%d threads are out of range; use 0 for all or up to 1024", s.Worker.Threads)
	}
	if !(s.Worker.Price >= 0 && s.Worker.Price <= 1e9) {
		return fmt.Errorf("the price %v is out of range; use 0 to take any", s.Worker.Price)
	}
	if len(s.Worker.Name) > 64 {
		return fmt.Errorf("the worker's name has more than 64 bytes; choose a shorter one")
	}
	return nil
}

// CheckManager reads a manager's address, adds http:// where no scheme is given, and
// returns it without a trailing slash.
func CheckManager(address string) (string, error) {
	address = strings.TrimSpace(address)
	if address == "" {
		return "", errors.New("no manager address is given; use one such as " + DefaultManager)
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	parsed, err := url.Parse(address)
	if err != nil || parsed.Hostname() == "" || parsed.User != nil || len(address) > 512 {
		return "", fmt.Errorf("%q is not a manager's address; use one such as %s", address, DefaultManager)
	}
	switch parsed.Scheme {
	case "http", "https", "ws", "wss":
		return strings.TrimRight(address, "/"), nil
	}
	return "", fmt.Errorf("%q is not a manager's address: %s isn't spoken; use http:// or https://", address, parsed.Scheme)
}

// Save writes the file atomically and durably.
func (s Settings) Save(path string) error {
	if err := s.Check(); err != nil {
		return err
	}
	data, err := toml.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding the settings: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("saving the settings: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".desktop-*.toml")
	if err != nil {
		return fmt.Errorf("saving the settings: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err != nil {
		return fmt.Errorf("saving the settings: %w", err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return fmt.Errorf("saving the settings: %w", err)
	}
	return nil
}
