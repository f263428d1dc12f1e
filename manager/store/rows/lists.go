package rows

import (
	"slices"
	"sync"

	"github.com/heliostat-render/heliostat/manager/store"
)

// lists remembers what the frame lists of jobs say: a job's never changes, it may be long, and
// its record is read at every step of each of its tasks.
type lists struct {
	mu   sync.Mutex // guards what follows
	of   map[string][]int
	size int // frames in of
}

// parsed is shared by every store of the process: the same text is the same list.
var parsed = &lists{of: make(map[string][]int)}

// maxRemembered bounds the frames that are remembered: 32 MiB.
const maxRemembered = 1 << 22

// frames parses the text. The list is shared: nobody changes its elements, and it has no room
// to append to.
func (l *lists) frames(text string) ([]int, error) {
	l.mu.Lock()
	list, ok := l.of[text]
	l.mu.Unlock()
	if ok {
		return list, nil
	}
	list, err := store.ParseFrames(text, maxFrames)
	if err != nil {
		return nil, err
	}
	list = slices.Clip(list)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+len(list) > maxRemembered {
		clear(l.of)
		l.size = 0
	}
	if _, again := l.of[text]; !again {
		l.of[text] = list
		l.size += len(list)
	}
	return list, nil
}
