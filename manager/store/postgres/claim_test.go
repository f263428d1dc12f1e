package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/storetest"
	"github.com/heliostat-render/heliostat/shared/job"
)

// TestAClaimWaitsForNobody: of two managers that pick one task, the second learns that it is lost while
// the first hasn't decided yet, and takes another one beside it.
func TestAClaimWaitsForNobody(t *testing.T) {
	url := server.Database(t)
	a, b := openURL(t, url), openURL(t, url)
	defer a.Close()
	defer b.Close()
	var tasks []*job.Task
	if err := a.Update(context.Background(), func(tx store.Tx) (err error) {
		tasks, err = storetest.Fill(tx, storetest.Job("0xA", "r", 4))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	claimed, done := make(chan struct{}), make(chan error)
	decide := make(chan struct{})
	changed := errors.New("the manager has changed its mind")
	go func() {
		done <- a.Update(context.Background(), func(tx store.Tx) error {
			if _, err := tx.ClaimTask(tasks[0].ID, nil); err != nil {
				return err
			}
			close(claimed)
			<-decide
			return changed
		})
	}()
	<-claimed
	if err := b.Update(context.Background(), func(tx store.Tx) error {
		if _, err := tx.ClaimTask(tasks[0].ID, nil); !errors.Is(err, store.ErrLost) {
			t.Errorf("a task that another manager is claiming: %v", err)
		}
		_, err := tx.ClaimTask(tasks[1].ID, nil)
		return err
	}); err != nil {
		t.Error(err)
	}
	close(decide)
	if err := <-done; !errors.Is(err, changed) {
		t.Error(err)
	}
	if err := b.Update(context.Background(), func(tx store.Tx) error { _, err := tx.ClaimTask(tasks[0].ID, nil); return err }); err != nil {
		t.Errorf("a task whose claim came to nothing: %v", err)
	}
}
