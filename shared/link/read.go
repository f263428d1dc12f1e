package link

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// read takes the next message. A large one first gets room, which free gives back: what is read and not yet
// handled, of all sessions together, is bounded, however many peers send how much at once.
func (s *Session) read() (e wire.Envelope, free func(), err error) {
	wait := func() { s.conn.SetReadDeadline(time.Now().Add(silence * s.heartbeat())) }
	wait()
	_, r, err := s.conn.NextReader()
	if err != nil {
		return e, nil, err
	}
	free = func() {}
	raw, err := readSmall(r)
	if err == nil && len(raw) == small && s.room != nil {
		took := s.maxMessage
		if err := s.room.Acquire(s.ctx, took); err != nil {
			return e, nil, context.Cause(s.ctx)
		}
		free = sync.OnceFunc(func() { s.room.Release(took) })
	}
	if err == nil && len(raw) == small {
		wait()
		var rest []byte
		rest, err = io.ReadAll(r)
		raw = append(raw, rest...)
	}
	if err == nil {
		e, err = parseEnvelope(raw)
	}
	if err != nil {
		free()
	}
	return e, free, err
}

// scratch is room for small messages, coming in and going out.
var scratch = sync.Pool{New: func() any { return new([small]byte) }}

// readSmall reads until a message's end, but no more than small bytes. They come out of the socket in as few calls as
// they can and lie in no more memory than they take.
func readSmall(r io.Reader) ([]byte, error) {
	room := scratch.Get().(*[small]byte)
	defer scratch.Put(room)
	n := 0
	for n < small {
		k, err := r.Read(room[n:])
		n += k
		if err == io.EOF { // the message's; the connection's is another
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return bytes.Clone(room[:n]), nil
}
