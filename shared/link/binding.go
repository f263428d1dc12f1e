package link

import (
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/shared/wire"
)

// RFC 9266's channel binding.
const (
	bindingLabel = "EXPORTER-Channel-Binding"
	bindingSize  = 32
)

// bindingOf is what the two ends of a TLS connection know of it, and nobody else.
func bindingOf(state tls.ConnectionState) (string, error) {
	binding, err := state.ExportKeyingMaterial(bindingLabel, nil, bindingSize)
	if err != nil {
		return "", fmt.Errorf("bind the sign-in to the connection: %w", err)
	}
	return hex.EncodeToString(binding), nil
}

// checkChallenge refuses to sign what isn't a challenge: a key's signature is worth something elsewhere too.
func checkChallenge(c wire.Challenge) error {
	_, issued := time.Parse(time.RFC3339, c.Issued)
	_, expires := time.Parse(time.RFC3339, c.Expires)
	plain := func(text string) bool {
		return text != "" && len(text) <= 512 && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f })
	}
	nonce, err := hex.DecodeString(c.Nonce)
	if err != nil || len(nonce) < 8 || len(nonce) > 64 || issued != nil || expires != nil || !plain(c.Domain) || !plain(c.URI) {
		return errors.New("the manager's challenge can't be signed: it isn't what the protocol says")
	}
	return nil
}
