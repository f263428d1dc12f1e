//go:build !nogui

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/heliostat-render/heliostat/desktop/page"
	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/theme"
	"github.com/heliostat-render/heliostat/desktop/tray"
	"github.com/heliostat-render/heliostat/plugins/submit"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/setup"
)

// appID names the app to the desktop.
const appID = "io.heliostat.desktop"

// window opens the app and returns when it is closed or the context ends. It has to run on
// the main goroutine.
func (c *cli) window(ctx context.Context) error {
	if err := displayThere(); err != nil {
		return err
	}
	log, err := service.Logger(c.err, c.format, slog.LevelInfo)
	if err != nil {
		return usageError{err}
	}
	id, err := c.identity()
	if err != nil {
		return err
	}
	// Fyne fails where the folder for caches is missing.
	if cache, err := os.UserCacheDir(); err == nil {
		if err := os.MkdirAll(cache, 0o700); err != nil {
			log.Warn("no folder for caches", "error", err)
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	defer group.Wait()

	worker := newWorkerMode(ctx, &group, log, c.workerSetup)
	model := state.New(state.Options{
		Dial: func(ctx context.Context, manager string, trouble func(error)) (state.Source, error) {
			opened, err := c.dialStudio(ctx, manager, trouble)
			if err != nil {
				return nil, err
			}
			return opened, nil
		},
		Manager: c.manager, Cache: filepath.Join(c.data, "thumbs"), Worker: worker, Log: log,
		Fetch: c.fetchFrames,
		Show:  func(folder string) error { return fyne.CurrentApp().OpenURL(&url.URL{Scheme: "file", Path: folder}) },
	})

	fyneApp := app.NewWithID(appID)
	fyneApp.SetIcon(theme.Icon())
	fyneApp.Settings().SetTheme(theme.New(c.settings.Theme))
	w := fyneApp.NewWindow("Heliostat")
	w.SetPadded(false)
	shell := page.NewShell(page.Options{
		Actions: model, Settings: c.settings, Address: id.Address(), Worker: workerAddress(c.workerDir()), Data: c.data,
		Rules: ruleFile(c.workerDir()),
		OnSave: func(next state.Settings) error {
			if err := next.Save(c.settingsPath()); err != nil {
				return err
			}
			moved := next.Manager != c.settings.Manager
			c.setSettings(next)
			fyneApp.Settings().SetTheme(theme.New(next.Theme))
			if moved {
				model.SetManager(next.Manager)
			}
			return nil
		},
	})
	w.SetContent(shell.Object())
	w.Canvas().SetOnTypedKey(shell.TypedKey)
	w.Resize(fyne.NewSize(1180, 760))
	w.CenterOnScreen()
	show := func(state.Snapshot) {}
	var closing atomic.Bool // once set, nothing crosses to Fyne's goroutine any more
	quit := func() {
		closing.Store(true)
		fyneApp.Quit()
	}
	if desk, ok := fyneApp.(desktop.App); ok {
		icon := tray.New(desk, tray.Options{
			OnOpen: func() { w.Show(); w.RequestFocus() }, OnStart: model.StartWorker, OnPause: model.PauseWorker, OnQuit: quit,
		})
		show = icon.Update
	}
	// A closed window leaves worker mode running where the tray can bring it back.
	w.SetCloseIntercept(func() {
		if worker.running() && trayThere() {
			w.Hide()
			return
		}
		quit()
	})
	fyneApp.Lifecycle().SetOnStarted(func() {
		group.Go(func() {
			model.Run(ctx, func(s state.Snapshot) {
				if closing.Load() {
					return
				}
				// The one place where background work crosses to Fyne's goroutine.
				fyne.Do(func() {
					shell.Update(s)
					show(s)
				})
			})
		})
		if c.settings.Worker.Start {
			worker.Start()
		}
		service.Ready(c.out, "id", id.Address(), "manager", c.manager)
	})
	deregister := context.AfterFunc(ctx, func() { fyne.Do(quit) })
	w.Show()
	fyneApp.Run()
	// The window is gone: what runs behind it stops before the process ends.
	deregister()
	stop()
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-time.After(15 * time.Second):
		return fmt.Errorf("worker mode didn't stop in time; its task goes back to the network by itself")
	}
}

// fetchFrames brings a job's frames to where its submission says, or into a folder of its own in the user's.
func (c *cli) fetchFrames(ctx context.Context, from state.Source, detail wire.JobDetail, told func(done, all int)) (string, error) {
	output, known := submit.OutputOf(c.data, detail.Job)
	if !known {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find your folder: %w", err)
		}
		if output, err = output.In(filepath.Join(home, "Heliostat", folderName(detail.Job)) + string(filepath.Separator)); err != nil {
			return "", err
		}
	}
	fetched, err := submit.Fetch(ctx, from.(source).Client, detail, nil, output, func(_ wire.JobFile, done, all int) { told(done, all) })
	if err == nil && fetched.Folder == "" {
		err = errors.New("none is delivered yet")
	}
	return fetched.Folder, err
}

// folderName is a job's name, which is anybody's word, as a folder's, with what tells two jobs apart.
func folderName(j job.Job) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|#`, r) || unicode.IsControl(r) {
			return '-'
		}
		return r
	}, strings.ToValidUTF8(j.Name, "-"))
	if letters := []rune(name); len(letters) > 60 {
		name = string(letters[:60])
	}
	return strings.TrimLeft(strings.TrimSpace(name)+" ", ". ") + j.ID[:min(len(j.ID), 9)]
}

// workerAddress is the worker's own address, "" before it has one.
func workerAddress(dir string) string {
	if _, err := os.Stat(filepath.Join(dir, identity.FileName)); err != nil {
		return ""
	}
	id, err := identity.Open(dir, passphrase())
	if err != nil {
		return ""
	}
	return id.Address()
}

// setSettings takes over what the settings page saved.
func (c *cli) setSettings(next state.Settings) {
	c.settingsMu.Lock()
	defer c.settingsMu.Unlock()
	c.settings = next
	c.manager = next.Manager
}

// workerSetup is what worker mode begins with the next time it starts.
func (c *cli) workerSetup() (manager, dir string, s setup.Setup) {
	c.settingsMu.Lock()
	defer c.settingsMu.Unlock()
	mine := c.settings.Worker
	s = workerDefaults()
	s.Connect = 0
	s.Name, s.Boards, s.Slots, s.Region, s.Tags, s.Renderers, s.Depot = mine.Name, mine.GPUs, mine.Slots, mine.Region, mine.Tags, mine.Renderers, mine.Depot
	if mine.Device != "" {
		s.Device = mine.Device
	}
	if s.Device == "cpu" {
		s.Boards = nil // kept for when it renders on them again
	}
	if c.settings.Blender != "" {
		s.Blenders = []string{c.settings.Blender}
	}
	return c.manager, c.workerDir(), s
}
