package chain

import (
	"flag"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
)

var updateGas = flag.Bool("update-gas", false, "write testdata/gas.txt anew")

// TestGas compares what each step of a job's money costs with the committed snapshot.
func TestGas(t *testing.T) {
	w := newWorld(t)
	ctx := w.ctx()
	var report strings.Builder
	note := func(step string, tx Tx, err error) {
		t.Helper()
		fmt.Fprintf(&report, "%-16s %4d k\n", step, (w.must(tx, err).Gas+500)/1000)
	}
	w.mint("artist", 1000)
	w.mint("owner", 100)
	for _, e := range w.outbox.view().Outbox {
		if !strings.HasPrefix(e.Doing, "deploy") {
			continue
		}
		r, err := w.receiptOf(ctx, e)
		if err != nil {
			t.Fatal(err)
		}
		note(e.Doing, txOf(r), nil)
	}
	tx, err := w.Fund(ctx, w.funding(id(1), "artist", 600))
	note("fund", tx, err)
	tx, err = w.MarkDelivered(ctx, id(1), id(2), big.NewInt(500))
	note("mark delivered", tx, err)
	tx, err = w.Settle(ctx, id(1), big.NewInt(500), w.acceptance(id(1), id(2), "artist", 500))
	note("settle accepted", tx, err)
	tx, _, err = w.Refund(ctx, id(1))
	note("refund", tx, err)
	tr := tree(t, earned("worker", 400), earned("verifier", 100))
	tx, err = w.PostRoot(ctx, 1, tr.Root(), tr.Total())
	note("post root", tx, err)
	tx, _, err = w.Claim(ctx, addressOf("worker"), big.NewInt(400), proofOf(t, tr, "worker"))
	note("claim", tx, err)
	m, sig := w.registration("node", "owner", RoleWorker)
	tx, err = w.RegisterFor(ctx, m, sig)
	note("register", tx, err)
	tx, err = w.StakeFor(ctx, w.staking("node", "owner", 60))
	note("stake", tx, err)
	tx, _, err = w.Slash(ctx, addressOf("node"), big.NewInt(40), id(50))
	note("slash", tx, err)

	const path = "testdata/gas.txt"
	if *updateGas {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(report.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !within(t, report.String(), string(want)) {
		t.Fatalf("gas changed: look at the difference, then run with -update-gas\ngot:\n%swant:\n%s", report.String(), want)
	}
}

// within compares two reports line by line. Deadlines and signatures differ in their zero bytes, which calldata prices
// differently, so that a figure may be a thousand off.
func within(t *testing.T, got, want string) bool {
	t.Helper()
	g, w := strings.Split(strings.TrimSpace(got), "\n"), strings.Split(strings.TrimSpace(want), "\n")
	if len(g) != len(w) {
		return false
	}
	figure := func(line string) (step string, gas int) {
		fields := strings.Fields(strings.TrimSuffix(line, " k"))
		if len(fields) < 2 {
			t.Fatalf("no figure in %q", line)
		}
		last := len(fields) - 1
		if _, err := fmt.Sscan(fields[last], &gas); err != nil {
			t.Fatalf("no figure in %q: %v", line, err)
		}
		return strings.Join(fields[:last], " "), gas
	}
	for i := range g {
		a, x := figure(g[i])
		b, y := figure(w[i])
		if a != b || x-y > 1 || y-x > 1 {
			return false
		}
	}
	return true
}
