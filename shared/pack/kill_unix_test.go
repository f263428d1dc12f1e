//go:build unix

package pack_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/chunkcache"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/blob/s3"
	"github.com/heliostat-render/heliostat/shared/blob/storetest"
	"github.com/heliostat-render/heliostat/shared/blob/transfer"
	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/pack"
	"github.com/heliostat-render/heliostat/shared/seal"
)

// The tests in this file kill one end of a transfer with SIGKILL after a random number of
// bytes, again and again, and expect that it is continued and that nothing is torn.
const (
	sceneSize = 24 << 20
	inFlight  = 2
	childRole = "HELIOSTAT_TEST_CHILD"
)

// The same seed kills after the same numbers of bytes. More kills make a longer search.
var (
	killSeed = flag.Uint64("kill-seed", rand.Uint64(), "seed of the moments at which ends are killed")
	kills    = flag.Int64("kills", 4, "how often each end is killed")
)

func moments(t *testing.T) *rand.Rand {
	t.Logf("go test ./shared/pack -run %s -kill-seed %d -kills %d", t.Name(), *killSeed, *kills)
	return rand.New(rand.NewPCG(*killSeed, 1))
}

var killKey = seal.TenantKey{7}

// door is the manager's part: it signs URLs, and serves them where blobs isn't nil.
func door(s blob.Store, blobs http.Handler) http.Handler {
	mux := http.NewServeMux()
	if blobs != nil {
		mux.Handle("/", blobs)
	}
	answer := func(w http.ResponseWriter, v any, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("POST /missing", func(w http.ResponseWriter, r *http.Request) {
		var refs []pack.ChunkRef
		err := json.NewDecoder(r.Body).Decode(&refs)
		urls := map[string]blob.Signed{}
		for _, c := range refs {
			if _, serr := s.Stat(r.Context(), key(c.ID)); serr == nil {
				continue
			} else if !errors.Is(serr, blob.ErrNotFound) {
				err = errors.Join(err, serr)
				break
			}
			u, serr := s.SignPut(r.Context(), key(c.ID), c.Size, c.Digest, time.Minute)
			err = errors.Join(err, serr)
			urls[c.ID.String()] = u
		}
		answer(w, urls, err)
	})
	mux.HandleFunc("GET /chunk/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := chunk.Parse(r.PathValue("id"))
		if err != nil {
			answer(w, nil, err)
			return
		}
		u, err := s.SignGet(r.Context(), key(id), time.Minute)
		answer(w, u, err)
	})
	return mux
}

// visitor is a node at the door. It repeats what fails because the door is away.
type visitor struct {
	base *url.URL
	c    *transfer.Client

	mu   sync.Mutex
	urls map[chunk.ID]blob.Signed // guarded by mu
}

func visit(address string) *visitor {
	base := &url.URL{Scheme: "http", Host: address}
	return &visitor{base: base, c: &transfer.Client{Bases: []*url.URL{base}, Attempts: 20}, urls: map[chunk.ID]blob.Signed{}}
}

func (v *visitor) ask(ctx context.Context, method, path string, body, into any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	for {
		req, err := http.NewRequestWithContext(ctx, method, v.base.JoinPath(path).String(), bytes.NewReader(b))
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			err = json.NewDecoder(resp.Body).Decode(into)
			_ = resp.Body.Close()
			if err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (v *visitor) Missing(ctx context.Context, refs []pack.ChunkRef) ([]pack.ChunkRef, error) {
	var urls map[string]blob.Signed
	if err := v.ask(ctx, http.MethodPost, "/missing", refs, &urls); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	var missing []pack.ChunkRef
	for _, c := range refs {
		if u, ok := urls[c.ID.String()]; ok {
			v.urls[c.ID] = u
			missing = append(missing, c)
		}
	}
	return missing, nil
}

func (v *visitor) Put(ctx context.Context, c pack.ChunkRef, stored []byte) error {
	v.mu.Lock()
	u := v.urls[c.ID]
	v.mu.Unlock()
	return v.c.PutBytes(ctx, u, stored)
}

func (v *visitor) Chunk(ctx context.Context, id chunk.ID) ([]byte, error) {
	var u blob.Signed
	if err := v.ask(ctx, http.MethodGet, "/chunk/"+id.String(), nil, &u); err != nil {
		return nil, err
	}
	return v.c.GetBytes(ctx, u, seal.MaxStored, nil)
}

// trap kills a process when enough bytes have passed.
type trap struct {
	left atomic.Int64
	mu   sync.Mutex
	who  *os.Process // guarded by mu
}

func (k *trap) set(p *os.Process, bytes int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.who = p
	k.left.Store(bytes)
}

// reset changes after how many bytes the same process is killed.
func (k *trap) reset(bytes int64) { k.left.Store(bytes) }

func (k *trap) passed(n int) {
	if k.left.Add(-int64(n)) > 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.who != nil {
		_ = k.who.Signal(syscall.SIGKILL)
		k.who = nil
	}
}

// wire counts what goes through a listener's connections, in small steps.
type wire struct {
	net.Listener
	k *trap
}

func (w wire) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	return counted{c, w.k}, err
}

type counted struct {
	net.Conn
	k *trap
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(len(p), 4096)])
	c.k.passed(n)
	return n, err
}

func (c counted) Write(p []byte) (done int, err error) {
	for len(p) > 0 && err == nil {
		var n int
		n, err = c.Conn.Write(p[:min(len(p), 4096)])
		c.k.passed(n)
		done, p = done+n, p[n:]
	}
	return done, err
}

func child(ctx context.Context, role string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKillChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), childRole+"="+role)
	for i, a := range args {
		cmd.Env = append(cmd.Env, fmt.Sprintf("%s_%d=%s", childRole, i, a))
	}
	return cmd
}

// TestKillChild is the end that is killed: it does nothing unless a test started it.
func TestKillChild(t *testing.T) {
	arg := func(i int) string { return os.Getenv(fmt.Sprintf("%s_%d", childRole, i)) }
	var err error
	switch os.Getenv(childRole) {
	case "upload":
		var built *pack.Built
		if built, err = build(t.Context(), visit(arg(0)), arg(1), arg(2)); err == nil {
			err = os.WriteFile(arg(3), append(built.JobKey[:], built.Manifest...), 0o600)
		}
	case "download":
		err = unpack(t.Context(), visit(arg(0)), arg(1), arg(2), arg(3))
	case "serve":
		var s *dir.Store
		if s, err = dir.Open(dir.Options{Root: arg(1)}); err == nil {
			err = http.ListenAndServe(arg(0), door(s, s.Handler()))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func build(ctx context.Context, sink pack.Sink, project, cache string) (*pack.Built, error) {
	src := []pack.Source{{Name: "scene.blend", Path: filepath.Join(project, "scene.blend")}}
	for i := range 40 {
		name := fmt.Sprintf("tex/%02d.png", i)
		src = append(src, pack.Source{Name: name, Path: filepath.Join(project, name)})
	}
	return pack.Build(ctx, pack.BuildOptions{Sources: src, Main: "scene.blend", TenantKey: killKey, Sink: sink, ScanCache: cache})
}

func unpack(ctx context.Context, from pack.Fetcher, pkg, cache, to string) error {
	b, err := os.ReadFile(pkg)
	if err != nil {
		return err
	}
	m, err := pack.OpenManifest(b[32:], seal.JobKey(b[:32]), pack.Limits{})
	if err != nil {
		return err
	}
	c, err := chunkcache.Open(chunkcache.Options{Dir: cache, MaxBytes: chunkcache.MinBytes})
	if err != nil {
		return err
	}
	return pack.Extract(ctx, pack.ExtractOptions{Manifest: m, Dir: to, Fetch: c.Through(from), Parallel: inFlight})
}

// project makes a scene that doesn't compress.
func project(t *testing.T) string {
	t.Helper()
	d := t.TempDir()
	r := rand.NewChaCha8([32]byte{3})
	write := func(name string, size int) {
		b := make([]byte, size)
		_, _ = r.Read(b)
		p := filepath.Join(d, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, b, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write("scene.blend", sceneSize)
	for i := range 40 {
		write(fmt.Sprintf("tex/%02d.png", i), 20_000+i)
	}
	return d
}

func same(t *testing.T, project, unpacked string) {
	t.Helper()
	err := filepath.WalkDir(project, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(project, p)
		want, err := os.ReadFile(p)
		got, gerr := os.ReadFile(filepath.Join(unpacked, name))
		if !bytes.Equal(want, got) {
			t.Errorf("%s differs", name)
		}
		return errors.Join(err, gerr)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// place is a store behind an address: blobs serves its signed URLs there, open gives the
// store itself.
type place struct {
	blobs http.Handler
	open  func(address string) blob.Store
}

var places = map[string]func(t *testing.T) place{
	"dir": func(t *testing.T) place {
		s, err := dir.Open(dir.Options{Root: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		return place{s.Handler(), func(string) blob.Store { return s }}
	},
	"s3": func(t *testing.T) place {
		srv := storetest.StartS3(t)
		proxy := httputil.NewSingleHostReverseProxy(must(url.Parse(srv.Endpoint)))
		proxy.ErrorLog = log.New(io.Discard, "", 0) // killed nodes leave requests behind
		return place{proxy, func(address string) blob.Store {
			return bucket(t, srv, "http://"+address)
		}}
	},
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// bucket opens an S3 store whose URLs lead to endpoint.
func bucket(t *testing.T, srv storetest.S3Server, endpoint string) blob.Store {
	t.Helper()
	s, err := s3.Open(t.Context(), s3.Options{Endpoint: endpoint, AccessKey: srv.AccessKey, SecretKey: srv.SecretKey, Bucket: "killed", Create: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// untorn reads every object and compares it with its digest.
func untorn(t *testing.T, s blob.Store) {
	t.Helper()
	err := s.List(context.Background(), "", func(o blob.Object) error {
		r, o, err := s.Get(context.Background(), o.Key)
		if err != nil {
			return err
		}
		defer r.Close()
		h := sha256.New()
		n, err := io.Copy(h, r)
		if err == nil && (n != o.Size || [32]byte(h.Sum(nil)) != o.Digest) {
			t.Errorf("%s is torn", o.Key)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestKilledNodeResumes(t *testing.T) {
	for name, prepare := range places {
		t.Run(name, func(t *testing.T) { killedNode(t, prepare(t)) })
	}
}

func killedNode(t *testing.T, p place) {
	scene, work, at := project(t), t.TempDir(), moments(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &trap{}
	var busy sync.WaitGroup
	var visited atomic.Bool // the node asks, and not this test
	var mu sync.Mutex
	stored, read := map[string]int{}, map[string]int{} // guarded by mu; how often each object went whole
	var inner atomic.Pointer[http.Handler]
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		busy.Add(1)
		defer busy.Done()
		st := &status{ResponseWriter: w}
		(*inner.Load()).ServeHTTP(st, r)
		if visited.Load() && st.code < 300 && st.err == nil && strings.Contains(r.URL.Path, "/chunk") && !strings.HasPrefix(r.URL.Path, "/chunk/") {
			mu.Lock()
			defer mu.Unlock()
			switch r.Method {
			case http.MethodPut:
				stored[r.URL.Path]++
			case http.MethodGet:
				read[r.URL.Path]++
			}
		}
	})}
	inner.Store(&p.blobs) // which is all that opening the store may ask for
	served := make(chan error, 1)
	go func() { served <- srv.Serve(wire{l, k}) }()
	s := p.open(l.Addr().String())
	t.Cleanup(func() { _ = srv.Close(); <-served; _ = s.Close() })
	handler := door(s, p.blobs)
	inner.Store(&handler)

	run := func(at int64, role string, args ...string) {
		t.Helper()
		cmd := child(t.Context(), role, args...)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		k.set(nil, 0)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		visited.Store(true)
		if at > 0 {
			k.set(cmd.Process, at)
		}
		err := cmd.Wait()
		k.set(nil, 0)
		busy.Wait() // a request whose bytes had all come is still answered
		visited.Store(false)
		killed := cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled()
		if at > 0 && !killed || at == 0 && err != nil {
			t.Fatalf("%s, to be killed after %d bytes: %v\n%s", role, at, err, out.Bytes())
		}
	}
	pkg := filepath.Join(work, "package")
	for _, e := range []struct {
		role string
		args []string
		went map[string]int
	}{
		{"upload", []string{l.Addr().String(), scene, filepath.Join(work, "scan"), pkg}, stored},
		{"download", []string{l.Addr().String(), pkg, filepath.Join(work, "cache"), filepath.Join(work, "out")}, read},
	} {
		for i := range *kills {
			bytes := 1 + at.Int64N(sceneSize/(*kills)-sceneSize/40)
			t.Logf("%s %d is killed after %d bytes", e.role, i, bytes)
			run(bytes, e.role, e.args...)
			untorn(t, s)
		}
		run(0, e.role, e.args...)
		mu.Lock()
		again := 0
		for _, n := range e.went {
			again += n - 1
		}
		// A chunk that had come to the killed end, but wasn't kept yet, comes again: those in flight.
		if limit := int(*kills) * inFlight; len(e.went) == 0 || e.role == "download" && again > limit || e.role == "upload" && again > 0 {
			t.Errorf("%s: %d objects of %d went again", e.role, again, len(e.went))
		}
		mu.Unlock()
	}
	same(t, scene, filepath.Join(work, "out"))
}

// status remembers how a request ended.
type status struct {
	http.ResponseWriter
	code int
	err  error
}

func (s *status) WriteHeader(code int) { s.code = code; s.ResponseWriter.WriteHeader(code) }

func (s *status) Write(p []byte) (int, error) {
	n, err := s.ResponseWriter.Write(p)
	s.err = errors.Join(s.err, err)
	return n, err
}

func (s *status) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(struct{ io.Writer }{s.ResponseWriter}, r)
	s.err = errors.Join(s.err, err)
	return n, err
}
