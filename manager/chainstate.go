package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/contracts/chain"
	"github.com/heliostat-render/heliostat/manager/store"
)

// chainState keeps what was sent to the chain in the database that the managers share, so that whichever of them
// settles knows what the last one has sent, and no other can send meanwhile.
type chainState struct {
	db   store.Store
	key  string
	file string // of before managers shared it: read while the database has nothing

	mu   sync.Mutex // guards seen
	seen []string   // the marks that the stored state may have if nobody else has saved
}

var _ chain.Keeper = (*chainState)(nil)

// stateLimit bounds one access to the database.
const stateLimit = 30 * time.Second

// kept is what the database holds. Mark is another one after every save.
type kept struct {
	Mark  string          `json:"mark"`
	State json.RawMessage `json:"state"`
}

func (s *chainState) read(tx store.Tx) (k kept, err error) {
	raw, err := tx.Meta(s.key)
	if err != nil || raw == "" {
		return k, err
	}
	return k, json.Unmarshal([]byte(raw), &k)
}

// Load reads the newest state.
func (s *chainState) Load() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), stateLimit)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	var k kept
	if err := s.db.View(ctx, func(tx store.Tx) (err error) { k, err = s.read(tx); return err }); err != nil {
		return nil, fmt.Errorf("read the chain's state: %w", err)
	}
	s.seen = []string{k.Mark}
	if k.Mark != "" {
		return k.State, nil
	}
	raw, err := os.ReadFile(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the chain's state of before: %w", err)
	}
	return raw, nil
}

// Save replaces the state unless another manager has done so.
func (s *chainState) Save(raw []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), stateLimit)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	next := kept{Mark: rand.Text(), State: raw}
	text, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("encode the chain's state: %w", err)
	}
	err = s.db.Update(ctx, func(tx store.Tx) error {
		now, err := s.read(tx)
		if err != nil {
			return err
		}
		mine := false
		for _, mark := range s.seen {
			mine = mine || mark == now.Mark
		}
		if !mine {
			return chain.ErrStolen
		}
		return tx.SetMeta(s.key, string(text))
	})
	switch {
	case err == nil:
		s.seen = []string{next.Mark}
	case !errors.Is(err, chain.ErrStolen):
		// It may have been saved all the same: either is ours.
		s.seen = append(s.seen, next.Mark)
	}
	if err != nil {
		return fmt.Errorf("keep the chain's state: %w", err)
	}
	return nil
}
