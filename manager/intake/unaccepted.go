package intake

import (
	"context"
	"fmt"

	"github.com/heliostat-render/heliostat/manager/fleet"
	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// Whoever accepts no quote pays for nothing, and a name costs nothing: what it may have stored meanwhile has a limit. A price that was
// accepted takes the package and its chunks off it, and so does the sweep once nothing needs them (manager/retain).

const (
	// leastObject is what a stored object counts at least: a chunk before it is compressed.
	leastObject = 256 << 10
	// chunkRow is about what the database needs to know one chunk of a package.
	chunkRow = 256
)

// spare refuses an artist who has nothing left, before anything is noted that would keep what is there from being swept.
func (in *Intake) spare(ctx context.Context, owner string) error {
	if in.options.Unaccepted <= 0 {
		return nil
	}
	var total int64
	if err := in.options.Store.View(ctx, func(tx store.Tx) (err error) { total, err = tx.Unaccepted(owner); return err }); err != nil {
		return err
	}
	if total >= in.options.Unaccepted {
		return in.tooMuch(total, 0)
	}
	return nil
}

// charge counts, in the caller's transaction, what is to be stored for an artist.
func (in *Intake) charge(tx store.Tx, owner string, objects ...store.Unaccepted) error {
	if in.options.Unaccepted <= 0 {
		return nil
	}
	before, err := tx.Unaccepted(owner)
	if err != nil {
		return err
	}
	total, err := tx.AddUnaccepted(owner, objects, in.options.Clock().UnixMilli())
	if err == nil && total > in.options.Unaccepted {
		return in.tooMuch(before, total-before)
	}
	return err
}

// tooMuch says what is used and what helps.
func (in *Intake) tooMuch(used, more int64) error {
	text := fmt.Sprintf("%s of your scenes are stored here without a quote that you accepted", fleet.Size(used))
	if more > 0 {
		text += fmt.Sprintf(", this would add %s", fleet.Size(more))
	}
	return &wire.Error{Code: wire.CodeLimit, Message: fmt.Sprintf("%s; the limit is %s", text, fleet.Size(in.options.Unaccepted)),
		Next: "accept a quote (`heliostat jobs` lists yours), or cancel those that you don't want with `heliostat job cancel ID`: their room is free again about a day later"}
}
