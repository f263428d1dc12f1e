package receipt_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/receipt"
)

var update = flag.Bool("update", false, "write the golden vectors")

func sampleReceipt(worker string) receipt.Receipt {
	return receipt.Receipt{Attempt: "a1", Task: "t1", Job: "j1", Worker: worker, Class: "cpu/avx2", Renderer: "blender", Version: "3.4.1", Build: "55485cb379f7",
		Recipe: proof.Digest{1}, Key: proof.Digest{5}, Root: proof.Digest{2}, Frames: []proof.Digest{{6}, {7}}, Started: 1000, Finished: 2000}
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
		"renderer": func(r *receipt.Receipt, _ *receipt.Domain) { r.Renderer = "maya" },
		"version":  func(r *receipt.Receipt, _ *receipt.Domain) { r.Version = "3.4.2" },
		"build":    func(r *receipt.Receipt, _ *receipt.Domain) { r.Build = "" },
		"shifted":  func(r *receipt.Receipt, _ *receipt.Domain) { r.Version, r.Build = r.Build, r.Version },
		"key":      func(r *receipt.Receipt, _ *receipt.Domain) { r.Key[31] = 1 },
		"frame":    func(r *receipt.Receipt, _ *receipt.Domain) { r.Frames = []proof.Digest{{6}, {8}} },
		"order":    func(r *receipt.Receipt, _ *receipt.Domain) { r.Frames = []proof.Digest{{7}, {6}} },
		"fewer":    func(r *receipt.Receipt, _ *receipt.Domain) { r.Frames = r.Frames[:1] },
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

// What this program doesn't read is refused by name, and never taken for something else.
func TestOldReceiptsAreRefused(t *testing.T) {
	fresh := sampleReceipt(domain.Contract)
	raw, err := json.Marshal(fresh)
	if err != nil {
		t.Fatal(err)
	}
	var read receipt.Receipt
	if err := json.Unmarshal(raw, &read); err != nil || read.Digest(domain) != fresh.Digest(domain) {
		t.Fatalf("%+v, %v", read, err)
	}
	for name, old := range map[string]string{
		"version 1":           `{"attempt":"a1","task":"t1","job":"j1","worker":"0x","class":"c","recipe":"` + proof.Digest{1}.String() + `","root":"` + proof.Digest{2}.String() + `","started":1,"finished":2}`,
		"a newer one":         `{"v":3,"attempt":{"id":1}}`,
		"one inside a commit": `{"lease":"a1","receipt":{"attempt":"a1"}}`,
	} {
		var in struct {
			Receipt receipt.Receipt `json:"receipt"`
		}
		text := old
		if name != "one inside a commit" {
			text = `{"receipt":` + old + `}`
		}
		if err := json.Unmarshal([]byte(text), &in); !errors.Is(err, receipt.ErrVersion) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReceiptsAreHeldToCommitsAndRecipes(t *testing.T) {
	commits := []proof.FrameCommit{{Frame: 1, W: 2, H: 2, FileDigest: proof.Digest{1}}, {Frame: 2, W: 2, H: 2, FileDigest: proof.Digest{2}}}
	recipe := job.Recipe{Renderer: "blender", Version: "3.4.1", Engine: "CYCLES"}
	good := receipt.Receipt{Recipe: receipt.RecipeHash(recipe), Renderer: "blender", Version: "3.4.1", Build: "b"}.Over(commits)
	if err := errors.Join(good.Covers(commits), good.Suits(recipe)); err != nil {
		t.Fatal(err)
	}
	other := []proof.FrameCommit{commits[0], {Frame: 2, W: 2, H: 2, FileDigest: proof.Digest{3}}}
	swapped := good
	swapped.Frames = []proof.Digest{{1}, {3}}
	if good.Covers(other) == nil || swapped.Covers(commits) == nil || swapped.Covers(other) == nil || good.Covers(commits[:1]) == nil {
		t.Fatal("a receipt covers what it doesn't name")
	}
	for name, change := range map[string]func(*receipt.Receipt, *job.Recipe){
		"another recipe":   func(_ *receipt.Receipt, j *job.Recipe) { j.Samples = 3 },
		"another renderer": func(r *receipt.Receipt, _ *job.Recipe) { r.Renderer = "maya" },
		"another patch":    func(r *receipt.Receipt, _ *job.Recipe) { r.Version = "3.4.2" },
		"another build":    func(r *receipt.Receipt, j *job.Recipe) { j.BuildHash = "a"; r.Recipe = receipt.RecipeHash(*j) },
		"a minor with anyPatch": func(r *receipt.Receipt, j *job.Recipe) {
			j.AnyPatch, r.Version = true, "3.5.1"
			r.Recipe = receipt.RecipeHash(*j)
		},
	} {
		r, j := good, recipe
		change(&r, &j)
		if r.Suits(j) == nil {
			t.Errorf("%s suits", name)
		}
	}
	patched, loose := good, recipe
	loose.AnyPatch, patched.Version = true, "3.4.2"
	patched.Recipe = receipt.RecipeHash(loose)
	if err := patched.Suits(loose); err != nil {
		t.Error(err)
	}
	if a, b := receipt.Class(recipe, "cpu/avx2", "3.4.1", "x"), receipt.Class(loose, "cpu/avx2", "3.4.2", "x"); a != "cpu/avx2" || b != "cpu/avx2 3.4.2 x" {
		t.Errorf("%q, %q", a, b)
	}
	if receipt.Class(loose, "", "3.4.2", "x") != "" {
		t.Error("an unknown class became a known one")
	}
}

// go-ethereum's own typed data, given the type as RECEIPT.md shows it, is the same digest.
func TestReceiptDigestIsTypedData(t *testing.T) {
	page, err := os.ReadFile("RECEIPT.md")
	if err != nil {
		t.Fatal(err)
	}
	r := sampleReceipt(domain.Contract)
	types := apitypes.Types{"EIP712Domain": {{Name: "name", Type: "string"}, {Name: "version", Type: "string"}, {Name: "chainId", Type: "uint256"}, {Name: "verifyingContract", Type: "address"}}}
	shown := regexp.MustCompile("`Receipt\\(([^)]*)\\)`").FindStringSubmatch(string(page))
	if shown == nil {
		t.Fatal("RECEIPT.md doesn't show the type")
	}
	for _, field := range strings.Split(shown[1], ",") {
		typ, name, _ := strings.Cut(strings.TrimSpace(field), " ")
		types["Receipt"] = append(types["Receipt"], apitypes.Type{Name: name, Type: typ})
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	message := apitypes.TypedDataMessage{}
	if err := json.Unmarshal(raw, &message); err != nil {
		t.Fatal(err)
	}
	delete(message, "v")
	for _, name := range []string{"recipe", "key", "root"} {
		message[name] = "0x" + message[name].(string)
	}
	var frames []any
	for _, f := range r.Frames {
		frames = append(frames, "0x"+f.String())
	}
	message["frames"] = frames
	for _, name := range []string{"started", "finished"} {
		message[name] = fmt.Sprint(int64(message[name].(float64)))
	}
	want, _, err := apitypes.TypedDataAndHash(apitypes.TypedData{Types: types, PrimaryType: "Receipt", Message: message,
		Domain: apitypes.TypedDataDomain{Name: receipt.WorkDomain, Version: receipt.WorkVersion, ChainId: math.NewHexOrDecimal256(int64(domain.ChainID)), VerifyingContract: domain.Contract}})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Digest(domain); fmt.Sprintf("%x", got) != fmt.Sprintf("%x", want) {
		t.Errorf("%x, want %x", got, want)
	}
}
