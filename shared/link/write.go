package link

import (
	"context"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// enqueue has a message written by a goroutine of its own.
func (s *Session) enqueue(e wire.Envelope) error {
	_, err := s.queue(e, false)
	return err
}

// enqueueHere is enqueue for goroutines that run waits for: if nobody writes now, the caller does, and may block as long as
// writing does.
func (s *Session) enqueueHere(e wire.Envelope) error {
	mine, err := s.queue(e, true)
	if mine {
		s.write(true)
	}
	return err
}

// queue adds a message to those that wait to be written; mine says that the caller has to write them.
func (s *Session) queue(e wire.Envelope, here bool) (mine bool, err error) {
	if len(e.Body) > wire.MaxMessage-1024 {
		return false, fmt.Errorf("%s of %d bytes is above the protocol's limit of %d", e.Type, len(e.Body), wire.MaxMessage)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ctx.Err() != nil:
		return false, context.Cause(s.ctx)
	case len(s.out) >= outQueue:
		s.end(fmt.Errorf("%w: it read too slowly", ErrClosed))
		return false, context.Cause(s.ctx)
	}
	s.out = append(s.out, e)
	switch {
	case s.writing:
	case here:
		s.writing = !s.over
		mine = s.writing
	default:
		s.beginWriteLocked()
	}
	return mine, nil
}

// beginWriteLocked starts a goroutine that writes what waits.
func (s *Session) beginWriteLocked() {
	s.writing = s.beginLocked(func() { s.write(false) })
}

// write sends what waits, until nothing does; once leaves what came meanwhile to a goroutine.
func (s *Session) write(once bool) {
	s.wire.Lock()
	defer s.wire.Unlock()
	room := scratch.Get().(*[small]byte)
	defer scratch.Put(room)
	for first := true; ; first = false {
		s.mu.Lock()
		if len(s.out) == 0 {
			s.writing = false
			s.mu.Unlock()
			return
		}
		if once && !first {
			s.beginWriteLocked()
			s.mu.Unlock()
			return
		}
		batch := s.out
		s.out = nil
		s.mu.Unlock()
		for _, e := range batch {
			s.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if err := s.conn.WriteMessage(websocket.TextMessage, appendEnvelope(room[:0], e)); err != nil {
				s.end(fmt.Errorf("%w: %w", ErrClosed, err))
				break // what is left fails in the same way
			}
		}
	}
}

// finish closes the connection of a session that has ended.
func (s *Session) finish() {
	s.write(false) // what was acknowledged before the end still goes out
	s.wire.Lock()
	defer s.wire.Unlock()
	message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, truncate(context.Cause(s.ctx).Error(), 120))
	_ = s.conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second))
	_ = s.conn.Close() // the reader ends with it
}
