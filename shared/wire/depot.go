package wire

// The renderer depot: archives of renderers that the operator put into the network. Any node may
// ask; workers and verifiers fetch.
const (
	TypeDepotList Type = "depot.list" // DepotList -> Depot
	TypeDepot     Type = "depot.all"  //
	TypeDepotGet  Type = "depot.get"  // DepotGet -> BlobURLs with one entry
)

// DepotList asks for the archives.
type DepotList struct{}

// Depot answers DepotList.
type Depot struct {
	Renderers []Archive `json:"renderers"`
}

// Archive is one renderer, packed by its maker.
type Archive struct {
	Renderer   string `json:"renderer"`       // "blender"
	Version    string `json:"version"`        // exact, "4.2.1"
	OS         string `json:"os"`             // as Go names it, "linux"
	Arch       string `json:"arch"`           // as Go names it, "amd64"
	Name       string `json:"name"`           // file name, which tells how it is packed: ".tar.xz", ".tar.gz", ".zip"
	Digest     string `json:"digest"`         // SHA-256 of the archive, hex
	Size       int64  `json:"size"`           // bytes
	Root       string `json:"root,omitempty"` // folder inside the archive; "" for its top
	Executable string `json:"executable"`     // path below Root
}

// DepotGet asks for one archive.
type DepotGet struct {
	Digest string `json:"digest"`
}
