// Package outbox keeps finished frames and the commit that promises them on disk until the
// manager has acknowledged it, and delivers them: a worker or a manager that is killed in
// between loses nothing that was rendered.
//
// It is not the place for rendering (workerapp/session), and it doesn't judge frames.
//
// Receives: frames and commits from workerapp/session.
// Hands on: files to the object store by signed URLs, the commit to manager/gateway.
package outbox

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Kinds of file, as wire.UploadFile names them.
const (
	Final  = "final"
	Master = "master"
	Extra  = "extra" // a further output; it has a name
)

// maxRecord bounds a file of the outbox's own, in bytes; they are read back after a crash.
const maxRecord = 64 << 20

// leaseName is what a lease may be called: it becomes a folder's name.
var leaseName = regexp.MustCompile(`^[a-z0-9]{1,64}$`)

// Lease is what has to survive a crash to finish an attempt. The job key in the offer is
// sealed to this node.
type Lease struct {
	Offer   wire.LeaseOffer `json:"offer"`
	Money   wire.Money      `json:"money"`   // the network that the receipt is signed for
	Taken   int64           `json:"taken"`   // Unix milliseconds
	Resumed int             `json:"resumed"` // restarts that went on with it
}

// Record is one finished frame.
type Record struct {
	Frame    int               `json:"frame"`
	Files    []wire.UploadFile `json:"files"`
	Commit   proof.FrameCommit `json:"commit"`
	Stats    wire.FrameStats   `json:"stats"`
	Uploaded bool              `json:"uploaded"`
	// Version and Build are of the renderer that rendered it.
	Version string `json:"version,omitempty"`
	Build   string `json:"build,omitempty"`
}

// Box is the folder of all leases that aren't acknowledged.
type Box struct {
	dir string

	mu      sync.Mutex
	entries map[string]*Entry // guarded by mu, by lease
}

// Open reads what an earlier process left. A lease whose records a crash tore is dropped
// when nothing of it can be used; half-written frames are forgotten and rendered again. What can't
// be read just now is an error: finished work isn't dropped for it.
func Open(dir string) (*Box, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the outbox: %w", err)
	}
	folders, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open the outbox: %w", err)
	}
	b := &Box{dir: dir, entries: map[string]*Entry{}}
	for _, folder := range folders {
		path := filepath.Join(dir, folder.Name())
		e, err := load(b, path)
		var unread *fs.PathError
		if errors.As(err, &unread) && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the outbox holds finished frames that can't be read: %w; make %s readable for this user, or move it away to give them up", err, path)
		}
		if err != nil {
			if err := os.RemoveAll(path); err != nil {
				return nil, fmt.Errorf("clear the outbox: %w", err)
			}
			continue
		}
		b.entries[e.lease.Offer.Lease] = e
	}
	return b, nil
}

// Begin makes the entry of a lease that was just taken. Beginning one that is already
// there returns it.
func (b *Box) Begin(l Lease) (*Entry, error) {
	if !leaseName.MatchString(l.Offer.Lease) {
		return nil, fmt.Errorf("lease %q has no usable name", l.Offer.Lease)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entries[l.Offer.Lease]; e != nil {
		return e, nil
	}
	e := &Entry{box: b, dir: filepath.Join(b.dir, l.Offer.Lease), lease: l, records: map[int]Record{}, noted: map[int]bool{}, changed: make(chan struct{})}
	if err := os.MkdirAll(e.dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep lease %s: %w", l.Offer.Lease, err)
	}
	if err := e.save("lease.json", l); err != nil {
		os.RemoveAll(e.dir)
		return nil, err
	}
	b.entries[l.Offer.Lease] = e
	return e, nil
}

// Entries are the leases that aren't acknowledged, the oldest first.
func (b *Box) Entries() []*Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	var entries []*Entry
	for _, e := range b.entries {
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(x, y *Entry) int {
		if x.lease.Taken != y.lease.Taken {
			return int(x.lease.Taken - y.lease.Taken)
		}
		return strings.Compare(x.lease.Offer.Lease, y.lease.Offer.Lease)
	})
	return entries
}

// Entry is one lease's frames and commit. It may be used from many goroutines.
type Entry struct {
	box *Box
	dir string

	mu      sync.Mutex
	lease   Lease            // guarded by mu
	records map[int]Record   // guarded by mu
	noted   map[int]bool     // guarded by mu; frames whose upload is on record, also after a crash
	commit  *wire.TaskCommit // guarded by mu
	changed chan struct{}    // guarded by mu; closed at the next change
}

func load(b *Box, dir string) (*Entry, error) {
	e := &Entry{box: b, dir: dir, records: map[int]Record{}, noted: map[int]bool{}, changed: make(chan struct{})}
	if err := read(filepath.Join(dir, "lease.json"), &e.lease); err != nil {
		return nil, err
	}
	if !leaseName.MatchString(e.lease.Offer.Lease) || e.lease.Offer.Lease != filepath.Base(dir) {
		return nil, fmt.Errorf("%s holds lease %q", dir, e.lease.Offer.Lease)
	}
	for _, f := range e.lease.Offer.Frames {
		var r Record
		if err := read(filepath.Join(dir, recordName(f.Frame)), &r); err != nil || r.Frame != f.Frame {
			continue
		}
		whole := len(r.Files) > 0
		for _, file := range r.Files {
			if file.Frame != f.Frame || named(file) != nil || !extension.MatchString(file.Ext) {
				whole = false
				break
			}
			info, err := os.Lstat(e.Path(file))
			whole = whole && (r.Uploaded || err == nil && info.Mode().IsRegular() && info.Size() == file.Size)
		}
		if whole {
			e.records[f.Frame], e.noted[f.Frame] = r, r.Uploaded
		}
	}
	var c wire.TaskCommit
	if err := read(filepath.Join(dir, "commit.json"), &c); err == nil {
		if err := e.promised(c); err != nil {
			return nil, fmt.Errorf("%s is committed: %w", dir, err)
		}
		e.commit = &c
	}
	return e, nil
}

// Lease returns what was stored at Begin.
func (e *Entry) Lease() Lease {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lease
}

// ID is the lease's name.
func (e *Entry) ID() string { return filepath.Base(e.dir) }

// Resume counts one more restart that goes on with the lease.
func (e *Entry) Resume() (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lease.Resumed++
	return e.lease.Resumed, e.save("lease.json", e.lease)
}

// Path is where a file of the entry lies.
func (e *Entry) Path(f wire.UploadFile) string {
	if f.Kind == Extra {
		sum := sha256.Sum256([]byte(f.Name)) // a name may hold folders
		return filepath.Join(e.dir, fmt.Sprintf("%d-extra-%x%s", f.Frame, sum[:12], f.Ext))
	}
	return filepath.Join(e.dir, fmt.Sprintf("%d-%s%s", f.Frame, f.Kind, f.Ext))
}

// File is a frame's file as a renderer left it.
type File struct {
	Path string
	Kind string // Final, Master or Extra
	Name string // of an Extra, as proof.CheckExtraName allows; unique in the frame
}

// Take moves a renderer's files into the entry. What isn't a plain file is refused: a
// scene may have put a link to something of the owner's in its place. The result names the
// files that Commit and Add are to be given, in the same order.
func (e *Entry) Take(frame int, files []File) ([]wire.UploadFile, error) {
	var taken []wire.UploadFile
	for _, f := range files {
		up := wire.UploadFile{Frame: frame, Kind: f.Kind, Name: f.Name, Ext: strings.ToLower(filepath.Ext(f.Path))}
		if err := named(up); err != nil {
			return nil, fmt.Errorf("frame %d: %w", frame, err)
		}
		if !extension.MatchString(up.Ext) {
			return nil, fmt.Errorf("frame %d: the renderer wrote %q, whose ending can't be delivered", frame, filepath.Base(f.Path))
		}
		info, err := os.Lstat(f.Path)
		if err != nil {
			return nil, fmt.Errorf("frame %d: the renderer's file is missing: %w", frame, err)
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("frame %d: the renderer left no plain file at %s", frame, filepath.Base(f.Path))
		}
		if err := move(f.Path, e.Path(up)); err != nil {
			return nil, fmt.Errorf("keep frame %d: %w", frame, err)
		}
		up.Size, up.Digest, err = digest(e.Path(up))
		if err != nil {
			return nil, fmt.Errorf("keep frame %d: %w", frame, err)
		}
		taken = append(taken, up)
	}
	return taken, nil
}

// named checks a file's kind and name.
func named(f wire.UploadFile) error {
	switch {
	case f.Kind == Extra:
		return proof.CheckExtraName(f.Name)
	case f.Kind != Final && f.Kind != Master:
		return fmt.Errorf("a file of kind %q", f.Kind)
	case f.Name != "":
		return fmt.Errorf("a %s file has the name %q", f.Kind, f.Name)
	}
	return nil
}

var extension = regexp.MustCompile(`^\.[a-z0-9]{1,8}$`)

// Add makes a finished frame durable, after Take.
func (e *Entry) Add(r Record) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.save(recordName(r.Frame), r); err != nil {
		return err
	}
	e.records[r.Frame] = r
	e.wakeLocked()
	return nil
}

// Records are the finished frames, in the task's order.
func (e *Entry) Records() []Record {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.recordsLocked()
}

func (e *Entry) recordsLocked() []Record {
	var records []Record
	for _, f := range e.lease.Offer.Frames {
		if r, ok := e.records[f.Frame]; ok {
			records = append(records, r)
		}
	}
	return records
}

// Seal stores the commit; nothing can be added after it. It promises every finished frame,
// and all of the lease's unless it says that it is partial.
func (e *Entry) Seal(c wire.TaskCommit) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.promised(c); err != nil {
		return fmt.Errorf("commit %s: %w", e.ID(), err)
	}
	if err := e.save("commit.json", c); err != nil {
		return err
	}
	e.commit = &c
	e.wakeLocked()
	return nil
}

// promised checks that a commit's frames are the finished ones.
func (e *Entry) promised(c wire.TaskCommit) error {
	done, all := e.recordsLocked(), len(e.lease.Offer.Frames)
	switch {
	case len(done) == 0, len(done) != all && !c.Partial:
		return fmt.Errorf("%d of %d frames are finished", len(done), all)
	case len(c.Frames) != len(done):
		return fmt.Errorf("it promises %d frames and %d are finished", len(c.Frames), len(done))
	}
	for i, r := range done {
		if c.Frames[i].Frame != r.Frame {
			return fmt.Errorf("it promises frame %d where frame %d is finished", c.Frames[i].Frame, r.Frame)
		}
	}
	return nil
}

// Commit returns the commit once it is sealed.
func (e *Entry) Commit() (wire.TaskCommit, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.commit == nil {
		return wire.TaskCommit{}, false
	}
	return *e.commit, true
}

// Drop forgets the lease and wipes its files: it was acknowledged, or refused for good.
func (e *Entry) Drop() error {
	e.box.mu.Lock()
	delete(e.box.entries, e.ID())
	e.box.mu.Unlock()
	if err := os.RemoveAll(e.dir); err != nil {
		return fmt.Errorf("clear lease %s: %w", e.ID(), err)
	}
	return nil
}

// uploaded marks a frame's files as stored by the network.
func (e *Entry) uploaded(frame int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.records[frame]
	r.Uploaded = true
	e.records[frame] = r
	err := e.save(recordName(frame), r)
	e.noted[frame] = err == nil
	return err
}

// Shed wipes the files of frames that the network's store has, and tells how many bytes that
// freed: for a full disk. The frames stay finished; only a store that loses them again can't get them a second
// time.
func (b *Box) Shed() int64 {
	freed := int64(0)
	for _, e := range b.Entries() {
		freed += e.shed()
	}
	return freed
}

func (e *Entry) shed() (freed int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for frame, r := range e.records {
		if !r.Uploaded || !e.noted[frame] {
			continue
		}
		for _, f := range r.Files {
			if os.Remove(e.Path(f)) == nil {
				freed += f.Size
			}
		}
	}
	return freed
}

// forget takes back that the frames' files are stored by the network.
func (e *Entry) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for frame, r := range e.records {
		r.Uploaded = false
		e.records[frame] = r
	}
}

// waiting returns the frames that aren't uploaded, the commit if it is sealed, and a
// channel that is closed at the next change.
func (e *Entry) waiting() ([]Record, *wire.TaskCommit, <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	records := slices.DeleteFunc(e.recordsLocked(), func(r Record) bool { return r.Uploaded })
	return records, e.commit, e.changed
}

func (e *Entry) wakeLocked() {
	close(e.changed)
	e.changed = make(chan struct{})
}

func recordName(frame int) string { return fmt.Sprintf("%d.json", frame) }

// save writes a file whole or not at all.
func (e *Entry) save(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("keep %s of lease %s: %w", name, e.ID(), err)
	}
	part := filepath.Join(e.dir, name+".part")
	if err := writeSynced(part, text); err != nil {
		return fmt.Errorf("keep %s of lease %s: %w", name, e.ID(), err)
	}
	if err := os.Rename(part, filepath.Join(e.dir, name)); err != nil {
		return fmt.Errorf("keep %s of lease %s: %w", name, e.ID(), err)
	}
	return syncFile(e.dir)
}

func read(path string, v any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxRecord+1))
	if err != nil {
		return err
	}
	if len(text) > maxRecord {
		return fmt.Errorf("%s is too large", path)
	}
	return json.Unmarshal(text, v)
}

// move renames, and copies where the two folders are on different disks.
func move(from, to string) error {
	err := os.Rename(from, to)
	if err == nil {
		return syncFile(to)
	}
	var link *os.LinkError
	if !errors.As(err, &link) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	source, err := openPlain(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err := errors.Join(err, target.Sync(), target.Close()); err != nil {
		os.Remove(to)
		return err
	}
	return os.Remove(from)
}
