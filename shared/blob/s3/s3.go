// Package s3 is a blob.Store in a bucket of any S3 server, through minio-go. Several
// managers may use one bucket.
//
// It does not create buckets' policies, life cycles or credentials, and it is no cache.
//
// Receives: objects by Put, or by a PUT to a presigned URL.
// Hands on: objects by Get, or by a GET from a presigned URL.
package s3

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Options say where the bucket is.
type Options struct {
	Endpoint  string // "http://host:port" or "https://host"; no path
	Public    string // the same server as nodes reach it, for signed URLs; "" is Endpoint
	Region    string // "" is us-east-1
	Bucket    string
	Prefix    string // of all keys in the bucket, "" or "some/folder/"
	AccessKey string
	SecretKey string
	Create    bool // make the bucket if it isn't there
	// Stall is how long the server may send nothing in the middle of a download; 0 is a minute.
	Stall time.Duration
}

// String leaves the credentials out of messages.
func (o Options) String() string { return o.Endpoint + "/" + o.Bucket + "/" + o.Prefix }

// Store is a blob.Store in a bucket.
type Store struct {
	core   *minio.Core
	signer *minio.Client
	bucket string
	prefix string
	stall  time.Duration
	closed atomic.Bool
}

var _ blob.Store = (*Store)(nil)

const (
	metaDigest = "Sha256" // user metadata: the content's SHA-256 in hexadecimal
	partSize   = 16 << 20
	abandoned  = 24 * time.Hour
	maxTTL     = 7 * 24 * time.Hour // S3's own bound
)

// Open connects to a bucket and checks that it can be reached.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Public == "" {
		o.Public = o.Endpoint
	}
	if o.Prefix != "" {
		if err := blob.CheckKey(strings.TrimSuffix(o.Prefix, "/")); err != nil || !strings.HasSuffix(o.Prefix, "/") {
			return nil, fmt.Errorf("the S3 prefix %q must be like a key, with a / at its end", o.Prefix)
		}
	}
	inner, err := connect(o, o.Endpoint)
	if err != nil {
		return nil, err
	}
	signer, err := connect(o, o.Public)
	if err != nil {
		return nil, err
	}
	s := &Store{core: &minio.Core{Client: inner}, signer: signer, bucket: o.Bucket, prefix: o.Prefix, stall: cmp.Or(o.Stall, time.Minute)}
	there, err := inner.BucketExists(ctx, o.Bucket)
	if err != nil {
		return nil, fmt.Errorf("reach the S3 bucket %s at %s: %w; check the address, the region and the keys", o.Bucket, o.Endpoint, err)
	}
	switch {
	case there:
	case !o.Create:
		return nil, fmt.Errorf("there is no S3 bucket %s at %s; create it, or allow it to be created", o.Bucket, o.Endpoint)
	default:
		if err := inner.MakeBucket(ctx, o.Bucket, minio.MakeBucketOptions{Region: o.Region}); err != nil {
			return nil, fmt.Errorf("create the S3 bucket %s: %w", o.Bucket, err)
		}
	}
	// Not every gateway lists uploads, and nothing but room is lost where one doesn't.
	_, _ = s.Abandon(ctx, time.Now().Add(-abandoned))
	return s, nil
}

// Abandon ends the multipart uploads below the store's prefix that began before a time, and
// returns how many. A manager that was killed in a Put leaves one, which is in no listing and yet fills the
// bucket. Open does so for uploads that are a day old.
func (s *Store) Abandon(ctx context.Context, before time.Time) (int, error) {
	if s.closed.Load() {
		return 0, blob.ErrClosed
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the lister when an upload can't be ended
	n := 0
	for u := range s.core.Client.ListIncompleteUploads(ctx, s.bucket, s.prefix, true) {
		if u.Err != nil {
			return n, fmt.Errorf("list unfinished uploads: %w", mapped(u.Err))
		}
		if !u.Initiated.Before(before) || blob.CheckKey(strings.TrimPrefix(u.Key, s.prefix)) != nil {
			continue
		}
		err := mapped(s.core.AbortMultipartUpload(ctx, s.bucket, u.Key, u.UploadID))
		if err != nil && !errors.Is(err, blob.ErrNotFound) { // another manager may have been faster
			return n, fmt.Errorf("end the unfinished upload of %s: %w", u.Key, err)
		}
		n++
	}
	return n, ctx.Err()
}

func connect(o Options, endpoint string) (*minio.Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return nil, fmt.Errorf("the S3 address %q is not like http://host:port or https://host", endpoint)
	}
	c, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(o.AccessKey, o.SecretKey, ""),
		Secure: u.Scheme == "https", Region: o.Region, MaxRetries: 4,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the S3 client: %w", err)
	}
	return c, nil
}

func (s *Store) enter(ctx context.Context, key string) error {
	if s.closed.Load() {
		return blob.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return blob.CheckKey(key)
}

// mapped turns a server's error into one of shared/blob's.
func mapped(err error) error {
	if err == nil {
		return nil
	}
	r := minio.ToErrorResponse(err)
	switch r.Code {
	case minio.NoSuchKey, "NotFound":
		return fmt.Errorf("%w: %w", blob.ErrNotFound, err)
	case "EntityTooLarge":
		return fmt.Errorf("%w: %w", blob.ErrTooLarge, err)
	case "XMinioStorageFull", "QuotaExceeded", "InsufficientStorage", "XAmzQuotaExceeded":
		return fmt.Errorf("%w: %w", blob.ErrFull, err)
	}
	switch r.StatusCode {
	case http.StatusNotFound:
		return fmt.Errorf("%w: %w", blob.ErrNotFound, err)
	case http.StatusInsufficientStorage:
		return fmt.Errorf("%w: %w", blob.ErrFull, err)
	}
	return err
}

// same says whether this very content is stored already; other content gives ErrExists.
func (s *Store) same(ctx context.Context, key string, size int64, digest [32]byte) (bool, error) {
	o, err := s.Stat(ctx, key)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case o.Size == size && o.Digest == digest:
		return true, nil
	}
	return false, fmt.Errorf("put %s: %w", key, blob.ErrExists)
}

// Put implements blob.Store. The write is conditional on the key being free, so that of two
// managers one wins.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64, digest [32]byte) error {
	if err := s.enter(ctx, key); err != nil {
		return err
	}
	if err := blob.CheckSize(size); err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	if there, err := s.same(ctx, key, size, digest); there || err != nil {
		return err
	}
	opts := minio.PutObjectOptions{
		UserMetadata: map[string]string{metaDigest: hex.EncodeToString(digest[:])},
		ContentType:  "application/octet-stream", PartSize: partSize,
		DisableMultipart: size <= partSize,
	}
	opts.SetMatchETagExcept("*")
	v := &remember{r: blob.Verify(ctx, r, size, digest)}
	if size == 0 { // the client doesn't read what should be empty
		if _, err := io.Copy(io.Discard, v); err != nil {
			return fmt.Errorf("put %s: %w", key, err)
		}
	}
	_, err := s.core.Client.PutObject(ctx, s.bucket, s.prefix+key, v, size, opts)
	switch {
	case v.err != nil:
		// The server's complaint about a broken-off request would hide the reason.
		return fmt.Errorf("put %s: %w", key, v.err)
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		if !v.ended {
			// The client stops at the announced size and doesn't ask for the end, which is where
			// more bytes than announced would show. Verify keeps the last bytes back, so it has ended.
			return fmt.Errorf("put %s: %w", key, blob.ErrSize)
		}
		return nil
	case minio.ToErrorResponse(err).StatusCode == http.StatusPreconditionFailed,
		minio.ToErrorResponse(err).StatusCode == http.StatusConflict:
		there, serr := s.same(ctx, key, size, digest)
		if there || serr != nil {
			return serr
		}
	}
	return fmt.Errorf("put %s: %w", key, mapped(err))
}

// remember keeps a reader's error.
type remember struct {
	r     io.Reader
	err   error
	ended bool
}

func (m *remember) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		m.ended = true
	case err != nil:
		m.err = err
	}
	return n, err
}

func (s *Store) object(key string, info minio.ObjectInfo) blob.Object {
	o := blob.Object{Key: key, Size: info.Size, Modified: info.LastModified}
	d := info.UserMetadata[metaDigest]
	if d == "" {
		d = info.Metadata.Get("X-Amz-Meta-" + metaDigest)
	}
	if b, err := hex.DecodeString(d); err == nil && len(b) == len(o.Digest) {
		copy(o.Digest[:], b)
	}
	return o
}

// Get implements blob.Store.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, blob.Object, error) {
	if err := s.enter(ctx, key); err != nil {
		return nil, blob.Object{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r, info, _, err := s.core.GetObject(ctx, s.bucket, s.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		cancel(nil)
		return nil, blob.Object{}, fmt.Errorf("get %s: %w", key, mapped(err))
	}
	w := &watched{r: r, ctx: ctx, cancel: cancel, stall: s.stall}
	w.timer = time.AfterFunc(s.stall, func() { cancel(fmt.Errorf("the S3 server has sent nothing for %s", s.stall)) })
	w.timer.Stop()
	return w, s.object(key, info), nil
}

// watched is a download that ends with an error when the server falls silent in the middle of it. The client bounds only the
// wait for a response to begin, and who reads would wait for ever.
type watched struct {
	r      io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	stall  time.Duration
	timer  *time.Timer // runs while a Read does
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.stall)
	n, err := w.r.Read(p)
	w.timer.Stop()
	if err != nil && err != io.EOF && w.ctx.Err() != nil {
		err = context.Cause(w.ctx)
	}
	return n, err
}

func (w *watched) Close() error {
	w.cancel(nil)
	return w.r.Close()
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Object, error) {
	if err := s.enter(ctx, key); err != nil {
		return blob.Object{}, err
	}
	info, err := s.core.Client.StatObject(ctx, s.bucket, s.prefix+key, minio.StatObjectOptions{})
	if err != nil {
		return blob.Object{}, fmt.Errorf("stat %s: %w", key, mapped(err))
	}
	return s.object(key, info), nil
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := s.enter(ctx, key); err != nil {
		return err
	}
	err := mapped(s.core.Client.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{}))
	if err != nil && !errors.Is(err, blob.ErrNotFound) {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

// List implements blob.Store. Digest is zero.
func (s *Store) List(ctx context.Context, prefix string, fn func(blob.Object) error) error {
	if s.closed.Load() {
		return blob.ErrClosed
	}
	if err := blob.CheckPrefix(prefix); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the lister when fn does
	for info := range s.core.Client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true}) {
		if info.Err != nil {
			return fmt.Errorf("list %q: %w", prefix, mapped(info.Err))
		}
		key := strings.TrimPrefix(info.Key, s.prefix)
		if blob.CheckKey(key) != nil {
			continue // not ours
		}
		if err := fn(s.object(key, info)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// SignPut implements blob.Store. The size, the SHA-256 checksum and the digest's metadata are signed headers.
func (s *Store) SignPut(ctx context.Context, key string, size int64, digest [32]byte, ttl time.Duration) (blob.Signed, error) {
	if err := s.enter(ctx, key); err != nil {
		return blob.Signed{}, err
	}
	if err := blob.CheckSize(size); err != nil {
		return blob.Signed{}, fmt.Errorf("sign a put of %s: %w", key, err)
	}
	return s.sign(ctx, http.MethodPut, key, ttl, map[string]string{
		"If-None-Match":            "*", // whoever has two URLs for a key can't replace by one what was put by the other
		"Content-Length":           strconv.FormatInt(size, 10),
		"X-Amz-Checksum-Sha256":    base64.StdEncoding.EncodeToString(digest[:]),
		"X-Amz-Meta-" + metaDigest: hex.EncodeToString(digest[:]),
	})
}

// SignGet implements blob.Store.
func (s *Store) SignGet(ctx context.Context, key string, ttl time.Duration) (blob.Signed, error) {
	if err := s.enter(ctx, key); err != nil {
		return blob.Signed{}, err
	}
	return s.sign(ctx, http.MethodGet, key, ttl, nil)
}

func (s *Store) sign(ctx context.Context, method, key string, ttl time.Duration, header map[string]string) (blob.Signed, error) {
	ttl = min(max(ttl, time.Second), maxTTL)
	h := http.Header{}
	for k, v := range header {
		h.Set(k, v)
	}
	expires := time.Now().Add(ttl).UTC()
	u, err := s.signer.PresignHeader(ctx, method, s.bucket, s.prefix+key, ttl, nil, h)
	if err != nil {
		return blob.Signed{}, fmt.Errorf("sign a URL for %s: %w", key, err)
	}
	return blob.Signed{Method: method, URL: u.String(), Header: header, Expires: expires}, nil
}

// Close implements blob.Store.
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}
