package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/heliostat-render/heliostat/shared/link"
)

// Modes of --tls.
const (
	tlsAuto = "auto" // self, unless only this machine can reach the address
	tlsOff  = "off"
	tlsSelf = "self"
)

// certCheck is how often the certificate's files are looked at, at most.
const certCheck = 5 * time.Second

// secured says whether and how the listener speaks TLS. pin is "" where clients trust the certificate
// by its chain.
func secured(c config, address net.Addr) (secure *tls.Config, pin string, err error) {
	certificate, key := c.TLSCert, c.TLSKey
	switch {
	case certificate != "":
	case c.TLS == tlsOff || c.TLS != tlsSelf && loopback(address):
		return nil, "", nil
	default:
		certificate, key = filepath.Join(c.keys(), "tls.crt"), filepath.Join(c.keys(), "tls.key")
		if err := selfSign(certificate, key, address); err != nil {
			return nil, "", err
		}
	}
	files := &certFiles{certificate: certificate, key: key, log: c.Log, clock: time.Now}
	current, err := files.load()
	if err != nil {
		return nil, "", err
	}
	if c.TLSCert == "" {
		pin = link.Pin(current.Leaf)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: files.get}, pin, nil
}

func loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// certFiles is a certificate in files, read again when they change.
type certFiles struct {
	certificate, key string
	log              *slog.Logger
	clock            func() time.Time

	mu      sync.Mutex // guards what follows
	current *tls.Certificate
	stamp   [2]time.Time // modification times
	checked time.Time
}

func (f *certFiles) stamps() (stamp [2]time.Time, err error) {
	for i, name := range []string{f.certificate, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return stamp, fmt.Errorf("TLS certificate: %w; check --tls-cert and --tls-key", err)
		}
		stamp[i] = info.ModTime()
	}
	return stamp, nil
}

// load reads the files.
func (f *certFiles) load() (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loadLocked()
}

func (f *certFiles) loadLocked() (*tls.Certificate, error) {
	stamp, err := f.stamps()
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(f.certificate, f.key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate %s with key %s: %w; check --tls-cert and --tls-key", f.certificate, f.key, err)
	}
	f.current, f.stamp, f.checked = &pair, stamp, f.clock()
	return f.current, nil
}

// get is tls.Config.GetCertificate. A renewed certificate that can't be used leaves the old one in place.
func (f *certFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock()
	if now.Sub(f.checked) < certCheck {
		return f.current, nil
	}
	f.checked = now
	stamp, err := f.stamps()
	if err == nil && stamp == f.stamp {
		return f.current, nil
	}
	old := f.current
	if _, err := f.loadLocked(); err != nil {
		f.log.Error("the renewed TLS certificate can't be used; the old one stays", "err", err)
		f.current = old
		return old, nil
	}
	f.log.Info("TLS certificate renewed", "until", f.current.Leaf.NotAfter)
	return f.current, nil
}

// selfSign makes a key and a certificate, unless they are there.
func selfSign(certificate, key string, address net.Addr) error {
	if _, err := os.Stat(key); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("TLS key: %w", err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a TLS key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return fmt.Errorf("make a TLS certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "heliostat manager"},
		// Clients know it by its pin, not by its dates.
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().AddDate(30, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if name, err := os.Hostname(); err == nil {
		template.DNSNames = append(template.DNSNames, name)
	}
	if tcp, ok := address.(*net.TCPAddr); ok && !tcp.IP.IsUnspecified() {
		template.IPAddresses = append(template.IPAddresses, tcp.IP)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return fmt.Errorf("make a TLS certificate: %w", err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("make a TLS key: %w", err)
	}
	// The key last: where it is, the certificate is too.
	return errors.Join(
		replaceFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644),
		replaceFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600),
	)
}

// replaceFile writes a file whole or not at all.
func replaceFile(name string, content []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(f.Name()) // does nothing once it has been renamed
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
