package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/manager/store/open"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/usage"
)

func serveCommand() *cobra.Command {
	c := config{Stdout: os.Stdout}
	var logFormat string
	var debug bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve a manager until SIGTERM",
		Long: `Serve a manager: SQLite, the blob folder and, with --settlement devchain, an embedded
EVM chain, all in one data folder. Prints one line, "ready address=… id=…", on standard
output once it serves; logs go to standard error.

Several managers can share one PostgreSQL database (--store), one S3 bucket (--blobs) and the
same keys (--keys); give nodes and clients all their addresses, with commas between, or put any TCP
balancer before them, with /readyz as its check.

TLS: with --tls auto an address that other machines can reach gets a self-signed certificate, made
at the first start. Its pin is part of the address that is printed (https://…/#sha256:…), which every
program takes as --manager. --tls-cert and --tls-key name a certificate of your own; it is read again
when it changes.

SIGTERM, or ` + "`heliostat-manager drain`" + `, stops it cleanly: nothing is given out any more, requests
under way are answered, and the nodes keep what they hold until a manager is back.

Environment:
  HELIOSTAT_PASSPHRASE            encrypts the manager's key file, when set
  HELIOSTAT_S3_ACCESS_KEY,
  HELIOSTAT_S3_SECRET_KEY         credentials of --blobs s3://…`,
		Example: `  # a manager for this machine, jobs paid with test tokens on the embedded chain
  heliostat-manager serve --data ~/heliostat --settlement devchain

  # a studio's own farm, without payments, for the whole network
  heliostat-manager serve --data /srv/heliostat --listen 0.0.0.0:7777 --settlement off --studio 0x5Aeda56215b167893e80B4fE645BA6d5Bab767DE

  # one of several managers
  heliostat-manager serve --data /var/lib/heliostat --keys /etc/heliostat --listen 0.0.0.0:7777 --settlement off \
    --store 'postgres://heliostat@db1,db2/heliostat?target_session_attrs=read-write' --blobs 's3://s3.example.com/frames'

  # frames on an S3 server
  heliostat-manager serve --data /srv/heliostat --blobs 's3://s3.example.com/frames?region=eu-1'`,
		Args: usage.Exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			level := slog.LevelInfo
			if debug {
				level = slog.LevelDebug
			}
			log, err := service.Logger(os.Stderr, logFormat, level)
			if err != nil {
				return err
			}
			if err := c.check(); err != nil {
				return err
			}
			c.Log = log
			ctx, stop := service.Context()
			defer stop()
			return serve(ctx, c)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.Data, "data", "", "data folder; made when it is missing (required)")
	f.StringVar(&c.Listen, "listen", "127.0.0.1:7777", "address to serve on; port 0 takes a free one")
	f.StringVar(&c.Settlement, "settlement", "devchain", "off, devchain, or rpc=URL of an EVM chain")
	f.StringVar(&c.Blobs, "blobs", "dir", "dir: a folder inside --data; or s3://endpoint/bucket[?region=…&insecure=1]")
	f.Int64Var(&c.BlobBytes, "blob-bytes", 0, "most bytes that the blob folder takes; 0 for all of the disk")
	f.Int64Var(&c.Unaccepted, "unaccepted-bytes", -1, "most bytes of scenes that one artist may have stored without having accepted a quote for them; 0 for no limit, -1 for 64 GiB, or no limit with --settlement off")
	f.StringVar(&c.Store, "store", "", "database: postgres://…, which several managers can share, or the path of a SQLite file; empty is a file inside --data")
	f.StringVar(&c.Keys, "keys", "", "folder of the manager's key, certificate and contract addresses, which managers that share a database share too; empty is --data")
	f.StringVar(&c.TLS, "tls", tlsAuto, "auto: a self-signed certificate unless only this machine can reach the address; self; or off")
	f.StringVar(&c.TLSCert, "tls-cert", "", "file with the certificate chain, PEM")
	f.StringVar(&c.TLSKey, "tls-key", "", "file with the certificate's key, PEM")
	f.StringVar(&c.Admin, "admin", "127.0.0.1:0", "address for the commands top, drain, trail and depot, which need the token in the data folder")
	f.StringVar(&c.Metrics, "metrics", "", "also serve Prometheus' /metrics on this address, to whoever can reach it, for example 127.0.0.1:9464")
	f.DurationVar(&c.KeepFrames, "keep-frames", 30*24*time.Hour, "how long the frames of a job are kept after it was settled, cancelled or failed; 0 is for ever")
	f.DurationVar(&c.KeepPackages, "keep-packages", 90*24*time.Hour, "how long a package is kept after its last use; 0 is for ever")
	f.DurationVar(&c.KeepHistory, "keep-history", 365*24*time.Hour, "how long the database keeps what became of each frame, about 10 kB of it, after its job was settled, cancelled or failed, and never less than the frame itself; 0 is for ever")
	f.DurationVar(&c.Sweep, "sweep", time.Hour, "time between two sweeps of the object store")
	f.DurationVar(&c.Scrub, "scrub", 7*24*time.Hour, "time between two looks for damaged objects in the blob folder; 0 for none")
	f.StringVar(&logFormat, "log", "text", "log format: json or text")
	f.BoolVar(&debug, "debug", false, "log more")
	f.DurationVar(&c.Lease, "lease", time.Minute, "how long a worker or verifier may be silent before its task goes to another")
	f.DurationVar(&c.Grace, "grace", 0, "how long nodes may take to come back after the manager's start; 0 is one lease")
	f.DurationVar(&c.Epoch, "epoch", 15*time.Second, "time between two payout roots on the chain")
	f.DurationVar(&c.Window, "dispute-window", 24*time.Hour, "how long an artist can dispute a delivery before it counts as accepted; fixed when the contracts are deployed")
	f.DurationVar(&c.Target, "task-target", 2*time.Minute, "how long a task should take a worker")
	f.Float64Var(&c.Price, "price", 0.1, "market price of one work unit, a minute of the reference GPU, in tokens")
	f.Float64Var(&c.Faucet, "faucet", 1000, "test tokens for artists who can't pay, on the devchain")
	f.StringArrayVar(&c.Studios, "studio", nil, "address that may watch every job and node; repeatable")
	f.StringArrayVar(&c.Operators, "operator", nil, "address that may also steer every job and rush one, as the manager's own key may; repeatable")
	f.StringVar(&c.ChainListen, "chain-listen", "", "also serve the devchain's JSON-RPC on this address, for wallets")
	f.Uint64Var(&c.Confirmations, "confirmations", 0, "with rpc: blocks on top of a transaction before it counts")
	f.StringVar(&c.Token, "token", "", "with rpc: address of the ERC-20 to pay in; empty deploys a development token")
	return cmd
}

// tokens turns an amount in tokens into base units.
func tokens(amount float64) job.Amount { return job.Amount(amount*float64(job.Token) + 0.5) }

// check validates what flags can get wrong.
func (c *config) check() error {
	switch {
	case c.Data == "":
		return fmt.Errorf("--data is missing: name a folder for the manager's database, frames and keys, for example --data ~/heliostat")
	case c.Lease < 2*time.Second:
		return fmt.Errorf("--lease %s is shorter than two seconds: workers couldn't renew it", c.Lease)
	case c.Epoch < time.Second:
		return fmt.Errorf("--epoch %s is shorter than a second", c.Epoch)
	case c.Window < time.Second:
		return fmt.Errorf("--dispute-window %s is shorter than a second", c.Window)
	case c.Target <= 0:
		return fmt.Errorf("--task-target %s is not positive", c.Target)
	case c.TLS != "" && c.TLS != tlsAuto && c.TLS != tlsOff && c.TLS != tlsSelf:
		return fmt.Errorf("--tls %s is not known: use auto, self or off", c.TLS)
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return fmt.Errorf("--tls-cert and --tls-key go together: name both files")
	case c.KeepFrames < 0 || c.KeepPackages < 0 || c.KeepHistory < 0 || c.Scrub < 0 || c.Sweep < time.Second:
		return fmt.Errorf("--keep-frames, --keep-packages, --keep-history and --scrub can't be negative, and --sweep is at least a second")
	case open.Shared(c.Store) && (c.Blobs == "" || c.Blobs == "dir"):
		return fmt.Errorf("managers that share a database share their frames too: name a bucket with --blobs s3://…")
	case open.Shared(c.Store) && c.Settlement == "devchain":
		return fmt.Errorf("the embedded chain belongs to one manager: use --settlement off or rpc=URL with --store %s", "postgres://…")
	case c.Unaccepted < -1:
		return fmt.Errorf("--unaccepted-bytes %d is no size: 0 is for no limit", c.Unaccepted)
	case c.Price < 0 || c.Price > 1e6 || c.Faucet < 0 || c.Faucet > 1e9:
		return fmt.Errorf("--price and --faucet can't be negative, nor above a million and a billion tokens")
	}
	for role, list := range map[job.Role][]string{job.RoleStudio: c.Studios, job.RoleOperator: c.Operators} {
		for i, a := range list {
			if !common.IsHexAddress(a) {
				return fmt.Errorf("--%s %s is not an address: write 0x and 40 hex digits; who signs in as %[1]s without being listed is told its own", role, a)
			}
			list[i] = common.HexToAddress(a).Hex() // however its letters were written
		}
	}
	if err := spoken(c.Store); err != nil {
		return fmt.Errorf("--store: %w", err)
	}
	if c.Grace == 0 {
		c.Grace = c.Lease
	}
	return nil
}
