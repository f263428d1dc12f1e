package s3

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob/storetest"
	"github.com/minio/minio-go/v7"
)

func TestSuite(t *testing.T) {
	srv := storetest.StartS3(t)
	var n atomic.Int32
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		o := Options{
			Endpoint: srv.Endpoint, AccessKey: srv.AccessKey, SecretKey: srv.SecretKey,
			Bucket: fmt.Sprintf("bucket-%d", n.Add(1)), Create: true,
		}
		if n.Load()%2 == 0 {
			o.Prefix = "some/folder/"
		}
		s, err := Open(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return storetest.Harness{Store: s}
	})
	t.Run("Open", func(t *testing.T) {
		good := Options{Endpoint: srv.Endpoint, AccessKey: srv.AccessKey, SecretKey: srv.SecretKey, Bucket: "bucket-1"}
		for name, change := range map[string]func(*Options){
			"no bucket":  func(o *Options) { o.Bucket = "not-there" },
			"wrong keys": func(o *Options) { o.SecretKey = "wrong-wrong-wrong" },
			"address":    func(o *Options) { o.Endpoint = "example" },
			"prefix":     func(o *Options) { o.Prefix = "../" },
		} {
			o := good
			change(&o)
			_, err := Open(context.Background(), o)
			if err == nil || strings.Contains(err.Error(), o.SecretKey) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("Abandon", func(t *testing.T) { abandon(t, srv) })
}

// abandon leaves two uploads as a killed manager does, one of them not below the prefix.
func abandon(t *testing.T, srv storetest.S3Server) {
	ctx := context.Background()
	s, err := Open(ctx, Options{
		Endpoint: srv.Endpoint, AccessKey: srv.AccessKey, SecretKey: srv.SecretKey,
		Bucket: "abandoned", Prefix: "ours/", Create: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	begin := func(key string) {
		id, err := s.core.NewMultipartUpload(ctx, "abandoned", key, minio.PutObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		part := bytes.Repeat([]byte("x"), 5<<20)
		if _, err := s.core.PutObjectPart(ctx, "abandoned", key, id, 1, bytes.NewReader(part), int64(len(part)), minio.PutObjectPartOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	begin("ours/a/b")
	begin("theirs/a")
	if n, err := s.Abandon(ctx, time.Now().Add(-time.Hour)); err != nil || n != 0 {
		t.Fatalf("%d uploads that may be under way were ended, %v", n, err)
	}
	if n, err := s.Abandon(ctx, time.Now().Add(time.Hour)); err != nil || n != 1 {
		t.Fatalf("%d uploads were ended, %v", n, err)
	}
	var left []string
	for u := range s.core.Client.ListIncompleteUploads(ctx, "abandoned", "", true) {
		if u.Err != nil {
			t.Fatal(u.Err)
		}
		left = append(left, u.Key)
	}
	if len(left) != 1 || left[0] != "theirs/a" {
		t.Fatal(left)
	}
}

// TestAServerThatStallsIsLeft: a server that falls silent in the middle of an object holds nobody for ever. The manager reads
// few attempts at a time, so that two such downloads ended every look at a trusted worker's frames.
func TestAServerThatStallsIsLeft(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Query().Has("uploads") {
			return
		}
		w.Header().Set("Content-Length", "100")
		w.Header().Set("Last-Modified", "Tue, 15 Nov 1994 12:45:26 GMT")
		_, _ = w.Write([]byte("half"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer srv.Close()
	s, err := Open(t.Context(), Options{Endpoint: srv.URL, AccessKey: "a", SecretKey: "b", Bucket: "bucket", Stall: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := s.Get(t.Context(), "frame/j/a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); string(got) != "half" || err == nil || !strings.Contains(err.Error(), "sent nothing for 50ms") {
		t.Errorf("read %q: %v", got, err)
	}
}
