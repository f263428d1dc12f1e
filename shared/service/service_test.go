package service_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/service"
)

func until(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func TestFirstFailureStopsTheRest(t *testing.T) {
	broken := errors.New("disk full")
	stopped := false
	err := service.Run(t.Context(),
		service.Part{Name: "store", Run: func(context.Context) error { return broken }},
		service.Part{Name: "gateway", Run: func(ctx context.Context) error { err := until(ctx); stopped = true; return err }},
	)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "store: ") || strings.Contains(err.Error(), "gateway") {
		t.Errorf("got %v", err)
	}
	if !stopped {
		t.Error("the other part was not waited for")
	}
}

func TestEndOfContextIsNoFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := service.Run(ctx, service.Part{Name: "a", Run: until}, service.Part{Name: "b", Run: until}); err != nil {
		t.Error(err)
	}
}

func TestLoggerFormats(t *testing.T) {
	for format, want := range map[string]string{"": "msg=hello", "text": "msg=hello", "json": `"msg":"hello"`} {
		var b strings.Builder
		log, err := service.Logger(&b, format, slog.LevelInfo)
		if err != nil {
			t.Fatal(err)
		}
		log.Info("hello")
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q: %s", format, b.String())
		}
	}
	if _, err := service.Logger(nil, "xml", slog.LevelInfo); err == nil {
		t.Error("xml was taken")
	}
}

func TestReadyIsOneLine(t *testing.T) {
	var b strings.Builder
	service.Ready(&b, "address", "http://127.0.0.1:7777", "id", "0xAb")
	if b.String() != "ready address=http://127.0.0.1:7777 id=0xAb\n" {
		t.Errorf("%q", b.String())
	}
}
