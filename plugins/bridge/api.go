package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/heliostat-render/heliostat/plugins/submit"
)

// Version is the library's, and abi that of heliostat.h.
const (
	version = "0.1.0"
	abi     = 1
)

var (
	handles = newTable()
	texts   atomic.Int64 // given out and not freed
)

// openOptions is heliostat_open's JSON.
type openOptions struct {
	Manager        string  `json:"manager"`
	DataDir        string  `json:"dataDir"`
	Identity       string  `json:"identity"`
	CacheDir       string  `json:"cacheDir"`
	Passphrase     string  `json:"passphrase"`
	Software       string  `json:"software"`
	Upload         int64   `json:"upload"`
	ConnectSeconds float64 `json:"connectSeconds"`
	Log            string  `json:"log"`
}

func open(raw string) (int64, error) {
	var o openOptions
	if raw != "" {
		if err := json.Unmarshal([]byte(raw), &o); err != nil {
			return 0, fmt.Errorf("the options can't be read: %w", err)
		}
	}
	log := slog.New(slog.DiscardHandler)
	var c connection
	if o.Log != "" {
		file, err := os.OpenFile(o.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return 0, fmt.Errorf("open the log: %w", err)
		}
		c.log = file
		log = slog.New(slog.NewTextHandler(file, nil))
	}
	var err error
	c.agent, err = submit.New(submit.Options{
		Manager: o.Manager, DataDir: o.DataDir, Identity: o.Identity, CacheDir: o.CacheDir, Passphrase: []byte(o.Passphrase),
		Software: o.Software, Upload: max(0, o.Upload), Connect: time.Duration(max(0, min(o.ConnectSeconds, 3600)) * float64(time.Second)),
		Log: log,
	})
	if err != nil {
		if c.log != nil {
			c.log.Close()
		}
		return 0, err
	}
	return handles.addConnection(c), nil
}

func start(connection int64, raw string) (int64, error) {
	a, err := handles.connection(connection)
	if err != nil {
		return 0, err
	}
	scene, err := submit.ParseScene([]byte(raw))
	if err != nil {
		return 0, err
	}
	return handles.addSubmission(connection, a.Start(context.Background(), scene))
}

func resume(connection int64, key string) (int64, error) {
	a, err := handles.connection(connection)
	if err != nil {
		return 0, err
	}
	s, err := a.Resume(context.Background(), key)
	if err != nil {
		return 0, err
	}
	return handles.addSubmission(connection, s)
}

func list(connection int64) (any, error) {
	a, err := handles.connection(connection)
	if err != nil {
		return nil, err
	}
	all, err := a.List()
	if err != nil {
		return nil, err
	}
	return map[string]any{"submissions": all}, nil
}

func closeConnection(connection int64) error {
	c, err := handles.close(connection)
	if err != nil {
		return err
	}
	return c.close()
}

func counts() any {
	connections, submissions := handles.counts()
	return map[string]int64{
		"connections": int64(connections), "submissions": int64(submissions), "texts": texts.Load(), "goroutines": int64(runtime.NumGoroutine()),
	}
}
