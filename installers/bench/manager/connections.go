package manager

import (
	"context"
	"fmt"
	"log"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/link"
)

const (
	aim      = 50_000
	ceiling  = 4 << 30 // bytes that the manager may use
	perHost  = 20_000  // connections to one loopback address: a host has 28 000 ephemeral ports
	dialers  = 64
	watchFor = 30 * time.Second
)

// connections holds as many idle, heartbeating workers as fit into 4 GB, at most the aim.
func connections(ctx context.Context, bin, dir string, row Row) error {
	log.Printf("manager: %d connections", aim)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	// root may lift the hard limit too; others hold as many as theirs allows. The manager inherits it.
	lifted := syscall.Rlimit{Cur: 2 * aim, Max: max(limit.Max, 2*aim)}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lifted); err != nil {
		log.Printf("manager: only %d files can be open here (%v)", limit.Max, err)
		limit.Cur = limit.Max
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			return err
		}
	}
	// Both ends, the manager's and this program's, have some files open besides.
	target := int64(aim)
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	target = min(target, int64(limit.Cur)-500)
	h, err := open(ctx, bin, dir, "nodes", 0, "--listen", "0.0.0.0:0", "--tls", "off")
	if err != nil {
		return err
	}
	defer h.close()
	base, err := url.Parse(h.world.URL)
	if err != nil {
		return err
	}
	idle := h.memory("VmRSS")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var open, next atomic.Int64
	var group sync.WaitGroup
	conns := make([]*link.Conn, aim)
	for range dialers {
		group.Go(func() {
			for ctx.Err() == nil {
				i := next.Add(1) - 1
				if i >= target || h.memory("VmRSS") > ceiling {
					return
				}
				address := *base
				address.Host = fmt.Sprintf("127.0.0.%d:%s", 1+i/perHost, base.Port())
				id, err := identity.New()
				if err != nil {
					log.Print(err)
					return
				}
				c, err := link.Keep(ctx, link.Options{URL: address.String(), Identity: id, Roles: []job.Role{job.RoleWorker}, Software: "sim"})
				if err != nil {
					log.Print(err)
					return
				}
				conns[i] = c
				wait, done := context.WithTimeout(ctx, time.Minute)
				_, err = c.Wait(wait)
				done()
				if err != nil {
					log.Printf("manager: connection %d: %v", i, err)
					return
				}
				if n := open.Add(1); n%5_000 == 0 {
					log.Printf("manager: %d connected, the manager uses %.0f MB", n, h.memory("VmRSS")/1e6)
				}
			}
		})
	}
	group.Wait()
	defer func() {
		cancel()
		for _, c := range conns {
			if c != nil {
				group.Go(c.Close)
			}
		}
		group.Wait()
	}()
	before, err := h.cpu()
	if err != nil {
		return err
	}
	select {
	case <-time.After(watchFor):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	after, err := h.cpu()
	if err != nil {
		return err
	}
	held := 0
	for _, c := range conns {
		if c != nil && c.Connected() {
			held++
		}
	}
	row("nodes_held", float64(held), "nodes", aim)
	row("node_bytes", (h.memory("VmRSS")-idle)/float64(max(held, 1)), "B", float64(ceiling)/aim)
	row("node_cpu", (after-before)/watchFor.Seconds()/float64(max(held, 1))*1e6, "µs/s", 2e6/aim)
	h.peak(row, "nodes")
	return nil
}
