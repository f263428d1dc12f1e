package audit

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/heliostat-render/heliostat/shared/proof"
	"github.com/heliostat-render/heliostat/shared/render/fake"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// TestAnAuditHasFewEvidences: whoever holds one audit can't fill the store with evidence of it.
func TestAnAuditHasFewEvidences(t *testing.T) {
	r := newRig(t)
	w, v := r.worker(fake.Behaviour{}), r.verifier(fake.Behaviour{})
	_, tasks := r.job(1)
	r.render(w, tasks[0], nil)
	r.pass()
	o := v.take()[0]
	if _, err := r.Commit(t.Context(), v.address(), wire.AuditCommit{Audit: o.Audit, Samples: proof.Digest{1}}); err != nil {
		t.Fatal(err)
	}
	ask := func(n int) error {
		_, err := r.Evidence(t.Context(), v.address(), wire.AuditEvidence{Audit: o.Audit, Size: maxEvidence, Digest: strings.Repeat(fmt.Sprintf("%02x", n), 32)})
		return err
	}
	for n := range maxEvidences {
		if err := ask(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := ask(0); err != nil {
		t.Errorf("the same once more: %v", err)
	}
	var e *wire.Error
	if err := ask(99); !errors.As(err, &e) || e.Code != wire.CodeBadRequest || !strings.Contains(e.Message, o.Audit) {
		t.Errorf("further evidence: %v", err)
	}
}
