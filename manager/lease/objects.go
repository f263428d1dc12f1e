package lease

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// URLLife is how long a signed URL is good.
const URLLife = 30 * time.Minute

// Kinds of a frame's files.
const (
	KindFinal  = "final"
	KindMaster = "master"
	KindExtra  = "extra" // a further output, with a name
)

// FrameKey is where a frame's file lies in the object store. The digest is part of it
// because objects are immutable, and a worker that crashed in the middle of a lease may
// upload the frame again with other bytes. The frames of a job lie in one folder: a folder for each
// attempt would cost more than the file.
func FrameKey(jobID, attempt string, f wire.UploadFile) string {
	return fmt.Sprintf("frame/%s/%s-%d-%s-%s%s", jobID, attempt, f.Frame, f.Kind, short(f.Digest), f.Ext)
}

func short(digest string) string { return digest[:min(16, len(digest))] }

// ManifestKey is where a package's sealed manifest lies.
func ManifestKey(pkg string) string { return "package/" + pkg }

// ChunkKey is where a chunk of an artist lies.
func ChunkKey(owner, id string) string {
	return fmt.Sprintf("chunk/%s/%s/%s", strings.ToLower(strings.TrimPrefix(owner, "0x")), id[:2], id)
}

// EvidenceKey is where an audit's evidence lies, whatever its version: it ends as the first one did.
func EvidenceKey(audit, digest string) string {
	return "evidence/" + audit + "-" + short(digest) + ".json"
}

// extensions by Blender's name of the format.
var extensions = map[string][]string{
	"PNG": {".png"}, "OPEN_EXR": {".exr"}, "OPEN_EXR_MULTILAYER": {".exr"}, "JPEG": {".jpg", ".jpeg"}, "TIFF": {".tif", ".tiff"}, "WEBP": {".webp"},
	"BMP": {".bmp"}, "TARGA": {".tga"}, "HDR": {".hdr"},
}

// extraExt tells whether an extra's extension can be part of a key: a dot and up to eight
// letters or digits, or nothing.
func extraExt(ext string) bool {
	if ext == "" {
		return true
	}
	return ext[0] == '.' && len(ext) > 1 && len(ext) <= 9 && strings.Trim(ext[1:], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func extFits(format, ext string) bool { return slices.Contains(extensions[format], ext) }

// FormatKnown tells whether frames of the format can be delivered.
func FormatKnown(format string) bool { return len(extensions[format]) > 0 }

// Signed puts a store's signed request into the protocol's form.
func Signed(s blob.Signed) wire.Signed {
	return wire.Signed{Method: s.Method, URL: s.URL, Header: s.Header, Expires: s.Expires.Unix()}
}

// SignPut signs an upload; a full store is told as such.
func SignPut(ctx context.Context, blobs blob.Store, key string, size int64, digest string) (wire.Signed, error) {
	raw, err := hex.DecodeString(digest)
	if err != nil || len(raw) != 32 {
		return wire.Signed{}, bad("the digest %q is not 64 hex digits", digest)
	}
	signed, err := blobs.SignPut(ctx, key, size, [32]byte(raw), URLLife)
	if errors.Is(err, blob.ErrFull) {
		return wire.Signed{}, &wire.Error{Code: wire.CodeFull, Message: "the manager's store is full", Next: "its operator has to make room"}
	}
	if err != nil {
		return wire.Signed{}, fmt.Errorf("sign %s: %w", key, err)
	}
	return Signed(signed), nil
}

// Same tells whether an object is the one with this size and digest. A store that doesn't
// keep digests has checked them at the upload, to which they were bound.
func Same(o blob.Object, size int64, digest string) bool {
	return o.Size == size && (o.Digest == [32]byte{} || hex.EncodeToString(o.Digest[:]) == digest)
}
