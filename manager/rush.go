package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/job"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/usage"
	"github.com/heliostat-render/heliostat/shared/wire"
)

func (d *desk) rush(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	id, reason, off := q.Get("job"), q.Get("reason"), q.Get("off") != ""
	j, err := d.parts.intake.Rush(r.Context(), id, !off, reason)
	if errors.Is(err, store.ErrNotFound) {
		err = &wire.Error{Code: wire.CodeNotFound, Message: fmt.Sprintf("there is no job %q", id), Next: "`heliostat-manager top` lists those that render"}
	}
	if err != nil {
		d.reply(w, r, nil, err)
		return
	}
	detail := strings.TrimSpace(strings.ToValidUTF8(reason, ""))
	if off {
		detail = strings.TrimSuffix("off, "+detail, ", ")
	}
	err = d.db.Update(r.Context(), func(tx store.Tx) error {
		return d.did(r.Context(), tx, string(wire.TypeJobRush), id, detail)
	})
	d.reply(w, r, j.Job, err)
}

func rushCommand() *cobra.Command {
	var data, reason string
	var off bool
	cmd := &cobra.Command{
		Use:   "rush JOB",
		Short: "Put a job before everybody's, or with --off back into its turn",
		Long: `Put a job before everybody's until it is done, whoever owns it: each worker that becomes free and can
render it gets its tasks first. Several such jobs share as all jobs do. What is being rendered goes on, and the job's
needs, lists and price limit hold; what busy workers only hold ready goes back into the queue, and its frames are checked first. Those who wait read in heliostat job why which job goes first, since when, and the reason.`,
		Example: "  heliostat-manager rush j6f2… --data /srv/heliostat --reason \"dailies at noon\"\n  heliostat-manager rush j6f2… --data /srv/heliostat --off",
		Args:    usage.Exactly("the job's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := service.Context()
			defer stop()
			o, err := call(ctx, data)
			if err != nil {
				return err
			}
			if o == nil {
				return noManager(data)
			}
			q := url.Values{"job": {args[0]}, "reason": {reason}}
			if off {
				q.Set("off", "yes")
			}
			var j job.Job
			if err := o.do(ctx, http.MethodPost, "/rush?"+q.Encode(), nil, -1, &j); err != nil {
				return err
			}
			said := "goes before everybody's jobs"
			if j.Rush == 0 {
				said = "is in its turn again"
			}
			fmt.Fprintf(usage.Plain(cmd.OutOrStdout()), "%s (%s) %s\n", j.ID, j.Name, said)
			return nil
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "the manager's data folder (required)")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who wait meanwhile")
	cmd.Flags().BoolVar(&off, "off", false, "back into its turn")
	return cmd
}
