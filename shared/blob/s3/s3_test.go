package s3

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/heliostat-render/heliostat/shared/blob/storetest"
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
}
