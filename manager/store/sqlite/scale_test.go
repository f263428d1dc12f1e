//go:build unix

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
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

// BenchmarkHistory measures what windows and monitoring ask for again and again, beside jobs that are long over: it must
// not grow with them.
func BenchmarkHistory(b *testing.B) {
	for _, jobs := range []int{10, 1000} {
		b.Run(fmt.Sprint(jobs), func(b *testing.B) {
			s := opened(b)
			if err := s.Update(context.Background(), func(tx store.Tx) error { return past(tx, jobs) }); err != nil {
				b.Fatal(err)
			}
			before := cpu()
			for b.Loop() {
				if err := s.View(context.Background(), func(tx store.Tx) error {
					_, e1 := tx.Totals()
					_, e2 := tx.Earned(false)
					_, e3 := tx.Earned(true)
					return errors.Join(e1, e2, e3)
				}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(1000*(cpu()-before).Seconds()/float64(b.N), "cpu-ms/op")
		})
	}
}

// past fills the store with jobs that are over, and with twenty entries for each.
func past(tx store.Tx, jobs int) error {
	done, _, err := storetest.Fixture(tx, 20)
	for range jobs {
		j := storetest.Job("0xA", store.NewID("r"), 20)
		if err == nil {
			_, err = storetest.Fill(tx, j)
		}
		if err == nil {
			_, err = tx.MoveJob(j.ID, []job.State{job.Rendering}, job.Cancelled, nil)
		}
	}
	if err == nil {
		_, err = tx.(*rows.Tx).Exec("past", `INSERT INTO ledger SELECT l.job, l.frame, n.value, l.role, l.node, l.amount, l.attempt, l.audit, l.time, l.settled
 FROM ledger l, (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < ?) SELECT value FROM n) n WHERE l.job = ? AND l.part = 0 AND l.role = 'worker'`, jobs, done.ID)
	}
	return err
}

// cpu is what this process has used so far: under load it says more than the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
