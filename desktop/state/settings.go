package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/heliostat-render/heliostat/shared/link"
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

// WorkerSettings are what worker mode is; when it works and with how much of the machine is
// in the owner's rules.
type WorkerSettings struct {
	Name      string   `toml:"name,omitempty"`      // what others see; "" is the host's name
	Device    string   `toml:"device,omitempty"`    // one of Devices
	GPUs      []string `toml:"gpus,omitempty"`      // ids of those to use; none is all of the first's kind
	Slots     int      `toml:"slots,omitempty"`     // tasks that render at the same time; 0 is one for each GPU
	Region    string   `toml:"region,omitempty"`    // stated to the network
	Tags      []string `toml:"tags,omitempty"`      // stated to the network
	Renderers string   `toml:"renderers,omitempty"` // folder with descriptions of batch renderers
	Depot     bool     `toml:"depot,omitempty"`     // use the renderers that the network's operator offers
	Start     bool     `toml:"start,omitempty"`     // begin when the app opens
}

// Devices are what worker mode can render on; the first one chooses by itself.
var Devices = []string{"auto", "cpu", "optix", "cuda", "hip", "oneapi", "metal"}

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
	if s.Worker.Device != "" && !slices.Contains(Devices, s.Worker.Device) {
		return fmt.Errorf("the device %q is unknown; use one of %s", s.Worker.Device, strings.Join(Devices, ", "))
	}
	if s.Worker.Slots < 0 || s.Worker.Slots > 64 {
		return fmt.Errorf("%d tasks at the same time are out of range; use 0 for one on each GPU, or up to 64", s.Worker.Slots)
	}
	if len(s.Worker.Tags) > 32 || len(s.Worker.GPUs) > 64 {
		return errors.New("the worker has more than 32 tags or 64 GPUs; keep fewer")
	}
	for _, word := range append([]string{s.Worker.Region}, s.Worker.Tags...) {
		if len(word) > 64 || strings.ContainsFunc(word, func(r rune) bool { return r < ' ' }) {
			return fmt.Errorf("the region or tag %.70q has more than 64 bytes or signs that can't be shown; choose another", word)
		}
	}
	if len(s.Worker.Name) > 64 {
		return fmt.Errorf("the worker's name has more than 64 bytes; choose a shorter one")
	}
	return nil
}

// CheckBlender tells whether a program that somebody names is there; "" leaves the choice to the app.
func CheckBlender(program string) error {
	if program == "" {
		return nil
	}
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("there is no program %s; name Blender's own file, or leave it empty to have one found", program)
	}
	return nil
}

// CheckManager reads a manager's address, or several with commas between, adds http:// where no scheme is given, and
// returns them without trailing slashes.
func CheckManager(addresses string) (string, error) {
	if strings.TrimSpace(addresses) == "" {
		return "", errors.New("no manager address is given; use one such as " + DefaultManager)
	}
	list := strings.Split(addresses, ",")
	for i, address := range list {
		address = strings.TrimSpace(address)
		if address != "" && !strings.Contains(address, "://") {
			address = "http://" + address
		}
		list[i] = strings.TrimRight(address, "/")
	}
	addresses = strings.Join(list, ",")
	if _, err := link.BaseURLs(addresses); err != nil {
		return "", err
	}
	return addresses, nil
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
	if err := writeFile(path, data); err != nil {
		return fmt.Errorf("saving the settings: %w", err)
	}
	return nil
}
