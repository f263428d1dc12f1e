// Package pack turns a scene's files into a package, content-defined chunks that are
// compressed and encrypted and one sealed manifest, and turns a package back into files.
// FORMAT.md in this folder specifies the bytes.
//
// It does not find out which files a scene needs (plugins), does not talk to stores or
// managers (it calls the Sink and Fetcher that it is given), and keeps no keys.
//
// Receives: a list of files from plugins/submit.
// Hands on: sealed chunks and a sealed manifest to a Sink; on the worker, files to shared/render.
package pack

import (
	"context"
	"encoding/hex"

	"github.com/heliostat-render/heliostat/shared/chunk"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/zeebo/blake3"
)

// Source is a file that goes into a package.
type Source struct {
	Name string // slash-separated path in the package; CheckPath says what is allowed
	Path string // on this host; links are followed
	Kind string // what to call it in messages: "texture", "library"; "" is "file"
}

// ChunkRef names a stored chunk.
type ChunkRef struct {
	ID     chunk.ID
	Size   int64    // stored bytes
	Digest [32]byte // SHA-256 of the stored bytes
}

// Sink takes the chunks that it doesn't have yet. Both methods may be called concurrently.
// They do their own retries: Build gives up at the first error.
type Sink interface {
	// Missing returns those of chunks that still have to be put, by ID. A chunk counts as
	// present only when it is stored for good.
	Missing(ctx context.Context, chunks []ChunkRef) ([]ChunkRef, error)
	// Put stores one chunk. It is idempotent, and returns only when the chunk is stored for
	// good. stored is the caller's; Put must not keep it. Build puts only what Missing returned,
	// with the same Size and Digest, so permissions may be fetched in Missing.
	Put(ctx context.Context, c ChunkRef, stored []byte) error
}

// Fetcher brings stored chunks. It is called concurrently and does its own retries. It need
// not verify: Extract does.
type Fetcher interface {
	Chunk(ctx context.Context, id chunk.ID) (stored []byte, err error)
}

// Discarder is a Fetcher that may have kept a chunk which turned out to be damaged. Extract
// calls Discard and then asks for the chunk once more.
type Discarder interface {
	Discard(ctx context.Context, id chunk.ID)
}

// Phases of a Progress.
const (
	PhaseScan    = "scan"
	PhasePack    = "pack"
	PhaseUpload  = "upload"
	PhaseExtract = "extract"
)

// Progress is a snapshot. Bytes are plaintext, except BytesUploaded, which are stored bytes.
type Progress struct {
	Phase                 string
	FilesDone, FilesTotal int
	BytesDone, BytesTotal int64
	BytesUploaded         int64
}

// BuildOptions says what to package and where to.
type BuildOptions struct {
	Sources   []Source
	Main      string // Name of the file that the renderer opens
	TenantKey seal.TenantKey
	ScanCache string // file that remembers what was packaged; "" is none
	Rehash    bool   // read every file, whatever the scan cache says
	Sink      Sink
	Parallel  int            // chunks that are sealed, and that are put, at a time; 0 is a good default
	Limits    Limits         // zero fields have defaults
	Progress  func(Progress) // called from one goroutine at a time, at most ten times a second and at every change of phase; may be nil
}

// Built is a package whose chunks the Sink has.
type Built struct {
	ID       string // hex of BLAKE3 over Manifest
	Manifest []byte // sealed
	JobKey   seal.JobKey
	Chunks   []ChunkRef // distinct
	Files    int
	Bytes    int64 // plaintext
	Uploaded int64 // stored bytes that were put
	Reread   int64 // plaintext bytes that the scan cache did not spare
	Warning  error // something that did not harm the package: the scan cache could not be saved
}

// IDOf returns the package id of a sealed manifest.
func IDOf(sealed []byte) string {
	sum := blake3.Sum256(sealed)
	return hex.EncodeToString(sum[:])
}
