package workerapp

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/raster"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
	"github.com/heliostat-render/heliostat/workerapp/rules"
)

// asBlender is the fake under the name of a renderer whose stills can be tiled.
type asBlender struct{ *fake.Renderer }

func (b asBlender) Find(ctx context.Context) ([]render.Install, error) {
	installs, err := b.Renderer.Find(ctx)
	for i := range installs {
		installs[i].Renderer = "blender"
	}
	return installs, err
}

// cut is a 2×2 grid over the recipe's 64×48 pixels.
var cut = []job.Border{{W: 32, H: 32}, {X: 32, W: 32, H: 32}, {Y: 32, W: 32, H: 16}, {X: 32, Y: 32, W: 32, H: 16}}

// still is an offer for a part of frame 1.
func still(m *fetchtest.Manager, lease string, kind job.TaskKind) wire.LeaseOffer {
	o := offer(m, lease, 1)
	o.Kind, o.Recipe.Renderer = kind, "blender"
	return o
}

func tileOffer(m *fetchtest.Manager, lease string, b job.Border) wire.LeaseOffer {
	o := still(m, lease, job.TaskTile)
	o.Border = &b
	return o
}

// tiled has every tile rendered, one lease each, and returns the offer that joins them.
func tiled(t *testing.T, m *fetchtest.Manager, lease string, change func(*wire.LeaseOffer), borders []job.Border) wire.LeaseOffer {
	t.Helper()
	join := still(m, lease, job.TaskAssemble)
	change(&join)
	for i, b := range borders {
		o := tileOffer(m, lease+"t"+string(rune('a'+i)), b)
		change(&o)
		if answer := give(t, m, o); !answer.Taken {
			t.Fatal(answer.Reason)
		}
		c := fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil)
		if c.Partial || len(c.Files) != 1 || c.Files[0].Kind != "master" || c.Files[0].Ext != ".exr" || len(c.Frames) != 1 {
			t.Fatalf("the commit of a tile is %+v", c)
		}
		key := fetchtest.FrameKey(o.Lease, 1, "master")
		want, _, err := proof.CommitTile(1, b, m.Object(key), o.Recipe.Denoise)
		if err != nil || c.Frames[0].Hash() != want.Hash() || c.Receipt.Covers(c.Frames) != nil || *c.Frames[0].Border != b {
			t.Fatalf("tile %d isn't what was committed: %v", i, err)
		}
		f := c.Files[0]
		join.Parts = append(join.Parts, wire.Part{Border: b, Master: &wire.PartFile{Get: m.Get(key), Size: f.Size, Digest: f.Digest}})
		fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return free(r) && len(r.Leases) == 0 })
	}
	return join
}

func image(t *testing.T, data []byte) *raster.Raster {
	t.Helper()
	img, err := raster.DecodeEXR(data, raster.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestAStillInTiles renders four tiles and joins them: master and delivered file are those of
// the frame rendered whole.
func TestAStillInTiles(t *testing.T) {
	m := farm(t)
	m.Start()
	w := start(t, options(m, newIdentity(t), t.TempDir(), asBlender{fake.New(fake.Behaviour{})}))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	join := tiled(t, m, "a1", func(*wire.LeaseOffer) {}, cut)
	whole := still(m, "a2", job.TaskRender)
	var commits []wire.TaskCommit
	for _, o := range []wire.LeaseOffer{join, whole} {
		if answer := give(t, m, o); !answer.Taken {
			t.Fatal(answer.Reason)
		}
		commits = append(commits, fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil))
		fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return free(r) && len(r.Leases) == 0 })
	}
	joined, once := commits[0].Frames[0], commits[1].Frames[0]
	if !joined.Assembled || joined.MasterRoot != once.MasterRoot || joined.FinalRoot != once.FinalRoot || joined.FileDigest != once.FileDigest || joined.W != 64 || joined.H != 48 {
		t.Errorf("joined %+v, rendered whole %+v", joined, once)
	}
	if got, want := m.Object(fetchtest.FrameKey("a1", 1, "final")), m.Object(fetchtest.FrameKey("a2", 1, "final")); !bytes.Equal(got, want) {
		t.Error("the delivered files differ")
	}
	a, b := image(t, m.Object(fetchtest.FrameKey("a1", 1, "master"))), image(t, m.Object(fetchtest.FrameKey("a2", 1, "master")))
	if !bytes.Equal(a.Bits, b.Bits) || !slices.Equal(a.Channels, b.Channels) {
		t.Error("the masters differ")
	}
	if left, err := os.ReadDir(filepath.Join(w.dir, "scratch", "stills")); err != nil || len(left) != 0 {
		t.Errorf("left in the scratch folder: %v %v", left, err)
	}
}

// TestADenoisedStillInTiles: a worker without a denoiser renders the tiles and can't join them; one with it denoises once
// they are joined, and delivers what it would have rendered whole.
func TestADenoisedStillInTiles(t *testing.T) {
	m := farm(t)
	m.Start()
	denoises := func(o *wire.LeaseOffer) { o.Recipe.Denoise = true }
	poor := start(t, options(m, newIdentity(t), t.TempDir(), asBlender{fake.New(fake.Behaviour{})}))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	join := tiled(t, m, "a1", denoises, cut)
	for _, o := range []wire.LeaseOffer{join, still(m, "a2", job.TaskRender)} {
		denoises(&o)
		if answer := give(t, m, o); answer.Taken || !strings.Contains(answer.Reason, "enois") {
			t.Fatalf("a worker without a denoiser takes %q: %+v", o.Kind, answer)
		}
	}
	poor.halt(t)
	start(t, options(m, newIdentity(t), t.TempDir(), asBlender{fake.New(fake.Behaviour{Denoisers: []string{render.OpenImageDenoise}})}))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	whole := still(m, "a2", job.TaskRender)
	denoises(&whole)
	join.JobKey = whole.JobKey // sealed to this worker
	var commits []wire.TaskCommit
	for _, o := range []wire.LeaseOffer{join, whole} {
		if answer := give(t, m, o); !answer.Taken {
			t.Fatal(answer.Reason)
		}
		commits = append(commits, fetchtest.Expect[wire.TaskCommit](m, wire.TypeTaskCommit, nil))
		fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return free(r) && len(r.Leases) == 0 })
	}
	if joined, once := commits[0].Frames[0], commits[1].Frames[0]; !joined.Assembled || joined.FileDigest != once.FileDigest || joined.GuidesRoot != (proof.Digest{}) {
		t.Errorf("joined %+v, rendered whole %+v", joined, once)
	}
	noisy, guides, err := proof.SplitGuides(image(t, m.Object(fetchtest.FrameKey("a1", 1, "master"))))
	if err != nil {
		t.Fatal(err)
	}
	if want := image(t, m.Object(fetchtest.FrameKey("a2", 1, "master"))); !bytes.Equal(noisy.Bits, want.Bits) || len(guides.Channels) != 6 {
		t.Error("the joined noise isn't that of the whole render")
	}
}

func TestHostilePartsOfStillsAreDeclined(t *testing.T) {
	m := farm(t)
	m.Start()
	start(t, options(m, newIdentity(t), t.TempDir(), asBlender{fake.New(fake.Behaviour{})}))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	part := func(b job.Border) wire.Part {
		return wire.Part{Border: b, Master: &wire.PartFile{Size: 100, Digest: strings.Repeat("ab", 32)}}
	}
	for name, o := range map[string]wire.LeaseOffer{
		"off the grid":   tileOffer(m, "a1", job.Border{X: 8, W: 32, H: 32}),
		"outside":        tileOffer(m, "a1", job.Border{X: 48, W: 32, H: 32}),
		"nothing":        tileOffer(m, "a1", job.Border{}),
		"no border":      still(m, "a1", job.TaskTile),
		"no parts":       still(m, "a1", job.TaskAssemble),
		"an unknown one": still(m, "a1", "weld"),
	} {
		if answer := give(t, m, o); answer.Taken || answer.Reason == "" {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	for name, change := range map[string]func(*wire.LeaseOffer){
		"a gap":           func(o *wire.LeaseOffer) { o.Parts = o.Parts[:3] },
		"an overlap":      func(o *wire.LeaseOffer) { o.Parts = append(o.Parts, part(cut[0])) },
		"too many":        func(o *wire.LeaseOffer) { o.Parts = make([]wire.Part, raster.MaxParts+1) },
		"no file":         func(o *wire.LeaseOffer) { o.Parts[1].Master = nil },
		"a huge file":     func(o *wire.LeaseOffer) { o.Parts[1].Master.Size = 1 << 40 },
		"a negative size": func(o *wire.LeaseOffer) { o.Parts[1].Master.Size = -1 },
		"no digest":       func(o *wire.LeaseOffer) { o.Parts[1].Master.Digest = "../../x" },
		"a border too":    func(o *wire.LeaseOffer) { o.Border = &cut[0] },
		"two frames":      func(o *wire.LeaseOffer) { o.Frames = append(o.Frames, wire.FrameSeed{Frame: 2}) },
		"other pixels":    func(o *wire.LeaseOffer) { o.Recipe.Width = 65 },
		"whole frames":    func(o *wire.LeaseOffer) { o.Kind = job.TaskRender },
		"a denoiser":      func(o *wire.LeaseOffer) { o.Recipe.Denoise = true },
		"another engine":  func(o *wire.LeaseOffer) { o.Recipe.Engine = "BLENDER_EEVEE" },
		"more than fits": func(o *wire.LeaseOffer) {
			o.Parts[1].Master.Size = 2 << 30
			o.Recipe.Width = 16000
			o.Recipe.Height = 16000
		},
	} {
		o := still(m, "a1", job.TaskAssemble)
		for _, b := range cut {
			o.Parts = append(o.Parts, part(b))
		}
		change(&o)
		if answer := give(t, m, o); answer.Taken || answer.Reason == "" {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}

// TestTilesThatCantBeJoined gives a worker tiles that aren't what the manager says.
func TestTilesThatCantBeJoined(t *testing.T) {
	m := farm(t)
	m.Start()
	w := start(t, options(m, newIdentity(t), t.TempDir(), asBlender{fake.New(fake.Behaviour{})}))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	good := tiled(t, m, "a1", func(*wire.LeaseOffer) {}, cut)
	for name, c := range map[string]struct {
		change func(*wire.Part)
		kind   job.FailureKind
	}{
		"another file":    {func(p *wire.Part) { p.Master.Digest = strings.Repeat("ab", 32) }, job.FailWorker},
		"a longer file":   {func(p *wire.Part) { p.Master.Size-- }, job.FailWorker},
		"none":            {func(p *wire.Part) { p.Master.Get = m.Get("frame/none") }, job.FailWorker},
		"an expired URL":  {func(p *wire.Part) { p.Master.Get = expired(t, m) }, job.FailYield},
		"another tile":    {func(p *wire.Part) { *p = wire.Part{Border: p.Border, Master: good.Parts[2].Master} }, job.FailWorker},
		"somewhere local": {func(p *wire.Part) { p.Master.Get.URL = "file:///etc/passwd" }, job.FailWorker},
	} {
		o := good
		o.Lease = "a" + strings.Map(func(r rune) rune {
			if r < 'a' || r > 'z' {
				return -1
			}
			return r
		}, strings.ToLower(name))
		o.Parts = nil
		for _, p := range good.Parts {
			master := *p.Master
			o.Parts = append(o.Parts, wire.Part{Border: p.Border, Master: &master})
		}
		c.change(&o.Parts[1])
		if answer := give(t, m, o); !answer.Taken {
			t.Fatal(answer.Reason)
		}
		failed := fetchtest.Expect[wire.TaskFail](m, wire.TypeTaskFail, nil)
		if failed.Lease != o.Lease || failed.Kind != c.kind || failed.Cause == "" {
			t.Errorf("%s: %+v", name, failed)
		}
		fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return free(r) && len(r.Leases) == 0 })
	}
	for _, dir := range []string{"outbox", "scratch/stills"} {
		if left, err := os.ReadDir(filepath.Join(w.dir, dir)); err != nil || len(left) != 0 {
			t.Errorf("left in %s: %v %v", dir, left, err)
		}
	}
}

func expired(t *testing.T, m *fetchtest.Manager) wire.Signed {
	t.Helper()
	s, err := m.Store.SignGet(t.Context(), "frame/none", -time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return wire.Signed{Method: s.Method, URL: s.URL, Header: s.Header, Expires: s.Expires.Unix()}
}

// TestPausingAStill takes the machine back while a tile renders, while a still is made of tiles, and while
// they are fetched: the lease is free again and the renderer gone within two seconds.
func TestPausingAStill(t *testing.T) {
	m := farm(t)
	m.Start()
	r := fake.New(fake.Behaviour{})
	w := start(t, options(m, newIdentity(t), t.TempDir(), asBlender{r}))
	fetchtest.Expect(m, wire.TypeWorkerReady, free)
	join := tiled(t, m, "a1", func(*wire.LeaseOffer) {}, cut)
	hung := tileOffer(m, "a2", cut[1])
	hung.Frames[0].Frame = 7
	late := join
	late.Lease, late.Frames = "a3", []wire.FrameSeed{{Frame: 8}}
	// A store that takes the connection and never says a word.
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	stuck := join
	stuck.Lease, stuck.Parts = "a4", slices.Clone(join.Parts)
	stuck.Parts[2].Master = &wire.PartFile{Get: wire.Signed{Method: "GET", URL: "http://" + mute.Addr().String()}, Size: 100, Digest: strings.Repeat("ab", 32)}
	r.B.Hang = []int{7, 8}
	for _, o := range []wire.LeaseOffer{hung, late, stuck} {
		if answer := give(t, m, o); !answer.Taken {
			t.Fatal(answer.Reason)
		}
		phase := "render"
		if o.Lease == stuck.Lease {
			phase = "download"
		}
		w.until(t, "at work", func(s Status) bool { return len(s.Tasks) == 1 && s.Tasks[0].Phase == phase })
		paused := time.Now()
		w.Pause(rules.Now, "gaming")
		if released := fetchtest.Expect[wire.LeaseRelease](m, wire.TypeLeaseRelease, nil); released.Lease != o.Lease {
			t.Fatalf("released %+v", released)
		}
		w.until(t, "paused", func(s Status) bool { return s.State == Paused && r.Sessions() == 0 })
		if took := time.Since(paused); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		w.Resume()
		fetchtest.Expect(m, wire.TypeWorkerReady, func(r wire.WorkerReady) bool { return free(r) && len(r.Leases) == 0 })
	}
	if left, err := os.ReadDir(filepath.Join(w.dir, "scratch", "stills")); err != nil || len(left) != 0 {
		t.Errorf("left in the scratch folder: %v %v", left, err)
	}
}
