package session

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/warm"
)

func TestClassify(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "/data/1.png", Err: syscall.ENOSPC}
	for _, c := range []struct {
		err  error
		kind job.FailureKind
		says string
	}{
		{&render.Error{Kind: render.ErrMissingAsset, Cause: "tex/wood.png"}, job.FailScene, "tex/wood.png"},
		{&render.Error{Kind: render.ErrBadScene}, job.FailScene, ""},
		{fmt.Errorf("open: %w", pack.ErrManifest), job.FailScene, ""},
		{fmt.Errorf("unpack: %w", pack.ErrPath), job.FailScene, ""},
		{&render.Error{Kind: render.ErrOutOfMemory}, job.FailMemory, ""},
		{&render.Error{Kind: render.ErrCrashed}, job.FailWorker, ""},
		{&render.Error{Kind: render.ErrTimeout}, job.FailWorker, ""},
		{&render.Error{Kind: render.ErrHung, Cause: "said nothing"}, job.FailHung, "said nothing"},
		{&render.Error{Kind: render.ErrUnsupported}, job.FailWorker, ""},
		{warm.ErrNoInstall, job.FailWorker, ""},
		{full, job.FailWorker, "disk is full"},
		{errors.New("anything else"), job.FailWorker, "anything else"},
	} {
		f := Classify(fmt.Errorf("render frame 1: %w", c.err))
		if f.Kind != c.kind || !strings.Contains(f.Cause, c.says) || !errors.Is(f, c.err) {
			t.Errorf("%v: %+v", c.err, f)
		}
		if Classify(f) != f {
			t.Errorf("%v: classified twice", c.err)
		}
	}
}

func TestAFailureFitsIntoAMessage(t *testing.T) {
	long := &render.Error{Kind: render.ErrCrashed, Cause: strings.Repeat("ü", 5000), Log: []string{strings.Repeat("é", 50_000), "the last line"}}
	f := Classify(long)
	if len(f.Cause) > maxCause || len(f.Log) > maxLog || !strings.HasSuffix(f.Log, "the last line") {
		t.Fatalf("%d bytes of cause, %d of log", len(f.Cause), len(f.Log))
	}
}
