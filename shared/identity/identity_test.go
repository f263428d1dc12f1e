package identity_test

import (
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/seal"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func TestOpenMakesAnIdentityOnceAndFindsItAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	var wg sync.WaitGroup
	addresses := make([]string, 8)
	for i := range addresses {
		wg.Go(func() {
			id, err := identity.Open(dir, nil)
			if err != nil {
				t.Error(err)
				return
			}
			addresses[i] = id.Address()
		})
	}
	wg.Wait()
	for _, a := range addresses {
		if a != addresses[0] {
			t.Fatalf("processes that start together must agree: %v", addresses)
		}
	}
	info, err := os.Stat(filepath.Join(dir, identity.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode().Perm())
	}
}

func TestPassphraseProtectsTheFile(t *testing.T) {
	dir := t.TempDir()
	id, err := identity.Open(dir, []byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := identity.Open(dir, []byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	if again.Address() != id.Address() || again.TenantKey() != id.TenantKey() {
		t.Error("the same file must give the same keys")
	}
	raw, _ := os.ReadFile(filepath.Join(dir, identity.FileName))
	if strings.Contains(string(raw), fmt.Sprintf("%x", crypto.FromECDSA(id.PrivateKey()))) {
		t.Error("the encrypted file holds the plain secret")
	}
	if _, err := identity.Open(dir, []byte("wrong")); !errors.Is(err, identity.ErrPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	for name, content := range map[string]string{
		"empty":          "",
		"not json":       "secret",
		"other version":  `{"version":9}`,
		"no secret":      `{"version":1,"address":"0x0"}`,
		"zero secret":    `{"version":1,"secret":"` + strings.Repeat("00", 32) + `"}`,
		"other address":  `{"version":1,"address":"0x0000000000000000000000000000000000000001","secret":"` + strings.Repeat("11", 32) + `"}`,
		"damaged secret": `{"version":1,"secret":"zz"}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, identity.FileName), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := identity.Open(dir, nil)
			if err == nil || !strings.Contains(err.Error(), identity.FileName) {
				t.Errorf("got %v, want an error that names the file", err)
			}
		})
	}
}

func TestSignAndRecover(t *testing.T) {
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	digest := [32]byte{1, 2, 3}
	signature, err := id.Sign(digest)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := identity.Recover(digest, signature); err != nil || got != id.Address() {
		t.Fatalf("recovered %s, %v", got, err)
	}
	if got, err := identity.Recover([32]byte{9}, signature); err == nil && got == id.Address() {
		t.Error("another digest must not recover the signer")
	}
	high := append([]byte(nil), signature...)
	n := crypto.S256().Params().N
	s := new(big.Int).Sub(n, new(big.Int).SetBytes(signature[32:64]))
	s.FillBytes(high[32:64])
	high[64] = 55 - high[64]
	if _, err := identity.Recover(digest, high); !errors.Is(err, identity.ErrSignature) {
		t.Errorf("a malleable signature was taken: %v", err)
	}
	for _, bad := range [][]byte{nil, signature[:64], append(signature[:64:64], 0), append(signature[:64:64], 29)} {
		if _, err := identity.Recover(digest, bad); !errors.Is(err, identity.ErrSignature) {
			t.Errorf("%x: %v", bad, err)
		}
	}
}

func TestSealedMessagesReachOnlyTheirRecipient(t *testing.T) {
	a, _ := identity.New()
	b, _ := identity.New()
	sealed, err := seal.SealTo(a.SealKey(), []byte("info"), []byte("job key"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.OpenSealed([]byte("info"), sealed); err != nil || string(got) != "job key" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := b.OpenSealed([]byte("info"), sealed); err == nil {
		t.Error("another identity opened it")
	}
	if _, err := a.OpenSealed([]byte("other"), sealed); err == nil {
		t.Error("opened under another info")
	}
}

func TestIdentityKeepsItsSecretsOutOfLogs(t *testing.T) {
	id, _ := identity.New()
	secret := fmt.Sprintf("%x", crypto.FromECDSA(id.PrivateKey()))
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if out := fmt.Sprintf(format, id); strings.Contains(out, secret) || out == "" {
			t.Errorf("%s prints %q", format, out)
		}
	}
}

func TestSignInTextIsWhatWalletsShow(t *testing.T) {
	c := wire.Challenge{Domain: "farm.example", URI: "wss://farm.example/link", ChainID: 1337, Nonce: "00112233445566778899aabbccddeeff", Issued: "2026-11-22T12:00:00Z", Expires: "2026-11-22T12:01:00Z"}
	want := `farm.example wants you to sign in with your Ethereum account:
0xAbC

Sign in to the Heliostat render network.

URI: wss://farm.example/link
Version: 1
Chain ID: 1337
Nonce: 00112233445566778899aabbccddeeff
Issued At: 2026-11-22T12:00:00Z
Expiration Time: 2026-11-22T12:01:00Z
Resources:
- heliostat:sealkey:00ff`
	if got := identity.SignInText(c, "0xAbC", "00ff", ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := identity.SignInText(c, "0xAbC", "00ff", "0a0b"); got != want+"\n- heliostat:channel:0a0b" {
		t.Errorf("over TLS: got\n%s", got)
	}
	id, _ := identity.New()
	signature, _ := id.SignText(want)
	if got, err := identity.RecoverText(want, signature); err != nil || got != id.Address() {
		t.Errorf("%s, %v", got, err)
	}
}

// TestRecoveredKeysVerify: what Recover takes is what verifying with the recovered key takes, and nothing else, also
// around the values of r and s at which curves end.
func TestRecoveredKeysVerify(t *testing.T) {
	order := crypto.S256().Params().N
	half := new(big.Int).Rsh(order, 1)
	id, err := identity.New()
	if err != nil {
		t.Fatal(err)
	}
	taken, refused := 0, 0
	for i := range 800 {
		digest := [32]byte{byte(i), byte(i >> 8)}
		signature, err := id.Sign(digest)
		if err != nil {
			t.Fatal(err)
		}
		number := func(at int, base *big.Int) {
			new(big.Int).Add(base, big.NewInt(int64(i/8%5-2))).FillBytes(signature[at : at+32])
		}
		switch i % 8 {
		case 0:
			s := new(big.Int).SetBytes(signature[32:64])
			s.Sub(order, s).FillBytes(signature[32:64])
			signature[64] = 55 - signature[64]
		case 1:
			number(32, half)
		case 2:
			number(32, order)
		case 3:
			number(32, big.NewInt(2))
		case 4:
			number(0, order)
		case 5:
			number(0, big.NewInt(2))
		case 6:
			signature[i/8%64] ^= byte(i / 8)
		}
		raw := append([]byte(nil), signature...)
		raw[64] -= 27
		public, err := crypto.SigToPub(digest[:], raw)
		want := err == nil && crypto.VerifySignature(crypto.CompressPubkey(public), digest[:], raw[:64])
		got, err := identity.Recover(digest, signature)
		if want != (err == nil) || want && got != crypto.PubkeyToAddress(*public).Hex() {
			t.Fatalf("%x: %q, %v; verifying says %v", signature, got, err, want)
		}
		if want {
			taken++
		} else {
			refused++
		}
	}
	if taken < 200 || refused < 200 {
		t.Errorf("%d taken, %d refused", taken, refused)
	}
}

func BenchmarkRecover(b *testing.B) {
	id, err := identity.New()
	if err != nil {
		b.Fatal(err)
	}
	signature, err := id.Sign([32]byte{1})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := identity.Recover([32]byte{1}, signature); err != nil {
			b.Fatal(err)
		}
	}
}
