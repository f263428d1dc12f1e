package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/open"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/usage"
)

// open makes a desk that lives for one command, on the stores of a manager that doesn't run here.
func (c *where) open(ctx context.Context) (_ *operator, err error) {
	var closers []func() error
	shut := func() (err error) {
		for i := len(closers) - 1; i >= 0; i-- {
			err = errors.Join(err, closers[i]())
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, shut())
		}
	}()
	unlock, err := lockData(c.Data)
	if err != nil {
		return nil, err
	}
	closers = append(closers, unlock)
	log := slog.New(slog.DiscardHandler)
	db, err := open.Open(ctx, c.store(), log)
	if err != nil {
		return nil, err
	}
	closers = append(closers, db.Close)
	blobs, _, err := openBlobs(ctx, c.config)
	if err != nil {
		return nil, err
	}
	closers = append(closers, blobs.Close)
	ear, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a desk for this command: %w", err)
	}
	token := make([]byte, 32)
	rand.Read(token) // never fails, see crypto/rand
	d := &desk{db: db, blobs: blobs, token: hex.EncodeToString(token), clock: time.Now, log: log}
	server := &http.Server{Handler: d.handler(), ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ear) }()
	closers = append(closers, func() error { err := server.Close(); <-done; return err })
	return &operator{address: adminAddress{URL: "http://" + ear.Addr().String(), Token: d.token}, close: shut}, nil
}

func trailCommand() *cobra.Command {
	c := &where{}
	var limit int
	cmd := &cobra.Command{
		Use:     "trail",
		Short:   "Show who changed what, newest first",
		Example: "  heliostat-manager trail --data /srv/heliostat --limit 50",
		Args:    usage.Exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit <= 0 {
				return fmt.Errorf("--limit %d shows nothing: write how many lines, such as 50", limit)
			}
			return c.with(cmd.Context(), func(o *operator) error {
				t := tabwriter.NewWriter(usage.Plain(cmd.OutOrStdout()), 0, 8, 2, ' ', 0)
				fmt.Fprintln(t, "TIME\tWHO\tWHAT\tSUBJECT\tDETAIL")
				for before := int64(0); limit > 0; {
					var deeds []store.Deed
					if err := o.do(cmd.Context(), http.MethodGet, fmt.Sprintf("/trail?before=%d&limit=%d", before, min(limit, maxTrail)), nil, -1, &deeds); err != nil {
						return err
					}
					if len(deeds) == 0 {
						break
					}
					for _, d := range deeds {
						fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%q\n", time.UnixMilli(d.Time).UTC().Format(time.RFC3339), d.Who, d.What, d.Subject, d.Detail)
						before = d.ID
					}
					limit -= len(deeds)
				}
				return t.Flush()
			})
		},
	}
	c.flags(cmd)
	cmd.Flags().IntVar(&limit, "limit", 100, "lines to show")
	return cmd
}

func drainCommand() *cobra.Command {
	var data string
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "drain",
		Short: "Stop the manager that runs on a data folder, cleanly",
		Long: `Stop the manager that runs on a data folder: it gives nothing out any more, waits up to --wait for
what its nodes hold, answers the requests under way, and ends. Nodes go to another manager, or keep
what they hold until this one is back. The command returns when it has ended.`,
		Example: "  heliostat-manager drain --data /srv/heliostat --wait 10m",
		Args:    usage.Exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wait < 0 {
				return fmt.Errorf("--wait %s is negative: write how long what is out may take, such as 10m, or leave it out for not at all", wait)
			}
			ctx, stop := service.Context()
			defer stop()
			o, err := call(ctx, data)
			if err != nil {
				return err
			}
			if o == nil {
				return noManager(data)
			}
			if err := o.do(ctx, http.MethodPost, "/drain?"+url.Values{"wait": {wait.String()}}.Encode(), nil, -1, nil); err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "the manager is draining")
			tick := time.NewTicker(200 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return errors.New("stopped waiting; the manager goes on draining")
				case <-tick.C:
				}
				if o, err := call(ctx, data); err == nil && o == nil {
					fmt.Fprintln(cmd.OutOrStdout(), "the manager has ended")
					return nil
				}
			}
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "the manager's data folder (required)")
	cmd.Flags().DurationVar(&wait, "wait", 0, "how long what is out may take to come in, such as 10m")
	return cmd
}
