package wire

import "github.com/heliostat-render/heliostat/shared/job"

// The first conversation on every connection: the manager challenges, the node signs.
// Manager: Challenge. Node: Hello. Manager: Welcome, or Error and close.
const (
	TypeChallenge Type = "hello.challenge"
	TypeHello     Type = "hello.sign"
	TypeWelcome   Type = "hello.welcome"
	TypeHeartbeat Type = "hello.heartbeat" // either way, no answer
)

// Challenge is the manager's first message.
type Challenge struct {
	Domain  string `json:"domain"` // the manager's name in the signed text
	URI     string `json:"uri"`
	ChainID uint64 `json:"chainId"`
	Nonce   string `json:"nonce"`  // 32 hex digits, used once
	Issued  string `json:"issued"` // RFC 3339
	Expires string `json:"expires"`
}

// Hello proves possession of the node's key. Text is the EIP-4361 message built from the
// challenge (shared/identity.SignInText); Signature is EIP-191 over it.
type Hello struct {
	Address   string     `json:"address"`
	Roles     []job.Role `json:"roles"`
	Text      string     `json:"text"`
	Signature string     `json:"signature"` // 0x, 65 bytes
	SealKey   string     `json:"sealKey"`   // hex, the node's X25519 public key for HPKE
	Software  string     `json:"software"`  // "heliostat-worker 0.1.0"
	Resume    string     `json:"resume,omitempty"`
	Channel   string     `json:"channel,omitempty"` // hex, what binds Text to the node's TLS connection
}

// Welcome ends the sign-in.
type Welcome struct {
	Session   string `json:"session"`   // to resume with
	Heartbeat int    `json:"heartbeat"` // milliseconds between heartbeats
	Manager   string `json:"manager"`   // the manager's address
	SealKey   string `json:"sealKey"`   // hex, the manager's X25519 public key: artists seal job keys to it
	Time      int64  `json:"time"`      // the manager's clock, Unix milliseconds
	Money     Money  `json:"money"`
	// May are the roles of few, studio and operator, that the key may sign in with, whatever it asked for.
	May []job.Role `json:"may,omitempty"`
}

// Money tells a client how jobs are paid here.
type Money struct {
	Settlement string `json:"settlement"` // "off", "devchain", "rpc"
	ChainID    uint64 `json:"chainId"`
	Token      string `json:"token"`     // contract addresses
	TokenName  string `json:"tokenName"` // the token's EIP-712 domain name, for permits
	Escrow     string `json:"escrow"`
	Payouts    string `json:"payouts"`
	Registry   string `json:"registry"`
	Symbol     string `json:"symbol"`
}

// Heartbeat keeps a connection and a worker's leases alive.
type Heartbeat struct {
	Time   int64    `json:"time"` // the sender's clock, Unix milliseconds
	Leases []string `json:"leases,omitempty"`
}
