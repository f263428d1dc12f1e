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
	"slices"
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
// program takes where it takes the address. Of several addresses each gets it that has none of its own. "" leaves them
// as they are.
func WithPin(managers, pin string) (string, error) {
	if pin == "" {
		return managers, nil
	}
	if err := checkPin(pin); err != nil {
		return "", err
	}
	list, err := addresses(managers)
	if err != nil {
		return "", err
	}
	texts := make([]string, len(list))
	for i, a := range list {
		if a.base.Fragment == "" {
			a.base.Scheme, a.base.Fragment = "https", pin
		}
		if a.base.Path == "" {
			a.base.Path = "/"
		}
		texts[i] = a.base.String()
	}
	return strings.Join(texts, ","), nil
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

// HTTPClient is for the transfers of managers' addresses as BaseURLs returned them: it holds each manager
// to its pin, and every other host to the system's trust. nil, the caller's default, without a pin.
func HTTPClient(managers []*url.URL) *http.Client {
	if !slices.ContainsFunc(managers, func(base *url.URL) bool { return base.Fragment != "" }) {
		return nil
	}
	transport := func(config *tls.Config) *http.Transport {
		return &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext, TLSClientConfig: config,
			TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: 2 * time.Minute, ExpectContinueTimeout: time.Second, IdleConnTimeout: 90 * time.Second,
			MaxIdleConns: 64, MaxIdleConnsPerHost: 16, ForceAttemptHTTP2: true, DisableCompression: true,
		}
	}
	pinnedTo := &byHost{own: make(map[string]http.RoundTripper), others: transport(nil)}
	for _, base := range managers {
		if base.Fragment != "" {
			pinnedTo.own[base.Host] = transport(pinned(base.Fragment))
		}
	}
	return &http.Client{
		Transport: pinnedTo,
		// A signed URL says where to go; a redirect could carry it elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// byHost sends requests for some hosts over transports of their own.
type byHost struct {
	own    map[string]http.RoundTripper
	others http.RoundTripper
}

func (b *byHost) RoundTrip(r *http.Request) (*http.Response, error) {
	if own := b.own[r.URL.Host]; own != nil {
		return own.RoundTrip(r)
	}
	return b.others.RoundTrip(r)
}
