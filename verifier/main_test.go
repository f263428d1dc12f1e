package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/pack/fetch/fetchtest"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/proof/slash"
	"github.com/heliostat-render/heliostat/shared/receipt"
	"github.com/heliostat-render/heliostat/shared/render"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"heliostat-verifier": main})
}

func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: func(env *testscript.Env) error {
		for name, samples := range map[string]int{"honest.json": 8, "cheat.json": 4} {
			if err := os.WriteFile(filepath.Join(env.WorkDir, name), evidence(t, samples), 0o600); err != nil {
				return err
			}
		}
		return os.WriteFile(filepath.Join(env.WorkDir, "case.json"), theCase(t), 0o600)
	}})
}

// evidence is what a verifier of a one-frame task stores when the worker took so many of
// the eight samples.
func evidence(t *testing.T, samples int) []byte {
	t.Helper()
	recipe := job.Recipe{Renderer: "fake", Version: fake.Version, Engine: "CYCLES", MainFile: "a", Width: 64, Height: 64, Samples: 8, Format: "PNG"}
	work := t.TempDir()
	if err := os.MkdirAll(filepath.Join(work, "scene"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, "scene", "a"), []byte("scene"), 0o600); err != nil {
		t.Fatal(err)
	}
	side := func(samples int) (proof.FrameCommit, *proof.Trees) {
		s, err := fake.New(fake.Behaviour{Samples: samples}).Open(t.Context(), render.Options{Workspace: work, Recipe: recipe, Sandbox: render.NoSandbox{}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		f, err := s.Render(t.Context(), render.Request{Frame: 1, Seed: 5, OutDir: work, Master: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		commit, trees, err := proof.Commit(1, f.Files[0].Path, f.Master)
		if err != nil {
			t.Fatal(err)
		}
		return commit, trees
	}
	commit, worker := side(samples)
	_, verifier := side(8)
	commits := []proof.FrameCommit{commit}
	e := proof.Evidence{Key: proof.Digest{3}, Root: proof.TaskRoot(commits), Frames: commits, WorkerClass: "c", VerifierClass: "c"}
	policy := proof.PolicyFor(job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "PNG"})
	e.Policy = policy
	picks := proof.Picks(e.Key, commits, policy)
	var err error
	if e.Worker, err = worker.ProveAll(commit, policy, picks); err != nil {
		t.Fatal(err)
	}
	theirs, err := verifier.ProveAll(commit, policy, picks)
	if err != nil {
		t.Fatal(err)
	}
	for _, tile := range theirs {
		e.Verifier = append(e.Verifier, tile.TileSample)
	}
	var b bytes.Buffer
	if err := proof.EncodeEvidence(&b, e); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// theCase is a quorum's case against a worker that took half of the samples.
func theCase(t *testing.T) []byte {
	t.Helper()
	id := func() *identity.Identity {
		i, err := identity.New()
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	sign := func(i *identity.Identity, digest [32]byte) []byte {
		s, err := i.Sign(digest)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	raw := evidence(t, 4)
	e, err := proof.DecodeEvidence(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := slash.Case{ChainID: 1, Recipe: job.Recipe{Renderer: "blender", Engine: "CYCLES", Format: "PNG"}, Key: e.Key}
	domain, worker := receipt.Domain{ChainID: 1}, id()
	c.Receipt = receipt.Receipt{Attempt: "a1", Task: "t1", Job: "j1", Worker: worker.Address(), Class: e.WorkerClass, Renderer: "blender", Version: "3.4.1", Build: "b", Recipe: receipt.RecipeHash(c.Recipe), Key: proof.KeyHash(e.Key)}.Over(e.Frames)
	c.Signature = sign(worker, c.Receipt.Digest(domain))
	for range slash.Quorum {
		verifier := id()
		v := receipt.Verdict{Attempt: "a1", Verifier: verifier.Address(), Root: e.Root, Evidence: sha256.Sum256(raw), Samples: proof.SamplesDigest(e.Verifier)}
		c.Opinions = append(c.Opinions, slash.Opinion{Verdict: v, Signature: sign(verifier, v.Digest(domain)), Evidence: raw})
	}
	var b bytes.Buffer
	if err := slash.Encode(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The whole command with this machine's Blender: one ready line and a clean stop.
func TestRunIsReadyAndStopsCleanly(t *testing.T) {
	m := fetchtest.New(t)
	m.Start()
	dir := filepath.Join(t.TempDir(), "verifier")
	read, write := io.Pipe()
	defer read.Close()
	c := root()
	c.SetOut(write)
	c.SetErr(io.Discard)
	c.SetArgs([]string{"run", "--manager", m.URL(), "--data", dir, "--name", "test", "--threads", "1"})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- c.ExecuteContext(ctx) }()
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready id=0x") || !strings.HasSuffix(line, " manager="+m.URL()+"\n") {
		t.Fatalf("%q, %v", line, err)
	}
	ready := fetchtest.Expect[wire.VerifierReady](m, wire.TypeVerifierReady, nil)
	if ready.Free != 1 || ready.Capabilities.Name != "test" || len(ready.Capabilities.Installs) == 0 || ready.Capabilities.Class == "" {
		t.Fatalf("ready %+v", ready)
	}
	stop()
	stopped := time.Now()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if took := time.Since(stopped); took > 5*time.Second {
		t.Fatalf("it took %v to stop", took)
	}
	if _, err := os.Stat(filepath.Join(dir, "scratch")); !os.IsNotExist(err) {
		t.Fatal("the scratch folder is left")
	}
}
