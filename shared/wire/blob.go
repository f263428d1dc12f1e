package wire

// Nobody but the manager has the store's credentials: everyone else asks for signed URLs,
// each good for one object and one verb for a short time.
const (
	TypeBlobGet  Type = "blob.get"  // BlobGet -> BlobURLs
	TypeBlobURLs Type = "blob.urls" // the answer, also to requests for uploads
)

// MaxURLs bounds the objects of one request.
const MaxURLs = 1024

// Signed is one object's signed request; shared/blob/transfer carries it out. URL may be
// relative to the manager's HTTP address.
type Signed struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Header  map[string]string `json:"header,omitempty"`
	Expires int64             `json:"expires"` // Unix seconds
}

// BlobGet asks for chunks of the package behind a lease or an audit that the node holds.
// Exactly one of Lease and Audit is set.
type BlobGet struct {
	Lease  string   `json:"lease,omitempty"`
	Audit  string   `json:"audit,omitempty"`
	Chunks []string `json:"chunks"` // chunk ids, hex
}

// BlobURLs answers in the order of the request; an entry with an empty URL is not needed.
type BlobURLs struct {
	URLs []Signed `json:"urls"`
}
