package job

// Needs is what a job asks of its workers beyond its recipe. Zero values ask for nothing.
type Needs struct {
	VRAM   int64    `json:"vram,omitempty"`   // bytes
	Memory int64    `json:"memory,omitempty"` // bytes
	Class  string   `json:"class,omitempty"`  // kernel class, exact
	Region string   `json:"region,omitempty"` // exact
	Tags   []string `json:"tags,omitempty"`   // all of them
	Allow  []string `json:"allow,omitempty"`  // worker addresses; only these when there are any
	Block  []string `json:"block,omitempty"`  // worker addresses; never these
}
