package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/open"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func TestMain(m *testing.M) {
	if raw := os.Getenv(childEnv); raw != "" {
		var c config
		if err := json.Unmarshal([]byte(raw), &c); err != nil {
			panic(err)
		}
		c.Stdout, c.Log = os.Stdout, slog.New(slog.NewTextHandler(os.Stderr, nil))
		if err := serve(context.Background(), c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func settings(t *testing.T, settlement string) config {
	return config{
		Data: filepath.Join(t.TempDir(), "data"), Listen: "127.0.0.1:0", Settlement: settlement, Blobs: "dir",
		Lease: 20 * time.Second, Grace: 20 * time.Second, Epoch: time.Second, Window: time.Hour, Target: time.Second, Price: 0.1, Faucet: 1000,
	}
}

// startManager serves in this process and returns the manager's address and a clean stop.
func startManager(t *testing.T, c config) (url string, stop func()) {
	t.Helper()
	r, w := io.Pipe()
	c.Stdout = w
	switch {
	case c.Log != nil:
	case testing.Verbose():
		c.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	default:
		c.Log = discard()
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		err := serve(ctx, c)
		w.CloseWithError(errors.Join(io.EOF, err))
		done <- err
	}()
	url = readyAddress(t, r)
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the manager stopped with: %v", err)
			return
		}
		soundStore(t, c)
	}
	t.Cleanup(stop)
	return url, stop
}

// soundStore holds what a manager leaves behind to everything that `store check` knows. Other managers may be at work on it.
func soundStore(t *testing.T, c config) {
	t.Helper()
	db, err := open.Reading(context.Background(), c.store(), discard())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(context.Background(), func(tx store.Tx) error {
		problems, err := tx.(*rows.Tx).Check()
		for _, p := range problems {
			t.Errorf("the store doesn't hold to %q: %s", p.Rule, p.Subject)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func readyAddress(t *testing.T, r io.Reader) string {
	t.Helper()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("no ready line: %v", err)
	}
	for field := range strings.FieldsSeq(line) {
		if address, ok := strings.CutPrefix(field, "address="); ok {
			return address
		}
	}
	t.Fatalf("the ready line %q names no address", line)
	return ""
}

// artist submits jobs.
type artist struct {
	*client.Client
	t     *testing.T
	ctx   context.Context
	dir   string
	id    *identity.Identity
	built *pack.Built // of the last draft
	// drafts counts the requests made, which each have an id of their own.
	drafts int
}

func newArtist(t *testing.T, url string) *artist {
	t.Helper()
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	c, err := client.Dial(ctx, client.Options{Manager: url, Identity: id, Software: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &artist{Client: c, t: t, ctx: ctx, dir: t.TempDir(), id: id}
}

var simRecipe = job.Recipe{
	Renderer: simRenderer, Version: fake.Version, Engine: "CYCLES", MainFile: "scene.blend", Width: 96, Height: 64, Samples: 8, Device: "CPU", Format: "PNG", ColorDepth: "8",
}

// draft packs a scene and gets its price.
func (a *artist) draft(frames int) wire.JobQuote {
	a.t.Helper()
	scene := filepath.Join(a.dir, "scene.blend")
	if err := os.WriteFile(scene, []byte("a scene of "+a.t.Name()), 0o600); err != nil {
		a.t.Fatal(err)
	}
	built, err := pack.Build(a.ctx, pack.BuildOptions{Sources: []pack.Source{{Name: "scene.blend", Path: scene}}, Main: "scene.blend", TenantKey: a.id.TenantKey(), Sink: a.Sink()})
	if err != nil {
		a.t.Fatal(err)
	}
	if err := a.SealPackage(a.ctx, built); err != nil {
		a.t.Fatal(err)
	}
	a.built = built
	a.drafts++
	r := client.DraftRequest{Request: fmt.Sprint(a.t.Name(), " ", a.drafts), Name: "shot", Built: built, Recipe: simRecipe}
	for f := range frames {
		r.Frames = append(r.Frames, f+1)
	}
	q, err := a.Draft(a.ctx, r)
	if err != nil {
		a.t.Fatal(err)
	}
	again, err := a.Draft(a.ctx, r)
	if err != nil || again.Job.ID != q.Job.ID || again.Quote.ID != q.Quote.ID {
		a.t.Fatalf("the same draft made another job: %v", err)
	}
	return q
}

func (a *artist) submit(frames int) job.Job {
	a.t.Helper()
	q := a.draft(frames)
	j, err := a.Fund(a.ctx, q)
	if err != nil {
		a.t.Fatal(err)
	}
	again, err := a.Fund(a.ctx, q)
	if err != nil || again.ID != j.ID {
		a.t.Fatalf("the same funding again: %v", err)
	}
	return j
}

// await watches a job until ok says so, and returns it as it is then.
func (a *artist) await(id string, ok func(job.Job) bool) wire.JobDetail {
	a.t.Helper()
	ctx, cancel := context.WithCancel(a.ctx)
	defer cancel()
	reached := false
	err := a.Watch(ctx, wire.JobWatch{Job: id}, func(u wire.JobUpdate) {
		if ok(u.Job) {
			reached = true
			cancel()
		}
	})
	d, showErr := a.Job(context.WithoutCancel(a.ctx), id)
	if err != nil || !reached || showErr != nil {
		for _, e := range d.Events {
			a.t.Logf("%s: %s %s", e.What, e.Text, e.Node)
		}
		a.t.Fatalf("job %s stays %s (%+v), why: %q; %v, %v", id, d.Job.State, d.Job.Counts, d.Why, err, showErr)
	}
	return d
}

func inState(states ...job.State) func(job.Job) bool {
	return func(j job.Job) bool { return slices.Contains(states, j.State) }
}

// download fetches every delivered frame and checks it.
func (a *artist) download(id string) []wire.JobFile {
	a.t.Helper()
	files, err := a.Files(a.ctx, id, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, f := range files.Files {
		if err := a.Download(a.ctx, f, filepath.Join(a.dir, "out", f.Name)); err != nil {
			a.t.Fatal(err)
		}
	}
	return files.Files
}

// checkDelivered holds a delivered job to the promises: every frame verified by somebody
// else than its worker, by none of the cheats, and paid once.
func checkDelivered(t *testing.T, d wire.JobDetail, frames int, cheats ...string) {
	t.Helper()
	if len(d.Frames) != frames {
		t.Errorf("%d of %d frames", len(d.Frames), frames)
	}
	for _, f := range d.Frames {
		if f.State != job.FrameDelivered && f.State != job.FrameAccepted {
			t.Errorf("frame %d is %s", f.Number, f.State)
		}
		if f.Verifier == "" || f.Verifier == f.Worker || f.Verdict == "" {
			t.Errorf("frame %d of %s was verified by %q: %q", f.Number, f.Worker, f.Verifier, f.Verdict)
		}
		if slices.Contains(cheats, f.Worker) {
			t.Errorf("frame %d of the cheat %s was delivered", f.Number, f.Worker)
		}
	}
	if want := job.Amount(frames) * (d.Job.Quote.PerFrame + d.Job.Quote.VerifyFee); d.Job.Spent != want {
		t.Errorf("spent %d, want %d", d.Job.Spent, want)
	}
}
