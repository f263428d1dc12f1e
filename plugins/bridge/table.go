package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/heliostat-render/heliostat/plugins/submit"
)

// table gives numbers to what crosses the border. Numbers are never reused, so a stale
// one is an error and not somebody else's submission.
type table struct {
	mu          sync.Mutex // guards what follows
	last        int64
	connections map[int64]connection
	submissions map[int64]entry
}

type connection struct {
	agent *submit.Agent
	log   io.Closer // nil for none
}

// close waits for the agent's goroutines, which may log until then.
func (c connection) close() error {
	c.agent.Close()
	if c.log == nil {
		return nil
	}
	return c.log.Close()
}

type entry struct {
	submission *submit.Submission
	connection int64
}

func newTable() *table {
	return &table{connections: make(map[int64]connection), submissions: make(map[int64]entry)}
}

func (t *table) addConnection(c connection) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	t.connections[t.last] = c
	return t.last
}

// addSubmission fails when the connection was closed meanwhile.
func (t *table) addSubmission(connection int64, s *submit.Submission) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.connections[connection]; !ok {
		return 0, unknown("connection", connection)
	}
	t.last++
	t.submissions[t.last] = entry{s, connection}
	return t.last, nil
}

func (t *table) connection(handle int64) (*submit.Agent, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c, ok := t.connections[handle]; ok {
		return c.agent, nil
	}
	return nil, unknown("connection", handle)
}

func (t *table) submission(handle int64) (*submit.Submission, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.submissions[handle]; ok {
		return e.submission, nil
	}
	return nil, unknown("submission", handle)
}

func (t *table) release(handle int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.submissions[handle]; !ok {
		return unknown("submission", handle)
	}
	delete(t.submissions, handle)
	return nil
}

// close takes a connection and its submissions out of the table.
func (t *table) close(handle int64) (connection, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := t.connections[handle]
	if !ok {
		return c, unknown("connection", handle)
	}
	delete(t.connections, handle)
	for s, e := range t.submissions {
		if e.connection == handle {
			delete(t.submissions, s)
		}
	}
	return c, nil
}

func (t *table) counts() (connections, submissions int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.connections), len(t.submissions)
}

func unknown(what string, handle int64) error {
	return fmt.Errorf("there is no open %s with the handle %d", what, handle)
}
