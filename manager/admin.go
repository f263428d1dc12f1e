package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// adminFile, in the data folder, tells the commands of this machine how to reach the manager: only
// who may read the folder may give orders.
const adminFile = "admin.json"

type adminAddress struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

// desk answers the operator's commands on this machine.
type desk struct {
	db    store.Store
	blobs blob.Store
	token string
	clock func() time.Time
	log   *slog.Logger
	// parts is nil when no manager runs and a command opened its stores by itself.
	parts *parts
}

// office is the desk behind its listeners.
type office struct {
	file    string
	servers []*http.Server
	ears    []net.Listener
}

func openAdmin(c config, m *parts) (*office, error) {
	o := &office{file: filepath.Join(c.Data, adminFile)}
	token := make([]byte, 32)
	rand.Read(token) // never fails, see crypto/rand
	d := &desk{db: m.db, blobs: m.blobs, token: hex.EncodeToString(token), clock: m.clock, log: c.Log, parts: m}
	ear, err := o.add(cmp.Or(c.Admin, "127.0.0.1:0"), "--admin", d.handler(), c.Log)
	if err != nil {
		return nil, err
	}
	if c.Metrics != "" {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", m.metrics.Handler())
		mux.HandleFunc("GET /healthz", m.healthy)
		mux.HandleFunc("GET /readyz", m.ready)
		if _, err := o.add(c.Metrics, "--metrics", mux, c.Log); err != nil {
			return nil, errors.Join(err, o.close())
		}
	}
	raw, err := json.Marshal(adminAddress{URL: "http://" + reachable(ear.Addr()), Token: d.token})
	if err == nil {
		err = replaceFile(o.file, raw, 0o600)
	}
	if err != nil {
		return nil, errors.Join(err, o.close())
	}
	return o, nil
}

func (o *office) add(address, flag string, h http.Handler, log *slog.Logger) (net.Listener, error) {
	ear, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("can't listen on %s: %w; choose another address with %s", address, err, flag)
	}
	o.ears = append(o.ears, ear)
	o.servers = append(o.servers, &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)})
	return ear, nil
}

func (o *office) run(ctx context.Context) error {
	failed := make(chan error, len(o.servers))
	for i, s := range o.servers {
		go func() { failed <- s.Serve(o.ears[i]) }()
	}
	var err error
	left := len(o.servers)
	select {
	case err = <-failed:
		left--
	case <-ctx.Done():
	}
	for _, s := range o.servers {
		_ = s.Close() // whoever asks a stopping manager asks again
	}
	for range left {
		<-failed
	}
	return err
}

func (o *office) close() error {
	for _, ear := range o.ears {
		_ = ear.Close() // the server has closed it, unless the start failed
	}
	if err := os.Remove(o.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d *desk) handler() http.Handler {
	mux := http.NewServeMux()
	if d.parts != nil {
		mux.Handle("GET /metrics", d.parts.metrics.Handler())
		mux.HandleFunc("GET /top", d.top)
		mux.HandleFunc("POST /drain", d.drain)
		mux.HandleFunc("POST /rush", d.rush)
	}
	mux.HandleFunc("GET /trail", d.trail)
	mux.HandleFunc("GET /depot", d.depotList)
	mux.HandleFunc("PUT /depot", d.depotAdd)
	mux.HandleFunc("DELETE /depot/{digest}", d.depotRemove)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+d.token)) != 1 {
			http.Error(w, "the token of the data folder's "+adminFile+" is missing or wrong", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// reply sends a body as JSON, or the error.
func (d *desk) reply(w http.ResponseWriter, r *http.Request, body any, err error) {
	var refused *wire.Error
	switch {
	case err == nil:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body) // the client has gone
	case errors.As(err, &refused):
		http.Error(w, refused.Error(), http.StatusBadRequest)
	default:
		d.log.Error("an operator's command failed", "method", r.Method, "path", r.URL.Path, "err", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// did writes an operator's command into the trail.
func (d *desk) did(ctx context.Context, tx store.Tx, what, subject, detail string) error {
	about := ""
	if strings.HasPrefix(what, "job.") {
		about = subject
	}
	d.log.InfoContext(ctx, "command", "what", what, "who", "operator", "job", about, "subject", subject, "detail", detail)
	return tx.AddDeed(store.Deed{Time: d.clock().UnixMilli(), Who: "operator", What: what, Subject: subject, Detail: detail})
}

func (d *desk) drain(w http.ResponseWriter, r *http.Request) {
	limit, err := time.ParseDuration(cmp.Or(r.URL.Query().Get("wait"), "0"))
	if err != nil || limit < 0 {
		d.reply(w, r, nil, &wire.Error{Code: wire.CodeBadRequest, Message: "the time to wait can't be read"})
		return
	}
	err = d.db.Update(r.Context(), func(tx store.Tx) error {
		return d.did(r.Context(), tx, "drain", d.parts.name, "waits "+limit.String())
	})
	if err == nil {
		d.parts.drain.ask(limit)
	}
	d.reply(w, r, struct{}{}, err)
}

// maxTrail bounds the lines of one answer.
const maxTrail = 1000

func (d *desk) trail(w http.ResponseWriter, r *http.Request) {
	before, err := strconv.ParseInt(cmp.Or(r.URL.Query().Get("before"), "0"), 10, 64)
	limit, e := strconv.Atoi(cmp.Or(r.URL.Query().Get("limit"), "100"))
	if err != nil || e != nil || limit < 1 || limit > maxTrail {
		d.reply(w, r, nil, &wire.Error{Code: wire.CodeBadRequest, Message: fmt.Sprintf("ask for 1 to %d lines", maxTrail)})
		return
	}
	deeds := []store.Deed{}
	err = d.db.View(r.Context(), func(tx store.Tx) error {
		list, err := tx.Deeds(before, limit)
		deeds = append(deeds[:0], list...)
		return err
	})
	d.reply(w, r, deeds, err)
}

// operator is the client end of a desk.
type operator struct {
	address adminAddress
	close   func() error
}

// noManager is what commands that need a running manager say.
func noManager(data string) error {
	return fmt.Errorf("no manager runs on the data folder %s: start one with `heliostat-manager serve --data %s`, or name another folder", data, data)
}

// call reaches the manager that runs on the data folder. nil without an error: there is none.
func call(ctx context.Context, data string) (*operator, error) {
	if data == "" {
		return nil, errors.New("--data is missing: name the manager's data folder")
	}
	raw, err := os.ReadFile(filepath.Join(data, adminFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the manager: %w", err)
	}
	o := &operator{close: func() error { return nil }}
	if err := json.Unmarshal(raw, &o.address); err != nil {
		return nil, fmt.Errorf("look for the manager: %s can't be read: %w", filepath.Join(data, adminFile), err)
	}
	if err := o.do(ctx, http.MethodGet, "/trail?limit=1", nil, -1, nil); err != nil {
		var gone net.Error
		if errors.As(err, &gone) || errors.Is(err, io.EOF) {
			return nil, nil // a killed manager leaves the file
		}
		return nil, err
	}
	return o, nil
}

// do sends one command. size is the body's, -1 without one; answer is filled unless it is nil.
func (o *operator) do(ctx context.Context, method, path string, body io.Reader, size int64, answer any) error {
	r, err := http.NewRequestWithContext(ctx, method, o.address.URL+path, body)
	if err != nil {
		return err
	}
	r.ContentLength = max(size, 0)
	r.Header.Set("Authorization", "Bearer "+o.address.Token)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: this machine
	resp, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("ask the manager: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // what came is what there is to say
		return fmt.Errorf("the manager refused: %s", bytes.TrimSpace(text))
	}
	if answer == nil {
		return nil
	}
	if text, ok := answer.(*[]byte); ok {
		*text, err = io.ReadAll(io.LimitReader(resp.Body, 64<<20))
		return err
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 64<<20)).Decode(answer)
}
