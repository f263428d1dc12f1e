package workerapp

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// offered is a renderer of the network: a fake with a program of its own.
type offered struct {
	render.Renderer
	program string
}

func (o offered) Find(ctx context.Context) ([]render.Install, error) {
	found, err := o.Renderer.Find(ctx)
	found[0].Path = o.program
	return found, err
}

// packed is an archive with one program.
func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "blender-2/blender", Mode: 0o755, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// none is a machine on which nothing is installed.
type none struct{ render.Renderer }

func (none) Find(context.Context) ([]render.Install, error) { return nil, nil }

func TestRenderersOfTheNetworkAreFetched(t *testing.T) {
	m := farm(t)
	archive := packed(t, "#!/bin/sh\n")
	sum := sha256.Sum256(archive)
	listed := wire.Archive{Renderer: "blender", Version: "2.0.0", OS: runtime.GOOS, Arch: runtime.GOARCH, Name: "blender-2.tar.gz",
		Digest: hex.EncodeToString(sum[:]), Size: int64(len(archive)), Root: "blender-2", Executable: "blender"}
	if err := m.Store.Put(t.Context(), "depot/x", bytes.NewReader(archive), int64(len(archive)), sum); err != nil {
		t.Fatal(err)
	}
	m.Answer = func(msg link.Message) (wire.Type, any, error) {
		switch msg.Type {
		case wire.TypeDepotList:
			return wire.TypeDepot, wire.Depot{Renderers: []wire.Archive{listed}}, nil
		case wire.TypeDepotGet:
			return wire.TypeBlobURLs, wire.BlobURLs{URLs: []wire.Signed{m.Get("depot/x")}}, nil
		}
		return "", nil, nil
	}
	m.Start()
	r := fake.New(fake.Behaviour{Version: "2.0.0"})
	o := options(m, newIdentity(t), t.TempDir(), none{r})
	var program atomic.Value
	o.FromDepot = func(programs []string) []render.Renderer {
		if len(programs) != 1 {
			return nil
		}
		program.Store(programs[0])
		return []render.Renderer{offered{r, programs[0]}}
	}
	start(t, o)
	ready := fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return len(r.Capabilities.Installs) == 1 })
	if c := ready.Capabilities; c.Installs[0].Version != "2.0.0" || c.Class != "cpu/fake" {
		t.Fatalf("it announces %+v", c)
	}
	path := program.Load().(string)
	if text, err := os.ReadFile(path); err != nil || string(text) != "#!/bin/sh\n" || !strings.HasPrefix(path, o.DataDir) {
		t.Fatalf("%s holds %q, %v", path, text, err)
	}
	// What it can do now, it takes.
	task := offer(m, "a1", 1)
	task.Recipe.Version = "9.9.9"
	if give(t, m, task).Taken {
		t.Fatal("a version that nobody has was taken")
	}
	task = offer(m, "a2", 1)
	task.Recipe.Version = "2.0.0"
	if answer := give(t, m, task); !answer.Taken {
		t.Fatal(answer.Reason)
	}
	fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
}

// Without the depot, a machine on which nothing is installed doesn't become a worker.
func TestAWorkerNeedsARenderer(t *testing.T) {
	e, err := New(options(farm(t), newIdentity(t), t.TempDir(), none{fake.New(fake.Behaviour{})}))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(t.Context()); !errors.Is(err, ErrNoRenderer) || !strings.Contains(err.Error(), "--depot") {
		t.Error(err)
	}
}
