package manager

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob/storetest"
)

const (
	s3User   = "heliostat-bench"
	s3Secret = "heliostat-bench-secret"
	s3Wait   = time.Minute
)

// serveS3 starts an S3 server over the folder. blobs is what a manager calls it; its keys are put into
// this program's environment, which the manager inherits.
func serveS3(ctx context.Context, dir string) (blobs string, stop func(), err error) {
	bin, err := storetest.Versity()
	if err != nil {
		return "", nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "frames"), 0o700); err != nil { // a bucket is a folder
		return "", nil, fmt.Errorf("make the S3 server's folder: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("find an address for the S3 server: %w", err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return "", nil, fmt.Errorf("find an address for the S3 server: %w", err)
	}
	cmd := exec.Command(bin, "--port", address, "--quiet", "posix", dir)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+s3User, "ROOT_SECRET_ACCESS_KEY="+s3Secret)
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start the S3 server: %w", err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	stop = func() {
		_ = cmd.Process.Kill()
		<-done
		if err := os.RemoveAll(dir); err != nil {
			log.Print(err)
		}
	}
	for name, value := range map[string]string{"HELIOSTAT_S3_ACCESS_KEY": s3User, "HELIOSTAT_S3_SECRET_KEY": s3Secret} {
		if err := os.Setenv(name, value); err != nil {
			stop()
			return "", nil, err
		}
	}
	for deadline := time.Now().Add(s3Wait); ; {
		answer, err := http.Get("http://" + address)
		if err == nil {
			return "s3://" + address + "/frames?insecure=1", stop, answer.Body.Close()
		}
		if time.Now().After(deadline) {
			stop()
			return "", nil, fmt.Errorf("the S3 server doesn't answer: %w", err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-done:
			return "", nil, fmt.Errorf("the S3 server ended: %v", cmd.ProcessState)
		case <-ctx.Done():
			stop()
			return "", nil, context.Cause(ctx)
		}
	}
}
