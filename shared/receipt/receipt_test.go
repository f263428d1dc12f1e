package receipt_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

var update = flag.Bool("update", false, "write the golden vectors")

func sampleReceipt(worker string) receipt.Receipt {
	return receipt.Receipt{Attempt: "a1", Task: "t1", Job: "j1", Worker: worker, Class: "cpu/avx2", Recipe: proof.Digest{1}, Root: proof.Digest{2}, Started: 1000, Finished: 2000}
}

func sampleVerdict(verifier string) receipt.Verdict {
	return receipt.Verdict{Audit: "v1", Attempt: "a1", Verifier: verifier, Pass: true, Root: proof.Digest{2}, Evidence: proof.Digest{3}, Samples: proof.Digest{4}, Time: 3000}
}

var domain = receipt.Domain{ChainID: 1337, Contract: "0x00000000000000000000000000000000000000aA"}

func TestSignaturesBindEveryField(t *testing.T) {
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	base := sampleReceipt(id.Address())
	digest := base.Digest(domain)
	signature, err := id.Sign(digest)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := identity.Recover(digest, signature); err != nil || got != id.Address() {
		t.Fatalf("recovered %s, %v", got, err)
	}
	seen := map[[32]byte]string{digest: "the original"}
	for name, change := range map[string]func(*receipt.Receipt, *receipt.Domain){
		"attempt":  func(r *receipt.Receipt, _ *receipt.Domain) { r.Attempt = "a2" },
		"task":     func(r *receipt.Receipt, _ *receipt.Domain) { r.Task = "t2" },
		"job":      func(r *receipt.Receipt, _ *receipt.Domain) { r.Job = "j2" },
		"worker":   func(r *receipt.Receipt, _ *receipt.Domain) { r.Worker = domain.Contract },
		"class":    func(r *receipt.Receipt, _ *receipt.Domain) { r.Class = "cpu/avx" },
		"recipe":   func(r *receipt.Receipt, _ *receipt.Domain) { r.Recipe[31] = 1 },
		"root":     func(r *receipt.Receipt, _ *receipt.Domain) { r.Root[31] = 1 },
		"started":  func(r *receipt.Receipt, _ *receipt.Domain) { r.Started++ },
		"finished": func(r *receipt.Receipt, _ *receipt.Domain) { r.Finished++ },
		"chain":    func(_ *receipt.Receipt, d *receipt.Domain) { d.ChainID++ },
		"contract": func(_ *receipt.Receipt, d *receipt.Domain) { d.Contract = "" },
	} {
		r, d := base, domain
		change(&r, &d)
		changed := r.Digest(d)
		if other, ok := seen[changed]; ok {
			t.Errorf("changing %s gives the digest of %s", name, other)
		}
		seen[changed] = name
	}
}

// The vectors are shared with other implementations: they change only with the format.
func TestGoldenVectors(t *testing.T) {
	r, v := sampleReceipt(domain.Contract).Digest(domain), sampleVerdict(domain.Contract).Digest(domain)
	recipe := receipt.RecipeHash(job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES", MainFile: "a.blend", Width: 2, Height: 1, Samples: 4, Device: "CPU", Format: "PNG"})
	got := map[string]string{"receipt": fmt.Sprintf("%x", r), "verdict": fmt.Sprintf("%x", v), "recipe": recipe.String()}
	const path = "testdata/receipt.json"
	if *update {
		raw, _ := json.MarshalIndent(got, "", "  ")
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(raw, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]string
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	for name := range got {
		if got[name] != want[name] {
			t.Errorf("%s: %s, want %s", name, got[name], want[name])
		}
	}
}
