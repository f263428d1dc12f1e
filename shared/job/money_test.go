package job_test

import (
	"math"
	"testing"

	"github.com/heliostat-render/heliostat/shared/job"
)

func TestAmountsReadAsTokens(t *testing.T) {
	for amount, want := range map[job.Amount]string{
		0: "0", 1: "0.000001", job.Token: "1", 1_250_000: "1.25", -1_500_000: "-1.5", 10 * job.Token: "10",
		math.MinInt64: "-9223372036854.775808",
	} {
		if got := amount.String(); got != want {
			t.Errorf("%d: %s, want %s", int64(amount), got, want)
		}
	}
}
