// Command stub serves submittest.Manager for tests in other languages: every funded job's
// frames are delivered one by one.
//
// It is not a manager: nothing is rendered, checked or paid.
//
// Receives: jobs from plug-ins under test.
// Hands on: drawn PNG files.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/heliostat-render/heliostat/plugins/submit/submittest"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func main() {
	data := flag.String("data", "", "folder for blobs and the identity")
	listen := flag.String("listen", "127.0.0.1:0", "address to serve on")
	pace := flag.Duration("pace", 300*time.Millisecond, "time for each frame")
	version := flag.String("blender", "3.4.1", "version of Blender that the imagined workers have")
	denoisers := flag.String("denoisers", "", "denoisers that they have, with commas")
	flag.Parse()
	if err := serve(*data, *listen, *pace, *version, *denoisers); err != nil {
		fmt.Fprintln(os.Stderr, "stub:", err)
		os.Exit(1)
	}
}

func serve(data, listen string, pace time.Duration, version, denoisers string) error {
	install := job.Install{Renderer: "blender", Version: version, Engines: []string{"CYCLES", "BLENDER_EEVEE", "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH"}}
	if denoisers != "" {
		install.Denoisers = strings.Split(denoisers, ",")
	}
	m, err := submittest.Start(submittest.Options{
		Dir: data, Listen: listen, Installs: []wire.RendererCount{{Install: install, Workers: 2}}, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	fmt.Printf("ready address=%s id=%s\n", m.URL(), m.Address())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var jobs sync.WaitGroup
	for {
		select {
		case j := <-m.Funded():
			jobs.Go(func() {
				if err := deliver(ctx, m, j, pace); err != nil {
					fmt.Fprintln(os.Stderr, "stub: deliver:", err)
				}
			})
		case <-ctx.Done():
			jobs.Wait()
			return m.Close()
		}
	}
}

func deliver(ctx context.Context, m *submittest.Manager, j *submittest.Job, pace time.Duration) error {
	const steps = 4
	tick := time.NewTicker(pace / steps)
	defer tick.Stop()
	for _, frame := range j.Frames {
		if m.Cancelled(j) {
			return nil
		}
		for step := range steps {
			select {
			case <-tick.C:
				m.Progress(j, frame, float64(step)/steps)
			case <-ctx.Done():
				return nil
			}
		}
		if err := m.Deliver(j, frame); err != nil {
			return err
		}
	}
	return nil
}
