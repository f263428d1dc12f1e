package submit_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/plugins/submit"
	"github.com/heliostat-render/heliostat/plugins/submit/submittest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

var blender341 = []wire.RendererCount{{Install: job.Install{Renderer: "blender", Version: "3.4.1", Engines: []string{"CYCLES"}}, Workers: 1}}

func TestWholeWay(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 3, 1, 2, 2)
	s := a.Start(t.Context(), sc)
	now := wait(t, s, "the quote", phase(submit.Confirm))
	if now.Quote == nil || now.Quote.Ceiling != 450_000 || now.Upload.Uploaded == 0 || now.Upload.Files != 2 {
		t.Fatalf("at the quote: %+v", now)
	}
	if err := s.AcceptFrames(); err == nil {
		t.Error("frames could be accepted before they were rendered")
	}
	if err := s.AcceptQuote(); err != nil {
		t.Fatal(err)
	}
	j := funded(t, m)
	if !slices.Equal(j.Frames, []int{1, 2, 3}) {
		t.Errorf("frames of the job: %v", j.Frames)
	}
	manifest, err := m.Manifest(j)
	if err != nil {
		t.Fatalf("a worker can't open the manifest: %v", err)
	}
	if len(manifest.Files) != 2 {
		t.Errorf("the manifest lists %d files", len(manifest.Files))
	}
	m.Progress(j, 2, 0.5)
	wait(t, s, "progress", func(now submit.Status) bool { return now.Frames[1].Progress == 0.5 && now.Fraction > 0 })
	deliver(t, m, j, 2)
	now = wait(t, s, "frame 2", func(now submit.Status) bool { return now.LastNo == 2 })
	if want := filepath.Join(sc.Root, "render", "frame_0002.png"); now.Last != want {
		t.Errorf("frame 2 went to %s, not %s", now.Last, want)
	}
	deliver(t, m, j, 1, 3)
	now = wait(t, s, "delivery", phase(submit.Delivered))
	if now.Here != 3 {
		t.Errorf("%d frames are here", now.Here)
	}
	if err := s.Cancel("too late"); err == nil {
		t.Error("a delivered job could be cancelled")
	}
	if err := s.AcceptFrames(); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "settlement", phase(submit.Settled))
	for _, n := range []string{"frame_0001.png", "frame_0002.png", "frame_0003.png"} {
		if raw, err := os.ReadFile(filepath.Join(sc.Root, "render", n)); err != nil || !strings.HasPrefix(string(raw), "\x89PNG") {
			t.Errorf("%s: %v", n, err)
		}
	}
	if rest, _ := filepath.Glob(filepath.Join(sc.Root, "render", ".heliostat-*")); len(rest) > 0 {
		t.Errorf("temporary files stay: %v", rest)
	}
}

func TestSecondSubmitUploadsNothing(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1)
	wait(t, a.Start(t.Context(), sc), "the quote", phase(submit.Confirm))
	first := m.Chunks()
	now := wait(t, a.Start(t.Context(), sc), "the second quote", phase(submit.Confirm))
	if first == 0 || m.Chunks() != first || now.Upload.Uploaded != 0 {
		t.Errorf("first %d chunks, then %d more with %d bytes", first, m.Chunks()-first, now.Upload.Uploaded)
	}
}

func TestResumeAfterCrash(t *testing.T) {
	m := manager(t, blender341)
	data := t.TempDir()
	sc := scene(t, 1, 2, 3)
	sc.AcceptQuote, sc.AcceptFrames = true, true

	first := agent(t, m.URL(), data)
	s := first.Start(t.Context(), sc)
	j := funded(t, m)
	deliver(t, m, j, 1)
	wait(t, s, "frame 1", func(now submit.Status) bool { return now.Here == 1 })
	one := filepath.Join(sc.Root, "render", "frame_0001.png")
	before, err := os.Stat(one)
	if err != nil {
		t.Fatal(err)
	}
	first.Close() // all that is left of a crashed host is its folder

	deliver(t, m, j, 2)
	second := agent(t, m.URL(), data)
	list, err := second.List()
	if err != nil || len(list) != 1 || list[0].Job != j.ID || list[0].Phase != submit.Render {
		t.Fatalf("list after the crash: %+v, %v", list, err)
	}
	if s, err = second.Resume(t.Context(), j.ID); err != nil {
		t.Fatal(err)
	}
	if same, err := second.Resume(t.Context(), s.Key()); err != nil || same != s {
		t.Error("a second resume made a second submission")
	}
	deliver(t, m, j, 3)
	now := wait(t, s, "settlement", phase(submit.Settled))
	if now.Here != 3 {
		t.Errorf("%d frames are here", now.Here)
	}
	after, err := os.Stat(one)
	if err != nil || !os.SameFile(before, after) {
		t.Error("frame 1 was fetched twice")
	}
}

func TestResumeBeforeTheQuoteWasAnswered(t *testing.T) {
	m := manager(t, blender341)
	data := t.TempDir()
	first := agent(t, m.URL(), data)
	s := first.Start(t.Context(), scene(t, 1))
	job1 := wait(t, s, "the quote", phase(submit.Confirm)).Job.ID
	first.Close()
	second := agent(t, m.URL(), data)
	s, err := second.Resume(t.Context(), s.Key())
	if err != nil {
		t.Fatal(err)
	}
	if now := wait(t, s, "the quote again", phase(submit.Confirm)); now.Job.ID != job1 {
		t.Errorf("the draft made a second job %s beside %s", now.Job.ID, job1)
	}
}

func TestConnectionLost(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1, 2)
	sc.AcceptQuote = true
	s := a.Start(t.Context(), sc)
	j := funded(t, m)
	deliver(t, m, j, 1)
	wait(t, s, "frame 1", func(now submit.Status) bool { return now.Here == 1 })
	m.Drop()
	deliver(t, m, j, 2)
	wait(t, s, "delivery", phase(submit.Delivered))
}

func TestRejectQuote(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	s := a.Start(t.Context(), scene(t, 1))
	wait(t, s, "the quote", phase(submit.Confirm))
	if err := s.RejectQuote(); err != nil {
		t.Fatal(err)
	}
	wait(t, s, "the end", phase(submit.Rejected))
	<-s.Done()
}

func TestCancel(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1, 2)
	sc.AcceptQuote = true
	s := a.Start(t.Context(), sc)
	funded(t, m)
	wait(t, s, "rendering", phase(submit.Render))
	if err := s.Cancel("changed my mind"); err != nil {
		t.Fatal(err)
	}
	now := wait(t, s, "the end", phase(submit.Cancelled))
	if now.Job.State != job.Cancelled || now.Job.Cause != "changed my mind" {
		t.Errorf("the job is %s: %s", now.Job.State, now.Job.Cause)
	}
}

func TestRejectedFrameComesAgain(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1)
	sc.AcceptQuote = true
	s := a.Start(t.Context(), sc)
	j := funded(t, m)
	m.Reject(j, 1, "half the samples")
	now := wait(t, s, "the rejection", func(now submit.Status) bool { return now.Frames[0].Rejects == 1 })
	if now.Frames[0].Cause != "half the samples" || now.Here != 0 {
		t.Errorf("after the rejection: %+v", now.Frames[0])
	}
	deliver(t, m, j, 1)
	wait(t, s, "delivery", phase(submit.Delivered))
}

func TestSaysWhyItWaits(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1, 2)
	sc.AcceptQuote = true
	s := a.Start(t.Context(), sc)
	j := funded(t, m)
	wait(t, s, "the reason", func(now submit.Status) bool { return strings.Contains(now.Why, "no worker is connected") })
	m.Progress(j, 1, 0.5)
	wait(t, s, "the end of the wait", func(now submit.Status) bool { return now.Frames[0].Progress == 0.5 && now.Why == "" })
	deliver(t, m, j, 1, 2)
	wait(t, s, "delivery", phase(submit.Delivered))
}

func TestFailedJob(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1)
	sc.AcceptQuote = true
	s := a.Start(t.Context(), sc)
	m.Fail(funded(t, m), "the texture rock.png is damaged")
	now := wait(t, s, "the failure", phase(submit.Failed))
	if !strings.Contains(now.Error.Error(), "rock.png") {
		t.Errorf("the error doesn't name the cause: %v", now.Error)
	}
}

// TestFurtherFiles fetches what comes beside the frames, keeps the artist's files, and
// refuses a name that leads elsewhere.
func TestFurtherFiles(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1, 2)
	sc.AcceptQuote = true
	folder := filepath.Join(sc.Root, "render")
	mine := filepath.Join(folder, "depth", "0002.exr")
	write(t, mine, "mine")
	if err := os.Chtimes(mine, time.Now().Add(time.Hour), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	s := a.Start(t.Context(), sc)
	j := funded(t, m)
	m.Extras(j, "depth/%04d.exr", "frame_%04d_R.png", "frame_%04d.png")
	deliver(t, m, j, 1, 2)
	wait(t, s, "delivery", phase(submit.Delivered))
	aside := ".heliostat-" + s.Key()[1:7]
	for _, name := range []string{"depth/0001.exr", "depth/0002" + aside + ".exr", "frame_0001_R.png", "frame_0002_R.png", "frame_0001" + aside + ".png", "frame_0002" + aside + ".png"} {
		if raw, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name))); err != nil || !strings.HasPrefix(string(raw), "\x89PNG") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if raw, err := os.ReadFile(mine); err != nil || string(raw) != "mine" {
		t.Errorf("the artist's file is replaced: %v", err)
	}

	sc = scene(t, 1)
	sc.AcceptQuote = true
	s = a.Start(t.Context(), sc)
	j = funded(t, m)
	m.Extras(j, "../%04d.exr")
	deliver(t, m, j, 1)
	now := wait(t, s, "the refusal", phase(submit.Failed))
	if _, err := os.Stat(filepath.Join(sc.Root, "0001.exr")); err == nil || !strings.Contains(now.Error.Error(), "name can't be used") {
		t.Errorf("written outside: %v, error %v", err, now.Error)
	}
}

// TestFurtherFilesAreHostile renders beside the scene, and gets further files that want to be something else.
func TestFurtherFilesAreHostile(t *testing.T) {
	m := manager(t, blender341)
	for _, c := range []struct {
		name string
		kept bool // it goes beside the artist's own
	}{{"textures/%04d.png", true}, {"shot_%04d.blend", false}, {".git/hooks/%04d.png", false}, {"run%04d.sh", false}, {"make%04d", false}, {"%04d.ini", false}} {
		t.Run(c.name, func(t *testing.T) {
			a := agent(t, m.URL(), t.TempDir())
			sc := scene(t, 1)
			sc.AcceptQuote, sc.Output.Overwrite = true, submit.OverwriteAlways
			sc.Output.Pattern = filepath.Join(sc.Root, "frame_####")
			own := filepath.Join(sc.Root, "textures", "0001.png")
			if err := os.Rename(sc.Files[1].Path, own); err != nil {
				t.Fatal(err)
			}
			sc.Files[1].Path = own
			s := a.Start(t.Context(), sc)
			j := funded(t, m)
			m.Extras(j, c.name)
			deliver(t, m, j, 1)
			if c.kept {
				wait(t, s, "delivery", phase(submit.Delivered))
			} else if now := wait(t, s, "the refusal", phase(submit.Failed)); !strings.Contains(now.Error.Error(), "name can't be used") {
				t.Errorf("it ended with %v", now.Error)
			}
			for _, f := range sc.Files {
				if raw, err := os.ReadFile(f.Path); err != nil || strings.HasPrefix(string(raw), "\x89PNG") {
					t.Errorf("the artist's %s is replaced, %v", f.Name, err)
				}
			}
			if _, err := os.Lstat(filepath.Join(sc.Root, filepath.FromSlash(fmt.Sprintf(c.name, 1)))); err == nil != c.kept {
				t.Errorf("%s: %v", c.name, err)
			}
		})
	}
}

func TestOverwrite(t *testing.T) {
	for _, c := range []struct {
		name   string
		policy submit.Overwrite
		newer  bool // the file is written after the submission began
		kept   bool
	}{
		{"older replaces what was there", "", false, false},
		{"older keeps what came since", submit.OverwriteOlder, true, true},
		{"always replaces", submit.OverwriteAlways, true, false},
		{"never keeps", submit.OverwriteNever, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := manager(t, blender341)
			a := agent(t, m.URL(), t.TempDir())
			sc := scene(t, 1)
			sc.AcceptQuote, sc.Output.Overwrite = true, c.policy
			target := filepath.Join(sc.Root, "render", "frame_0001.png")
			write(t, target, "mine")
			when := time.Now().Add(-time.Hour)
			if c.newer {
				when = time.Now().Add(time.Hour)
			}
			if err := os.Chtimes(target, when, when); err != nil {
				t.Fatal(err)
			}
			s := a.Start(t.Context(), sc)
			deliver(t, m, funded(t, m), 1)
			now := wait(t, s, "delivery", phase(submit.Delivered))
			raw, err := os.ReadFile(target)
			if err != nil {
				t.Fatal(err)
			}
			if kept := string(raw) == "mine"; kept != c.kept || now.Frames[0].Aside != c.kept {
				t.Errorf("kept %v, aside %v, path %s", kept, now.Frames[0].Aside, now.Frames[0].Path)
			}
			if frame, err := os.ReadFile(now.Frames[0].Path); err != nil || !strings.HasPrefix(string(frame), "\x89PNG") {
				t.Errorf("the frame is not at %s: %v", now.Frames[0].Path, err)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone.png")
	for _, c := range []struct {
		name     string
		installs []wire.RendererCount
		spoil    func(*submit.Scene)
		want     []string // parts of the error
	}{
		{"missing texture", blender341, func(s *submit.Scene) { s.Files[1].Path = gone }, []string{gone, `Image "ground"`, "put it back"}},
		{"a folder as texture", blender341, func(s *submit.Scene) { s.Files[1].Path = s.Root }, []string{"can't be read", "not a file", "remove it from the scene"}},
		{"the host's own finding", blender341, func(s *submit.Scene) {
			s.Findings = []submit.Finding{{Level: submit.LevelError, Code: "no_camera", Text: "no camera", Fix: "add one"}}
		}, []string{"no camera", "add one"}},
		{"no frames", blender341, func(s *submit.Scene) { s.Frames = nil }, []string{"no frame"}},
		{"a name that Windows reserves", blender341, func(s *submit.Scene) { s.Files[1].Name = "textures/con.png" }, []string{"con", "rename"}},
		{"output that can't be made", blender341, func(s *submit.Scene) { s.Output.Pattern = s.Files[0].Path + "/frame_####" }, []string{"shot.blend", "choose another output path"}},
		{"relative output", blender341, func(s *submit.Scene) { s.Output.Pattern = "render/frame_####" }, []string{"not a full path"}},
		{"no denoiser", blender341, func(s *submit.Scene) { s.Recipe.Denoise = true }, []string{"Blender 3.4.1", "denoiser", "switch"}},
		{"no denoiser for the compositor", blender341, func(s *submit.Scene) { s.Recipe.Compositing, s.Recipe.DenoiseNode = true, true }, []string{"Blender 3.4.1", "a Denoise node", "OpenImageDenoise", "mute the node"}},
		{"tiles, and a compositor that needs more than they carry", blender341, func(s *submit.Scene) {
			s.Tiles, s.Whole = 4, []submit.Finding{{Level: submit.LevelError, Code: "tiles", Text: "its compositor uses Depth", Fix: "render it without tiles"}}
		}, []string{"uses Depth", "without tiles"}},
		{"tiles that nobody denoises once they are joined", []wire.RendererCount{{Install: job.Install{Renderer: "blender", Version: "3.4.1", Denoisers: []string{"OPTIX"}}, Workers: 3}},
			func(s *submit.Scene) { s.Tiles, s.Recipe.Denoise = 4, true }, []string{"Blender 3.4.1", "OpenImageDenoise to join its tiles"}},
		{"another version", blender341, func(s *submit.Scene) { s.Recipe.Version = "9.9.9" }, []string{"9.9.9", "3.4.1"}},
		{"no GPU", []wire.RendererCount{{Install: blender341[0].Install, Device: "CPU", Workers: 3}}, func(s *submit.Scene) { s.Recipe.Device = "GPU" }, []string{"renders on a GPU", "Device to CPU"}},
		{"another engine", blender341, func(s *submit.Scene) { s.Recipe.Engine = "OTHER" }, []string{"OTHER"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := manager(t, c.installs)
			a := agent(t, m.URL(), t.TempDir())
			sc := scene(t, 1)
			c.spoil(&sc)
			now := wait(t, a.Start(t.Context(), sc), "the failure", phase(submit.Failed))
			for _, part := range c.want {
				if !strings.Contains(now.Error.Error(), part) {
					t.Errorf("the error %q doesn't say %q", now.Error, part)
				}
			}
			if m.Chunks() > 0 {
				t.Error("something was uploaded")
			}
		})
	}
}

func TestNoManager(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	listener.Close()
	a := agent(t, url, t.TempDir())
	now := wait(t, a.Start(t.Context(), scene(t, 1)), "the failure", phase(submit.Failed))
	if now.Error.Message != "no manager answers at "+url || !strings.Contains(now.Error.Next, "heliostat farm start") {
		t.Errorf("message %q, next %q", now.Error.Message, now.Error.Next)
	}
	if s := a.Status(); s.Connected || s.Error == nil {
		t.Errorf("status: %+v", s)
	}
}

func TestCheckOnly(t *testing.T) {
	m := manager(t, nil)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1, 2)
	sc.CheckOnly = true
	write(t, sc.Output.Path(2), "there already")
	sc.Files[1].Path += ".gone"
	now := wait(t, a.Start(t.Context(), sc), "the findings", phase(submit.Checked))
	var codes []string
	for _, f := range now.Findings {
		codes = append(codes, f.Code)
	}
	slices.Sort(codes)
	if !slices.Equal(codes, []string{"missing_file", "no_worker", "overwrites"}) {
		t.Errorf("findings: %v", codes)
	}
}

// TestRefusedBeforePacking: what the manager refuses is known before a byte is uploaded.
// TestWholeCountsInTilesOnly: what keeps stills whole keeps no whole still from being submitted.
func TestWholeCountsInTilesOnly(t *testing.T) {
	m := manager(t, blender341)
	sc := scene(t, 1)
	sc.CheckOnly, sc.Whole = true, []submit.Finding{{Level: submit.LevelError, Code: "tiles", Text: "its compositor uses Depth", Fix: "render it without tiles"}}
	if now := wait(t, agent(t, m.URL(), t.TempDir()).Start(t.Context(), sc), "the check", phase(submit.Checked)); slices.ContainsFunc(now.Findings, func(f submit.Finding) bool { return f.Code == "tiles" }) {
		t.Errorf("findings: %+v", now.Findings)
	}
}

func TestRefusedBeforePacking(t *testing.T) {
	asked := make(chan wire.JobDraft, 1)
	m := started(t, submittest.Options{Installs: blender341, Check: func(d wire.JobDraft) wire.JobChecked {
		asked <- d
		return wire.JobChecked{Warnings: []string{"it may take long"}, Refused: &wire.Error{Code: wire.CodeNotFound, Message: "job jx, which should come first, is not known", Next: "list your jobs"}}
	}})
	sc := scene(t, 1, 2)
	sc.After, sc.Scout = []string{"jx"}, true
	now := wait(t, agent(t, m.URL(), t.TempDir()).Start(t.Context(), sc), "the refusal", phase(submit.Failed))
	if now.Error == nil || now.Error.Message != "job jx, which should come first, is not known" || now.Error.Next != "list your jobs" {
		t.Errorf("it fails with %+v", now.Error)
	}
	if d := <-asked; !slices.Equal(d.After, sc.After) || d.Package != "" || d.JobKey != nil || !d.Scout {
		t.Errorf("asked about %+v", d)
	}
	if !slices.ContainsFunc(now.Findings, func(f submit.Finding) bool { return f.Level == submit.LevelWarning && f.Text == "it may take long" }) {
		t.Errorf("findings: %+v", now.Findings)
	}
	if n := m.Chunks(); n != 0 {
		t.Errorf("%d chunks were uploaded", n)
	}
}

func TestWorkdirIsDeleted(t *testing.T) {
	m := manager(t, blender341)
	a := agent(t, m.URL(), t.TempDir())
	sc := scene(t, 1)
	sc.Workdir = filepath.Join(t.TempDir(), "work")
	copied := filepath.Join(sc.Workdir, "main.blend")
	write(t, copied, "a copy")
	sc.Files[0].Path = copied
	wait(t, a.Start(t.Context(), sc), "the quote", phase(submit.Confirm))
	if _, err := os.Stat(sc.Workdir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary folder stays: %v", err)
	}
	if _, err := os.Stat(sc.Files[1].Path); err != nil {
		t.Errorf("a file of the artist is gone: %v", err)
	}
}

// TestLeftScenesAreForgotten finds two scenes that were described and never uploaded.
func TestLeftScenesAreForgotten(t *testing.T) {
	m := manager(t, blender341)
	data := t.TempDir()
	stays, goes := filepath.Join(data, "cache", "scene-1"), filepath.Join(data, "cache", "scene-2")
	for folder, age := range map[string]time.Duration{stays: 24 * time.Hour, goes: 30 * 24 * time.Hour} {
		write(t, filepath.Join(folder, "work", "main.blend"), "a copy")
		if err := os.Chtimes(folder, time.Now().Add(-age), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	agent(t, m.URL(), data)
	if _, err := os.Stat(stays); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(goes); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a month old: %v", err)
	}
}

func TestRecordIsPrivate(t *testing.T) {
	m := manager(t, blender341)
	data := t.TempDir()
	a := agent(t, m.URL(), data)
	sc := scene(t, 1)
	sc.AcceptQuote = true
	s := a.Start(t.Context(), sc)
	funded(t, m)
	info, err := os.Stat(filepath.Join(data, "submissions", s.Key()+".json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the record: %v, %v", info, err)
	}
}
