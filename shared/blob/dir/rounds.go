package dir

import "sync"

// rounds makes folders durable for several at a time: who comes while a folder is being synced waits
// for the next round, which everybody who came meanwhile shares.
type rounds struct {
	sync func(folder string) error // makes a folder durable

	mu      sync.Mutex // guards folders
	folders map[string]*folderRounds
}

type folderRounds struct{ running, next *round }

// round is one sync. Whoever finds no next round leads one.
type round struct {
	after *round // that has to be over first
	done  chan struct{}
	err   error
}

// join returns once everything that was done in the folder before the call is durable.
func (f *rounds) join(folder string) error {
	f.mu.Lock()
	at := f.folders[folder]
	if at == nil {
		at = &folderRounds{}
		f.folders[folder] = at
	}
	r := at.next
	if r != nil {
		f.mu.Unlock()
		<-r.done
		return r.err
	}
	r = &round{after: at.running, done: make(chan struct{})}
	at.next = r
	f.mu.Unlock()
	if r.after != nil {
		<-r.after.done
		r.after = nil
	}
	f.mu.Lock()
	at.running, at.next = r, nil // who comes from now on is too late for this one
	f.mu.Unlock()
	r.err = f.sync(folder)
	close(r.done)
	f.mu.Lock()
	if at.running == r && at.next == nil {
		delete(f.folders, folder)
	}
	f.mu.Unlock()
	return r.err
}
