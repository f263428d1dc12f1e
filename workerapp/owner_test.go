package workerapp

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/rules"
)

// desk is a computer that somebody may sit at.
type desk struct {
	rules.Machine
	mu   sync.Mutex
	idle time.Duration
}

func (d *desk) Idle(context.Context) (time.Duration, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.idle, nil
}

func (d *desk) OnBattery(context.Context) (bool, error) { return false, nil }

func (d *desk) touch(idle time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.idle = idle
}

func TestTheOwnersRulesHold(t *testing.T) {
	m := farm(t)
	m.Start()
	o := options(m, newIdentity(t), t.TempDir(), fake.New(fake.Behaviour{Hang: []int{2}}))
	d := &desk{idle: time.Hour}
	o.Machine = d
	o.RulesFile = filepath.Join(o.DataDir, "rules.toml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(o.RulesFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("[when]\nidle = \"10m\"\n[price]\nfloor = 0.25\n[limits]\nthreads = 3\nupload = \"100MiB\"\n[jobs]\nblock = [\"0xbad\"]\n")
	w := start(t, o)
	ready := fetchtest.Expect(m, wire.TypeWorkerReady, free)
	if ready.Capabilities.Floor != 250_000 || ready.Capabilities.Threads != 3 {
		t.Fatalf("the file's rules aren't announced: %+v", ready.Capabilities)
	}
	blocked := offer(m, "a1", 1)
	blocked.Owner = "0xBAD"
	if answer := give(t, m, blocked); answer.Taken || !strings.Contains(answer.Reason, "0xbad") {
		t.Fatalf("a blocked artist is answered %+v", answer)
	}
	if answer := give(t, m, offer(m, "a2", 1, 2)); !answer.Taken {
		t.Fatal(answer.Reason)
	}
	w.until(t, "rendering frame 2", func(s Status) bool { return len(s.Tasks) == 1 && s.Tasks[0].Frame == 2 })
	d.touch(0)
	w.until(t, "paused", func(s Status) bool {
		return s.State == Paused && strings.Contains(s.Reason, "somebody uses this machine") && w.fake.Sessions() == 0
	})
	fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool {
		return r.Free == 0 && r.Ahead == 0 && strings.Contains(r.Paused, "somebody")
	})
	write("[price]\nfloor = 0.5\n")
	fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return free(r) && r.Capabilities.Floor == 500_000 })
	write("[price]\nflor = 0.5\n")
	w.until(t, "paused by a broken file", func(s Status) bool { return s.State == Paused && strings.Contains(s.Reason, "price.flor") })
}
