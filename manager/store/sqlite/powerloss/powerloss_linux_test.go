package powerloss_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/sqlite"
	"github.com/heliostat-render/heliostat/manager/store/sqlite/powerloss"
)

// childEnv makes the test binary write and record: the folder of the database and the record.
const childEnv = "HELIOSTAT_POWERLOSS_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(childEnv); args != "" {
		if err := child(strings.Fields(args)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	writers = 4
	each    = 150
)

// child acknowledges in the record what Update said is durable. There is enough of it for
// SQLite to carry its log over into the file several times.
func child(args []string) error {
	record, err := powerloss.Record(args[1], args[0])
	if err != nil {
		return err
	}
	s, err := sqlite.Open(context.Background(), filepath.Join(args[0], "h.db"))
	if err != nil {
		return err
	}
	value := strings.Repeat("x", 20_000)
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				key := fmt.Sprintf("%d-%d", w, i)
				if errs[w] = s.Update(context.Background(), func(tx store.Tx) error { return tx.SetMeta(key, key+value) }); errs[w] != nil {
					return
				}
				if errs[w] = record.Acknowledge(key); errs[w] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil // without closing the store: the power goes
}

// TestPowerLoss cuts the power at many moments: whatever was acknowledged before is there, and
// the file is sound.
func TestPowerLoss(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(t.TempDir(), "record")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+root+" "+record)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	events, err := powerloss.Read(record)
	if err != nil {
		t.Fatal(err)
	}
	syncs, acks := powerloss.Tally(events)
	if len(acks) != writers*each || syncs < 20 {
		t.Fatalf("the record has %d acknowledgements and %d syncs in %d events", len(acks), syncs, len(events))
	}
	r := rand.New(rand.NewPCG(5, 6))
	lost := 0
	for _, cut := range powerloss.Moments(events, 20, r) {
		missing, err := after(t, events[:cut], root, r)
		if err != nil {
			t.Errorf("power cut after event %d of %d: %v", cut, len(events), err)
		}
		lost += missing
	}
	if lost > 0 {
		t.Errorf("%d acknowledged updates are lost", lost)
	}
	if missing, err := after(t, powerloss.Unsynced(events), root, r); err == nil && missing == 0 {
		t.Error("nothing is lost on a disk that never syncs: the model models nothing")
	}
}

// after opens what a power cut leaves and counts what is missing of what was acknowledged.
func after(t *testing.T, events []powerloss.Event, root string, r *rand.Rand) (missing int, err error) {
	dir, err := os.MkdirTemp(t.TempDir(), "cut")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if err := powerloss.Cut(events, root, dir, r); err != nil {
		return 0, err
	}
	s, err := sqlite.Open(context.Background(), filepath.Join(dir, "h.db"))
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if said, err := s.Integrity(context.Background()); err != nil || len(said) > 0 {
		return 0, fmt.Errorf("the file isn't sound: %v, %w", said, err)
	}
	err = s.View(context.Background(), func(tx store.Tx) error {
		for _, e := range events {
			key := e.Acknowledged()
			if key == "" {
				continue
			}
			v, err := tx.Meta(key)
			if err != nil {
				return err
			}
			if !strings.HasPrefix(v, key+"x") {
				missing++
			}
		}
		return nil
	})
	return missing, err
}
