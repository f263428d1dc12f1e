package receipt

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"
)

var update = flag.Bool("update-money", false, "write testdata/money.json anew")

// moneyVectors is shared with contracts/chain, whose test deploys the contracts at these very addresses' domains and
// has Solidity accept signatures over the digests.
type moneyVectors struct {
	Escrow       Contract     `json:"escrow"`
	Registry     Contract     `json:"registry"`
	Token        Contract     `json:"token"`
	Key          common.Hash  `json:"key"`
	Funding      Funding      `json:"funding"`
	TopUp        TopUp        `json:"topUp"`
	Acceptance   Acceptance   `json:"acceptance"`
	BadResult    BadResult    `json:"badResult"`
	Reclaim      Reclaim      `json:"reclaim"`
	Permit       Permit       `json:"permit"`
	Registration Registration `json:"registration"`
	Staking      Staking      `json:"staking"`
	Unbonding    Unbonding    `json:"unbonding"`

	Digests    map[string]common.Hash `json:"digests"`
	Signatures map[string]string      `json:"signatures"`
}

func vectors() moneyVectors {
	key := crypto.Keccak256Hash([]byte("heliostat money vectors"))
	private, err := crypto.ToECDSA(key[:])
	if err != nil {
		panic(err)
	}
	signer := crypto.PubkeyToAddress(private.PublicKey)
	// The addresses are those that an operator whose key is the hash of "heliostat operator vectors" deploys to.
	operator, err := crypto.ToECDSA(crypto.Keccak256([]byte("heliostat operator vectors")))
	if err != nil {
		panic(err)
	}
	from := crypto.PubkeyToAddress(operator.PublicKey)
	at := func(nonce uint64) common.Address { return crypto.CreateAddress(from, nonce) }
	h := func(s string) common.Hash { return crypto.Keccak256Hash([]byte(s)) }
	const late = 4_000_000_000
	v := moneyVectors{
		Token:    Contract{Name: TokenDomain, Version: DomainVersion, ChainID: 1337, Address: at(0)},
		Escrow:   Contract{Name: EscrowDomain, Version: DomainVersion, ChainID: 1337, Address: at(2)},
		Registry: Contract{Name: RegistryDomain, Version: DomainVersion, ChainID: 1337, Address: at(3)},
		Key:      key,

		Funding:      Funding{JobID: h("job"), Artist: signer, Amount: 12_345_678, QuoteHash: h("quote"), Deadline: late},
		TopUp:        TopUp{JobID: h("job"), Artist: signer, Amount: 1_000_000, FundedBefore: 12_345_678, Deadline: late},
		Acceptance:   Acceptance{JobID: h("job"), DeliveryRoot: h("delivery"), Amount: 10_000_000},
		BadResult:    BadResult{JobID: h("job"), DeliveryRoot: h("delivery"), FramesHash: h("frames"), Amount: 500_000, Deadline: late},
		Reclaim:      Reclaim{JobID: h("job"), To: signer, Deadline: late},
		Permit:       Permit{Owner: signer, Spender: at(2), Value: 12_345_678, Nonce: 0, Deadline: late},
		Registration: Registration{Node: signer, Owner: common.HexToAddress("0x00000000000000000000000000000000000000A1"), Roles: 3, EncryptionKeyHash: h("encryption key"), Nonce: 0, Deadline: late},
		Staking:      Staking{Node: signer, From: signer, Amount: 2_000_000, Nonce: 1, Deadline: late},
		Unbonding:    Unbonding{Node: signer, Amount: 1_000_000, Nonce: 0, Deadline: late},
	}
	v.Digests = map[string]common.Hash{
		"funding": v.Funding.Digest(v.Escrow), "topUp": v.TopUp.Digest(v.Escrow),
		"acceptance": v.Acceptance.Digest(v.Escrow), "badResult": v.BadResult.Digest(v.Escrow),
		"reclaim": v.Reclaim.Digest(v.Escrow), "permit": v.Permit.Digest(v.Token),
		"registration": v.Registration.Digest(v.Registry), "staking": v.Staking.Digest(v.Registry),
		"unbonding": v.Unbonding.Digest(v.Registry),
	}
	v.Signatures = map[string]string{}
	for name, digest := range v.Digests {
		sig, err := crypto.Sign(digest[:], private) // deterministic, RFC 6979
		if err != nil {
			panic(err)
		}
		sig[64] += 27
		v.Signatures[name] = common.Bytes2Hex(sig)
	}
	return v
}

func TestMoneyVectors(t *testing.T) {
	got, err := json.MarshalIndent(vectors(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", "money.json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Fatalf("the digests changed. Every artist's and node's signature would become void.\ngot:\n%s", got)
	}
}

// TestMoneyAgainstTypedData compares the digests with go-ethereum's own implementation of EIP-712, which is given the
// types as wallets get them.
func TestMoneyAgainstTypedData(t *testing.T) {
	v := vectors()
	cases := []struct {
		name   string
		typ    string
		domain Contract
		value  any
	}{
		{"funding", "Funding", v.Escrow, v.Funding},
		{"topUp", "TopUp", v.Escrow, v.TopUp},
		{"acceptance", "Acceptance", v.Escrow, v.Acceptance},
		{"badResult", "BadResult", v.Escrow, v.BadResult},
		{"reclaim", "Reclaim", v.Escrow, v.Reclaim},
		{"permit", "Permit", v.Token, v.Permit},
		{"registration", "Registration", v.Registry, v.Registration},
		{"staking", "Staking", v.Registry, v.Staking},
		{"unbonding", "Unbonding", v.Registry, v.Unbonding},
	}
	if len(cases) != len(v.Digests) {
		t.Fatalf("%d cases for %d digests", len(cases), len(v.Digests))
	}
	for _, c := range cases {
		fields, message := typedFields(c.value)
		data := apitypes.TypedData{
			Types: apitypes.Types{
				"EIP712Domain": {
					{Name: "name", Type: "string"}, {Name: "version", Type: "string"},
					{Name: "chainId", Type: "uint256"}, {Name: "verifyingContract", Type: "address"},
				},
				c.typ: fields,
			},
			PrimaryType: c.typ,
			Domain: apitypes.TypedDataDomain{
				Name: c.domain.Name, Version: c.domain.Version,
				ChainId:           math.NewHexOrDecimal256(int64(c.domain.ChainID)),
				VerifyingContract: c.domain.Address.Hex(),
			},
			Message: message,
		}
		want, _, err := apitypes.TypedDataAndHash(data)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := v.Digests[c.name]; got != common.BytesToHash(want) {
			t.Errorf("%s: got %x, want %x", c.name, got, want)
		}
	}
}

// typedFields derives EIP-712 fields from a struct: names from the JSON tags, types from the Go types.
func typedFields(value any) ([]apitypes.Type, apitypes.TypedDataMessage) {
	var fields []apitypes.Type
	message := apitypes.TypedDataMessage{}
	rv := reflect.ValueOf(value)
	for i := range rv.NumField() {
		name := rv.Type().Field(i).Tag.Get("json")
		switch f := rv.Field(i).Interface().(type) {
		case common.Hash:
			fields = append(fields, apitypes.Type{Name: name, Type: "bytes32"})
			message[name] = f.Hex()
		case common.Address:
			fields = append(fields, apitypes.Type{Name: name, Type: "address"})
			message[name] = f.Hex()
		case uint64:
			fields = append(fields, apitypes.Type{Name: name, Type: "uint256"})
			message[name] = strconv.FormatUint(f, 10)
		case uint8:
			fields = append(fields, apitypes.Type{Name: name, Type: "uint8"})
			message[name] = strconv.Itoa(int(f))
		}
	}
	return fields, message
}

func TestSplitSignature(t *testing.T) {
	good := append([]byte(strings.Repeat("r", 32)+strings.Repeat("s", 32)), 1)
	v, r, s, err := SplitSignature(good)
	if err != nil || v != 28 || r[0] != 'r' || s[31] != 's' {
		t.Fatalf("got %d %x %x %v", v, r, s, err)
	}
	for _, bad := range [][]byte{nil, good[:64], append(good[:64:64], 29), append(good[:64:64], 4), append(good, 0)} {
		if _, _, _, err := SplitSignature(bad); err == nil {
			t.Errorf("%x was taken for a signature", bad)
		}
	}
}

func FuzzSplitSignature(f *testing.F) {
	f.Add(make([]byte, 65))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, r, s, err := SplitSignature(b)
		if err == nil && (v != 27 && v != 28 || string(b[:32]) != string(r[:]) || string(b[32:64]) != string(s[:])) {
			t.Fatalf("%x became %d %x %x", b, v, r, s)
		}
	})
}
