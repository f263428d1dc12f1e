package job

// TaskState is where a task stands.
type TaskState string

const (
	TaskWaiting   TaskState = "waiting"   // in the queue; manager/lease moves it on
	TaskLeased    TaskState = "leased"    // a worker holds it until a deadline
	TaskCommitted TaskState = "committed" // the worker's receipt is durable; manager/audit moves it on
	TaskVerifying TaskState = "verifying" // a verifier holds the challenge
	TaskDone      TaskState = "done"      // passed; final
	TaskFailed    TaskState = "failed"    // failed the same way on several workers; final
)

// Task is some frames of a job, given to one worker at a time.
type Task struct {
	ID       string    `json:"id"` // "t" and 26 base-32 letters
	Job      string    `json:"job"`
	Index    int       `json:"index"` // within the job, from 0
	State    TaskState `json:"state"`
	Frames   []int     `json:"frames"`
	Attempts int       `json:"attempts"`
	Failures int       `json:"failures"`
	Cause    string    `json:"cause,omitempty"`
	Kind     TaskKind  `json:"kind,omitempty"`
	Border   *Border   `json:"border,omitempty"` // of a tile; nil for whole frames
	Scout    bool      `json:"scout,omitempty"`  // goes before the job is released
}

// TaskKind tells tasks apart that aren't simply frames to render.
type TaskKind string

const (
	TaskRender   TaskKind = ""         // whole frames
	TaskTile     TaskKind = "tile"     // one border of a still
	TaskAssemble TaskKind = "assemble" // a still from its verified tiles, denoised and composited once
)

// Border is a region of a frame in pixels, from the image's top left.
type Border struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

// Attempt is one leasing of a task.
type Attempt struct {
	ID       string  `json:"id"` // "a" and 26 base-32 letters
	Task     string  `json:"task"`
	Job      string  `json:"job"`
	Number   int     `json:"number"` // within the task, from 1
	Worker   string  `json:"worker"`
	KeyHash  string  `json:"keyHash"`  // SHA-256 of the verification key, hex
	Deadline int64   `json:"deadline"` // Unix milliseconds
	Seeds    []int32 `json:"seeds"`    // one a frame, in the task's order
	// Copy says that another attempt of the task was held already: whoever commits first wins.
	Copy bool `json:"copy,omitempty"`
}

// FailureKind says whose fault a failed attempt was.
type FailureKind string

const (
	FailScene   FailureKind = "scene"   // a missing asset, a corrupt file: any worker would fail
	FailWorker  FailureKind = "worker"  // crash, disk full, time-out
	FailHung    FailureKind = "hung"    // the renderer did nothing without end, twice; the machine's fault, unless it is so everywhere
	FailMemory  FailureKind = "memory"  // a bigger device may succeed
	FailVerdict FailureKind = "verdict" // the verifiers rejected it
	FailExpired FailureKind = "expired" // the lease ran out
	FailYield   FailureKind = "yield"   // the owner took the machine back; nobody's fault
	// FailSuperseded means that another copy of the task was committed first, or that its frames
	// were taken back; nobody's fault.
	FailSuperseded FailureKind = "superseded"
)
