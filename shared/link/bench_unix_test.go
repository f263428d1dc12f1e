//go:build unix

package link_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/heliostat-render/heliostat/shared/link"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// BenchmarkRequests measures requests that are answered with as much as they said, both ends and the kernel between
// them, in processor time: bodies as most are, and as those of commits and verdicts are.
func BenchmarkRequests(b *testing.B) {
	for _, size := range []int{100, 4000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			m := startManager(b, func(o *link.ServerOptions) {
				o.Limits = func(link.Peer) link.Limits { return link.Limits{Rate: 1e9, Burst: 1e9, Message: wire.MaxMessage} }
			})
			c := connect(b, m.url, nil)
			if _, err := c.Wait(b.Context()); err != nil {
				b.Fatal(err)
			}
			ask := wire.JobShow{Job: strings.Repeat("x", size)}
			b.ReportAllocs()
			var before, after syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				var answer wire.JobDetail
				if err := c.Request(b.Context(), wire.TypeJobShow, ask, &answer); err != nil {
					b.Fatal(err)
				}
			}
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
				b.Fatal(err)
			}
			cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
			b.ReportMetric(float64(cpu)/float64(b.N)/1000, "cpu-µs/op")
		})
	}
}
