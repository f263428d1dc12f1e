package main

import (
	"context"
	"fmt"
	"log"
	"path/filepath"
	"slices"
	"strings"

	"github.com/heliostat-render/heliostat/installers/stage"
	"github.com/heliostat-render/heliostat/manager/quote"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/wire"
)

const (
	quoteSamples = "48"
	// quoteShot is what is quoted after a probe, and quoteRest what is quoted by the history of that:
	// other frames of the same shot, its end only, where the cost of a frame has changed the most.
	quoteShot, quoteRest = "1-%dx2", "%d-%d"
)

// quotes compares what jobs were quoted with what they really took: real scenes of different kinds through a whole farm,
// each first with a probe, whose own quote is a mere guess, and scouts, then some more of its frames by its history. A guess is
// corrected by the scenes before it, as on any network. Values are what was
// predicted, baselines what came out: work units of all frames by their render times and the worker's score,
// and wall time from the first lease to the last frame. For each estimate a row has the low and the high end
// of its 80 % interval too; the coverage rows say how many of the intervals held the outcome.
func quotes(ctx context.Context, e env) error {
	scenes := []struct {
		name       string
		frames     int
		percentage string
	}{
		{"field", 16, "30"}, {"steady", 24, "60"}, {"closer", 24, "60"}, {"burst", 24, "60"}, {"fog", 24, "60"}, {"strands", 24, "60"}, {"lamps", 24, "60"}, {"paper", 24, "60"},
	}
	dir := filepath.Join(e.dir, "scene")
	for _, script := range []string{filepath.Join("installers", "scene", "make_scene.py"), filepath.Join("installers", "bench", "quote", "scenes.py")} {
		if _, err := timed(ctx, "blender", "--background", "--factory-startup", "--python-exit-code", "3", "--python", script, "--", dir); err != nil {
			return err
		}
	}
	net, err := openQuoteNet(ctx, e)
	if err != nil {
		return err
	}
	defer net.close()
	for _, s := range scenes {
		if !e.wants(s.name) {
			continue
		}
		blend := filepath.Join(dir, s.name+".blend")
		log.Printf("quote: %s after a probe", s.name)
		if err := net.submit(ctx, blend, s.name, fmt.Sprintf(quoteShot, s.frames), "--percentage", s.percentage, "--probe", "--scout", "--scout-release", "verified"); err != nil {
			return err
		}
		log.Printf("quote: the end of %s by its history", s.name)
		if err := net.submit(ctx, blend, s.name+"_end", fmt.Sprintf(quoteRest, s.frames*3/4, s.frames), "--percentage", s.percentage); err != nil {
			return err
		}
		for _, part := range []struct{ kind, job string }{{"guess", "probe of " + s.name}, {"probed", s.name}, {"history", s.name + "_end"}} {
			if err := net.compare(ctx, part.kind, s.name, part.job); err != nil {
				return err
			}
		}
	}
	for _, kind := range []string{"guess", "probed", "scouted", "history"} {
		h := net.held[kind]
		if h == nil {
			continue
		}
		row("coverage_"+kind, 100*float64(h.inside)/float64(h.all), "%", 80)
	}
	return nil
}

// quoteNet is a manager, a worker, a verifier and the artist.
type quoteNet struct {
	env
	stage  *stage.Stage
	url    string
	artist *client.Client
	bench  float64 // score of the worker
	held   map[string]*struct{ inside, all int }
}

func openQuoteNet(ctx context.Context, e env) (n *quoteNet, err error) {
	n = &quoteNet{env: e, stage: &stage.Stage{Bin: e.bin, Dir: filepath.Join(e.dir, "network")}, held: make(map[string]*struct{ inside, all int })}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	manager, err := n.stage.Start(ctx, "manager", "heliostat-manager", "serve", "--data", n.stage.Data("manager"), "--listen", "127.0.0.1:0", "--settlement", "off")
	if err != nil {
		return nil, err
	}
	n.url = manager.Ready["address"]
	if _, err := n.stage.Start(ctx, "worker", "heliostat-worker", "run", "--manager", n.url, "--data", n.stage.Data("worker"), "--device", "cpu", "--threads", "1"); err != nil {
		return nil, err
	}
	if _, err := n.stage.Start(ctx, "verifier", "heliostat-verifier", "run", "--manager", n.url, "--data", n.stage.Data("verifier"), "--threads", "1"); err != nil {
		return nil, err
	}
	id, err := identity.Open(filepath.Join(e.dir, "artist"), nil)
	if err != nil {
		return nil, err
	}
	if n.artist, err = client.Dial(ctx, client.Options{Manager: n.url, Identity: id, Roles: []job.Role{job.RoleArtist}, Software: "heliostat-bench"}); err != nil {
		return nil, err
	}
	nodes, err := n.artist.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	for _, node := range nodes {
		if slices.Contains(node.Roles, job.RoleWorker) {
			n.bench = node.Capabilities.Bench
		}
	}
	if n.bench == 0 {
		return nil, fmt.Errorf("the worker has no bench score, so work units can't be told from its render times")
	}
	return n, nil
}

func (n *quoteNet) close() {
	if n.artist != nil {
		n.artist.Close()
	}
	if err := n.stage.Close(); err != nil {
		log.Print(err)
	}
}

func (n *quoteNet) submit(ctx context.Context, blend, name, frames string, more ...string) error {
	args := []string{"submit", blend, "--manager", n.url, "--data", filepath.Join(n.dir, "artist"), "--name", name, "--frames", frames,
		"--samples", quoteSamples, "--out", filepath.Join(n.dir, "frames", name), "--wait", "--yes", "--accept"}
	_, err := timed(ctx, filepath.Join(n.bin, "heliostat-cli"), append(args, more...)...)
	return err
}

// compare prints what jobs of that name were quoted beside what they took.
func (n *quoteNet) compare(ctx context.Context, kind, scene, name string) error {
	jobs, _, err := n.artist.Jobs(ctx, wire.JobList{Limit: 500})
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.Name != name || kind == "guess" && !strings.Contains(j.Quote.Basis, "guess") {
			continue
		}
		detail, err := n.artist.Job(ctx, j.ID)
		if err != nil {
			return err
		}
		took, scouts, last := 0.0, []*job.Frame(nil), int64(0)
		for i, f := range detail.Frames {
			took += f.Seconds
			if all := len(detail.Frames); i == 0 || i == all/2 || i == all-1 {
				scouts = append(scouts, &detail.Frames[i])
			}
		}
		for _, event := range detail.Events {
			if event.What == "delivered" {
				last = event.Time
			}
		}
		units := took / 60 * n.bench
		log.Printf("quote: %s of %s: %s", kind, scene, j.Quote.Basis)
		log.Printf("quote: seconds of its frames by attempt: %s", each(detail.Frames))
		n.rows(kind, scene, j.Quote.WorkUnits, j.Quote.WorkUnitsLow, j.Quote.WorkUnitsHigh, units)
		if last > j.Started && j.Started > 0 {
			row(fmt.Sprintf("%s_wall_%s", kind, scene), j.Quote.Seconds, "s", float64(last-j.Started)/1000)
		}
		if kind == "probed" {
			s := &store.Job{Job: detail.Job, RendFrames: len(scouts)}
			for _, f := range scouts {
				s.Units += f.Seconds / 60 * n.bench
				s.Seconds += f.Seconds
			}
			middle, low, high := quote.Narrow(s, quote.RenderedOf(scouts))
			n.rows("scouted", scene, middle, low, high, units)
		}
		return nil
	}
	return fmt.Errorf("no job %q is there to compare its quote (%s)", name, kind)
}

// rows prints one estimate with the ends of its interval.
func (n *quoteNet) rows(kind, scene string, middle, low, high, took float64) {
	const milli = 1000 // frames of a benchmark are small
	row(fmt.Sprintf("%s_units_%s", kind, scene), milli*middle, "units/1000", milli*took)
	row(fmt.Sprintf("%s_low_%s", kind, scene), milli*low, "units/1000", milli*took)
	row(fmt.Sprintf("%s_high_%s", kind, scene), milli*high, "units/1000", milli*took)
	h := n.held[kind]
	if h == nil {
		h = &struct{ inside, all int }{}
		n.held[kind] = h
	}
	h.all++
	if low <= took && took <= high {
		h.inside++
	}
}

// each writes the render times of frames by their attempts, for who wants to see what an estimate was about.
func each(frames []job.Frame) string {
	var out strings.Builder
	attempt := ""
	for _, f := range frames {
		if f.Attempt != attempt {
			attempt = f.Attempt
			fmt.Fprintf(&out, " [%s]", attempt[max(0, len(attempt)-4):])
		}
		fmt.Fprintf(&out, " %d: %.2f", f.Number, f.Seconds)
	}
	return strings.TrimSpace(out.String())
}
