package receipt

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/heliostat-render/heliostat/shared/job"
)

// The messages below are what artists and nodes sign about money, as EIP-712 typed data. Their fields, names and order
// are those of the Solidity structs in contracts/src/interfaces; testdata/money.json holds digests that both sides check.
// Amounts are base units of the token, a millionth each; deadlines are Unix seconds on the chain's clock, which on the
// embedded chain can run ahead of the wall clock: leave an hour or more.

// Names and versions of the signing domains of Heliostat's contracts.
const (
	EscrowDomain   = "Heliostat JobEscrow"
	RegistryDomain = "Heliostat NodeRegistry"
	TokenDomain    = "Heliostat Development Token" // on a real network the token has its own name
	DomainVersion  = "1"
)

// Contract is the EIP-712 domain that a message is good for: one contract on one chain.
type Contract struct {
	Name    string         `json:"name"`
	Version string         `json:"version"`
	ChainID uint64         `json:"chainId"`
	Address common.Address `json:"address"`
}

// Funding accepts a quote: the escrow may hold Amount for the job.
type Funding struct {
	JobID     common.Hash    `json:"jobId"`
	Artist    common.Address `json:"artist"`
	Amount    uint64         `json:"amount"`
	QuoteHash common.Hash    `json:"quoteHash"`
	Deadline  uint64         `json:"deadline"`
}

// TopUp raises a job's ceiling from FundedBefore by Amount.
type TopUp struct {
	JobID        common.Hash    `json:"jobId"`
	Artist       common.Address `json:"artist"`
	Amount       uint64         `json:"amount"`
	FundedBefore uint64         `json:"fundedBefore"`
	Deadline     uint64         `json:"deadline"`
}

// Acceptance agrees to a delivery and its cost as the escrow records them.
type Acceptance struct {
	JobID        common.Hash `json:"jobId"`
	DeliveryRoot common.Hash `json:"deliveryRoot"`
	Amount       uint64      `json:"amount"`
}

// BadResult disputes frames of a delivery that cost Amount. FramesHash is a digest of the frames and the reasons.
type BadResult struct {
	JobID        common.Hash `json:"jobId"`
	DeliveryRoot common.Hash `json:"deliveryRoot"`
	FramesHash   common.Hash `json:"framesHash"`
	Amount       uint64      `json:"amount"`
	Deadline     uint64      `json:"deadline"`
}

// FramesHash is what a BadResult names frames and reason by: SHA-256("heliostat/bad-result/1" ‖ u32 number of frames ‖
// of each, ascending: i32 number ‖ the reason's bytes).
func FramesHash(frames []int, reason string) common.Hash {
	frames = slices.Compact(slices.Sorted(slices.Values(frames)))
	b := binary.BigEndian.AppendUint32([]byte("heliostat/bad-result/1"), uint32(len(frames)))
	for _, f := range frames {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(f)))
	}
	return sha256.Sum256(append(b, reason...))
}

// HeldFor is what a BadResult on so many frames holds, base units: their price with the verification, and never more
// than the delivery costs.
func HeldFor(frames int, q job.Quote, delivery job.Amount) uint64 {
	return uint64(max(0, min(job.Amount(frames)*(q.PerFrame+q.VerifyFee), delivery)))
}

// Reclaim takes back what a vanished operator left in the escrow.
type Reclaim struct {
	JobID    common.Hash    `json:"jobId"`
	To       common.Address `json:"to"`
	Deadline uint64         `json:"deadline"`
}

// Permit is ERC-2612's: Spender may take Value of Owner's tokens. Its domain is the token's.
type Permit struct {
	Owner    common.Address `json:"owner"`
	Spender  common.Address `json:"spender"`
	Value    uint64         `json:"value"`
	Nonce    uint64         `json:"nonce"`
	Deadline uint64         `json:"deadline"`
}

// Registration announces a node: Roles has bit 1 for a worker and bit 2 for a verifier.
type Registration struct {
	Node              common.Address `json:"node"`
	Owner             common.Address `json:"owner"`
	Roles             uint8          `json:"roles"`
	EncryptionKeyHash common.Hash    `json:"encryptionKeyHash"`
	Nonce             uint64         `json:"nonce"`
	Deadline          uint64         `json:"deadline"`
}

// Staking puts Amount of From's tokens at stake for Node.
type Staking struct {
	Node     common.Address `json:"node"`
	From     common.Address `json:"from"`
	Amount   uint64         `json:"amount"`
	Nonce    uint64         `json:"nonce"`
	Deadline uint64         `json:"deadline"`
}

// Unbonding starts to take Amount of a node's stake out.
type Unbonding struct {
	Node     common.Address `json:"node"`
	Amount   uint64         `json:"amount"`
	Nonce    uint64         `json:"nonce"`
	Deadline uint64         `json:"deadline"`
}

// Digest returns what the artist signs.
func (m Funding) Digest(c Contract) common.Hash {
	return typedDigest(c, "Funding(bytes32 jobId,address artist,uint256 amount,bytes32 quoteHash,uint256 deadline)",
		m.JobID, word(m.Artist), number(m.Amount), m.QuoteHash, number(m.Deadline))
}

// Digest returns what the artist signs.
func (m TopUp) Digest(c Contract) common.Hash {
	return typedDigest(c, "TopUp(bytes32 jobId,address artist,uint256 amount,uint256 fundedBefore,uint256 deadline)",
		m.JobID, word(m.Artist), number(m.Amount), number(m.FundedBefore), number(m.Deadline))
}

// Digest returns what the artist signs.
func (m Acceptance) Digest(c Contract) common.Hash {
	return typedDigest(c, "Acceptance(bytes32 jobId,bytes32 deliveryRoot,uint256 amount)",
		m.JobID, m.DeliveryRoot, number(m.Amount))
}

// Digest returns what the artist signs.
func (m BadResult) Digest(c Contract) common.Hash {
	return typedDigest(c, "BadResult(bytes32 jobId,bytes32 deliveryRoot,bytes32 framesHash,uint256 amount,uint256 deadline)",
		m.JobID, m.DeliveryRoot, m.FramesHash, number(m.Amount), number(m.Deadline))
}

// Digest returns what the artist signs.
func (m Reclaim) Digest(c Contract) common.Hash {
	return typedDigest(c, "Reclaim(bytes32 jobId,address to,uint256 deadline)",
		m.JobID, word(m.To), number(m.Deadline))
}

// Digest returns what the owner signs, as ERC-2612 defines it.
func (m Permit) Digest(c Contract) common.Hash {
	return typedDigest(c, "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)",
		word(m.Owner), word(m.Spender), number(m.Value), number(m.Nonce), number(m.Deadline))
}

// Digest returns what the node signs.
func (m Registration) Digest(c Contract) common.Hash {
	return typedDigest(c, "Registration(address node,address owner,uint8 roles,bytes32 encryptionKeyHash,uint256 nonce,uint256 deadline)",
		word(m.Node), word(m.Owner), number(uint64(m.Roles)), m.EncryptionKeyHash, number(m.Nonce), number(m.Deadline))
}

// Digest returns what the payer signs.
func (m Staking) Digest(c Contract) common.Hash {
	return typedDigest(c, "Staking(address node,address from,uint256 amount,uint256 nonce,uint256 deadline)",
		word(m.Node), word(m.From), number(m.Amount), number(m.Nonce), number(m.Deadline))
}

// Digest returns what the node's owner signs.
func (m Unbonding) Digest(c Contract) common.Hash {
	return typedDigest(c, "Unbonding(address node,uint256 amount,uint256 nonce,uint256 deadline)",
		word(m.Node), number(m.Amount), number(m.Nonce), number(m.Deadline))
}

// ErrBadSignature means that bytes aren't a 65-byte secp256k1 signature with a recovery id.
var ErrBadSignature = errors.New("not a 65-byte r, s, v signature")

// SplitSignature takes a signature apart as contracts want it. It accepts the recovery id as 0 and 1 or 27 and 28, and
// returns the latter.
func SplitSignature(signature []byte) (v uint8, r, s common.Hash, err error) {
	if len(signature) != 65 {
		return 0, r, s, fmt.Errorf("%w: %d bytes", ErrBadSignature, len(signature))
	}
	v = signature[64]
	if v < 27 {
		v += 27
	}
	if v != 27 && v != 28 {
		return 0, r, s, fmt.Errorf("%w: recovery id %d", ErrBadSignature, signature[64])
	}
	return v, common.BytesToHash(signature[:32]), common.BytesToHash(signature[32:64]), nil
}

// typedDigest is EIP-712's hash of a message whose fields are all one word long, which those above are. Written
// out it can't fail, where go-ethereum's own works on strings and maps; a test holds it to that one.
func typedDigest(c Contract, typ string, fields ...common.Hash) common.Hash {
	domain := crypto.Keccak256Hash(
		crypto.Keccak256([]byte("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")),
		crypto.Keccak256([]byte(c.Name)),
		crypto.Keccak256([]byte(c.Version)),
		number(c.ChainID).Bytes(),
		word(c.Address).Bytes(),
	)
	body := make([]byte, 0, 32*(1+len(fields)))
	body = append(body, crypto.Keccak256([]byte(typ))...)
	for _, f := range fields {
		body = append(body, f[:]...)
	}
	return crypto.Keccak256Hash([]byte{0x19, 0x01}, domain[:], crypto.Keccak256(body))
}

func number(n uint64) (w common.Hash) {
	binary.BigEndian.PutUint64(w[24:], n)
	return w
}

func word(a common.Address) common.Hash { return common.BytesToHash(a[:]) }
