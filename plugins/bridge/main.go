// Command bridge is the C library libheliostat (build with -buildmode=c-shared): integer
// handles, JSON in and out, an error message for each thread. heliostat.h is its manual.
//
// It is not the place for anything that plugins/submit could do.
//
// Receives: scene folder descriptions from plugins/python.
// Hands on: the same to plugins/submit.
package main

/*
#include <stdint.h>
#include <stdlib.h>
#include "error.h"

typedef int64_t heliostat_handle;
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
	"unsafe"
)

func main() {} // c-shared wants one

// guard turns an error or a panic into the thread's last error: a Go panic that crossed
// the border would take the host down, and the artist's unsaved scene with it.
func guard(call func() error) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			ok = false
			setError(fmt.Sprintf("heliostat failed inside: %v; please report it with this text\n%s", r, debug.Stack()))
		}
	}()
	if err := call(); err != nil {
		setError(err.Error())
		return false
	}
	C.heliostat_error_set(nil)
	return true
}

func setError(text string) { C.heliostat_error_set(C.CString(text)) }

func flag(ok bool) C.int {
	if ok {
		return 1
	}
	return 0
}

// text gives a value out as JSON; heliostat_free takes it back.
func text(call func() (any, error)) (out *C.char) {
	guard(func() error {
		value, err := call()
		if err != nil {
			return err
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return err
		}
		out = give(string(raw))
		return nil
	})
	return out
}

func give(s string) *C.char {
	texts.Add(1)
	return C.CString(s)
}

func take(s *C.char) string {
	if s == nil {
		return ""
	}
	return C.GoString(s)
}

func handle(call func() (int64, error)) (out C.heliostat_handle) {
	guard(func() error {
		h, err := call()
		out = C.heliostat_handle(h)
		return err
	})
	return out
}

//export heliostat_version
func heliostat_version() *C.char {
	return text(func() (any, error) { return map[string]any{"version": version, "abi": abi}, nil })
}

//export heliostat_open
func heliostat_open(options *C.char) C.heliostat_handle {
	return handle(func() (int64, error) { return open(take(options)) })
}

//export heliostat_status
func heliostat_status(connection C.heliostat_handle) *C.char {
	return text(func() (any, error) {
		a, err := handles.connection(int64(connection))
		if err != nil {
			return nil, err
		}
		return a.Status(), nil
	})
}

//export heliostat_start
func heliostat_start(connection C.heliostat_handle, scene *C.char) C.heliostat_handle {
	return handle(func() (int64, error) { return start(int64(connection), take(scene)) })
}

//export heliostat_resume
func heliostat_resume(connection C.heliostat_handle, key *C.char) C.heliostat_handle {
	return handle(func() (int64, error) { return resume(int64(connection), take(key)) })
}

//export heliostat_list
func heliostat_list(connection C.heliostat_handle) *C.char {
	return text(func() (any, error) { return list(int64(connection)) })
}

//export heliostat_poll
func heliostat_poll(submission C.heliostat_handle) *C.char {
	return text(func() (any, error) {
		s, err := handles.submission(int64(submission))
		if err != nil {
			return nil, err
		}
		return s.State(), nil
	})
}

//export heliostat_accept_quote
func heliostat_accept_quote(submission C.heliostat_handle) C.int {
	return flag(guard(func() error {
		s, err := handles.submission(int64(submission))
		if err != nil {
			return err
		}
		return s.AcceptQuote()
	}))
}

//export heliostat_reject
func heliostat_reject(submission C.heliostat_handle) C.int {
	return flag(guard(func() error {
		s, err := handles.submission(int64(submission))
		if err != nil {
			return err
		}
		return s.RejectQuote()
	}))
}

//export heliostat_cancel
func heliostat_cancel(submission C.heliostat_handle, reason *C.char) C.int {
	return flag(guard(func() error {
		s, err := handles.submission(int64(submission))
		if err != nil {
			return err
		}
		return s.Cancel(take(reason))
	}))
}

//export heliostat_accept_frames
func heliostat_accept_frames(submission C.heliostat_handle) C.int {
	return flag(guard(func() error {
		s, err := handles.submission(int64(submission))
		if err != nil {
			return err
		}
		return s.AcceptFrames()
	}))
}

//export heliostat_release
func heliostat_release(submission C.heliostat_handle) C.int {
	return flag(guard(func() error { return handles.release(int64(submission)) }))
}

//export heliostat_close
func heliostat_close(connection C.heliostat_handle) C.int {
	return flag(guard(func() error { return closeConnection(int64(connection)) }))
}

//export heliostat_last_error
func heliostat_last_error() *C.char {
	last := C.heliostat_error_get()
	if last == nil {
		return give("")
	}
	return give(C.GoString(last))
}

//export heliostat_counts
func heliostat_counts() *C.char {
	return text(func() (any, error) { return counts(), nil })
}

//export heliostat_free
func heliostat_free(s *C.char) {
	if s == nil {
		return
	}
	texts.Add(-1)
	C.free(unsafe.Pointer(s))
}
