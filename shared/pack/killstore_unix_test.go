//go:build unix

package pack_test

import (
	"context"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob/storetest"
)

// TestKilledStoreResumes kills the manager's half, or the S3 server, while a node transfers.
func TestKilledStoreResumes(t *testing.T) {
	free := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	t.Run("dir", func(t *testing.T) {
		address, root := free(), t.TempDir()
		killedStore(t, address, address, func(ctx context.Context) *exec.Cmd { return child(ctx, "serve", address, root) }, nil)
	})
	t.Run("s3", func(t *testing.T) {
		address, root := free(), t.TempDir()
		srv := storetest.S3Server{Endpoint: "http://" + address, AccessKey: "heliostat-test", SecretKey: "heliostat-test-secret"}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		// The manager lives on, and asks the S3 server when a node asks it.
		started := func() {
			s := bucket(t, srv, srv.Endpoint)
			manager := &http.Server{Handler: door(s, nil)}
			served := make(chan error, 1)
			go func() { served <- manager.Serve(l) }()
			t.Cleanup(func() { _ = manager.Close(); <-served; _ = s.Close() })
		}
		killedStore(t, address, l.Addr().String(), func(ctx context.Context) *exec.Cmd { return srv.Command(ctx, t, root) }, started)
	})
}

// killedStore runs the store at address by command, and asks the manager at managed for URLs.
// started is called once the store answers for the first time.
func killedStore(t *testing.T, address, managed string, command func(context.Context) *exec.Cmd, started func()) {
	scene, work, at := project(t), t.TempDir(), moments(t)
	ctx, cancel := context.WithCancel(t.Context())
	k := &trap{}
	k.set(nil, math.MaxInt64)
	var deaths, allowed atomic.Int64
	var armed atomic.Bool
	allowed.Store(*kills)
	down := make(chan struct{})
	first := 1 + at.Int64N(sceneSize/(*kills))
	go func() { // keeps a store running until the test is over
		defer close(down)
		for ctx.Err() == nil {
			cmd := command(ctx)
			if err := cmd.Start(); err != nil {
				t.Error(err)
				return
			}
			bytes := int64(math.MaxInt64)
			if armed.Load() && deaths.Load() < allowed.Load() {
				bytes = 1 + at.Int64N(sceneSize/(*kills))
				t.Logf("the store is killed after %d bytes", bytes)
			}
			k.set(cmd.Process, bytes)
			_ = cmd.Wait()
			deaths.Add(1)
		}
	}()
	defer func() { cancel(); <-down }()
	answers := func(ctx context.Context) error {
		for {
			c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err == nil {
				return c.Close()
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	if err := answers(ctx); err != nil {
		t.Fatal(err)
	}
	if started != nil {
		started()
	}
	armed.Store(true)
	t.Logf("the store is killed after %d bytes", first)
	k.reset(first)

	v := visit(managed)
	dialer := &net.Dialer{}
	v.c.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return counted{c, k}, nil
	}}}
	defer v.c.HTTP.CloseIdleConnections()
	v.c.Wait = func(ctx context.Context, _ time.Duration) error { return answers(ctx) }
	built, err := build(ctx, v, scene, "")
	if err != nil {
		t.Fatal(err)
	}
	uploading := deaths.Load()
	// The store that runs now was to stay, unless the upload left some of its deaths open.
	allowed.Store(uploading + *kills)
	k.reset(1 + sceneSize/(*kills)/3)
	pkg := filepath.Join(work, "package")
	if err := os.WriteFile(pkg, append(built.JobKey[:], built.Manifest...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unpack(ctx, v, pkg, filepath.Join(work, "cache"), filepath.Join(work, "out")); err != nil {
		t.Fatal(err)
	}
	same(t, scene, filepath.Join(work, "out"))
	if all := deaths.Load(); uploading == 0 || all == uploading {
		t.Errorf("the store died %d times during the upload and %d times during the download", uploading, all-uploading)
	}
}
