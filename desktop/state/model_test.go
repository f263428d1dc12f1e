package state_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heliostat-render/heliostat/desktop/state"
	"github.com/heliostat-render/heliostat/desktop/state/example"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// running is a Model at work in a bubble of test time.
type running struct {
	*state.Model
	source *source
	// fetching holds fetching frames up where it is there.
	fetching chan struct{}
	mu       sync.Mutex
	shown    []state.Snapshot
	times    []time.Time
}

func (r *running) last() state.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shown[len(r.shown)-1]
}

// start runs a Model until the test ends. Use it inside synctest.Test.
func start(t *testing.T, cache string, dial state.Dial) *running {
	t.Helper()
	r := &running{source: newSource()}
	if dial == nil {
		dial = func(context.Context, string, func(error)) (state.Source, error) { return r.source, nil }
	}
	r.Model = state.New(state.Options{Dial: dial, Manager: state.DefaultManager, Cache: cache,
		Fetch: func(_ context.Context, _ state.Source, detail wire.JobDetail, told func(done, all int)) (string, error) {
			told(6, 8)
			if r.fetching != nil {
				<-r.fetching
			}
			return "/frames of " + detail.Job.ID, nil
		},
		Show: func(folder string) error {
			r.source.note("show %s", folder)
			return nil
		},
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx, func(s state.Snapshot) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.shown = append(r.shown, s)
			r.times = append(r.times, time.Now())
		})
	}()
	t.Cleanup(func() { stop(); <-done })
	return r
}

// settle lets the model's own time go by.
func settle() { time.Sleep(2 * time.Second); synctest.Wait() }

func TestAModelShowsWhatItsManagerHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "", nil)
		settle()
		s := r.last()
		if !s.Link.Connected || !s.Loaded || len(s.Jobs) != 5 || len(s.Nodes) != 4 || len(s.Payouts) != 4 || s.Link.Money.Symbol != "HELIO" {
			t.Fatalf("shown: %d jobs, %d nodes, %d payouts, link %+v", len(s.Jobs), len(s.Nodes), len(s.Payouts), s.Link)
		}
		if s.Jobs[0].Job.ID != example.Open {
			t.Fatalf("the newest job isn't first: %s", s.Jobs[0].Job.Name)
		}
		if s.Nodes[0].State != job.NodeBusy {
			t.Fatalf("busy nodes aren't first: %+v", s.Nodes[0])
		}
	})
}

func TestChangesAreShownAtMostTwiceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "", nil)
		settle()
		before := len(r.shown)
		begun := time.Now()
		update := wire.JobUpdate{Job: example.Jobs()[0]}
		for i := range 500 {
			update.ETA = float64(1000 - i)
			r.source.push <- update
			time.Sleep(10 * time.Millisecond)
		}
		settle()
		seconds := time.Since(begun).Seconds()
		if n := len(r.shown) - before; float64(n) > 2*seconds+1 {
			t.Fatalf("%d snapshots in %.1f s", n, seconds)
		}
		if got := r.last().Jobs[0].ETA; got != 501 {
			t.Fatalf("the last change isn't shown: %v", got)
		}
		for i := 1; i < len(r.times); i++ {
			if gap := r.times[i].Sub(r.times[i-1]); gap < 500*time.Millisecond {
				t.Fatalf("two snapshots within %s", gap)
			}
		}
	})
}

func TestAnOpenJobFollowsItsPushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "", nil)
		settle()
		r.Open(example.Open)
		settle()
		view := r.last().Open
		if view == nil || view.Loading || len(view.Frames) != 16 || view.Frames[11].Worker != example.Tower {
			t.Fatalf("the open job: %+v", view)
		}
		frame := view.Frames[11]
		frame.State = job.FrameDelivered
		event := &wire.Event{Time: 5, What: "frame delivered", Text: "12"}
		pushed := view.Job
		pushed.Frames = nil // as the protocol has it
		r.source.push <- wire.JobUpdate{Job: pushed, Frames: []job.Frame{frame}, Event: event, ETA: 30}
		settle()
		view = r.last().Open
		if view.Frames[11].State != job.FrameDelivered || view.ETA != 30 || view.Events[len(view.Events)-1] != *event {
			t.Fatalf("a push didn't arrive: %+v", view.Frames[11])
		}
		if state.Total(r.last().Jobs[0].Job) != 16 || len(view.Job.Frames) != 16 {
			t.Fatalf("a push took the job's frames away: %v", view.Job.Frames)
		}
		r.Open("")
		settle()
		if r.last().Open != nil {
			t.Fatal("the job is still open")
		}
	})
}

// A job that is submitted while the window is open is pushed without its frames.
func TestAJobThatIsPushedFirstGetsItsFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "", nil)
		settle()
		born := job.Job{ID: "jborn", State: job.Rendering, Created: 1 << 60, Counts: job.Counts{Pending: 3}}
		listed := born
		listed.Frames = []int{4, 5, 6}
		r.source.mu.Lock()
		r.source.more = []job.Job{listed}
		r.source.mu.Unlock()
		r.source.push <- wire.JobUpdate{Job: born}
		settle()
		born.Counts = job.Counts{Pending: 2, Delivered: 1}
		r.source.push <- wire.JobUpdate{Job: born}
		settle()
		if got := r.last().Jobs[0].Job; got.ID != "jborn" || len(got.Frames) != 3 || got.Counts.Delivered != 1 {
			t.Fatalf("the new job is %+v", got)
		}
	})
}

// A list has no end: what isn't over is shown however old it is, the rest page by page.
func TestOlderJobsAreShownWhenAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		past := func(n int) job.Job {
			return job.Job{ID: fmt.Sprint("jpast", n), State: job.Settled, Created: int64(100 - n)}
		}
		source := newSource()
		for n := range 5 {
			source.past = append(source.past, past(n))
		}
		source.longest = []job.Job{{ID: "jlong", State: job.Rendering, Created: 1}}
		r := start(t, "", func(context.Context, string, func(error)) (state.Source, error) { return source, nil })
		settle()
		names := func() (list []string) {
			for _, row := range r.last().Jobs[5:] {
				list = append(list, row.Job.ID)
			}
			return list
		}
		if got := names(); !slices.Equal(got, []string{"jlong"}) || !r.last().Older {
			t.Errorf("at first %v, older %v", got, r.last().Older)
		}
		for _, want := range []int{2, 4, 5} {
			r.Older()
			settle()
			if got := names(); len(got) != want+1 || got[want-1] != fmt.Sprint("jpast", want-1) || r.last().Older != (want < 5) {
				t.Errorf("%v, older %v; want %d", got, r.last().Older, want)
			}
		}
	})
}

// A push that arrives while the detail is under way may be newer than the detail.
func TestAPushIsNotOverwrittenByAnOlderAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "", nil)
		settle()
		r.source.mu.Lock()
		r.source.gate, r.source.entered = make(chan struct{}), make(chan struct{})
		r.source.mu.Unlock()
		r.Open(example.Open)
		<-r.source.entered
		frame := example.Frames()[11]
		frame.State = job.FrameDelivered
		r.source.push <- wire.JobUpdate{Job: example.Jobs()[0], Frames: []job.Frame{frame}}
		synctest.Wait()
		r.source.mu.Lock()
		gate := r.source.gate
		r.source.gate = nil
		r.source.mu.Unlock()
		close(gate)
		settle()
		view := r.last().Open
		if len(view.Frames) != 16 || view.Frames[11].State != job.FrameDelivered {
			t.Fatalf("frame 12 went back to %s", view.Frames[11].State)
		}
	})
}

// steadyWorker is a worker mode that has earned something.
type steadyWorker struct {
	state.Worker
	status state.WorkerStatus
}

func (w *steadyWorker) Status() state.WorkerStatus     { return w.status }
func (w *steadyWorker) Watch(func(state.WorkerStatus)) {}

// A manager tells an artist of the artist's own key; worker mode has another.
func TestPayoutsShowWhatThisMachinesWorkerEarned(t *testing.T) {
	worker := &steadyWorker{status: state.WorkerStatus{Address: "0xWorker", Earned: 8_000, Claimed: 3_000, LastTx: "0x5"}}
	m := state.New(state.Options{Worker: worker})
	if got := m.Snapshot().Payouts; len(got) != 1 || got[0] != (job.Payout{Node: "0xWorker", Role: job.RoleWorker, Cumulative: 8_000, Claimed: 3_000, Tx: "0x5"}) {
		t.Fatalf("the payouts are %+v", got)
	}
	synctest.Test(t, func(t *testing.T) {
		r := &running{source: newSource()}
		worker := &steadyWorker{status: state.WorkerStatus{Address: example.Tower, Earned: 8_000}}
		r.Model = state.New(state.Options{Manager: state.DefaultManager, Worker: worker,
			Dial: func(context.Context, string, func(error)) (state.Source, error) { return r.source, nil }})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx, func(state.Snapshot) {}) }()
		settle()
		if got := r.Snapshot().Payouts; len(got) != len(example.Payouts()) {
			t.Errorf("a worker that the manager lists is shown twice: %+v", got)
		}
		stop()
		<-done
	})
}

func TestAnUnknownJobSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "", nil)
		settle()
		r.Open("jzzz")
		settle()
		if got := r.last().Open.Problem; got != "there is no job jzzz; list yours with heliostat jobs" {
			t.Fatalf("the problem is %q", got)
		}
	})
}

func TestActionsTellWhatCameOfThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "", nil)
		r.Cancel("j1")
		settle()
		if got := r.last().Notice; !got.Bad {
			t.Fatalf("an action without a manager gave %+v", got)
		}
		r.Claim("j1", []int{3}, "black")
		settle()
		if got := r.last().Notice; got.Bad || r.source.calls[0] != "claim j1 [3] black" {
			t.Fatalf("claim: %+v after %v", got, r.source.calls)
		}
		r.source.cancelErr = &wire.Error{Code: wire.CodeConflict, Message: "the job is delivered already", Next: "accept it"}
		r.Cancel("j1")
		settle()
		if got := r.last().Notice; !got.Bad || got.Text != "Cancelling failed: the job is delivered already; accept it" {
			t.Fatalf("a refused cancel gave %+v", got)
		}
		r.ClaimPayout()
		settle()
		if got := r.last().Notice.Text; got != "7.32 HELIO withdrawn in transaction 0x5c50…2060." {
			t.Fatalf("the withdrawal gave %q", got)
		}
		r.Dismiss()
		settle()
		if r.last().Notice.Text != "" {
			t.Fatal("the notice stays")
		}
	})
}

func TestWhatIsMissingIsRenderedAgainAtAPrice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "", nil)
		settle()
		r.Take() // nothing is offered: nothing happens
		r.Again("j1")
		settle()
		offer := r.last().Offer
		if offer == nil || offer.Job != "j1" || offer.Frames != 2 || offer.Quote.Ceiling != 6 {
			t.Fatalf("the offer is %+v", offer)
		}
		r.Decline()
		settle()
		r.Again("j1")
		settle()
		r.Take()
		settle()
		r.Take() // twice pays once
		settle()
		if got := fmt.Sprint(r.source.calls); got != "[redraft j1 cancel jagain redraft j1 fund jagain q1]" || r.last().Offer != nil {
			t.Fatalf("the manager was asked %s", got)
		}
		r.Again("j1")
		settle()
		r.Open("j2")
		settle()
		if r.last().Offer != nil {
			t.Fatal("another job shows the offer")
		}
	})
}

func TestFramesAreFetchedBesideOtherActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "", nil)
		r.fetching = make(chan struct{})
		settle()
		r.Frames(example.Open)
		settle()
		if got := r.last().Busy; got != "Fetching frame 7 of 8" {
			t.Fatalf("it says %q", got)
		}
		r.Release("j1")
		r.Requeue("j1", []int{2, 3})
		settle()
		close(r.fetching)
		settle()
		if got := fmt.Sprint(r.source.calls); got != "[release j1 requeue j1 [2 3] show /frames of "+example.Open+"]" {
			t.Fatalf("what happened: %s", got)
		}
		if got := r.last(); got.Notice.Text != "The frames are in /frames of "+example.Open+"." || got.Busy != "" {
			t.Fatalf("it says %q, %q", got.Notice.Text, got.Busy)
		}
	})
}

// TestTroubleIsToldAtOnce: while the first sign-in is tried again and again, the window says why it fails.
func TestTroubleIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newSource()
		r := start(t, "", func(_ context.Context, _ string, trouble func(error)) (state.Source, error) {
			trouble(errors.New("no manager answers"))
			time.Sleep(8 * time.Second)
			return fake, nil
		})
		settle()
		if got := r.last().Link; got.Connected || got.Problem != "no manager answers" {
			t.Fatalf("the link is %+v", got)
		}
		time.Sleep(8 * time.Second)
		if got := r.last().Link; !got.Connected || got.Problem != "" {
			t.Fatalf("the link is %+v", got)
		}
	})
}

func TestALostManagerIsFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		fake := newSource()
		r := start(t, "", func(context.Context, string, func(error)) (state.Source, error) {
			if tries++; tries < 4 {
				return nil, errors.New("no manager answers at http://127.0.0.1:7777")
			}
			return fake, nil
		})
		synctest.Wait()
		settle()
		if got := r.last().Link; got.Connected || got.Problem == "" {
			t.Fatalf("the link is %+v", got)
		}
		time.Sleep(20 * time.Second)
		if got := r.last().Link; !got.Connected || got.Problem != "" {
			t.Fatalf("after %d tries the link is %+v", tries, got)
		}
		fake.mu.Lock()
		fake.at = "http://other:7777"
		fake.mu.Unlock()
		time.Sleep(3 * time.Second)
		if got := r.last().Link; got.At != "http://other:7777" || got.Manager != state.DefaultManager {
			t.Fatalf("at another of its managers the link is %+v", got)
		}
		fake.mu.Lock()
		fake.offline = true
		fake.mu.Unlock()
		time.Sleep(3 * time.Second)
		if got := r.last().Link; got.Connected || got.Problem == "" {
			t.Fatalf("a lost connection shows as %+v", got)
		}
	})
}

func TestARefusalIsToldFromAManagerThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		r := start(t, "", func(context.Context, string, func(error)) (state.Source, error) {
			if away.Load() {
				return nil, errors.New("no manager answers")
			}
			return nil, fmt.Errorf("sign in: %w", &wire.Error{Code: wire.CodeUnauthorised, Message: "this key is not allowed here"})
		})
		settle()
		if got := r.last().Link; !got.Refused || !strings.Contains(got.Problem, "not allowed") {
			t.Fatalf("the link is %+v", got)
		}
		away.Store(true)
		time.Sleep(20 * time.Second)
		if got := r.last().Link; got.Refused || got.Problem == "" {
			t.Fatalf("the link is %+v", got)
		}
	})
}

func TestAnotherManagerReplacesTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newSource(), newSource()
		second.detail.Job.Name = "elsewhere"
		r := start(t, "", func(_ context.Context, manager string, _ func(error)) (state.Source, error) {
			if manager == state.DefaultManager {
				return first, nil
			}
			return second, nil
		})
		settle()
		r.Open(example.Open)
		r.SetManager("http://render.studio.lan:7777")
		settle()
		s := r.last()
		if s.Link.Manager != "http://render.studio.lan:7777" || !s.Link.Connected || s.Open != nil {
			t.Fatalf("the link is %+v", s.Link)
		}
		first.mu.Lock()
		defer first.mu.Unlock()
		if !first.closed {
			t.Fatal("the first connection is still open")
		}
	})
}

// TestAFrameIsLookedAtLarge: what was asked for comes first, in its own size, with its neighbours after it; what can't be shown says why.
func TestAFrameIsLookedAtLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, t.TempDir(), nil)
		settle()
		r.Open(example.Open)
		settle()
		frames := r.last().Open.Frames
		look := func(i int, beside ...job.Frame) *state.Large {
			t.Helper()
			r.Look(frames[i], beside...)
			settle()
			got := r.last().Open.Large
			if got == nil || got.Number != frames[i].Number {
				t.Fatalf("frame %d is looked at, and %+v is shown", frames[i].Number, got)
			}
			return got
		}
		if r.last().Open.Large != nil {
			t.Error("a frame is shown large that nobody asked for")
		}
		got := look(0, frames[1], frames[2])
		if got.Picture == nil || got.Problem != "" || got.Picture.Bounds().Dx() != 960 {
			t.Fatalf("it is %+v", got)
		}
		before := r.source.fetched
		if got := look(2); got.Picture == nil || got.Picture.Bounds().Dx() != 960 {
			t.Errorf("an OpenEXR is %+v", got)
		}
		if r.source.fetched != before {
			t.Error("a neighbour was not there yet")
		}
		if got := look(1); got.Picture != nil || got.Problem == "" {
			t.Errorf("what is no picture is %+v", got)
		}
		if got := look(3); got.Picture != nil || !strings.Contains(got.Problem, "the network is slow today") {
			t.Errorf("what can't be fetched is %+v", got)
		}
		r.Look(job.Frame{})
		settle()
		if got := r.last().Open.Large; got != nil {
			t.Errorf("it is still shown: %+v", got)
		}
	})
}

func TestDeliveredFramesGetPictures(t *testing.T) {
	cache := t.TempDir()
	fetched := func() int {
		var n int
		synctest.Test(t, func(t *testing.T) {
			r := start(t, cache, nil)
			settle()
			r.Open(example.Open)
			settle()
			for range 6 { // a screen asks again at every refresh
				for _, frame := range r.last().Open.Frames {
					r.Thumb(frame)
					r.Thumb(frame)
				}
				settle()
			}
			thumbs := r.last().Open.Thumbs
			if len(thumbs) != 6 || thumbs[1] == nil || thumbs[2] != nil || thumbs[9] != nil {
				t.Fatalf("%d pictures", len(thumbs))
			}
			if size := thumbs[1].Bounds().Size(); size.X != 320 || size.Y != 180 {
				t.Fatalf("a picture of %v", size)
			}
			if red, green, blue, _ := thumbs[3].At(9, 9).RGBA(); red>>8 != 188 || green>>8 != 137 || blue>>8 != 255 {
				t.Fatalf("linear light is shown as %d %d %d", red>>8, green>>8, blue>>8)
			}
			n = r.source.fetched
		})
		return n
	}
	// One of eight can't be downloaded, and is given up after three tries.
	if n := fetched(); n != 10 {
		t.Fatalf("%d files were fetched for 8 delivered frames", n)
	}
	if n := fetched(); n != 4 {
		t.Fatalf("%d files were fetched again; only those without a picture should be", n)
	}
}
