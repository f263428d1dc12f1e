package storetest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// S3Server is a real S3 server for tests.
type S3Server struct {
	Endpoint, AccessKey, SecretKey string
}

const versity = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"

// StartS3 starts versitygw over a temporary folder and stops it when the test ends. The
// first run on a machine builds it from the module proxy, outside this module, into the user's cache folder.
func StartS3(t testing.TB) S3Server {
	t.Helper()
	s := S3Server{AccessKey: "heliostat-test", SecretKey: "heliostat-test-secret"}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	s.Endpoint = "http://" + addr

	ctx, cancel := context.WithCancel(context.Background())
	cmd := s.Command(ctx, t, t.TempDir())
	var log bytes.Buffer // it complains about every transfer that a test breaks off
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		cancel()
		<-exited
		if t.Failed() {
			t.Logf("the S3 test server said: %s", log.Bytes())
		}
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for {
		if resp, err := http.Get(s.Endpoint); err == nil {
			_ = resp.Body.Close()
			return s
		}
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("the S3 test server ended: %v", err)
		case <-late:
			t.Fatal("the S3 test server does not answer")
		case <-tick.C:
		}
	}
}

// Command is the server over a folder, at s.Endpoint and with its keys, not yet started.
func (s S3Server) Command(ctx context.Context, t testing.TB, folder string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, buildVersity(t), "--port", strings.TrimPrefix(s.Endpoint, "http://"), "--quiet", "posix", folder)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+s.AccessKey, "ROOT_SECRET_ACCESS_KEY="+s.SecretKey)
	return cmd
}

func buildVersity(t testing.TB) string {
	t.Helper()
	bin, err := Versity()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// Versity is the path of the S3 server's program, which it builds where this machine hasn't got it.
func Versity() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("where to keep the S3 test server: %w", err)
	}
	dir := filepath.Join(cache, "heliostat-test", "versitygw-1.8.0")
	bin := filepath.Join(dir, "versitygw")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("where to keep the S3 test server: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil { // several test processes may start at once
		return "", fmt.Errorf("wait for the S3 test server: %w", err)
	}
	defer func() { _ = lock.Unlock() }()
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	cmd := exec.Command("go", "install", versity)
	cmd.Dir = dir // outside the module, whose go.mod stays as it is
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "GO111MODULE=on")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the S3 test server: %w\n%s", err, out)
	}
	return bin, nil
}
