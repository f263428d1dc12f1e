package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/render/fake"
)

// startChild serves in another process that can be killed.
func startChild(t *testing.T, c config) (url string, kill func()) {
	t.Helper()
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(raw))
	if testing.Verbose() {
		cmd.Stderr = os.Stderr
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url = readyAddress(t, out)
	killed := false
	kill = func() {
		if !killed {
			killed = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // it was killed
		}
	}
	t.Cleanup(kill)
	return url, kill
}

// TestKilledManagerLosesNothing kills the manager again and again while a job runs.
func TestKilledManagerLosesNothing(t *testing.T) {
	c := settings(t, "devchain")
	url, kill := startChild(t, c)
	c.Listen = strings.TrimPrefix(url, "http://")
	a := newArtist(t, url)
	w1 := startWorker(t, url, fake.Behaviour{FrameTime: 30 * time.Millisecond})
	w2 := startWorker(t, url, fake.Behaviour{FrameTime: 30 * time.Millisecond})
	v := startVerifier(t, url, fake.Behaviour{})
	j := a.submit(24)
	for _, at := range []int{3, 9, 15, 21} {
		a.await(j.ID, func(j job.Job) bool { return j.Counts.Delivered >= at })
		kill()
		_, kill = startChild(t, c)
	}
	checkDelivered(t, a.await(j.ID, inState(job.Delivered)), 24)
	if _, err := a.Accept(a.ctx, j.ID); err != nil {
		t.Fatal(err)
	}
	kill()
	startChild(t, c)
	d := a.await(j.ID, inState(job.Settled))
	if d.Job.Refund != j.Quote.Ceiling-d.Job.Spent {
		t.Errorf("settled as %+v", d.Job)
	}
	frames := make(map[string]job.Amount)
	for _, f := range d.Frames {
		frames[f.Worker] += j.Quote.PerFrame
		frames[f.Verifier] += j.Quote.VerifyFee
	}
	for _, n := range []*node{w1.node, w2.node, v.node} {
		if want := frames[n.id.Address()]; want > 0 {
			if paid := claim(t, n); paid.Total != want {
				t.Errorf("%s was paid %d, want %d", n.id.Address(), paid.Total, want)
			}
		}
	}
	// What workers were told is durable has been kept.
	kept := make(map[string]bool)
	for _, f := range d.Frames {
		kept[f.Attempt] = true
	}
	for _, w := range []*worker{w1, w2} {
		w.mu.Lock()
		for _, c := range w.commits {
			if !kept[c.Lease] {
				t.Errorf("the acknowledged commit %s is lost", c.Lease)
			}
		}
		w.mu.Unlock()
	}
}
