package powerloss

// #include <stdlib.h>
// #include "record.h"
import "C"

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"
)

// Recorder is the record that this process writes.
type Recorder struct{ file *os.File }

// Record begins to record what SQLite does to files below root, in the file, which must lie elsewhere.
func Record(file, root string) (*Recorder, error) {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	path := C.CString(root)
	defer C.free(unsafe.Pointer(path))
	C.heliostat_record(C.int(f.Fd()), path)
	return &Recorder{f}, nil
}

// Acknowledge notes that the name was said to be durable.
func (r *Recorder) Acknowledge(name string) error { return r.note(acknowledged, name) }

func (r *Recorder) note(kind uint32, name string) error {
	head := make([]byte, headSize, headSize+len(name))
	binary.LittleEndian.PutUint32(head, kind)
	binary.LittleEndian.PutUint32(head[4:], uint32(len(name)))
	_, err := r.file.Write(append(head, name...))
	return err
}
