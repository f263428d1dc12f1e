package pgtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience bounds every wait for a server. It is generous: the machine may be busy.
const patience = 2 * time.Minute

// Server is one PostgreSQL server on a loopback port. Its methods are for one goroutine.
type Server struct {
	dir  string // its own, with data and log
	port int
	cmd  *exec.Cmd
	done chan struct{} // closed once cmd has ended
	made int           // databases
}

// Start makes and starts a server, which ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Remove)
	return s
}

// New makes and starts a server for the caller to Remove.
func New() (*Server, error) {
	s, err := prepare()
	if err != nil {
		return nil, err
	}
	if err := s.run("initdb", "-D", s.data(), "-U", "heliostat", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"); err != nil {
		s.Remove()
		return nil, err
	}
	if err := s.start(); err != nil {
		s.Remove()
		return nil, err
	}
	return s, nil
}

// prepare makes the folder and takes a port.
func prepare() (*Server, error) {
	dir, err := os.MkdirTemp("", "heliostat-pg-")
	if err != nil {
		return nil, fmt.Errorf("a folder for PostgreSQL: %w", err)
	}
	s := &Server{dir: dir}
	if c, err := credential(); err != nil {
		return nil, err
	} else if c != nil {
		if err := os.Chown(dir, int(c.Uid), int(c.Gid)); err != nil {
			return nil, fmt.Errorf("a folder for PostgreSQL: %w", err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a port for PostgreSQL: %w", err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	return s, l.Close()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// credential is whom the server runs as: it refuses to be root.
func credential() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("PostgreSQL won't run as root, and there is nobody else: %w", err)
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", u.Username, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// program finds one of PostgreSQL's programs; Debian keeps them off the path.
func program(name string) (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err == nil && len(found) > 0 {
		slices.Sort(found)
		return found[len(found)-1], nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("PostgreSQL's %s is missing; install Debian's package postgresql-15: %w", name, err)
	}
	return path, nil
}

func (s *Server) command(name string, args ...string) (*exec.Cmd, error) {
	path, err := program(name)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	c, err := credential()
	if err != nil {
		return nil, err
	}
	// Its own group, so that killing it takes its children along; and it never outlives the test.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c, Setpgid: true, Pdeathsig: syscall.SIGINT}
	return cmd, nil
}

func (s *Server) run(name string, args ...string) error {
	cmd, err := s.command(name, args...)
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// start starts the server and waits until it answers.
func (s *Server) start(settings ...string) error {
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port)}
	for _, setting := range append([]string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=" + s.dir, "max_connections=100", "shared_buffers=32MB", "fsync=on", "synchronous_commit=on",
		"wal_level=replica", "max_wal_senders=5", "wal_sender_timeout=5s", "log_min_messages=warning", "log_min_error_statement=panic",
	}, settings...) {
		args = append(args, "-c", setting)
	}
	cmd, err := s.command("postgres", args...)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("PostgreSQL's log: %w", err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Start()
	log.Close()
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	s.cmd, s.done = cmd, make(chan struct{})
	go func(done chan struct{}) {
		_ = cmd.Wait() // it is killed in the end
		close(done)
	}(s.done)
	return s.await()
}

// await waits until the server answers.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		c, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-s.done:
			return fmt.Errorf("PostgreSQL ended: %s", s.Log())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL doesn't answer: %w\n%s", err, s.Log())
		case <-pause.C:
		}
	}
}

// Log is what the server has said.
func (s *Server) Log() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Address is the server's host and port.
func (s *Server) Address() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// URL names a database of the server.
func (s *Server) URL(database string) string {
	return "postgres://heliostat@" + s.Address() + "/" + database + "?sslmode=disable"
}

// Database makes an empty database and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	s.made++
	name := fmt.Sprintf("d%d", s.made)
	s.Exec(t, "postgres", "CREATE DATABASE "+name)
	return s.URL(name)
}

// Exec runs a statement in a database.
func (s *Server) Exec(t testing.TB, database, query string) {
	t.Helper()
	s.ExecURL(t, s.URL(database), query)
}

// ExecURL is Exec for the database that the URL names.
func (s *Server) ExecURL(t testing.TB, url, query string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// Pair is a primary and a standby that confirms every commit before it is acknowledged.
type Pair struct {
	Primary, Standby *Server
}

// StartPair makes a pair, which ends with the test.
func StartPair(t testing.TB) *Pair {
	t.Helper()
	p := &Pair{Primary: Start(t)}
	standby, err := prepare()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Remove)
	if err := standby.run("pg_basebackup", "-D", standby.data(), "-d", p.Primary.URL("postgres"), "-R", "-X", "stream", "--checkpoint=fast", "--no-sync"); err != nil {
		t.Fatal(err)
	}
	if err := standby.start("hot_standby=on"); err != nil {
		t.Fatal(err)
	}
	p.Standby = standby
	p.Primary.Exec(t, "postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")
	p.Primary.Exec(t, "postgres", "SELECT pg_reload_conf()")
	p.Primary.Exec(t, "postgres", "CREATE TABLE joined ()") // returns once the standby has it
	return p
}

// URL names a database on whichever of the two takes writes.
func (p *Pair) URL(database string) string {
	return "postgres://heliostat@" + p.Primary.Address() + "," + p.Standby.Address() + "/" + database + "?sslmode=disable&target_session_attrs=read-write"
}

// Database makes an empty database on the primary and returns the pair's URL of it.
func (p *Pair) Database(t testing.TB) string {
	t.Helper()
	own := p.Primary.Database(t)
	name := strings.TrimSuffix(own[strings.LastIndex(own, "/")+1:], "?sslmode=disable")
	return p.URL(name)
}

// Fail kills the primary and promotes the standby; it returns once that takes writes.
func (p *Pair) Fail(t testing.TB) {
	t.Helper()
	p.Primary.Kill()
	if err := p.Standby.run("pg_ctl", "promote", "-D", p.Standby.data(), "-w", "-t", strconv.Itoa(int(patience/time.Second))); err != nil {
		t.Fatal(err)
	}
}

// Kill ends the server and its children at once, as kill -9 does.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) // it may have ended
	<-s.done
}

// Restart starts a killed server again.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Remove kills the server and removes what it kept.
func (s *Server) Remove() {
	s.Kill()
	_ = os.RemoveAll(s.dir) // a child that is still dying may write once more; it is a temporary folder
}
