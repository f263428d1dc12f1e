package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/installers/stage"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// jobLimit bounds one job of these tests; it is there to end a hung one with its logs.
const jobLimit = 12 * time.Minute

// farm is a network on a stage, with the views that the tests need.
type farm struct {
	*stage.Stage
	t       *testing.T
	ctx     context.Context
	listen  string
	url     string
	manager *stage.Process
	failed  chan *running // commands that ended with an error
}

func newFarm(t *testing.T) *farm {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), jobLimit)
	f := &farm{Stage: &stage.Stage{Bin: binDir, Dir: t.TempDir()}, t: t, ctx: ctx, listen: freeAddress(t), failed: make(chan *running, 16)}
	f.url = "http://" + f.listen
	t.Cleanup(func() {
		cancel()
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if left := stage.Leftover(f.Dir); len(left) > 0 {
			t.Errorf("processes were left behind:\n%s", strings.Join(left, "\n"))
		}
		if t.Failed() {
			logs, _ := filepath.Glob(filepath.Join(f.Dir, "*.log"))
			for _, log := range logs {
				t.Logf("%s ends:\n%s", filepath.Base(log), stage.Tail(log, 40))
			}
		}
	})
	f.startManager()
	return f
}

// freeAddress is a loopback address that a manager can come back to after a crash.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (f *farm) startManager() {
	f.t.Helper()
	f.manager = f.start("manager", "heliostat-manager", "serve", "--listen", f.listen, "--settlement", "devchain", "--lease", "15s")
}

// start runs a program with the data folder that carries its name.
func (f *farm) start(name, program string, args ...string) *stage.Process {
	f.t.Helper()
	p, err := f.Start(f.ctx, name, program, append(args, "--data", f.Data(name))...)
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

func (f *farm) worker(name string, flags ...string) *stage.Process {
	f.t.Helper()
	program := "heliostat-worker"
	if len(flags) > 0 && flags[0] == "--cheat" {
		program = "heliostat-worker-cheat"
	}
	return f.start(name, program, append([]string{"run", "--manager", f.url, "--device", "cpu", "--threads", "1", "--name", name, "--claim-every", "2s"}, flags...)...)
}

func (f *farm) verifier(name string) *stage.Process {
	f.t.Helper()
	return f.start(name, "heliostat-verifier", "run", "--manager", f.url, "--threads", "1", "--name", name, "--claim-every", "2s")
}

// operator sees every job, node and payout.
func (f *farm) operator() *client.Client {
	f.t.Helper()
	return f.dial(f.Data("manager"), job.RoleOperator)
}

func (f *farm) dial(dir string, role job.Role) *client.Client {
	f.t.Helper()
	id, err := identity.Open(dir, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	c, err := client.Dial(f.ctx, client.Options{Manager: f.url, Identity: id, Roles: []job.Role{role}, Software: "e2e"})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(c.Close)
	return c
}

// until follows the operator's view of all jobs until done is satisfied with one.
func (f *farm) until(c *client.Client, what string, done func(wire.JobDetail) bool) wire.JobDetail {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	changed := make(chan string, 1)
	watched := make(chan error, 1)
	go func() {
		watched <- c.Watch(ctx, wire.JobWatch{All: true}, func(u wire.JobUpdate) {
			select {
			case changed <- u.Job.ID:
			default:
			}
		})
	}()
	var last wire.JobDetail
	for {
		select {
		case id := <-changed:
			detail, err := c.Job(ctx, id)
			if err != nil {
				f.t.Fatalf("wait until %s: %v", what, err)
			}
			last = detail
			if done(detail) {
				return detail
			}
			if detail.Job.State == job.Failed || detail.Job.State == job.Cancelled {
				f.t.Fatalf("wait until %s: the job is %s: %s", what, detail.Job.State, detail.Job.Cause)
			}
		case r := <-f.failed:
			f.t.Fatalf("wait until %s: %v; it printed:\n%s", what, r.err, r.output.String())
		case err := <-watched:
			f.t.Fatalf("wait until %s: the watch ended: %v; last seen: %s", what, err, describe(last))
		}
	}
}

func describe(d wire.JobDetail) string {
	var b strings.Builder
	fmt.Fprintf(&b, "job %s %s, counts %+v, why %q\n", d.Job.ID, d.Job.State, d.Job.Counts, d.Why)
	for _, e := range d.Events {
		fmt.Fprintf(&b, "  %s: %s\n", e.What, e.Text)
	}
	return b.String()
}

// running is a started program whose end can be waited for.
type running struct {
	done   chan struct{}
	output bytes.Buffer
	err    error
}

// command starts a command and goes on.
func (f *farm) command(env []string, program string, args ...string) *running {
	f.t.Helper()
	r := &running{done: make(chan struct{})}
	cmd := exec.CommandContext(f.ctx, program, args...)
	cmd.Dir = root
	cmd.Env = append(append(os.Environ(), "PWD="+root), env...) // Blender asks PWD
	cmd.Stdout, cmd.Stderr = &r.output, &r.output
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	go func() {
		r.err = cmd.Wait()
		close(r.done)
	}()
	f.t.Cleanup(func() { <-r.done })
	return r
}

// run starts a command that mustn't fail: whoever waits for the farm is told when it does.
func (f *farm) run(env []string, program string, args ...string) *running {
	f.t.Helper()
	r := f.command(env, program, args...)
	go func() {
		if <-r.done; r.err != nil {
			f.failed <- r
		}
	}()
	return r
}

func (r *running) wait(t *testing.T) string {
	t.Helper()
	<-r.done
	if r.err != nil {
		t.Fatalf("%v; it printed:\n%s", r.err, r.output.String())
	}
	return r.output.String()
}

// exitCode runs a command that is expected to fail and returns its code and output.
func (f *farm) exitCode(program string, args ...string) (int, string) {
	f.t.Helper()
	r := f.command(nil, program, args...)
	<-r.done
	var exit *exec.ExitError
	if errors.As(r.err, &exit) {
		return exit.ExitCode(), r.output.String()
	}
	if r.err != nil {
		f.t.Fatal(r.err)
	}
	return 0, r.output.String()
}

// checkFrames proves that each frame is at path and is an image of the recipe's size.
func checkFrames(t *testing.T, d wire.JobDetail, path func(frame int) string) {
	t.Helper()
	for _, frame := range d.Job.Frames {
		raw, err := os.ReadFile(path(frame))
		if err != nil {
			t.Error(err)
			continue
		}
		config, err := png.DecodeConfig(bytes.NewReader(raw))
		if err != nil {
			t.Errorf("frame %d: %v", frame, err)
			continue
		}
		if config.Width != d.Job.Recipe.Width || config.Height != d.Job.Recipe.Height {
			t.Errorf("frame %d is %d×%d, the recipe says %d×%d", frame, config.Width, config.Height, d.Job.Recipe.Width, d.Job.Recipe.Height)
		}
	}
}

// checkMoney proves that each frame was paid once: what workers and verifiers earned is
// exactly the price of the frames, and the escrow is whole.
func checkMoney(t *testing.T, d wire.JobDetail, payouts []job.Payout) {
	t.Helper()
	frames := job.Amount(len(d.Job.Frames))
	earned := make(map[job.Role]job.Amount)
	for _, p := range payouts {
		earned[p.Role] += p.Cumulative
		if p.Claimed != p.Cumulative {
			t.Errorf("%s %s earned %s and claimed %s", p.Role, p.Node, p.Cumulative, p.Claimed)
		}
	}
	if want := frames * d.Job.Quote.PerFrame; earned[job.RoleWorker] != want {
		t.Errorf("workers earned %s for %d frames, want exactly %s", earned[job.RoleWorker], frames, want)
	}
	if want := frames * d.Job.Quote.VerifyFee; earned[job.RoleVerifier] != want {
		t.Errorf("verifiers earned %s for %d frames, want exactly %s", earned[job.RoleVerifier], frames, want)
	}
	if d.Job.Spent+d.Job.Refund != d.Job.Quote.Ceiling || d.Job.Escrow != 0 {
		t.Errorf("spent %s and refunded %s of the ceiling %s, %s still in escrow", d.Job.Spent, d.Job.Refund, d.Job.Quote.Ceiling, d.Job.Escrow)
	}
}

// settled waits until the job is settled and all payouts are claimed.
func (f *farm) settled(c *client.Client) (wire.JobDetail, []job.Payout) {
	f.t.Helper()
	d := f.until(c, "the job is settled", func(d wire.JobDetail) bool { return d.Job.State == job.Settled })
	ticker := time.NewTicker(300 * time.Millisecond)
	defer ticker.Stop()
	for {
		payouts, err := c.Payouts(f.ctx, true)
		if err != nil {
			f.t.Fatal(err)
		}
		open := len(payouts) == 0
		for _, p := range payouts {
			open = open || p.Claimed < p.Cumulative
		}
		if !open {
			return d, payouts
		}
		select {
		case <-ticker.C:
		case <-f.ctx.Done():
			f.t.Fatalf("payouts were not claimed: %+v", payouts)
		}
	}
}
