package dir

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/blob"
)

// killEnv makes the test binary the process that is killed: the folder, and its number.
const killEnv = "HELIOSTAT_TEST_KILLED_STORE"

// sized is the content of a key in TestKilled: every eighth is a file.
func sized(key string, i int) string {
	if i%8 == 0 {
		return filled(large, key)
	}
	return filled(100+i*997%maxPacked, key)
}

// TestKilled kills a process amid puts and deletions of many goroutines: what it acknowledged is so, and nothing is there by half.
func TestKilled(t *testing.T) {
	if args := os.Getenv(killEnv); args != "" {
		putForEver(t, args)
		return
	}
	root := t.TempDir()
	stored, deleted := map[string]int{}, map[string]bool{}
	for round := range 6 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", killEnv, root, round))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, n := bufio.NewScanner(out), 0
		for lines.Scan() {
			var what, key string
			var i int
			if m, err := fmt.Sscan(lines.Text(), &what, &key, &i); err != nil || m != 3 || what != "put" && what != "deleted" {
				t.Fatalf("the process says %q", lines.Text())
			}
			if what == "put" {
				stored[key] = i
			} else {
				deleted[key] = true
			}
			if n++; n == 200+50*round {
				_ = cmd.Process.Kill() // and what it has said before is still read
			}
		}
		_ = cmd.Wait()
		if n < 200 {
			t.Fatalf("only %d lines", n)
		}
	}
	s := open(t, Options{Root: root})
	packed := 0
	for key, i := range stored {
		got, err := read(s, key)
		if i%5 == 0 { // it may be deleted, and is if that was acknowledged
			if errors.Is(err, blob.ErrNotFound) {
				continue
			}
			if deleted[key] {
				t.Errorf("%s was deleted, and is back", key)
			}
		}
		if err != nil || got != sized(key, i) {
			t.Errorf("%s was acknowledged, and has %d bytes: %v", key, len(got), err)
		}
		if !isFile(s, key) {
			packed++
		}
	}
	if packed < 500 || len(deleted) < 50 {
		t.Errorf("%d packed objects and %d deletions were acknowledged", packed, len(deleted))
	}
	if n, err := s.Scrub(context.Background(), false, func(k string, err error) { t.Error(k, err) }); err != nil || n < packed {
		t.Error(n, err)
	}
	if left, err := filepath.Glob(filepath.Join(root, "tmp", "*")); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

func putForEver(t *testing.T, args string) {
	root, round, _ := strings.Cut(args, " ")
	s, err := Open(Options{Root: root})
	if err != nil {
		fmt.Println(err)
		return
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			// It ends by itself in case nobody kills it.
			for i, until := 0, time.Now().Add(time.Minute); time.Now().Before(until); i++ {
				key := fmt.Sprintf("r%s/w%d/%d", round, w, i)
				if err := put(s, key, sized(key, i)); err != nil {
					fmt.Println(err)
					return
				}
				fmt.Println("put", key, i)
				if i%5 == 0 {
					if err := s.Delete(context.Background(), key); err != nil {
						fmt.Println(err)
						return
					}
					fmt.Println("deleted", key, i)
				}
			}
		})
	}
	wg.Wait()
}
