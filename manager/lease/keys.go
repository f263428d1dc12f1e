package lease

import (
	"bytes"
	"sync"

	"github.com/heliostat-render/heliostat/shared/seal"
)

// maxKeys bounds each kind of key that is remembered.
const maxKeys = 1 << 14

// Cached remembers which job keys were opened and what they are sealed to a node as: a worker gets
// many tasks of one package, and each sealing takes two multiplications on the curve. What is
// remembered lives in memory only, as the identity that opens them does, and a node that is sent the same
// sealing again learns nothing new by it. A node with another public key is another node.
func Cached(k Keys) Keys {
	return &cachedKeys{keys: k, opened: make(map[openedID]seal.JobKey), sealed: make(map[sealedID][]byte)}
}

type cachedKeys struct {
	keys Keys

	mu     sync.Mutex // guards what follows
	opened map[openedID]seal.JobKey
	sealed map[sealedID][]byte
}

type openedID struct{ pkg, sealed string }

type sealedID struct {
	public, pkg string
	key         seal.JobKey
}

var _ Keys = (*cachedKeys)(nil)

func (c *cachedKeys) JobKey(pkg string, sealed []byte) (seal.JobKey, error) {
	id := openedID{pkg, string(sealed)}
	c.mu.Lock()
	known, ok := c.opened[id]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	key, err := c.keys.JobKey(pkg, sealed)
	if err != nil {
		return key, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.opened) >= maxKeys {
		clear(c.opened)
	}
	c.opened[id] = key
	return key, nil
}

func (c *cachedKeys) SealJobKey(public []byte, pkg string, key seal.JobKey) ([]byte, error) {
	id := sealedID{string(public), pkg, key}
	c.mu.Lock()
	known, ok := c.sealed[id]
	c.mu.Unlock()
	if ok {
		return bytes.Clone(known), nil
	}
	sealed, err := c.keys.SealJobKey(public, pkg, key)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sealed) >= maxKeys {
		clear(c.sealed)
	}
	c.sealed[id] = bytes.Clone(sealed)
	return sealed, nil
}
