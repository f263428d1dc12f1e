package link

import (
	"crypto/tls"
	"errors"
	"fmt"
)

// Unreached says, with the next step, why a first connection to a manager didn't come about: it shows
// a certificate that can't be trusted, or nobody answers. start is the command that starts one.
func Unreached(manager, start string, err error) error {
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.Is(err, ErrPin):
		return fmt.Errorf("the manager at %s can't be trusted: %w", manager, err)
	case errors.As(err, &untrusted):
		return fmt.Errorf("the certificate of the manager at %s is not trusted here: add its pin to the address, https://…/#sha256:…, as `heliostat-manager serve` prints it (%w)", manager, err)
	}
	return fmt.Errorf("no manager answers at %s: start one with `%s`, or check the address (%w)", manager, start, err)
}
