package dir

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
	"github.com/mattn/go-sqlite3"
)

// What FOLDER.md says of the packed file.
const (
	packedName    = "packed.db"
	applicationID = 0x48454c50 // "HELP", as in HELiostat Packed
	schemaVersion = 1

	// maxPacked is the size in bytes up to which an object is packed.
	maxPacked = 64 << 10
	pageSize  = 16 << 10
	// checkpointBytes is how long the log grows before it is carried over into the file.
	checkpointBytes = 8 << 20
)

const schema = `
CREATE TABLE contents (
  id      INTEGER PRIMARY KEY,
  content BLOB NOT NULL
) STRICT;
CREATE TABLE names (
  key      TEXT PRIMARY KEY,
  id       INTEGER NOT NULL,
  size     INTEGER NOT NULL CHECK (size >= 0),
  modified INTEGER NOT NULL,
  digest   BLOB NOT NULL CHECK (length(digest) = 32),
  mark     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`

// nameColumns are what described reads. SQLite would prepare a query anew for each use of a parameter that it may look at, so
// parameters are written +?.
const nameColumns = "SELECT key, id, size, modified, digest, mark"

// ErrPackedDamaged means that the file of the small objects isn't as this package writes it.
var ErrPackedDamaged = errors.New("the file of the small objects is damaged")

// packed keeps the small objects, in one SQLite file. A folder and a file for each would cost more than
// its content. One goroutine writes; what waits for it meanwhile shares the next commit.
type packed struct {
	path    string
	readers *readers
	writer  *writer // nil where nothing is written
	buffers buffers
}

func openPacked(root string) (*packed, error) {
	path, err := filepath.Abs(filepath.Join(root, packedName))
	if err != nil {
		return nil, fmt.Errorf("the file of the small objects: %w", err)
	}
	p := &packed{path: path, readers: newReaders(path, "&mode=ro")}
	room := &reserve{path: path + reserveSuffix}
	c, err := p.prepare()
	if isFull(err) && room.release() {
		c, err = p.prepare()
	}
	if err != nil {
		return nil, p.explain(err)
	}
	if p.writer, err = newWriter(c, room); err != nil {
		return nil, errors.Join(p.explain(err), c.close())
	}
	go p.writer.run()
	return p, nil
}

// readPacked opens the file beside the process that writes it.
func readPacked(root string) (*packed, error) {
	path, err := filepath.Abs(filepath.Join(root, packedName))
	if err != nil {
		return nil, fmt.Errorf("the file of the small objects: %w", err)
	}
	// Not mode=ro: the last program that leaves a file in WAL mode has to be able to tidy up.
	p := &packed{path: path, readers: newReaders(path, "&mode=rw")}
	_, err = os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		p.readers = nil // a folder of before the packed file
		return p, nil
	}
	if err == nil {
		err = p.readers.with(context.Background(), func(c *conn) error { return recognise(c) })
	}
	if err != nil {
		return nil, errors.Join(p.explain(err), p.readers.close())
	}
	return p, nil
}

// prepare opens the file, or makes it, and sees whether it can be what was left of it.
func (p *packed) prepare() (*conn, error) {
	// SQLite would make it readable for all; its log takes the file's mode.
	f, err := os.OpenFile(p.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	fresh := err == nil
	switch {
	case fresh:
		if err := f.Close(); err != nil {
			return nil, err
		}
		// A log without its file belongs to nothing that is there any more.
		for _, suffix := range []string{"-wal", "-shm"} {
			if err := os.Remove(p.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	case !errors.Is(err, fs.ErrExist):
		return nil, err
	}
	size, err := length(p.path)
	if err != nil {
		return nil, err
	}
	log, err := length(p.path + "-wal")
	if err != nil {
		return nil, err
	}
	c, err := connect(p.path, "&_cache_size=-8192")
	if err != nil {
		return nil, err
	}
	if err := shape(c, size, log); err != nil {
		return nil, errors.Join(err, c.close())
	}
	if fresh {
		return c, syncDir(filepath.Dir(p.path))
	}
	return c, nil
}

// length is how long a file is, 0 if there is none.
func length(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// shape sets up the connection that writes, and makes the tables where there are none. The file and its log had these sizes.
func shape(c *conn, size, log int64) error {
	pragmas := []string{"journal_mode = WAL", "synchronous = FULL", fmt.Sprintf("wal_autocheckpoint = %d", checkpointBytes/pageSize)}
	if size == 0 {
		pragmas = append([]string{fmt.Sprintf("page_size = %d", pageSize), "auto_vacuum = INCREMENTAL"}, pragmas...)
	}
	for _, pragma := range pragmas {
		if err := c.query(nil, "PRAGMA "+pragma); err != nil {
			return err
		}
	}
	// What isn't in the file may be in the log; without a log, all of it has to be there. Nothing must be written before
	// this look: SQLite would make the file as long as it should be.
	if log == 0 && size > 0 {
		pages, err := c.number("PRAGMA page_count")
		if err != nil {
			return err
		}
		each, err := c.number("PRAGMA page_size")
		if err != nil {
			return err
		}
		if size < pages*each {
			return fmt.Errorf("%d bytes of %d are there: %w", size, pages*each, ErrPackedDamaged)
		}
	}
	return migratePacked(c)
}

// migratePacked makes the tables of an empty file.
func migratePacked(c *conn) error {
	tables, err := c.number("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	version, err := c.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	if tables > 0 || version > 0 {
		return recognise(c)
	}
	_, err = c.sqlite.Exec(fmt.Sprintf("BEGIN IMMEDIATE;%s\nPRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;", schema, applicationID, schemaVersion), nil)
	return err
}

// recognise refuses files that aren't of this package and this version.
func recognise(c *conn) error {
	id, err := c.number("PRAGMA application_id")
	if err != nil {
		return err
	}
	version, err := c.number("PRAGMA user_version")
	switch {
	case err != nil:
		return err
	case id != applicationID:
		return errors.New("it is another program's file; move it away")
	case version != schemaVersion:
		return fmt.Errorf("its schema has version %d and this manager knows %d: run the newer manager", version, schemaVersion)
	}
	return nil
}

// close ends when everything that was handed to the writer is durable.
func (p *packed) close() error {
	switch {
	case p.readers == nil:
		return nil
	case p.writer == nil:
		return p.readers.close()
	}
	return errors.Join(p.writer.close(), p.readers.close(), p.writer.conn.close())
}

// explain names the file, and what to do about it.
func (p *packed) explain(err error) error {
	var failed sqlite3.Error
	if errors.As(err, &failed) {
		switch {
		case failed.Code == sqlite3.ErrCorrupt, failed.Code == sqlite3.ErrNotADB:
			err = fmt.Errorf("%w: %w", ErrPackedDamaged, err)
		case failed.Code == sqlite3.ErrFull:
			err = fmt.Errorf("%w: %w", blob.ErrFull, err)
		case failed.SystemErrno != 0:
			err = fmt.Errorf("%w: %w", err, full(failed.SystemErrno))
		}
	}
	if errors.Is(err, ErrPackedDamaged) {
		return fmt.Errorf("%s: %w; stop the manager and restore this file from a backup, or move it away together with its -wal and -shm: "+
			"the objects up to %d KiB that it holds are lost then, all larger ones stay", p.path, err, maxPacked>>10)
	}
	return fmt.Errorf("%s: %w", p.path, err)
}

// put stores content durably. there says that the same was there already.
func (p *packed) put(ctx context.Context, o blob.Object, content []byte) (there bool, err error) {
	r := &request{object: o, content: content}
	err = p.do(ctx, r)
	return r.there && err == nil, err
}

// remove deletes an object durably and returns whether it was there, and how large it was.
func (p *packed) remove(ctx context.Context, key string) (there bool, size int64, err error) {
	if _, err := p.stat(ctx, key); errors.Is(err, blob.ErrNotFound) {
		return false, 0, nil // without a commit
	}
	r := &request{object: blob.Object{Key: key}, remove: true}
	if err := p.do(ctx, r); err != nil || !r.there {
		return false, 0, err
	}
	return true, min(max(r.object.Size, 0), maxPacked), nil // it may be damaged
}

// do hands a request to the writer.
func (p *packed) do(ctx context.Context, r *request) error {
	err := p.writer.do(ctx, r)
	if err == nil || errors.Is(err, blob.ErrExists) || ctx.Err() != nil {
		return err
	}
	return p.explain(err)
}

// stat describes an object; blob.ErrNotFound if there is none.
func (p *packed) stat(ctx context.Context, key string) (o blob.Object, err error) {
	err = p.read(ctx, key, nameColumns+" FROM names WHERE key = +?", func(cells []driver.Value) error {
		o, err = described(cells)
		return err
	})
	return o, err
}

// get reads an object. Its content is of the announced size, or this is an error.
func (p *packed) get(ctx context.Context, key string) (content []byte, o blob.Object, err error) {
	err = p.read(ctx, key, nameColumns+", content FROM names LEFT JOIN contents USING (id) WHERE key = +?", func(cells []driver.Value) error {
		if o, err = described(cells); err != nil {
			return err
		}
		content, _ = cells[6].([]byte)
		if content == nil || int64(len(content)) != o.Size {
			return fmt.Errorf("%s has %d bytes of %d: %w", key, len(content), o.Size, ErrDamaged)
		}
		return nil
	})
	return content, o, err
}

// read looks one object up.
func (p *packed) read(ctx context.Context, key, query string, each func([]driver.Value) error) error {
	found := false
	if p.readers == nil {
		return fmt.Errorf("%s: %w", key, blob.ErrNotFound)
	}
	err := p.readers.query(ctx, func(cells []driver.Value) error {
		found = true
		return each(cells)
	}, query, key)
	switch {
	case err != nil && ctx.Err() == nil:
		return p.explain(fmt.Errorf("read %s: %w", key, err))
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("%s: %w", key, blob.ErrNotFound)
	}
	return nil
}

// described reads a row of names. The key is right even where the rest is damaged.
func described(cells []driver.Value) (blob.Object, error) {
	key, _ := cells[0].(string)
	id, _ := cells[1].(int64)
	size, _ := cells[2].(int64)
	modified, _ := cells[3].(int64)
	digest, _ := cells[4].([]byte)
	mark, _ := cells[5].(int64)
	if blob.CheckKey(key) != nil || len(digest) != sha256.Size || mark != markOf(key, id, size, modified, digest) {
		return blob.Object{Key: key}, fmt.Errorf("%q: %w", key, ErrDamaged)
	}
	return blob.Object{Key: key, Size: size, Digest: [32]byte(digest), Modified: time.Unix(0, modified)}, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// markOf is the checksum of a row of names: a bit that flips there would otherwise give an object another name.
func markOf(key string, id, size, modified int64, digest []byte) int64 {
	b := make([]byte, 0, blob.MaxKey+3*8+sha256.Size)
	b = append(b, key...)
	for _, n := range []int64{id, size, modified} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return int64(crc32.Checksum(append(b, digest...), castagnoli))
}

// listPage is how many objects a listing has in memory.
const listPage = 256

// listed is an object, or what is left of one.
type listed struct {
	blob.Object
	damage error
}

// page returns the first objects whose keys are from and behind, and begin with prefix, in the order of keys.
func (p *packed) page(ctx context.Context, from, prefix string) ([]listed, error) {
	if p.readers == nil {
		return nil, nil
	}
	var page []listed
	// "~" sorts behind every character of a key.
	err := p.readers.query(ctx, func(cells []driver.Value) error {
		o, err := described(cells)
		if err != nil {
			err = p.explain(err)
		}
		page = append(page, listed{o, err})
		return nil
	}, fmt.Sprintf(nameColumns+" FROM names WHERE key >= +? AND key < +? ORDER BY key LIMIT %d", listPage), from, prefix+"~")
	if err != nil && ctx.Err() == nil {
		return nil, p.explain(fmt.Errorf("list %q: %w", prefix, err))
	}
	return page, err
}

// behind is the least that can follow a key: "!" sorts before every character of a key.
func behind(key string) string { return key + "!" }

// memory is the content of a small object.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// maxBuffers bounds the small objects that are received or committed at one time, and so the memory for them.
const maxBuffers = 256

// buffers are what small objects are received into. Those that slow senders hold are lost to others, who
// therefore never wait for one: without a buffer an object becomes a file.
type buffers struct{ used atomic.Int32 }

// take returns a buffer of so many bytes, nil when as many as may be are in use.
func (b *buffers) take(size int64) []byte {
	if b.used.Add(1) > maxBuffers {
		b.used.Add(-1)
		return nil
	}
	return make([]byte, size)
}

func (b *buffers) give() { b.used.Add(-1) }

// fill reads verified content to its end, which is no longer than buf.
func fill(buf []byte, r io.Reader) (content []byte, err error) {
	n := 0
	for {
		m, err := r.Read(buf[n:])
		n += m
		if errors.Is(err, io.EOF) {
			return buf[:n:n], nil
		}
		if err != nil {
			return nil, err
		}
	}
}
