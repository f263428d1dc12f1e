package link

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// pinPrefix begins a pin: the SHA-256 of a certificate's public key (its SubjectPublicKeyInfo,
// DER, as in RFC 7469), hex. A renewed certificate with the same key keeps its pin.
const pinPrefix = "sha256:"

// ErrPin means that the manager showed another certificate than the pinned one.
var ErrPin = errors.New("the manager's certificate is not the pinned one: ask its operator for the pin, and trust no other way to it")

// Pin names a certificate's key.
func Pin(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return pinPrefix + hex.EncodeToString(sum[:])
}

// WithPin is the manager's address with a pin, "https://host:7777/#sha256:…", which every
// program takes where it takes the address. "" leaves the address as it is.
func WithPin(manager, pin string) (string, error) {
	if pin == "" {
		return manager, nil
	}
	base, err := BaseURL(manager)
	if err != nil {
		return "", err
	}
	if err := checkPin(pin); err != nil {
		return "", err
	}
	base.Scheme, base.Fragment = "https", pin
	if base.Path == "" {
		base.Path = "/"
	}
	return base.String(), nil
}

func checkPin(pin string) error {
	raw, err := hex.DecodeString(strings.TrimPrefix(pin, pinPrefix))
	if err != nil || len(raw) != sha256.Size || !strings.HasPrefix(pin, pinPrefix) {
		return fmt.Errorf("the pin %q can't be read: it is sha256: and 64 hex digits, as the manager prints it", truncate(pin, 80))
	}
	return nil
}

// pinned takes exactly the certificate with the pin, whoever signed it; without a pin it is nil, the
// system's trust.
func pinned(pin string) *tls.Config {
	if pin == "" {
		return nil
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		// The pin says more than a chain of strangers would.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 || subtle.ConstantTimeCompare([]byte(Pin(state.PeerCertificates[0])), []byte(strings.ToLower(pin))) != 1 {
				return ErrPin
			}
			return nil
		},
	}
}

// HTTPClient is for the transfers of a manager's address as BaseURL returned it: it holds the manager
// to its pin, and every other host to the system's trust. nil, the caller's default, without a pin.
func HTTPClient(base *url.URL) *http.Client {
	if base.Fragment == "" {
		return nil
	}
	transport := func(config *tls.Config) *http.Transport {
		return &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext, TLSClientConfig: config,
			TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: 2 * time.Minute, ExpectContinueTimeout: time.Second, IdleConnTimeout: 90 * time.Second,
			MaxIdleConns: 64, MaxIdleConnsPerHost: 16, ForceAttemptHTTP2: true, DisableCompression: true,
		}
	}
	return &http.Client{
		Transport: &byHost{host: base.Host, own: transport(pinned(base.Fragment)), others: transport(nil)},
		// A signed URL says where to go; a redirect could carry it elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// byHost sends requests for one host over a transport of its own.
type byHost struct {
	host        string
	own, others http.RoundTripper
}

func (b *byHost) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == b.host {
		return b.own.RoundTrip(r)
	}
	return b.others.RoundTrip(r)
}
