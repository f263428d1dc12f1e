package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/heliostat-render/heliostat/manager/store/postgres/pgtest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// wireTap stands between one manager and the chain. After the chain has taken a transaction of which want
// says so, the manager never hears of it: it is killed.
type wireTap struct {
	chain string
	want  func() bool
	died  chan struct{} // gets one for every kill

	mu   sync.Mutex // guards kill
	kill func()
}

func (w *wireTap) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	body, err := io.ReadAll(io.LimitReader(in.Body, 4<<20))
	if err != nil {
		return
	}
	reply, err := http.Post(w.chain, "application/json", bytes.NewReader(body))
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadGateway)
		return
	}
	defer reply.Body.Close()
	var call struct {
		Method string `json:"method"`
	}
	if json.Unmarshal(body, &call) == nil && call.Method == "eth_sendRawTransaction" && w.want() {
		w.mu.Lock()
		w.kill()
		w.mu.Unlock()
		w.died <- struct{}{}
		return
	}
	out.Header().Set("Content-Type", "application/json")
	_, _ = io.Copy(out, reply.Body) // a manager that went away
}

// TestTwoManagers has two manager processes over one PostgreSQL database, in two ways at the same time.
func TestTwoManagers(t *testing.T) {
	server, bucket := pgtest.Start(t), startBucket(t)
	for name, run := range map[string]func(*testing.T, config){"settle": settleOnce, "copy": stragglersAreCopied} {
		c := settings(t, "off")
		c.Keys, c.Store, c.Blobs = t.TempDir(), server.Database(t), strings.Replace(bucket, "/farm", "/"+name, 1)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, c)
		})
	}
}

// settleOnce has two managers pay over one chain with one key.
// Whichever settles is killed with SIGKILL between a transaction and the record of it, again and again.
// At the end the chain holds each transaction once, none failed, and everybody has what the ledger says.
func settleOnce(t *testing.T, c config) {
	dev := startChain(t, c.Keys)
	// Deployed before, by a manager that kept the contracts' addresses in a file.
	contracts := dev.contracts(t, c)

	sends, killing := 0, true
	var mu sync.Mutex // guards sends and killing
	want := func() bool {
		mu.Lock()
		defer mu.Unlock()
		sends++
		return killing && sends%2 == 1
	}
	died := make(chan struct{}, 64)
	var urls []string
	var taps []*wireTap
	var again []func()
	for i := range 2 {
		tap := &wireTap{chain: dev.RPC(), want: want, died: died}
		ear := httptest.NewServer(tap)
		t.Cleanup(ear.Close)
		mine := c
		mine.Settlement, mine.Data = "rpc="+ear.URL, filepath.Join(t.TempDir(), fmt.Sprint("manager", i))
		start := func() {
			url, kill := startChild(t, mine)
			mine.Listen = strings.TrimPrefix(url, "http://")
			tap.mu.Lock()
			tap.kill = kill
			tap.mu.Unlock()
		}
		start()
		urls, taps, again = append(urls, "http://"+mine.Listen), append(taps, tap), append(again, start)
	}
	door := strings.Join(urls, ",")
	a := newArtist(t, door)
	if _, err := contracts.Faucet(t.Context(), common.HexToAddress(a.id.Address()), big.NewInt(1e9)); err != nil {
		t.Fatal(err)
	}
	head, err := dev.Client().BlockNumber(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w, v := startWorker(t, door, fake.Behaviour{}), startVerifier(t, door, fake.Behaviour{})

	// Whoever dies comes back, while the other one goes on.
	stop, stopped := make(chan struct{}), make(chan struct{})
	kills := 0
	go func() {
		defer close(stopped)
		for {
			select {
			case <-died:
				kills++
				for i, tap := range taps {
					if tap.gone(urls[i]) {
						again[i]()
					}
				}
			case <-stop:
				return
			}
		}
	}()
	paid := make(map[string]job.Amount)
	for range 2 {
		j := a.submit(3)
		checkDelivered(t, a.await(j.ID, inState(job.Delivered)), 3)
		if _, err := a.Accept(a.ctx, j.ID); err != nil {
			t.Fatal(err)
		}
		d := a.await(j.ID, inState(job.Settled))
		if d.Job.Refund != j.Quote.Ceiling-d.Job.Spent {
			t.Errorf("settled as %+v", d.Job)
		}
		for _, f := range d.Frames {
			paid[f.Worker] += j.Quote.PerFrame
			paid[f.Verifier] += j.Quote.VerifyFee
		}
	}
	for _, n := range []*node{w.node, v.node} {
		want := paid[n.id.Address()]
		until(t, func() bool { return claim(t, n).Total == want })
		balance, err := contracts.Balance(t.Context(), common.HexToAddress(n.id.Address()))
		if err != nil || balance.Int64() != int64(want) {
			t.Errorf("the chain says that %s has %v, want %d: %v", n.id.Address(), balance, want, err)
		}
	}
	mu.Lock()
	killing = false
	mu.Unlock()
	close(stop)
	<-stopped
	if kills < 3 {
		t.Errorf("only %d kills: the test shows nothing", kills)
	}

	// Every transaction is there once and went through.
	last, err := dev.Client().BlockNumber(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]common.Hash)
	signer := types.LatestSignerForChainID(dev.ChainID())
	for n := head + 1; n <= last; n++ {
		block, err := dev.Client().BlockByNumber(t.Context(), new(big.Int).SetUint64(n))
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range block.Transactions() {
			from, err := types.Sender(signer, tx)
			if err != nil || from != contracts.Operator() {
				continue
			}
			r, err := dev.Client().TransactionReceipt(t.Context(), tx.Hash())
			if err != nil || r.Status != types.ReceiptStatusSuccessful {
				t.Errorf("transaction %s failed: %v", tx.Hash(), err)
			}
			what := tx.To().Hex() + string(tx.Data())
			if first, twice := seen[what]; twice {
				t.Errorf("%s does what %s did", tx.Hash(), first)
			}
			seen[what] = tx.Hash()
		}
	}
	t.Logf("%d transactions, %d kills", len(seen), kills)
	if len(seen) < 10 { // each job's funding, delivery, settlement and refund, a root, the claims
		t.Errorf("%d transactions for two jobs", len(seen))
	}
}

// gone tells whether the manager behind the tap was killed.
func (w *wireTap) gone(url string) bool {
	r, err := http.Get(url + "/healthz")
	if err != nil {
		return true
	}
	r.Body.Close()
	return false
}
