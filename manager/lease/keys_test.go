package lease

import (
	"bytes"
	"errors"
	"testing"

	"github.com/heliostat-render/heliostat/shared/seal"
)

// counted are keys that count what is asked of them.
type counted struct{ opened, sealed int }

func (c *counted) JobKey(pkg string, sealed []byte) (key seal.JobKey, err error) {
	c.opened++
	if len(sealed) == 0 {
		return key, errors.New("nothing is sealed")
	}
	copy(key[:], pkg+string(sealed))
	return key, nil
}

func (c *counted) SealJobKey(public []byte, pkg string, key seal.JobKey) ([]byte, error) {
	c.sealed++
	return append(append(bytes.Clone(public), pkg...), key[:]...), nil
}

func TestCachedKeys(t *testing.T) {
	under := &counted{}
	k := Cached(under)
	for range 2 {
		if _, err := k.JobKey("p", nil); err == nil {
			t.Error("a refusal was remembered as a key")
		}
		a, err1 := k.JobKey("p", []byte("1"))
		b, err2 := k.JobKey("p", []byte("2"))
		c, err3 := k.JobKey("q", []byte("1"))
		if err := errors.Join(err1, err2, err3); err != nil || a == b || a == c {
			t.Fatalf("keys %v %v %v, %v", a, b, c, err)
		}
		for _, key := range []seal.JobKey{a, b} {
			for _, node := range []string{"x", "y"} {
				got, err := k.SealJobKey([]byte(node), "p", key)
				want, _ := (&counted{}).SealJobKey([]byte(node), "p", key)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("sealed to %s: %q, %v", node, got, err)
				}
				clear(got) // the caller's own
			}
		}
	}
	if under.opened != 5 || under.sealed != 4 {
		t.Errorf("opened %d times and sealed %d times, not 5 and 4", under.opened, under.sealed)
	}
}
