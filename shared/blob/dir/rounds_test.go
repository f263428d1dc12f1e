package dir

import (
	"errors"
	"testing"
	"testing/synctest"
)

func TestRoundsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := errors.New("the disk is gone")
		begun, finish := make(chan string), make(chan error)
		f := &rounds{folders: make(map[string]*folderRounds), sync: func(folder string) error {
			begun <- folder
			return <-finish
		}}
		answers := make(chan error, 10)
		join := func() { go func() { answers <- f.join("a") }() }
		join()
		<-begun
		for range 5 {
			join() // too late for the first
		}
		synctest.Wait()
		if len(answers) != 0 {
			t.Error("somebody was answered before a sync was over")
		}
		finish <- nil
		if err := <-answers; err != nil {
			t.Error(err)
		}
		<-begun
		synctest.Wait()
		if len(answers) != 0 {
			t.Error("who came during a sync was answered by it")
		}
		finish <- failed
		for range 5 {
			if err := <-answers; !errors.Is(err, failed) {
				t.Errorf("answered %v", err)
			}
		}
		synctest.Wait()
		if len(f.folders) != 0 {
			t.Errorf("%d folders are remembered", len(f.folders))
		}
	})
}
