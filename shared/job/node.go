package job

// Role is what a node may do. A node's address can hold several.
type Role string

const (
	RoleArtist   Role = "artist"   // submits and pays for jobs
	RoleWorker   Role = "worker"   // renders tasks
	RoleVerifier Role = "verifier" // checks tasks
	RoleStudio   Role = "studio"   // watches every job and node of a farm
	RoleOperator Role = "operator" // runs the manager
)

// Install is one renderer that a node can run.
type Install struct {
	Renderer  string   `json:"renderer"`
	Version   string   `json:"version"`
	BuildHash string   `json:"buildHash,omitempty"`
	Engines   []string `json:"engines,omitempty"`
	Denoisers []string `json:"denoisers,omitempty"`
}

// Capabilities is what a worker or verifier offers. The manager believes none of it
// further than the verdicts bear it out.
type Capabilities struct {
	Name     string    `json:"name"` // for people; not unique
	Installs []Install `json:"installs"`
	Device   string    `json:"device"`   // "CPU", "GPU"
	Hardware string    `json:"hardware"` // "AMD EPYC 7B13, 2 threads"
	Class    string    `json:"class"`    // kernel class, "cpu/avx2": nodes of one class render the same bits
	Threads  int       `json:"threads"`
	Memory   int64     `json:"memory"`           // bytes that a renderer may use
	Slots    int       `json:"slots"`            // tasks at the same time
	Bench    float64   `json:"bench"`            // work units per minute
	Floor    Amount    `json:"floor"`            // least price per work unit
	VRAM     int64     `json:"vram,omitempty"`   // bytes, of the smallest enabled GPU
	Region   string    `json:"region,omitempty"` // as its owner states it, "eu-north"
	Tags     []string  `json:"tags,omitempty"`   // its owner's words, "farm-a"
}

// NodeState tells what a node is doing.
type NodeState string

const (
	NodeOffline NodeState = "offline" // no connection to any manager
	NodeIdle    NodeState = "idle"    // connected, waiting for work
	NodeBusy    NodeState = "busy"    // holds at least one lease or verification
	NodePaused  NodeState = "paused"  // its owner's rules keep it from working, or the manager lets it rest; PauseReason says which
)

// Node is a worker or verifier as the network sees it.
type Node struct {
	Address      string       `json:"address"` // EIP-55 checksummed
	Roles        []Role       `json:"roles"`
	State        NodeState    `json:"state"`
	PauseReason  string       `json:"pauseReason,omitempty"`
	Capabilities Capabilities `json:"capabilities"`
	Passes       int          `json:"passes"`          // verdicts in its favour since the last fail
	Fails        int          `json:"fails"`           // verdicts against it, ever
	Doing        string       `json:"doing,omitempty"` // for people; filled by whoever shows nodes, from the jobs that they may see
	Seen         int64        `json:"seen"`            // Unix milliseconds
}
