package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store/sqlite/powerloss"
	"github.com/heliostat-render/heliostat/shared/blob/dir"
)

// blobPowerEnv makes the test binary write and record: the blob folder and the record.
const blobPowerEnv = "HELIOSTAT_TEST_BLOB_POWER"

func smallObject(key string) []byte { return bytes.Repeat([]byte(key+" "), 20_000/len(key)) }

// TestBlobsSurvivePowerLoss cuts the power at many moments amid puts of small objects: whatever was
// acknowledged before is there, and nothing is damaged.
func TestBlobsSurvivePowerLoss(t *testing.T) {
	if args := os.Getenv(blobPowerEnv); args != "" {
		putAndRecord(t, args)
		return
	}
	const objects = 8 * 100
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(t.TempDir(), "record")
	cmd := exec.Command(os.Args[0], "-test.run=^TestBlobsSurvivePowerLoss$")
	cmd.Env = append(os.Environ(), blobPowerEnv+"="+root+" "+record)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	events, err := powerloss.Read(record)
	if err != nil {
		t.Fatal(err)
	}
	syncs, acks := powerloss.Tally(events)
	if len(acks) != objects || syncs < 20 {
		t.Fatalf("the record has %d acknowledgements and %d syncs in %d events", len(acks), syncs, len(events))
	}
	r := rand.New(rand.NewPCG(7, 8))
	for _, cut := range powerloss.Moments(events, 8, r) {
		missing, err := blobsAfter(t, events[:cut], root, r)
		if err != nil || missing > 0 {
			t.Errorf("power cut after event %d of %d: %d acknowledged objects are lost; %v", cut, len(events), missing, err)
		}
	}
	if missing, err := blobsAfter(t, powerloss.Unsynced(events), root, r); err == nil && missing == 0 {
		t.Error("nothing is lost on a disk that never syncs: the model models nothing")
	}
}

// putAndRecord puts enough for SQLite to carry its log over into the file several times.
func putAndRecord(t *testing.T, args string) {
	root, file, _ := strings.Cut(args, " ")
	record, err := powerloss.Record(file, root)
	if err != nil {
		t.Fatal(err)
	}
	s, err := dir.Open(dir.Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 100 {
				key := fmt.Sprintf("evidence/%d/%d", w, i)
				b := smallObject(key)
				if err := s.Put(context.Background(), key, bytes.NewReader(b), int64(len(b)), sha256.Sum256(b)); err != nil {
					t.Error(err)
					return
				}
				if err := record.Acknowledge(key); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	// Without closing the store: the power goes.
}

// blobsAfter opens what a power cut leaves and counts what is missing of what was acknowledged.
func blobsAfter(t *testing.T, events []powerloss.Event, root string, r *rand.Rand) (missing int, err error) {
	left, err := os.MkdirTemp(t.TempDir(), "cut")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(left)
	if err := powerloss.Cut(events, root, left, r); err != nil {
		return 0, err
	}
	s, err := dir.Open(dir.Options{Root: left})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	ctx := context.Background()
	for _, e := range events {
		key := e.Acknowledged()
		if key == "" {
			continue
		}
		body, _, err := s.Get(ctx, key)
		if err != nil {
			missing++
			continue
		}
		got, err := io.ReadAll(body)
		if _ = body.Close(); err != nil || !bytes.Equal(got, smallObject(key)) {
			missing++
		}
	}
	var bad []string
	_, err = s.Scrub(ctx, false, func(key string, _ error) { bad = append(bad, key) })
	if err == nil && len(bad) > 0 {
		err = fmt.Errorf("damaged: %v", bad)
	}
	return missing, err
}
