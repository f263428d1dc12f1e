package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/blob/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// startBucket starts an S3 server and names a bucket on it as the flags do.
func startBucket(t *testing.T) string {
	t.Helper()
	s := storetest.StartS3(t)
	t.Setenv("HELIOSTAT_S3_ACCESS_KEY", s.AccessKey)
	t.Setenv("HELIOSTAT_S3_SECRET_KEY", s.SecretKey)
	u, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return "s3://" + u.Host + "/frames/farm?insecure=1&create=1"
}

// TestJobOnS3 has every object of a job, packages, frames and evidence, on a real S3 server.
func TestJobOnS3(t *testing.T) {
	c := settings(t, "off")
	c.Blobs = startBucket(t)
	url, stop := startManager(t, c)
	a := newArtist(t, url)
	startWorker(t, url, fake.Behaviour{})
	startWorker(t, url, fake.Behaviour{})
	startVerifier(t, url, fake.Behaviour{})
	j := a.submit(6)
	checkDelivered(t, a.await(j.ID, inState(job.Delivered)), 6)
	if files := a.download(j.ID); len(files) != 6 {
		t.Errorf("%d files", len(files))
	}
	stop()
	s, err := openSide(t.Context(), "from", c.Blobs)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	kinds := make(map[string]int)
	if err := s.List(t.Context(), "", func(o blob.Object) error { kind, _, _ := strings.Cut(o.Key, "/"); kinds[kind]++; return nil }); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"package", "chunk", "frame", "evidence"} {
		if kinds[kind] == 0 {
			t.Errorf("no %s is in the bucket: %v", kind, kinds)
		}
	}
}

// blobsCopy runs the command and returns what it printed.
func blobsCopy(args ...string) (result, progress string, err error) {
	var out, report bytes.Buffer
	cmd := blobsCopyCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&report)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.Execute()
	return out.String(), report.String(), err
}

func TestBlobsCopy(t *testing.T) {
	source := filepath.Join(t.TempDir(), "blobs")
	bodies := map[string][]byte{"frame/a/1.png": bytes.Repeat([]byte("a"), 3000), "frame/a/2.png": []byte("b"), "package/p": []byte("manifest")}
	src, err := dir.Open(dir.Options{Root: source})
	if err != nil {
		t.Fatal(err)
	}
	for key, body := range bodies {
		if err := src.Put(t.Context(), key, bytes.NewReader(body), int64(len(body)), sha256.Sum256(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	folder := "dir:" + filepath.Join(t.TempDir(), "other")
	bucket := startBucket(t)
	back := "dir:" + filepath.Join(t.TempDir(), "back")
	for _, step := range []struct{ from, to, want string }{
		{"dir:" + source, folder, "copied 3 objects with 2.9 KiB, skipped 0"},
		{folder, bucket, "copied 3 objects with 2.9 KiB, skipped 0"},
		{folder, bucket, "copied 0 objects with 0 B, skipped 3"},
		{bucket, back, "copied 3 objects with 2.9 KiB, skipped 0"},
	} {
		result, progress, err := blobsCopy("--from", step.from, "--to", step.to)
		if err != nil || !strings.Contains(result, step.want) || !strings.Contains(progress, "3 objects with 2.9 KiB to copy") {
			t.Errorf("%s to %s: %q, %q, %v", step.from, step.to, result, progress, err)
		}
	}
	dst, err := openSide(t.Context(), "to", back)
	if err != nil {
		t.Fatal(err)
	}
	defer dst.Close()
	for key, body := range bodies {
		r, o, err := dst.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if r.Close(); err != nil || !bytes.Equal(got, body) || o.Digest != sha256.Sum256(body) {
			t.Errorf("%s came back as %d bytes, %v", key, len(got), err)
		}
	}

	for name, test := range map[string]struct{ from, to, want string }{
		"no source":        {"", folder, "--from is missing"},
		"no target":        {folder, "", "--to is missing"},
		"an empty folder":  {"dir:" + t.TempDir(), folder, "is no blob folder"},
		"a nameless one":   {"dir:", folder, "names no folder"},
		"one in use":       {folder, back, "another manager is using this folder"},
		"another scheme":   {folder, "ftp://x/y", "s3://endpoint/bucket, or dir:PATH"},
		"no bucket":        {folder, "s3://host", "s3://endpoint/bucket, or dir:PATH"},
		"a password":       {folder, "s3://me:secret@host/bucket", "HELIOSTAT_S3_SECRET_KEY"},
		"an absent server": {folder, "s3://127.0.0.1:1/frames?insecure=1", "open --to"},
	} {
		if _, _, err := blobsCopy("--from", test.from, "--to", test.to); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "me:secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if help := blobsCopyCommand(); help.Example == "" || !strings.Contains(help.Long, "Stop the manager first") {
		t.Error("the command's help has no example")
	}
}

// TestCopyProgress follows a copy on a clock that goes a second an object.
func TestCopyProgress(t *testing.T) {
	now := time.Unix(0, 0)
	var out, result bytes.Buffer
	p := &copyProgress{out: &out, result: &result, clock: func() time.Time { return now }, total: 8, totalBytes: 8 << 20}
	p.begin()
	for i := range 8 {
		now = now.Add(time.Second)
		p.object(blob.Object{Size: 1 << 20}, i >= 2)
	}
	p.end()
	want := `8 objects with 8.0 MiB to copy
2 of 8 objects, 2.0 MiB of 8.0 MiB, time left unknown
4 of 8 objects, 4.0 MiB of 8.0 MiB, 8s left
6 of 8 objects, 6.0 MiB of 8.0 MiB, 3s left
8 of 8 objects, 8.0 MiB of 8.0 MiB, 0s left
`
	if out.String() != want || result.String() != "copied 6 objects with 6.0 MiB, skipped 2 that were there, in 8s\n" {
		t.Errorf("%s%s", out.String(), result.String())
	}
	// A copy that breaks off says how far it came.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	src, err := dir.Open(dir.Options{Root: filepath.Join(t.TempDir(), "blobs")})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if err := src.Put(t.Context(), "a", strings.NewReader("a"), 1, sha256.Sum256([]byte("a"))); err != nil {
		t.Fatal(err)
	}
	if err := copyBlobs(ctx, src, src, "", &copyProgress{out: io.Discard, result: io.Discard, clock: time.Now}); !errors.Is(err, context.Canceled) {
		t.Errorf("a copy that was stopped: %v", err)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 5 << 30: "5.0 GiB", 3 << 50: "3072.0 TiB"} {
		if got := size(n); got != want {
			t.Error(fmt.Sprint(n, " bytes: ", got, ", want ", want))
		}
	}
}
