package wire

// The artist's side asks which chunks the store lacks, uploads those, then uploads the
// sealed manifest and registers the package with the list of all its chunks, which is what
// keeps them from being collected.
const (
	TypePackageOffer  Type = "package.offer"  // PackageOffer -> BlobURLs; an empty URL: the store has it
	TypePackageSeal   Type = "package.seal"   // PackageSeal -> BlobURLs with one entry for the manifest
	TypePackageFinish Type = "package.finish" // PackageFinish -> OK, once all of it is durable
)

// Chunk is a chunk as the store knows it: ciphertext.
type Chunk struct {
	ID     string `json:"id"`     // hex
	Size   int64  `json:"size"`   // stored bytes
	Digest string `json:"digest"` // SHA-256 of the stored bytes, hex
}

// PackageOffer offers at most MaxURLs chunks.
type PackageOffer struct {
	Chunks []Chunk `json:"chunks"`
}

// PackageSeal announces the manifest.
type PackageSeal struct {
	Package string `json:"package"` // package id, hex
	Size    int64  `json:"size"`    // of the sealed manifest
	Digest  string `json:"digest"`
}

// PackageFinish registers a package. Long chunk lists come in parts, More set on all but
// the last.
type PackageFinish struct {
	Package string  `json:"package"`
	Chunks  []Chunk `json:"chunks"`
	Bytes   int64   `json:"bytes"` // plain bytes of the scene
	Files   int     `json:"files"`
	More    bool    `json:"more,omitempty"`
}
