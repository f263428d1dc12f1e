package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
)

// BenchmarkLease measures guarded waiting→leased→waiting pairs with 64 callers over 16 jobs.
func BenchmarkLease(b *testing.B, s store.Store) {
	var tasks []*job.Task
	if err := s.Update(context.Background(), func(tx store.Tx) error {
		for i := range 16 {
			more, err := Fill(tx, Job("0xA", fmt.Sprint(i), 16))
			if err != nil {
				return err
			}
			tasks = append(tasks, more...)
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	next := make(chan *job.Task, len(tasks))
	for _, k := range tasks {
		next <- k
	}
	b.ResetTimer()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			k := <-next
			for _, step := range [][2]job.TaskState{{job.TaskWaiting, job.TaskLeased}, {job.TaskLeased, job.TaskWaiting}} {
				if err := s.Update(context.Background(), func(tx store.Tx) error {
					_, err := tx.MoveTask(k.ID, []job.TaskState{step[0]}, step[1], nil)
					return err
				}); err != nil {
					b.Error(err)
				}
			}
			next <- k
		}
	})
	b.ReportMetric(float64(b.N)*2/b.Elapsed().Seconds(), "updates/s")
}
