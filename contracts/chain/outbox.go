package chain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
)

// keepBlocks is how deep a transaction has to lie before the outbox forgets it.
const keepBlocks = 256

// maxState bounds the state file: an outbox holds at most some hundred transactions.
const maxState = 64 << 20

// state is the content of the state file.
type state struct {
	Version   int            `json:"version"`
	ChainID   uint64         `json:"chainId"`
	Operator  common.Address `json:"operator"`
	Addresses Addresses      `json:"addresses"`
	Block     uint64         `json:"block"` // of the deployment; where to look for events from
	Outbox    []*entry       `json:"outbox"`
}

// entry is one thing sent or about to be sent. Its versions differ in fees only and share the nonce, so that at most one
// of them can ever be mined.
type entry struct {
	Key   string          `json:"key"`
	Doing string          `json:"doing"`
	Nonce uint64          `json:"nonce"`
	Raw   []hexutil.Bytes `json:"raw"`             // signed versions, oldest first
	Block uint64          `json:"block,omitempty"` // where one of them was mined; 0 for not yet
}

// versions decodes the signed transactions.
func (e *entry) versions() ([]*types.Transaction, error) {
	if len(e.Raw) == 0 {
		return nil, fmt.Errorf("outbox entry %q holds no transaction", e.Doing)
	}
	all := make([]*types.Transaction, len(e.Raw))
	for i, raw := range e.Raw {
		all[i] = new(types.Transaction)
		if err := all[i].UnmarshalBinary(raw); err != nil {
			return nil, fmt.Errorf("outbox entry %q: %w", e.Doing, err)
		}
	}
	return all, nil
}

// Keeper keeps the state: addresses, and every transaction from before it is sent until it lies deep. Its methods aren't
// called at the same time.
type Keeper interface {
	// Load returns the newest state, nil where nothing was ever saved.
	Load() ([]byte, error)
	// Save replaces what the last Load or Save here has seen, durably. Where several processes can send with
	// one key, it is what keeps all but one from doing so: if another one has saved since, nothing is changed and the error
	// is ErrStolen.
	Save(raw []byte) error
}

// outbox is the state. Entries in its list are never changed in place once published: readers get copies.
type outbox struct {
	keeper Keeper
	name   string // for people

	mu    sync.Mutex // guards state
	state state
}

func openOutbox(keeper Keeper, name string, chainID *big.Int, operator common.Address) (*outbox, error) {
	o := &outbox{keeper: keeper, name: name, state: state{Version: 1, ChainID: chainID.Uint64(), Operator: operator}}
	return o, o.load()
}

// load takes over what was saved last.
func (o *outbox) load() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	raw, err := o.keeper.Load()
	if err != nil || raw == nil {
		return err
	}
	loaded, err := parseState(raw)
	if err != nil {
		return fmt.Errorf("%w: %s: %w: restore it from a backup; without it a new set of contracts is deployed", ErrBadState, o.name, err)
	}
	if loaded.ChainID != o.state.ChainID || loaded.Operator != o.state.Operator {
		return fmt.Errorf("%w: %s was written for chain %d and operator %s, not chain %d and %s: use that key and chain, or another data folder",
			ErrWrongChain, o.name, loaded.ChainID, loaded.Operator, o.state.ChainID, o.state.Operator)
	}
	o.state = loaded
	return nil
}

// take takes over what was saved last and saves it again, after which whoever saved it can save no more. That one may
// save once more in between.
func (o *outbox) take() error {
	for range 10 {
		if err := o.load(); err != nil {
			return err
		}
		if err := o.save(); !errors.Is(err, ErrStolen) {
			return err
		}
	}
	return ErrStolen
}

// stateFile keeps the state in a file, for one process.
type stateFile struct{ path string }

func (f stateFile) Load() ([]byte, error) {
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of the chain's state file: %w", err)
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the chain's state file: %w", err)
	}
	if info.Size() > maxState {
		return nil, fmt.Errorf("%w: %s has %d bytes, %d at most", ErrBadState, f.path, info.Size(), maxState)
	}
	raw, err := os.ReadFile(f.path)
	if err != nil {
		return nil, fmt.Errorf("read the chain's state file: %w", err)
	}
	return raw, nil
}

func (f stateFile) Save(raw []byte) error {
	if err := writeDurably(f.path, raw); err != nil {
		return fmt.Errorf("write the chain's state file: %w", err)
	}
	return nil
}

// parseState reads a state file and checks everything that the rest relies on.
func parseState(raw []byte) (state, error) {
	var s state
	if err := json.Unmarshal(raw, &s); err != nil {
		return state{}, err
	}
	if s.Version != 1 {
		return state{}, fmt.Errorf("version %d is not known", s.Version)
	}
	for i, e := range s.Outbox {
		if e == nil {
			return state{}, fmt.Errorf("outbox entry %d is empty", i)
		}
		versions, err := e.versions()
		if err != nil {
			return state{}, err
		}
		for _, tx := range versions {
			if tx.Nonce() != e.Nonce {
				return state{}, fmt.Errorf("outbox entry %q mixes nonces", e.Doing)
			}
		}
		if i > 0 && s.Outbox[i-1].Nonce >= e.Nonce {
			return state{}, fmt.Errorf("outbox entry %q is out of order", e.Doing)
		}
	}
	return s, nil
}

// change applies f to a copy of the state and keeps the copy once it is saved.
func (o *outbox) change(f func(*state)) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	next := o.state
	next.Outbox = slices.Clone(o.state.Outbox)
	f(&next)
	var head uint64
	for _, e := range next.Outbox {
		head = max(head, e.Block)
	}
	next.Outbox = slices.DeleteFunc(next.Outbox, func(e *entry) bool {
		return e.Block != 0 && e.Block+keepBlocks < head
	})
	raw, err := json.Marshal(&next)
	if err != nil {
		return fmt.Errorf("encode the chain's state: %w", err)
	}
	if err := o.keeper.Save(raw); err != nil {
		return err
	}
	o.state = next
	return nil
}

// put adds the entry, or replaces the one with its nonce.
func (s *state) put(e *entry) {
	i, found := slices.BinarySearchFunc(s.Outbox, e.Nonce, func(x *entry, nonce uint64) int {
		switch {
		case x.Nonce < nonce:
			return -1
		case x.Nonce > nonce:
			return 1
		}
		return 0
	})
	if found {
		s.Outbox[i] = e
		return
	}
	s.Outbox = slices.Insert(s.Outbox, i, e)
}

func (s *state) drop(nonce uint64) {
	s.Outbox = slices.DeleteFunc(s.Outbox, func(e *entry) bool { return e.Nonce == nonce })
}

func (o *outbox) view() state {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.state
	s.Outbox = slices.Clone(s.Outbox)
	return s
}

// mined notes in memory that e is in a block, 0 for in none any more. The disk learns of it with the next save.
func (o *outbox) mined(e *entry, block uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := slices.Clone(o.state.Outbox)
	for i, x := range list {
		if x.Nonce == e.Nonce {
			done := *x
			done.Block = block
			list[i] = &done
		}
	}
	o.state.Outbox = list
}

// save writes what memory knows.
func (o *outbox) save() error { return o.change(func(*state) {}) }

// pending returns the unmined entry with the key, nil for none.
func (o *outbox) pending(key string) *entry {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.state.Outbox {
		if e.Block == 0 && e.Key == key {
			return e
		}
	}
	return nil
}

// writeDurably replaces the file so that a crash leaves the old content or the new, and the new is on disk.
func writeDurably(path string, raw []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
