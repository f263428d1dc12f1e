package rows

import (
	"sync"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// memo are the records that one transaction has read or written. It sees one state of the
// database, so reading a record again would only give the same. Whoever asks gets a copy.
type memo struct {
	jobs     map[string]*store.Job
	tasks    map[string]*job.Task
	attempts map[string]*store.Attempt
	audits   map[string]*store.Audit
	nodes    map[string]*store.Node
	frames   map[frameKey]*job.Frame
}

type frameKey struct {
	job    string
	number int
}

// maxMemo bounds each kind of record that a transaction remembers: one that reads a whole job
// doesn't come back to its first task.
const maxMemo = 256

// recall returns a copy of what is remembered, nil when nothing is.
func recall[K comparable, V any](m map[K]*V, key K) *V {
	v := m[key]
	if v == nil {
		return nil
	}
	out := *v
	return &out
}

// keep remembers a copy of a record.
func keep[K comparable, V any](m *map[K]*V, key K, v *V) {
	if *m == nil {
		*m = make(map[K]*V)
	}
	if len(*m) >= maxMemo {
		clear(*m)
	}
	out := *v
	(*m)[key] = &out
}

// texts remembers what JSON columns say that are the same in many rows, or are read at every step
// of a job. What it returns is shared: nobody changes what it points to.
type texts[T any] struct {
	mu   sync.Mutex // guards what follows
	of   map[string]T
	size int
}

// maxTexts bounds the bytes of one column that are remembered.
const maxTexts = 8 << 20

func (x *texts[T]) decode(text string, v *T) error {
	x.mu.Lock()
	known, ok := x.of[text]
	x.mu.Unlock()
	if ok {
		*v = known
		return nil
	}
	if err := decode(text, v); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.of == nil || x.size+len(text) > maxTexts || len(x.of) >= 1<<14 {
		x.of, x.size = make(map[string]T), 0
	}
	x.of[text] = *v
	x.size += len(text)
	return nil
}

var (
	recipes = &texts[job.Recipe]{}
	quotes  = &texts[job.Quote]{}
	powers  = &texts[job.Capabilities]{}
	commits = &texts[*wire.TaskCommit]{}
)
