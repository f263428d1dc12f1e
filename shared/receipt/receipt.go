// Package receipt holds what nodes sign: a worker's receipt for a task, a verifier's
// verdict, and the artist's orders about money, as EIP-712 typed data, so that a wallet
// can show them, a contract can check them and anybody can hold a signer to them.
//
// It is not the place for keys (shared/identity) or for judging pixels (shared/proof).
//
// Receives: figures and roots from workerapp and verifier.
// Hands on: 32-byte digests to shared/identity, typed values to shared/wire.
package receipt

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
)

// Domain binds signatures to one network: the escrow contract of one chain. With
// settlement off the contract is the zero address.
type Domain struct {
	ChainID  uint64
	Contract string // 0x address
}

// WorkDomain names the signing domain of receipts and verdicts.
const WorkDomain = "Heliostat"

// Receipt is a worker's signed promise that it rendered exactly this recipe and that its
// tiles have exactly this root.
type Receipt struct {
	Attempt  string       `json:"attempt"`
	Task     string       `json:"task"`
	Job      string       `json:"job"`
	Worker   string       `json:"worker"` // 0x address
	Class    string       `json:"class"`  // kernel class of the device
	Recipe   proof.Digest `json:"recipe"`
	Root     proof.Digest `json:"root"`    // proof.TaskRoot of the frames
	Started  int64        `json:"started"` // Unix milliseconds
	Finished int64        `json:"finished"`
}

// Verdict is a verifier's signed judgement of an attempt.
type Verdict struct {
	Audit        string       `json:"audit"`
	Attempt      string       `json:"attempt"`
	Verifier     string       `json:"verifier"` // 0x address
	Pass         bool         `json:"pass"`
	Inconclusive bool         `json:"inconclusive"`
	Root         proof.Digest `json:"root"`     // of the receipt that was judged
	Evidence     proof.Digest `json:"evidence"` // SHA-256 of the evidence object
	Samples      proof.Digest `json:"samples"`  // what the verifier committed to before it saw the worker's
	Time         int64        `json:"time"`     // Unix milliseconds
}

// RecipeHash is SHA-256 over the recipe's JSON, fields in declaration order.
func RecipeHash(r job.Recipe) proof.Digest {
	raw, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("a recipe has only marshalable fields: %v", err))
	}
	return sha256.Sum256(raw)
}

// Digest is the EIP-712 digest that the worker signs.
func (r Receipt) Digest(d Domain) [32]byte {
	return typedDigest(d.contract(), "Receipt(string attempt,string task,string job,address worker,string class,bytes32 recipe,bytes32 root,uint64 started,uint64 finished)",
		text(r.Attempt), text(r.Task), text(r.Job), word(common.HexToAddress(r.Worker)), text(r.Class),
		common.Hash(r.Recipe), common.Hash(r.Root), number(uint64(r.Started)), number(uint64(r.Finished)))
}

// Digest is the EIP-712 digest that the verifier signs.
func (v Verdict) Digest(d Domain) [32]byte {
	return typedDigest(d.contract(), "Verdict(string audit,string attempt,address verifier,bool pass,bool inconclusive,bytes32 root,bytes32 evidence,bytes32 samples,uint64 time)",
		text(v.Audit), text(v.Attempt), word(common.HexToAddress(v.Verifier)), boolean(v.Pass), boolean(v.Inconclusive),
		common.Hash(v.Root), common.Hash(v.Evidence), common.Hash(v.Samples), number(uint64(v.Time)))
}

func (d Domain) contract() Contract {
	return Contract{Name: WorkDomain, Version: DomainVersion, ChainID: d.ChainID, Address: common.HexToAddress(d.Contract)}
}

// text is how EIP-712 encodes a string.
func text(s string) common.Hash { return crypto.Keccak256Hash([]byte(s)) }

func boolean(b bool) common.Hash {
	if b {
		return number(1)
	}
	return number(0)
}
