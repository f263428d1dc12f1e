package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// network is a manager and a store that fail as often as they are told to.
type network struct {
	mu       sync.Mutex
	objects  map[string]string // content by URL
	commits  []wire.TaskCommit
	puts     int
	lost     int   // commits that the manager misses files for
	failures int   // of the next requests and puts
	refuse   error // every request
}

func (n *network) fail() error {
	if n.refuse != nil {
		return n.refuse
	}
	if n.failures > 0 {
		n.failures--
		return errors.New("the line is down")
	}
	return nil
}

func (n *network) Request(_ context.Context, typ wire.Type, body, reply any) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.fail(); err != nil {
		return err
	}
	var answer any
	switch b := body.(type) {
	case wire.TaskUpload:
		var urls wire.BlobURLs
		for _, f := range b.Files {
			urls.URLs = append(urls.URLs, wire.Signed{URL: b.Lease + "/" + f.Digest[:8] + f.Kind})
		}
		answer = urls
	case wire.TaskCommit:
		if n.lost > 0 {
			n.lost--
			clear(n.objects)
			return &wire.Error{Code: wire.CodeNotFound, Message: "frame 1: the final file is not in the store"}
		}
		n.commits = append(n.commits, b)
		answer = wire.TaskCommitted{Key: "aa"}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, reply)
}

func (n *network) Put(_ context.Context, signed wire.Signed, path string, _ int64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.fail(); err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	n.objects[signed.URL], n.puts = string(text), n.puts+1
	return err
}

func (n *network) deliverer() *Deliverer {
	return &Deliverer{Manager: n, Store: n, Backoff: func(int) time.Duration { return 0 }}
}

func newNetwork() *network { return &network{objects: map[string]string{}} }

func lease(frames ...int) Lease {
	l := Lease{Offer: wire.LeaseOffer{Lease: "a234", Task: "t", Job: "j"}, Taken: 1}
	for _, f := range frames {
		l.Offer.Frames = append(l.Offer.Frames, wire.FrameSeed{Frame: f})
	}
	return l
}

// finish makes one frame as the session does.
func finish(t *testing.T, e *Entry, frame int) {
	t.Helper()
	dir := t.TempDir()
	var files []File
	for kind, name := range map[string]string{Final: "f.png", Master: "m.exr"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(kind), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, File{Path: path, Kind: kind})
	}
	taken, err := e.Take(frame, files)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Add(Record{Frame: frame, Files: taken, Commit: proof.FrameCommit{Frame: frame}}); err != nil {
		t.Fatal(err)
	}
}

// promise is a commit of what is finished.
func promise(e *Entry) wire.TaskCommit {
	c := wire.TaskCommit{Lease: e.ID()}
	for _, r := range e.Records() {
		c.Frames = append(c.Frames, r.Commit)
	}
	return c
}

func open(t *testing.T, dir string) *Box {
	t.Helper()
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestExtrasKeepTheirNames(t *testing.T) {
	b := open(t, t.TempDir())
	e, err := b.Begin(lease(1))
	if err != nil {
		t.Fatal(err)
	}
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "x.exr")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	taken, err := e.Take(1, []File{{Path: file("one"), Kind: Extra, Name: "depth/0001.exr"}, {Path: file("two"), Kind: Extra, Name: "mist/0001.exr"}})
	if err != nil || len(taken) != 2 || taken[0].Name != "depth/0001.exr" || e.Path(taken[0]) == e.Path(taken[1]) {
		t.Fatalf("got %+v, %v", taken, err)
	}
	if err := e.Add(Record{Frame: 1, Files: taken, Commit: proof.FrameCommit{Frame: 1}}); err != nil {
		t.Fatal(err)
	}
	again := open(t, b.dir).Entries()
	if len(again) != 1 || len(again[0].Records()) != 1 {
		t.Fatal("a restart forgets a frame with extras")
	}
	if text, err := os.ReadFile(again[0].Path(taken[1])); err != nil || string(text) != "two" {
		t.Fatalf("got %q, %v", text, err)
	}
	for _, bad := range []File{{Kind: Extra}, {Kind: Extra, Name: "../x.exr"}, {Kind: Extra, Name: "/etc/x.exr"}, {Kind: Final, Name: "x.exr"}, {Kind: "other"}} {
		bad.Path = file("bad")
		if _, err := e.Take(1, []File{bad}); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestFramesAreDeliveredWhileOthersRender(t *testing.T) {
	n := newNetwork()
	n.failures = 3
	e, err := open(t, t.TempDir()).Begin(lease(1, 2))
	if err != nil {
		t.Fatal(err)
	}
	d := n.deliverer()
	up := make(chan int, 2)
	d.Progress = func(_ *Entry, frame int) { up <- frame }
	done := make(chan error, 1)
	go func() { _, err := d.Deliver(t.Context(), e); done <- err }()
	finish(t, e, 1)
	if frame := <-up; frame != 1 {
		t.Fatalf("frame %d was uploaded", frame)
	}
	if len(n.commits) != 0 {
		t.Fatal("committed before the last frame")
	}
	finish(t, e, 2)
	if err := e.Seal(promise(e)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(n.objects) != 2 || len(n.commits) != 1 { // equal content, so the URLs of both frames coincide
		t.Fatalf("%d objects, %d commits", len(n.objects), len(n.commits))
	}
	if _, err := os.Stat(e.dir); !errors.Is(err, os.ErrNotExist) {
		t.Fatal("an acknowledged lease stays on disk")
	}
}

func TestARestartGoesOnWhereTheCrashWas(t *testing.T) {
	dir := t.TempDir()
	e, err := open(t, dir).Begin(lease(1, 2, 3))
	if err != nil {
		t.Fatal(err)
	}
	finish(t, e, 1)
	finish(t, e, 3)
	// A crash in the middle of frame 3's record, and one that lost frame 1's file.
	if err := os.WriteFile(filepath.Join(e.dir, "3.json"), []byte(`{"frame":3,"fi`), 0o600); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir).Entries()
	if len(again) != 1 || len(again[0].Records()) != 1 || again[0].Records()[0].Frame != 1 {
		t.Fatalf("got %+v", again)
	}
	e = again[0]
	if n, err := e.Resume(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := e.Seal(wire.TaskCommit{}); err == nil {
		t.Fatal("sealed with frames missing")
	}
	finish(t, e, 2)
	finish(t, e, 3)
	if err := e.Seal(promise(e)); err != nil {
		t.Fatal(err)
	}
	e = open(t, dir).Entries()[0]
	if _, sealed := e.Commit(); !sealed || e.Lease().Resumed != 1 {
		t.Fatal("the commit or the count of restarts is lost")
	}
	n := newNetwork()
	if _, err := n.deliverer().Deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if len(open(t, dir).Entries()) != 0 {
		t.Fatal("the lease would be delivered again")
	}
}

func TestDeliveryEndsWithItsContextAndKeepsTheFrames(t *testing.T) {
	dir := t.TempDir()
	n := newNetwork()
	n.failures = 1 << 30
	e, err := open(t, dir).Begin(lease(1))
	if err != nil {
		t.Fatal(err)
	}
	finish(t, e, 1)
	ctx, cancel := context.WithCancel(t.Context())
	d := n.deliverer()
	tried := 0
	d.Trouble = func(error) {
		if tried++; tried == 5 {
			cancel()
		}
	}
	if _, err := d.Deliver(ctx, e); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if len(open(t, dir).Entries()) != 1 {
		t.Fatal("the frames are gone")
	}
}

func TestAFinalRefusalIsNotTriedAgain(t *testing.T) {
	n := newNetwork()
	n.refuse = &wire.Error{Code: wire.CodeConflict, Message: "the lease has expired"}
	e, err := open(t, t.TempDir()).Begin(lease(1))
	if err != nil {
		t.Fatal(err)
	}
	finish(t, e, 1)
	if _, err := n.deliverer().Deliver(t.Context(), e); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "expired") {
		t.Fatalf("got %v", err)
	}
}

// A store that lost what it had acknowledged gets the frames again, and a manager that knows
// nothing of the lease ends it.
func TestFilesThatTheStoreLostAreUploadedAgain(t *testing.T) {
	for lost, delivered := range map[int]bool{1: true, maxAgain: true, maxAgain + 1: false} {
		n, b := newNetwork(), open(t, t.TempDir())
		n.lost = lost
		e, err := b.Begin(lease(1, 2))
		if err != nil {
			t.Fatal(err)
		}
		finish(t, e, 1)
		finish(t, e, 2)
		if err := e.Seal(promise(e)); err != nil {
			t.Fatal(err)
		}
		_, err = n.deliverer().Deliver(t.Context(), e)
		if delivered && (err != nil || len(n.objects) != 2 || len(n.commits) != 1 || n.puts != 4*(lost+1)) {
			t.Errorf("lost %d times: %v, %d objects by %d uploads", lost, err, len(n.objects), n.puts)
		}
		if !delivered && !errors.Is(err, ErrRefused) {
			t.Errorf("lost %d times: %v", lost, err)
		}
	}
}

// Work that can't be read just now isn't thrown away.
func TestAnOutboxThatCantBeReadIsKept(t *testing.T) {
	dir := t.TempDir()
	e, err := open(t, dir).Begin(lease(1))
	if err != nil {
		t.Fatal(err)
	}
	finish(t, e, 1)
	record := filepath.Join(dir, e.ID(), "lease.json")
	if err := errors.Join(os.Rename(record, record+".away"), os.Symlink("lease.json", record)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), e.ID()) || !strings.Contains(err.Error(), "readable") {
		t.Fatalf("opened with %v", err)
	}
	if err := os.Rename(record+".away", record); err != nil {
		t.Fatal(err)
	}
	if kept := open(t, dir).Entries(); len(kept) != 1 || len(kept[0].Records()) != 1 {
		t.Fatalf("kept %v", kept)
	}
}

func TestOnlyPlainFilesAreTaken(t *testing.T) {
	e, err := open(t, t.TempDir()).Begin(lease(1))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	secret := filepath.Join(dir, "identity.json")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "0001.png")
	if err := os.Symlink(secret, link); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "0002.png")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, folder, filepath.Join(dir, "absent.png"), filepath.Join(dir, "no-ending"), secret + "/../x.p/g"} {
		if _, err := e.Take(1, []File{{Path: path, Kind: Final}}); err == nil {
			t.Errorf("%s was taken", path)
		}
	}
	if _, err := os.Stat(secret); err != nil {
		t.Fatal("the owner's file was moved")
	}
}

func TestHostileNamesStayInside(t *testing.T) {
	b := open(t, t.TempDir())
	for _, name := range []string{"", "..", "a/b", "../x", "A", strings.Repeat("a", 65)} {
		l := lease(1)
		l.Offer.Lease = name
		if _, err := b.Begin(l); err == nil {
			t.Errorf("lease %q was taken", name)
		}
	}
}

// FuzzLoad feeds whatever a broken disk could hold to Open.
func FuzzLoad(f *testing.F) {
	text, err := json.Marshal(lease(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, []byte(`{"frame":1,"files":[{"frame":1,"kind":"final","ext":"/../../x","size":1}],"uploaded":true}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, lease, record, commit []byte) {
		dir := t.TempDir()
		entry := filepath.Join(dir, "a234")
		if err := os.Mkdir(entry, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string][]byte{"lease.json": lease, "1.json": record, "commit.json": commit} {
			if err := os.WriteFile(filepath.Join(entry, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range b.Entries() {
			if e.ID() != "a234" {
				t.Fatalf("entry %q", e.ID())
			}
			for _, r := range e.Records() {
				for _, file := range r.Files {
					if filepath.Dir(e.Path(file)) != entry {
						t.Fatalf("a file outside: %s", e.Path(file))
					}
				}
			}
		}
	})
}
