package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/usage"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// cli is what all commands share.
type cli struct {
	in       io.Reader
	out, err io.Writer

	manager string
	pin     string
	data    string
	format  string
	verbose bool
	connect time.Duration

	settingsMu sync.Mutex     // guards settings and manager once the window is open
	settings   state.Settings //
	log        *slog.Logger
}

// usageError is a command line that can't be understood.
type usageError struct{ error }

// Unwrap returns what was wrong.
func (u usageError) Unwrap() error { return u.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

var errInterrupted = errors.New("interrupted")

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "heliostat",
		Short: "Render on machines that other people own",
		Long: `Heliostat renders your scenes on a network of machines that anyone owns, checks
every frame, and pays for what passed. Without a command it opens its window.`,
		Example: `  heliostat
  heliostat farm start --workers 2
  heliostat submit scene.blend --frames 1-12 --out render --wait
  heliostat jobs
  heliostat worker`,
		Args:              c.noArguments,
		SilenceErrors:     true,
		SilenceUsage:      true,
		Version:           version,
		PersistentPreRunE: c.prepare,
		RunE:              func(cmd *cobra.Command, _ []string) error { return c.window(cmd.Context()) },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{usage.Flag(cmd, err)}
	})
	flags := root.PersistentFlags()
	flags.StringVar(&c.manager, "manager", os.Getenv("HELIOSTAT_MANAGER"), "the manager's `URL`, of several managers their URLs with commas between (default: the settings', else "+state.DefaultManager+")")
	flags.StringVar(&c.pin, "pin", os.Getenv("HELIOSTAT_PIN"), "the `sha256:…` of the managers' certificate, where a URL doesn't carry it")
	flags.StringVar(&c.data, "data", os.Getenv("HELIOSTAT_DATA"), "data `folder` (default ~/.local/share/heliostat)")
	flags.StringVar(&c.format, "log", "text", "how to log on standard error: `text or json`")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "log more")
	flags.DurationVar(&c.connect, "connect-timeout", 10*time.Second, "how long to try to reach the manager")
	root.AddCommand(
		c.submitCommand(), c.jobsCommand(), c.jobCommand(),
		c.cancelCommand(""), c.pauseCommand(""), c.resumeCommand(""), c.acceptCommand(), c.claimCommand(),
		c.nodesCommand(), c.payoutsCommand(), c.workerCommand(), c.farmCommand(),
	)
	return root
}

func (c *cli) noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "? "
	}
	return usagef("%q isn't a command; %ssee %s --help", args[0], hint, cmd.CommandPath())
}

// exactly wants the named arguments.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := usage.Exactly(names...)(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// prepare settles the data folder, the settings and the logger before any command runs.
func (c *cli) prepare(*cobra.Command, []string) error {
	level := slog.LevelWarn
	if c.verbose {
		level = slog.LevelDebug
	}
	var err error
	if c.log, err = service.Logger(c.err, c.format, level); err != nil {
		return usageError{err}
	}
	if c.data == "" {
		if c.data, err = defaultData(); err != nil {
			return err
		}
	}
	if c.data, err = filepath.Abs(c.data); err != nil {
		return fmt.Errorf("the data folder: %w", err)
	}
	if c.settings, err = state.LoadSettings(c.settingsPath()); err != nil {
		return err
	}
	if c.manager == "" {
		c.manager = c.settings.Manager
	}
	if c.manager, err = state.CheckManager(c.manager); err != nil {
		return usageError{err}
	}
	if c.manager, err = link.WithPin(c.manager, c.pin); err != nil {
		return usageError{err}
	}
	return nil
}

func defaultData() (string, error) {
	if base := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "heliostat"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("there is no home folder: %w; name a folder with --data", err)
	}
	return filepath.Join(home, ".local", "share", "heliostat"), nil
}

func (c *cli) settingsPath() string { return filepath.Join(c.data, "desktop.toml") }

// passphrase protects the identity file where the owner set one.
func passphrase() []byte { return []byte(os.Getenv("HELIOSTAT_PASSPHRASE")) }

func (c *cli) identity() (*identity.Identity, error) {
	id, err := identity.Open(c.data, passphrase())
	if errors.Is(err, identity.ErrPassphrase) {
		return nil, fmt.Errorf("%w; set HELIOSTAT_PASSPHRASE to the right one, or name another data folder with --data", err)
	}
	if err != nil {
		return nil, fmt.Errorf("the identity in %s can't be used: %w", c.data, err)
	}
	return id, nil
}

// source is a connected client and the roles that it signed in with.
type source struct {
	*client.Client
	studio, operator bool
}

var _ state.Source = source{}

// Everything implements state.Source.
func (s source) Everything() bool { return s.studio }

// Operates implements state.Source.
func (s source) Operates() bool { return s.operator }

// dial connects as an artist, and as an operator where the manager says that the key is one's.
func (c *cli) dial(ctx context.Context) (source, error) {
	return c.dialWith(ctx, c.manager, nil, job.RoleOperator)
}

func (c *cli) dialAs(ctx context.Context, manager string, roles ...job.Role) (*client.Client, error) {
	return c.dialTelling(ctx, manager, nil, roles...)
}

// dialTelling tells trouble why a try failed that is made again.
func (c *cli) dialTelling(ctx context.Context, manager string, trouble func(error), roles ...job.Role) (*client.Client, error) {
	id, err := c.identity()
	if err != nil {
		return nil, err
	}
	return client.Dial(ctx, client.Options{
		Manager: manager, Identity: id, Roles: roles, Software: "heliostat " + version, Log: c.log, Timeout: c.connect, Trouble: trouble,
	})
}

// dialStudio connects as a studio and as an operator where the manager says that the key is one's, else as an artist.
func (c *cli) dialStudio(ctx context.Context, manager string, trouble func(error)) (source, error) {
	return c.dialWith(ctx, manager, trouble, job.RoleStudio, job.RoleOperator)
}

// dialWith connects as an artist, and as what else of the wanted the manager says that the key may be.
func (c *cli) dialWith(ctx context.Context, manager string, trouble func(error), wanted ...job.Role) (source, error) {
	artist, err := c.dialTelling(ctx, manager, trouble, job.RoleArtist)
	if err != nil {
		return source{}, err
	}
	roles := []job.Role{job.RoleArtist}
	for _, role := range wanted {
		if slices.Contains(artist.Welcome().May, role) {
			roles = append(roles, role)
		}
	}
	if len(roles) == 1 {
		return source{Client: artist}, nil
	}
	artist.Close()
	more, err := c.dialTelling(ctx, manager, trouble, roles...)
	return source{more, slices.Contains(roles, job.RoleStudio), slices.Contains(roles, job.RoleOperator)}, err
}

// explain words an error for people: what the manager said comes first.
func explain(err error) string {
	var refused *wire.Error
	if errors.As(err, &refused) {
		return refused.Error()
	}
	return err.Error()
}
