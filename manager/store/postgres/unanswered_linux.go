package postgres

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// boundUnanswered ends a connection whose other side hasn't confirmed what was sent for ten
// seconds: a commit must not wait for a dead host until the system's own quarter of an hour is over.
func boundUnanswered(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 10_000) }); e != nil {
		return e
	}
	if err == unix.EOPNOTSUPP || err == unix.ENOPROTOOPT { // a Unix socket
		return nil
	}
	return err
}
