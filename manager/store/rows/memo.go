package rows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Memory are the records that transactions have read or written, so that none is read twice. One
// transaction sees one state of the database, and has a memory of its own. Where a database has one
// writer, the memory may last: nobody else changes what is remembered. Whoever asks gets a copy; what
// that points to is shared, and nobody changes it. One goroutine at a time uses a memory.
type Memory struct {
	jobs     map[string]*store.Job
	tasks    map[string]*job.Task
	attempts map[string]*store.Attempt
	audits   map[string]*store.Audit
	checks   map[string]*[]string // ids of all the audits of an attempt, in order
	nodes    map[string]*store.Node
	frames   map[frameKey]*job.Frame
	metas    map[string]*string
}

type frameKey struct {
	job    string
	number int
}

const (
	// maxMemory bounds each kind of record that is remembered.
	maxMemory = 1024
	// maxKept bounds the frames of an attempt that is remembered, and the audits of one: what the
	// worker said of each frame is some kilobytes.
	maxKept = 16
	// maxMeta bounds the bytes of a setting that is remembered.
	maxMeta = 4096
)

// Forget empties it: a transaction was undone, or somebody else has written.
func (m *Memory) Forget() { *m = Memory{} }

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
	if _, there := (*m)[key]; !there && len(*m) >= maxMemory {
		for old := range *m { // any: those in use come back by one read
			if delete(*m, old); len(*m) <= maxMemory*3/4 {
				break
			}
		}
	}
	out := *v
	(*m)[key] = &out
}

func (m *Memory) keepAttempt(a *store.Attempt) {
	if len(a.Frames) > maxKept {
		delete(m.attempts, a.ID)
		return
	}
	keep(&m.attempts, a.ID, a)
}

// keepChecks remembers which audits an attempt has.
func (m *Memory) keepChecks(attempt string, audits []*store.Audit) {
	if len(audits) > maxKept {
		delete(m.checks, attempt)
		return
	}
	ids := make([]string, len(audits))
	for i, a := range audits {
		keep(&m.audits, a.ID, a)
		ids[i] = a.ID
	}
	keep(&m.checks, attempt, &ids)
}

// recallChecks are the audits of an attempt, nil unless each is remembered.
func (m *Memory) recallChecks(attempt string) []*store.Audit {
	ids := m.checks[attempt]
	if ids == nil {
		return nil
	}
	audits := make([]*store.Audit, len(*ids))
	for i, id := range *ids {
		if audits[i] = recall(m.audits, id); audits[i] == nil {
			return nil
		}
	}
	return audits
}

// addCheck remembers one audit more. Those of an attempt are added in their order.
func (m *Memory) addCheck(a *store.Audit) {
	keep(&m.audits, a.ID, a)
	ids := m.checks[a.Attempt]
	if ids == nil {
		return
	}
	if len(*ids) == maxKept {
		delete(m.checks, a.Attempt)
		return
	}
	more := append(slices.Clip(*ids), a.ID)
	keep(&m.checks, a.Attempt, &more)
}

// Stale lists what is remembered otherwise than the database has it, for the tests of those who let a
// memory last.
func (m *Memory) Stale(ctx context.Context, run Runner, d *Dialect) (differ []string) {
	tx := Reading(ctx, run, d)
	differ = append(differ, stale("job", m.jobs, tx.Job)...)
	differ = append(differ, stale("task", m.tasks, tx.Task)...)
	differ = append(differ, stale("attempt", m.attempts, tx.Attempt)...)
	differ = append(differ, stale("audit", m.audits, tx.Audit)...)
	differ = append(differ, stale("node", m.nodes, tx.Node)...)
	differ = append(differ, stale("frame", m.frames, func(k frameKey) (*job.Frame, error) {
		list, err := tx.FrameSet(k.job, []int{k.number})
		if err != nil || len(list) != 1 {
			return nil, errors.Join(store.ErrNotFound, err)
		}
		return list[0], nil
	})...)
	differ = append(differ, stale("setting", m.metas, func(key string) (*string, error) {
		value, err := tx.Meta(key)
		return &value, err
	})...)
	return append(differ, stale("audits of attempt", m.checks, func(attempt string) (*[]string, error) {
		list, err := tx.Audits(attempt)
		ids := make([]string, len(list))
		for i, a := range list {
			ids[i] = a.ID
		}
		return &ids, err
	})...)
}

func stale[K comparable, V any](what string, remembered map[K]*V, read func(K) (*V, error)) (differ []string) {
	for key, known := range remembered {
		there, err := read(key)
		if err != nil {
			differ = append(differ, fmt.Sprintf("%s %v is remembered: %v", what, key, err))
			continue
		}
		// Nothing and an empty list are the same to a database.
		if was, is := strings.ReplaceAll(encode(known), "[]", "null"), strings.ReplaceAll(encode(there), "[]", "null"); was != is {
			differ = append(differ, fmt.Sprintf("%s %v is remembered as\n%s\nand is\n%s", what, key, was, is))
		}
	}
	return differ
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
