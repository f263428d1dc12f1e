package dir

import (
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
)

// maxRecent bounds the bytes of the small objects that are kept in memory.
const maxRecent = 2 << 20

// recent has the small objects that were stored last: most are read within seconds, by who checks them and
// by whom they are for. It holds only what is durable. Whether one is still there is for the disk to say.
type recent struct {
	max int // bytes; 0 keeps nothing

	mu sync.Mutex // guards what follows
	// The younger half takes what comes. Once it is full, the older one is let go and it takes that one's place.
	young, old map[string]small
	size       int // bytes of young
}

// small is one object; nobody changes its content.
type small struct {
	object  blob.Object
	content []byte
}

// keep takes an object and its content, which nobody changes any more. It will be described as the packed file describes it.
func (r *recent) keep(o blob.Object, content []byte) {
	n := len(o.Key) + len(content)
	if n > r.max/2 {
		return
	}
	o.Modified = time.Unix(0, o.Modified.UnixNano())
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.young == nil || r.size+n > r.max/2 {
		r.young, r.old, r.size = make(map[string]small), r.young, 0
	}
	r.young[o.Key] = small{o, content}
	r.size += n
}

func (r *recent) find(key string) (small, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.young[key]
	if !ok {
		s, ok = r.old[key]
	}
	return s, ok
}

// drop forgets an object that is about to be deleted.
func (r *recent) drop(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.young, key)
	delete(r.old, key)
}
