package bindings

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"reflect"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi/bind/v2"

	"github.com/heliostat-render/heliostat/contracts/test/hostile"
)

// TestBindingsMatchTheSources recompiles the contracts with the pinned compiler and compares interface and code with
// what is committed. It needs Node and, once, npm.
func TestBindingsMatchTheSources(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Fatal("node isn't installed; the contracts can't be compiled without it: install nodejs and npm")
	}
	if _, err := os.Stat("../node_modules/solc/package.json"); err != nil {
		run(t, "npm", "ci", "--silent")
	}
	compare(t, "src", map[string]*bind.MetaData{
		"src/HelioToken.sol:HelioToken":     &HelioTokenMetaData,
		"src/JobEscrow.sol:JobEscrow":       &JobEscrowMetaData,
		"src/NodeRegistry.sol:NodeRegistry": &NodeRegistryMetaData,
		"src/Payouts.sol:Payouts":           &PayoutsMetaData,
	})
	compare(t, "test/hostile", map[string]*bind.MetaData{
		"test/hostile/HostileToken.sol:HostileToken": &hostile.HostileTokenMetaData,
	})
}

func compare(t *testing.T, folder string, committed map[string]*bind.MetaData) {
	t.Helper()
	var compiled struct {
		Contracts map[string]struct {
			ABI json.RawMessage
			Bin string
		}
	}
	if err := json.Unmarshal(run(t, "node", "compile.js", folder), &compiled); err != nil {
		t.Fatal(err)
	}
	if len(compiled.Contracts) != len(committed) {
		t.Errorf("%s: %d contracts compiled, %d committed", folder, len(compiled.Contracts), len(committed))
	}
	for name, meta := range committed {
		got, ok := compiled.Contracts[name]
		if !ok {
			t.Errorf("%s isn't compiled any more", name)
			continue
		}
		if "0x"+got.Bin != meta.Bin {
			t.Errorf("%s: the code differs from its binding: run contracts/generate.sh", name)
		}
		// abigen drops every space, inside strings too.
		var want, have any
		if err := json.Unmarshal(bytes.ReplaceAll(got.ABI, []byte(" "), nil), &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(meta.ABI), &have); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(want, have) {
			t.Errorf("%s: the interface differs from its binding: run contracts/generate.sh", name)
		}
	}
}

// run executes a tool in contracts/ and returns its standard output.
func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = ".."
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, complaints.String())
	}
	return out
}
