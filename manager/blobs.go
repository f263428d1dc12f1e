package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
	"github.com/heliostat-render/heliostat/shared/blob/s3"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/usage"
)

// openBlobs opens the object store; door serves its signed URLs, where the manager has to.
func openBlobs(ctx context.Context, c config) (s blob.Store, door http.Handler, err error) {
	if c.Blobs == "" || c.Blobs == "dir" {
		d, err := dir.Open(dir.Options{Root: filepath.Join(c.Data, "blobs"), MaxBytes: c.BlobBytes})
		if err != nil {
			return nil, nil, err
		}
		return d, d.Handler(), nil
	}
	o, err := parseS3(c.Blobs, "")
	if err != nil {
		return nil, nil, fmt.Errorf("--blobs %w", err)
	}
	s, err = s3.Open(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	return s, nil, nil
}

// parseS3 reads s3://endpoint/bucket[/prefix][?region=…&insecure=1&public=URL&create=1]. The
// credentials come from HELIOSTAT_S3_<side>ACCESS_KEY and …SECRET_KEY, else from those without a side.
func parseS3(text, side string) (s3.Options, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "s3" || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return s3.Options{}, fmt.Errorf("%s can't be read: use dir, or s3://endpoint/bucket", text)
	}
	if u.User != nil {
		return s3.Options{}, errors.New("s3://… must not hold a password: put the keys into HELIOSTAT_S3_ACCESS_KEY and HELIOSTAT_S3_SECRET_KEY")
	}
	bucket, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if prefix != "" {
		prefix += "/"
	}
	q := u.Query()
	scheme := "https"
	if q.Get("insecure") == "1" {
		scheme = "http"
	}
	secret := func(name string) string {
		return cmp.Or(os.Getenv("HELIOSTAT_S3_"+side+name), os.Getenv("HELIOSTAT_S3_"+name))
	}
	return s3.Options{
		Endpoint: scheme + "://" + u.Host, Public: q.Get("public"), Region: q.Get("region"), Bucket: bucket, Prefix: prefix,
		AccessKey: secret("ACCESS_KEY"), SecretKey: secret("SECRET_KEY"), Create: q.Get("create") == "1",
	}, nil
}

func blobsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "blobs", Short: "Look after the object store"}
	cmd.AddCommand(blobsCopyCommand())
	return usage.Group(cmd)
}

func blobsCopyCommand() *cobra.Command {
	var from, to, prefix string
	cmd := &cobra.Command{
		Use:   "copy --from STORE --to STORE",
		Short: "Copy every object of a store into another one",
		Long: `Copy every object of a store into another one, verifying each, for example to move a
manager from its blob folder to an S3 server, or to back the folder up. What the target has
already is skipped, so an interrupted copy goes on where it stopped, and a repeated one takes
only what is new. Stop the manager first when you move it. A backup can be taken while it runs:
"heliostat-manager store backup" first and the objects afterwards, so that no row lacks its object.

A STORE is dir:PATH, a manager's blob folder (DATA/blobs), or
s3://endpoint/bucket[/prefix][?region=…&insecure=1&create=1].

Environment:
  HELIOSTAT_S3_ACCESS_KEY, HELIOSTAT_S3_SECRET_KEY      credentials of s3://…
  HELIOSTAT_S3_FROM_ACCESS_KEY, …FROM_SECRET_KEY        of --from, where they differ
  HELIOSTAT_S3_TO_ACCESS_KEY, …TO_SECRET_KEY            of --to, where they differ`,
		Example: `  # from the blob folder to a bucket, which is made if it is missing
  heliostat-manager blobs copy --from dir:/srv/heliostat/blobs --to 's3://s3.example.com/frames?create=1'

  # and back
  heliostat-manager blobs copy --from s3://s3.example.com/frames --to dir:/srv/heliostat/blobs

  # a backup beside the running manager
  heliostat-manager blobs copy --from dir:/srv/heliostat/blobs --to dir:/backup/blobs`,
		Args: usage.Exactly(),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			ctx, stop := service.Context()
			defer stop()
			src, err := openSide(ctx, "from", from)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, src.Close()) }()
			dst, err := openSide(ctx, "to", to)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, dst.Close()) }()
			if path, isDir := strings.CutPrefix(from, "dir:"); isDir {
				used, err := dir.InUse(path)
				if err != nil {
					return err
				}
				if used {
					fmt.Fprintf(cmd.ErrOrStderr(), "a manager runs on %s: good for a backup, but what it takes from now on is missing in the copy. To move it, stop it and run this again before the new place is used\n", path)
				}
			}
			return copyBlobs(ctx, dst, src, prefix, &copyProgress{out: cmd.ErrOrStderr(), result: cmd.OutOrStdout(), clock: time.Now})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "store to copy (required)")
	cmd.Flags().StringVar(&to, "to", "", "store to copy into (required)")
	cmd.Flags().StringVar(&prefix, "prefix", "", "copy only keys that begin so, for example frame/")
	return cmd
}

// openSide opens one side of a copy.
func openSide(ctx context.Context, flag, text string) (blob.Store, error) {
	path, isDir := strings.CutPrefix(text, "dir:")
	switch {
	case text == "":
		return nil, fmt.Errorf("--%s is missing: name a store, dir:PATH or s3://endpoint/bucket", flag)
	case isDir && path == "":
		return nil, fmt.Errorf("--%s dir: names no folder: use dir:PATH", flag)
	case isDir && flag == "from":
		s, err := dir.Reading(path) // opening would make an empty one
		if err != nil {
			return nil, fmt.Errorf("open --from: %w", err)
		}
		return s, nil
	case isDir:
		s, err := dir.Open(dir.Options{Root: path})
		if err != nil {
			return nil, fmt.Errorf("open --%s: %w", flag, err)
		}
		return s, nil
	}
	o, err := parseS3(text, strings.ToUpper(flag)+"_")
	if err != nil {
		return nil, fmt.Errorf("--%s %w, or dir:PATH", flag, err)
	}
	s, err := s3.Open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open --%s: %w", flag, err)
	}
	return s, nil
}

// copyBlobs copies and reports.
func copyBlobs(ctx context.Context, dst, src blob.Store, prefix string, p *copyProgress) error {
	if err := src.List(ctx, prefix, func(o blob.Object) error { p.total++; p.totalBytes += o.Size; return nil }); err != nil {
		return fmt.Errorf("list the source: %w", err)
	}
	p.begin()
	if err := blob.Copy(ctx, dst, src, prefix, p.object); err != nil {
		return fmt.Errorf("after %d of %d objects: %w; run it again to go on", p.done, p.total, err)
	}
	p.end()
	return nil
}

// copyProgress prints how far a copy is: on out as it goes, the sum on result.
type copyProgress struct {
	out, result io.Writer
	clock       func() time.Time

	total, done, skipped                int
	totalBytes, doneBytes, skippedBytes int64 // bytes
	started, printed                    time.Time
}

// copyPace is the least time between two lines.
const copyPace = 2 * time.Second

func (p *copyProgress) begin() {
	p.started = p.clock()
	p.printed = p.started
	fmt.Fprintf(p.out, "%d objects with %s to copy\n", p.total, size(p.totalBytes))
}

func (p *copyProgress) object(o blob.Object, copied bool) {
	p.done++
	p.doneBytes += o.Size
	if !copied {
		p.skipped++
		p.skippedBytes += o.Size
	}
	now := p.clock()
	if now.Sub(p.printed) < copyPace {
		return
	}
	p.printed = now
	fmt.Fprintf(p.out, "%d of %d objects, %s of %s, %s\n", p.done, p.total, size(p.doneBytes), size(p.totalBytes), p.eta(now))
}

// eta is by the bytes that were really copied; what was skipped took no time.
func (p *copyProgress) eta(now time.Time) string {
	copied := p.doneBytes - p.skippedBytes
	if copied <= 0 {
		return "time left unknown"
	}
	left := time.Duration(float64(now.Sub(p.started)) * float64(max(0, p.totalBytes-p.doneBytes)) / float64(copied))
	return left.Round(time.Second).String() + " left"
}

func (p *copyProgress) end() {
	fmt.Fprintf(p.result, "copied %d objects with %s, skipped %d that were there, in %s\n",
		p.done-p.skipped, size(p.doneBytes-p.skippedBytes), p.skipped, p.clock().Sub(p.started).Round(time.Second))
}

func size(n int64) string {
	value, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if value < 1024 {
			break
		}
		value, unit = value/1024, next
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}
