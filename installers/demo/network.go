package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/heliostat-render/heliostat/installers/stage"
	"github.com/heliostat-render/heliostat/shared/client"
	"github.com/heliostat-render/heliostat/shared/identity"
	"github.com/heliostat-render/heliostat/shared/job"
)

// network is the running farm and two views on it.
type network struct {
	stage    *stage.Stage
	manager  *stage.Process
	artist   *client.Client // the identity that the add-on submits with
	operator *client.Client // sees every node and payout
	names    map[string]string
	before   map[string]job.Amount // what each node had earned when the demo began, by address and role
}

// artistDir is the data folder that the add-on gets.
func artistDir(o options) string { return filepath.Join(o.out, "data", "artist") }

func startNetwork(ctx context.Context, o options) (_ *network, err error) {
	data := filepath.Join(o.out, "data")
	if left := stage.Leftover(data); len(left) > 0 {
		return nil, fmt.Errorf("another demo still uses %s: stop it first (%s)", data, strings.Join(left, "; "))
	}
	net := &network{stage: &stage.Stage{Bin: o.bin, Dir: data}, names: make(map[string]string), before: make(map[string]job.Amount)}
	defer func() {
		if err != nil {
			err = errors.Join(err, net.close())
		}
	}()
	say("starting a manager with SQLite, the blob folder and a development chain in %s", filepath.Join(data, "manager"))
	net.manager, err = net.stage.Start(ctx, "manager", "heliostat-manager", "serve", "--data", net.stage.Data("manager"), "--listen", "127.0.0.1:0", "--settlement", "devchain")
	if err != nil {
		return nil, err
	}
	url := net.manager.Ready["address"]
	say("starting %d workers and a verifier, each with its own key", o.workers)
	for i := range o.workers {
		name := fmt.Sprintf("worker-%d", i+1)
		if err := net.node(ctx, name, "heliostat-worker", "--device", "cpu", "--threads", "1", "--name", name); err != nil {
			return nil, err
		}
	}
	if err := net.node(ctx, "verifier", "heliostat-verifier", "--threads", "1", "--name", "verifier"); err != nil {
		return nil, err
	}
	if net.artist, err = dial(ctx, url, artistDir(o), job.RoleArtist); err != nil {
		return nil, err
	}
	net.names[net.artist.Address()] = "artist"
	if net.operator, err = dial(ctx, url, net.stage.Data("manager"), job.RoleOperator); err != nil {
		return nil, err
	}
	payouts, err := net.operator.Payouts(ctx, true)
	if err != nil {
		return nil, err
	}
	for _, p := range payouts {
		net.before[p.Node+string(p.Role)] = p.Cumulative
	}
	return net, nil
}

func (n *network) node(ctx context.Context, name, program string, flags ...string) error {
	args := append([]string{"run", "--manager", n.manager.Ready["address"], "--data", n.stage.Data(name), "--claim-every", "3s"}, flags...)
	p, err := n.stage.Start(ctx, name, program, args...)
	if err != nil {
		return err
	}
	n.names[p.Ready["id"]] = name
	return nil
}

func dial(ctx context.Context, url, dir string, role job.Role) (*client.Client, error) {
	id, err := identity.Open(dir, nil)
	if err != nil {
		return nil, err
	}
	return client.Dial(ctx, client.Options{Manager: url, Identity: id, Roles: []job.Role{role}, Software: "heliostat-demo"})
}

// name is a node's name for people.
func (n *network) name(address string) string {
	if name, ok := n.names[address]; ok {
		return name
	}
	if len(address) > 10 {
		return address[:10]
	}
	return address
}

// close stops every process and proves that none is left.
func (n *network) close() error {
	for _, c := range []*client.Client{n.artist, n.operator} {
		if c != nil {
			c.Close()
		}
	}
	err := n.stage.Close()
	if left := stage.Leftover(n.stage.Dir); len(left) > 0 {
		err = errors.Join(err, fmt.Errorf("processes were left behind: %s", strings.Join(left, "; ")))
	}
	return err
}

// makeScene builds the demo scene once; it is deterministic.
func makeScene(ctx context.Context, o options) (string, error) {
	dir := filepath.Join(o.out, "scene")
	blend := filepath.Join(dir, "field.blend")
	if _, err := os.Stat(blend); err == nil {
		return blend, nil
	}
	say("making the demo scene in %s", dir)
	cmd := exec.CommandContext(ctx, o.blender, "--background", "--factory-startup", "--python-exit-code", "3", "--python", filepath.Join("installers", "scene", "make_scene.py"), "--", dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make the demo scene: %w; Blender said:\n%s", err, out)
	}
	if _, err := os.Stat(blend); err != nil {
		return "", fmt.Errorf("make the demo scene: %w", err)
	}
	return blend, nil
}

func say(format string, args ...any) { fmt.Printf("==> "+format+"\n", args...) }
