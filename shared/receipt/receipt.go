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
	"errors"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/render"
)

// Domain binds signatures to one network: the escrow contract of one chain. With
// settlement off the contract is the zero address.
type Domain struct {
	ChainID  uint64
	Contract string // 0x address
}

// Name and version of the signing domain of receipts and verdicts. The version is the receipt's too: a
// signature of another version is good for nothing here.
const (
	WorkDomain  = "Heliostat"
	WorkVersion = "2"
)

// Version is the version of what a Receipt's JSON holds, and ErrVersion refuses another.
const Version = 2

// ErrVersion means that a receipt was written in a form that this program doesn't read.
var ErrVersion = errors.New("a receipt of another version")

// Receipt is a worker's signed promise that it rendered exactly this recipe with exactly this program, that
// its tiles have exactly this root, and that it knew by which key it would be checked.
// RECEIPT.md is its specification.
type Receipt struct {
	Attempt  string         `json:"attempt"`
	Task     string         `json:"task"`
	Job      string         `json:"job"`
	Worker   string         `json:"worker"`   // 0x address
	Class    string         `json:"class"`    // kernel class of the device
	Renderer string         `json:"renderer"` // what rendered: "blender",
	Version  string         `json:"version"`  // exactly, "3.4.1",
	Build    string         `json:"build"`    // and its own build hash; "" where it states none
	Recipe   proof.Digest   `json:"recipe"`
	Key      proof.Digest   `json:"key"`      // proof.KeyHash of the verification key, as the lease published it
	Root     proof.Digest   `json:"root"`     // proof.TaskRoot of the frames
	Frames   []proof.Digest `json:"frames"`   // SHA-256 of each frame's delivered file, in the task's order
	Started  int64          `json:"started"`  // Unix milliseconds
	Finished int64          `json:"finished"` // Unix milliseconds
}

// Over returns the receipt with the root and the frames of what was committed to.
func (r Receipt) Over(commits []proof.FrameCommit) Receipt {
	r.Root, r.Frames = proof.TaskRoot(commits), make([]proof.Digest, len(commits))
	for i, c := range commits {
		r.Frames[i] = c.FileDigest
	}
	return r
}

// Covers tells why a receipt isn't over these commitments; nil when it is.
func (r Receipt) Covers(commits []proof.FrameCommit) error {
	if proof.TaskRoot(commits) != r.Root {
		return errors.New("the frames don't hash to the receipt's root")
	}
	if len(r.Frames) != len(commits) {
		return fmt.Errorf("the receipt names %d frames, %d are committed to", len(r.Frames), len(commits))
	}
	for i, c := range commits {
		if r.Frames[i] != c.FileDigest {
			return fmt.Errorf("the receipt names another file of frame %d than is committed to", c.Frame)
		}
	}
	return nil
}

// Suits tells why a receipt can't be for a recipe; nil when it can.
func (r Receipt) Suits(recipe job.Recipe) error {
	if r.Recipe != RecipeHash(recipe) {
		return errors.New("the receipt is for another recipe")
	}
	return render.Takes(recipe, r.Renderer, r.Version, r.Build)
}

// Class is what two renders of a recipe have to share to give the same bits: the device's kernel class, and where
// the recipe takes several releases of a renderer, the release and its build. "" is unknown and like nothing.
func Class(recipe job.Recipe, kernel, version, build string) string {
	if kernel == "" || !recipe.AnyPatch {
		return kernel
	}
	return strings.TrimSpace(kernel + " " + version + " " + build)
}

// plain is a Receipt without its methods.
type plain Receipt

// versioned is a Receipt's JSON.
type versioned struct {
	V int `json:"v"`
	plain
}

// MarshalJSON writes the receipt with its version.
func (r Receipt) MarshalJSON() ([]byte, error) { return json.Marshal(versioned{Version, plain(r)}) }

// UnmarshalJSON reads a receipt of this version; any other is an ErrVersion.
func (r *Receipt) UnmarshalJSON(raw []byte) error {
	var body versioned
	err := json.Unmarshal(raw, &body)
	if err == nil && body.V == Version {
		*r = Receipt(body.plain)
		return nil
	}
	// What another version holds may well not fit.
	var v struct {
		V int `json:"v"`
	}
	if e := json.Unmarshal(raw, &v); e != nil {
		return e
	}
	if v.V != Version {
		return fmt.Errorf("%w: it has version %d and this program reads version %d; have the frames rendered again", ErrVersion, max(v.V, 1), Version)
	}
	return err
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

// receiptType is the EIP-712 type of a receipt; RECEIPT.md shows it.
const receiptType = "Receipt(string attempt,string task,string job,address worker,string class,string renderer,string version,string build," +
	"bytes32 recipe,bytes32 key,bytes32 root,bytes32[] frames,uint64 started,uint64 finished)"

// Digest is the EIP-712 digest that the worker signs.
func (r Receipt) Digest(d Domain) [32]byte {
	return typedDigest(d.contract(), receiptType,
		text(r.Attempt), text(r.Task), text(r.Job), word(common.HexToAddress(r.Worker)), text(r.Class), text(r.Renderer), text(r.Version), text(r.Build),
		common.Hash(r.Recipe), common.Hash(r.Key), common.Hash(r.Root), list(r.Frames), number(uint64(r.Started)), number(uint64(r.Finished)))
}

// Digest is the EIP-712 digest that the verifier signs.
func (v Verdict) Digest(d Domain) [32]byte {
	return typedDigest(d.contract(), "Verdict(string audit,string attempt,address verifier,bool pass,bool inconclusive,bytes32 root,bytes32 evidence,bytes32 samples,uint64 time)",
		text(v.Audit), text(v.Attempt), word(common.HexToAddress(v.Verifier)), boolean(v.Pass), boolean(v.Inconclusive),
		common.Hash(v.Root), common.Hash(v.Evidence), common.Hash(v.Samples), number(uint64(v.Time)))
}

func (d Domain) contract() Contract {
	return Contract{Name: WorkDomain, Version: WorkVersion, ChainID: d.ChainID, Address: common.HexToAddress(d.Contract)}
}

// text is how EIP-712 encodes a string.
func text(s string) common.Hash { return crypto.Keccak256Hash([]byte(s)) }

// list is how EIP-712 encodes an array of words.
func list(words []proof.Digest) common.Hash {
	body := make([]byte, 0, 32*len(words))
	for _, w := range words {
		body = append(body, w[:]...)
	}
	return crypto.Keccak256Hash(body)
}

func boolean(b bool) common.Hash {
	if b {
		return number(1)
	}
	return number(0)
}
