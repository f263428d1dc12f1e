package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// command runs one of the operator's commands and returns what it printed.
func command(cmd *cobra.Command, args ...string) (string, error) {
	var out bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(io.Discard)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.Execute()
	return out.String(), err
}

func makeArchive(t *testing.T, name, text string) (path, digest string) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create(strings.TrimSuffix(name, ".zip") + "/blender")
	if err == nil {
		_, err = io.WriteString(f, text)
	}
	path = filepath.Join(t.TempDir(), name)
	if err := errors.Join(err, z.Close(), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	return path, hex.EncodeToString(sum[:])
}

func TestDepot(t *testing.T) {
	c := settings(t, "off")
	path, digest := makeArchive(t, "blender-9.9-linux-x64.zip", "a program")
	add := []string{"add", path, "--data", c.Data, "--renderer", "blender", "--version", "9.9", "--os", "linux", "--arch", "amd64"}
	// Without a manager, then with one.
	if out, err := command(depotCommand(), add...); err != nil || !strings.Contains(out, digest) {
		t.Fatalf("%q, %v", out, err)
	}
	url, stop := startManager(t, c)
	second, other := makeArchive(t, "blender-9.8.zip", "another program")
	if _, err := command(depotCommand(), "add", second, "--data", c.Data, "--renderer", "blender", "--version", "9.8", "--root", ".", "--executable", "blender-9.8/blender"); err != nil {
		t.Fatal(err)
	}
	if out, err := command(depotCommand(), "list", "--data", c.Data); err != nil || !strings.Contains(out, digest[:12]) || !strings.Contains(out, other[:12]) {
		t.Errorf("%q, %v", out, err)
	}
	w := startWorker(t, url, fake.Behaviour{})
	var all wire.Depot
	if err := w.conn.Request(w.ctx, wire.TypeDepotList, wire.DepotList{}, &all); err != nil || len(all.Renderers) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	if a := all.Renderers[1]; a.Digest != digest || a.Root != "blender-9.9-linux-x64" || a.Executable != "blender" || a.OS != "linux" {
		t.Errorf("archive %+v", a)
	}
	var urls wire.BlobURLs
	if err := w.conn.Request(w.ctx, wire.TypeDepotGet, wire.DepotGet{Digest: digest}, &urls); err != nil || len(urls.URLs) != 1 {
		t.Fatalf("%+v, %v", urls, err)
	}
	got, err := w.transfer.GetBytes(w.ctx, signed(urls.URLs[0]), 1<<20, nil)
	if err != nil || digestOf(got) != digest {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	a := newArtist(t, url)
	if _, err := a.Nodes(a.ctx); err != nil {
		t.Error(err)
	}
	if _, err := command(depotCommand(), "remove", digest[:12], "--data", c.Data); err != nil {
		t.Error(err)
	}
	var gone *wire.Error
	if err := w.conn.Request(w.ctx, wire.TypeDepotGet, wire.DepotGet{Digest: digest}, &urls); !errors.As(err, &gone) || gone.Code != wire.CodeNotFound {
		t.Errorf("a removed archive: %v", err)
	}
	if out, err := command(trailCommand(), "--data", c.Data); err != nil || strings.Count(out, "depot.add") != 2 || !strings.Contains(out, "depot.remove") {
		t.Errorf("trail %q, %v", out, err)
	}
	stop()
	for name, args := range map[string][]string{
		"no such file": {"add", path + "x", "--data", c.Data, "--renderer", "blender", "--version", "1"},
		"way out":      {"add", path, "--data", c.Data, "--renderer", "blender", "--version", "1", "--root", "../x"},
		"version":      {"add", path, "--data", c.Data, "--renderer", "blender", "--version", "1/2"},
		"digest":       {"remove", "zzzz", "--data", c.Data},
	} {
		if _, err := command(depotCommand(), args...); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for want, args := range map[string][]string{
		"has no program nope/blender; it has one in the folder blender-9.9-linux-x64: name the folder with --root": {path, "--root", "nope"},
		"has no program blender; it has one in the folder blender-9.9-linux-x64":                                   {path, "--root", "."},
		"has no program blender-9.9-linux-x64/bin/b; at its top are blender-9.9-linux-x64: name":                   {path, "--executable", "bin/b"},
	} {
		if out, err := command(depotCommand(), append([]string{"add", "--data", c.Data, "--renderer", "blender", "--version", "9.9"}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("depot add %q: %v, not %q; it printed %q", args, err, want, out)
		}
	}
}

// ask calls the desk by hand.
func ask(t *testing.T, c config, path, token string) (int, string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(c.Data, adminFile))
	if err != nil {
		t.Fatal(err)
	}
	var at adminAddress
	if err := json.Unmarshal(raw, &at); err != nil {
		t.Fatal(err)
	}
	if token == "" {
		token = at.Token
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestOperatorSeesTheManager(t *testing.T) {
	c := settings(t, "off")
	url, _ := startManager(t, c)
	a := newArtist(t, url)
	startWorker(t, url, fake.Behaviour{})
	startVerifier(t, url, fake.Behaviour{})
	j := a.submit(4)
	a.await(j.ID, inState(job.Delivered))
	paused := a.submit(2)
	if _, err := a.Pause(a.ctx, paused.ID, "lunch"); err != nil {
		t.Fatal(err)
	}

	for path, want := range map[string]int{"/metrics": 401, "/top": 401, "/trail": 401, "/depot": 401} {
		if code, _ := ask(t, c, path, "wrong"); code != want {
			t.Errorf("%s without the token: %d", path, code)
		}
	}
	code, text := ask(t, c, "/metrics", "")
	if code != http.StatusOK {
		t.Fatalf("/metrics: %d %s", code, text)
	}
	for _, line := range []string{
		`heliostat_sessions{role="artist"} 1`, `heliostat_sessions{role="worker"} 1`, `heliostat_nodes{role="worker",state="idle"}`, `heliostat_managers 1`, `heliostat_draining 0`,
		`heliostat_transitions_total{noun="frame",state="delivered"} 4`, `heliostat_requests_total{code="ok",type="job.fund"} 4`, `heliostat_dispatch_seconds_count`, `heliostat_store_commits_total`,
		`heliostat_jobs{state="paused"}`, `heliostat_money_earned`, `heliostat_store_update_seconds_bucket`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("/metrics has no %s", line)
		}
	}
	out, err := command(topCommand(), "--data", c.Data, "--once")
	if err != nil || !strings.Contains(out, paused.ID) || !strings.Contains(out, "worker 1") || !strings.Contains(out, "cpu/fake") || strings.Contains(out, "\x1b") {
		t.Errorf("top: %q, %v", out, err)
	}
	out, err = command(trailCommand(), "--data", c.Data, "--limit", "50")
	for _, want := range []string{"job.draft", "job.fund", "job.pause", "lunch", a.id.Address(), paused.ID, "package.finish"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("the trail has no %s: %q, %v", want, out, err)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		resp, err := http.Get(url + path)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %v, %v", path, resp, err)
		}
		resp.Body.Close()
	}
	for _, path := range []string{"/metrics", "/top", "/trail", "/"} {
		resp, err := http.Get(url + path)
		if err != nil || resp.StatusCode != http.StatusNotFound {
			t.Errorf("the public door answers %s with %v, %v", path, resp, err)
		}
		resp.Body.Close()
	}
	resp, err := http.Get(url + "/blob/frame/" + j.ID)
	if err != nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("a blob without a signature: %v, %v", resp, err)
	}
	resp.Body.Close()
}

func TestDrain(t *testing.T) {
	c := settings(t, "off")
	url, kill := startChild(t, c)
	a := newArtist(t, url)
	slow := &worker{node: newNode(t, fake.Behaviour{})}
	standing, go_ := make(chan struct{}, 16), make(chan struct{})
	slow.committing = func(wire.TaskCommit) bool { standing <- struct{}{}; <-go_; return true }
	slow.start(url)
	a.submit(12) // several tasks for one worker
	waiting := a.submit(2)
	<-standing
	done := make(chan error, 1)
	go func() {
		_, err := command(drainCommand(), "--data", c.Data, "--wait", "1m")
		done <- err
	}()
	until(t, func() bool {
		resp, err := http.Get(url + "/readyz")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusServiceUnavailable
	})
	if d, err := a.Job(a.ctx, waiting.ID); err != nil || !strings.Contains(d.Why, "the manager is about to stop and gives nothing out any more") {
		t.Errorf("a job waits while the manager drains because %q, %v", d.Why, err)
	}
	close(go_)
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the manager drains for ever")
	}
	kill() // it has ended by itself; this collects it
	slow.mu.Lock()
	defer slow.mu.Unlock()
	if len(slow.commits) != 1 || slow.offers != 1 {
		t.Errorf("%d commits of %d offers while the manager drained", len(slow.commits), slow.offers)
	}
	if _, err := command(drainCommand(), "--data", c.Data); err == nil || !strings.Contains(err.Error(), "no manager runs") {
		t.Errorf("drained again: %v", err)
	}
}

func TestTLS(t *testing.T) {
	c := settings(t, "off")
	c.TLS = tlsSelf
	url, stop := startManager(t, c)
	plain, pin, ok := strings.Cut(url, "#")
	if !ok || !strings.HasPrefix(url, "https://") || !strings.HasPrefix(pin, "sha256:") {
		t.Fatalf("address %s", url)
	}
	a := newArtist(t, url)
	startWorker(t, url, fake.Behaviour{})
	startVerifier(t, url, fake.Behaviour{})
	j := a.submit(2)
	a.await(j.ID, inState(job.Delivered))
	if files := a.download(j.ID); len(files) != 2 {
		t.Errorf("%d files", len(files))
	}
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	dial := func(o client.Options) error {
		o.Identity, o.Timeout = id, 2*time.Second
		c, err := client.Dial(t.Context(), o)
		if err == nil {
			c.Close()
		}
		return err
	}
	if err := dial(client.Options{Manager: plain, Pin: pin}); err != nil {
		t.Errorf("with --pin: %v", err)
	}
	wrong := "sha256:" + strings.Repeat("0", 64)
	if err := dial(client.Options{Manager: plain, Pin: wrong}); !errors.Is(err, link.ErrPin) || strings.Contains(err.Error(), "farm start") {
		t.Errorf("another pin: %v", err)
	}
	if err := dial(client.Options{Manager: plain}); err == nil {
		t.Error("a self-signed certificate was trusted without its pin")
	}
	if err := dial(client.Options{Manager: strings.Replace(plain, "https", "http", 1)}); err == nil {
		t.Error("a connection without TLS was taken")
	}
	stop()
	again, _ := startManager(t, c)
	if !strings.HasSuffix(again, pin) {
		t.Errorf("the pin changed to %s", again)
	}
}

func TestOwnCertificateIsReadAgain(t *testing.T) {
	c := settings(t, "off")
	dir := t.TempDir()
	c.TLSCert, c.TLSKey = filepath.Join(dir, "crt"), filepath.Join(dir, "key")
	if err := selfSign(c.TLSCert, c.TLSKey, nil); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	files := &certFiles{certificate: c.TLSCert, key: c.TLSKey, log: discard(), clock: func() time.Time { return now }}
	first, err := files.load()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(c.TLSKey), selfSign(c.TLSCert, c.TLSKey, nil), os.Chtimes(c.TLSKey, now, now.Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	get := func() *tls.Certificate {
		got, err := files.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if get() != first {
		t.Error("the files were read at once again")
	}
	now = now.Add(certCheck)
	second := get()
	if link.Pin(second.Leaf) == link.Pin(first.Leaf) {
		t.Error("the renewed certificate isn't served")
	}
	if err := os.WriteFile(c.TLSCert, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	now = now.Add(certCheck)
	if get() != second {
		t.Error("a broken certificate replaced the good one")
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// until waits for something that nobody announces.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("it didn't come to that in 30 seconds")
		}
	}
}

// TestTopKeepsItsColumns: the reasons between the rows don't end the table.
func TestTopKeepsItsColumns(t *testing.T) {
	v := overview{Jobs: []topJob{{ID: "j1", State: job.Rendering, Name: "first", Why: "no worker is connected"}, {ID: "a longer id", State: job.Paused, Name: "second"}}}
	var out strings.Builder
	if err := v.print(&out); err != nil {
		t.Fatal(err)
	}
	column := func(row, text string) int {
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, row) {
				return strings.Index(line, text)
			}
		}
		return -1
	}
	for row, text := range map[string]string{"j1 ": `"first"`, "a longer id": `"second"`} {
		if at := column(row, text); at < 0 || at != column("JOB", "NAME") {
			t.Errorf("the name of %q isn't under its title:\n%s", row, out.String())
		}
	}
	if !strings.Contains(out.String(), "\"first\"\n  no worker is connected\na longer id") {
		t.Errorf("the reason isn't below its row:\n%s", out.String())
	}
}
