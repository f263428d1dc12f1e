package identity

import (
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/accounts"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// SignInText is the EIP-4361 message that a node signs to answer the challenge. Both ends
// build it, so a field that the manager didn't choose can't slip in. The seal key (hex) is
// part of it: job keys are sealed to it, so nobody between the two may swap it. So is the channel (hex), a
// value that only the two ends of one TLS connection know: else a manager could show a node the challenge of
// another one, and sign in there in its name. "" without TLS.
func SignInText(c wire.Challenge, address, sealKey, channel string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s wants you to sign in with your Ethereum account:\n%s\n\n", c.Domain, address)
	b.WriteString("Sign in to the Heliostat render network.\n\n")
	fmt.Fprintf(&b, "URI: %s\nVersion: 1\nChain ID: %d\nNonce: %s\nIssued At: %s\nExpiration Time: %s", c.URI, c.ChainID, c.Nonce, c.Issued, c.Expires)
	fmt.Fprintf(&b, "\nResources:\n- heliostat:sealkey:%s", sealKey)
	if channel != "" {
		fmt.Fprintf(&b, "\n- heliostat:channel:%s", channel)
	}
	return b.String()
}

// SignText signs a text for people as wallets do (EIP-191, personal_sign).
func (id *Identity) SignText(text string) ([]byte, error) {
	return id.Sign([32]byte(accounts.TextHash([]byte(text))))
}

// RecoverText returns the address that signed a text.
func RecoverText(text string, signature []byte) (string, error) {
	return Recover([32]byte(accounts.TextHash([]byte(text))), signature)
}
