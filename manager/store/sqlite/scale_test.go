//go:build unix

package sqlite

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
)

// BenchmarkPass measures what a scheduler's pass reads: every rendering job with its first
// waiting tasks and its failures, of 100 000 waiting tasks in few or many jobs.
func BenchmarkPass(b *testing.B) {
	for _, jobs := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(jobs), func(b *testing.B) {
			s := opened(b)
			for i := range jobs {
				if err := s.Update(context.Background(), func(tx store.Tx) error {
					_, err := storetest.Fill(tx, storetest.Job("0xA", fmt.Sprint(i), 200_000/jobs))
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			before := cpu()
			for b.Loop() {
				if err := s.View(context.Background(), func(tx store.Tx) error {
					list, err := tx.JobsInState(job.Rendering)
					if err != nil {
						return err
					}
					for _, j := range list {
						if _, err := tx.WaitingTasks(j.ID, 20); err != nil {
							return err
						}
						if _, err := tx.JobFailures(j.ID); err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(1000*(cpu()-before).Seconds()/float64(b.N), "cpu-ms/op")
		})
	}
}

// cpu is what this process has used so far: under load it says more than the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
