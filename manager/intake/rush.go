package intake

import (
	"context"
	"fmt"
	"strings"

	"github.com/heliostat-render/heliostat/manager/notify"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Rush puts a job before everybody's, or with on unset back into its turn; the caller has made sure that an operator
// asks. Said again it is returned as it is, but for a new reason.
func (in *Intake) Rush(ctx context.Context, id string, on bool, reason string) (*store.Job, error) {
	reason = strings.ToValidUTF8(trim(strings.TrimSpace(reason), 200), "")
	j, err := in.change(ctx, id, func(tx store.Tx, changes *notify.Changes, j *store.Job) (*store.Job, error) {
		switch {
		case !on && j.Rush == 0, on && j.Rush > 0 && j.RushReason == reason:
			return j, nil
		case on && over(j.State):
			return nil, &wire.Error{Code: wire.CodeConflict, Message: fmt.Sprintf("job %s is %s; there is nothing left to rush", id, j.State)}
		}
		since, said := int64(0), "in its turn again"
		if on {
			since, said = j.Rush, "before everybody's jobs, by an operator"
			if since == 0 {
				since = in.options.Clock().UnixMilli()
			}
		}
		if reason != "" {
			said += ": " + reason
		}
		if !on {
			reason = ""
		}
		j, err := tx.EditJob(id, func(j *store.Job) { j.Rush, j.RushReason = since, reason })
		if err != nil {
			return nil, err
		}
		return j, changes.Event(tx, id, "rush", said, "")
	})
	in.options.Wake()
	return j, err
}
