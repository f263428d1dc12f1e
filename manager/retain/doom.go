package retain

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/shared/wire"
)

// doomed is the setting that names the objects which are being deleted; see RETENTION.md.
const doomed = "doomed"

// ErrSwept means that objects were removed meanwhile: look again whether yours are there.
var ErrSwept = errors.New("the store was swept meanwhile")

// Seen is read before one looks whether objects are there, and given to Claim afterwards.
func Seen(tx store.Tx) (string, error) { return tx.Meta(doomed) }

// Claim makes sure, in the transaction that writes references to objects, that none of them has been
// or is being removed since Seen. ErrSwept means: look again; a *wire.Error names what has to be uploaded anew.
func Claim(tx store.Tx, seen string, keys []string) error {
	now, err := tx.Meta(doomed)
	if err != nil {
		return err
	}
	if now != seen {
		return ErrSwept
	}
	_, list := parse(now)
	for _, key := range keys {
		if slices.Contains(list, key) {
			return &wire.Error{Code: wire.CodeConflict, Message: key + " is being removed from the store", Next: "upload it and finish the package again"}
		}
	}
	return tx.SetMeta(doomed, now) // a write, so that this and a sweep exclude each other
}

func parse(text string) (generation uint64, keys []string) {
	first, rest, _ := strings.Cut(text, " ")
	generation, _ = strconv.ParseUint(first, 10, 64) // "" is before the first
	return generation, strings.Fields(rest)
}

// setDoomed begins a new generation with these keys.
func setDoomed(tx store.Tx, keys []string) error {
	was, err := tx.Meta(doomed)
	if err != nil {
		return err
	}
	generation, _ := parse(was)
	return tx.SetMeta(doomed, strings.TrimSuffix(fmt.Sprintf("%d %s", generation+1, strings.Join(keys, " ")), " "))
}

const (
	// quiet is how long an owner's chunks are left alone after an offer.
	quiet = 6 * time.Hour
	// offerEvery is how often an owner's offers are noted.
	offerEvery = 10 * time.Minute
)

func offerKey(owner string) string {
	return "offered/" + strings.ToLower(strings.TrimPrefix(owner, "0x"))
}

func offered(tx store.Tx, owner string) (time.Time, error) {
	text, err := tx.Meta(offerKey(owner))
	if err != nil || text == "" {
		return time.Time{}, err
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(ms), err
}

// Stale tells whether an owner's offers have to be noted again.
func Stale(tx store.Tx, owner string, now time.Time) (bool, error) {
	last, err := offered(tx, owner)
	return now.Sub(last).Abs() > offerEvery, err
}

// Note says that an owner has been told which chunks the store has.
func Note(tx store.Tx, owner string, now time.Time) error {
	return tx.SetMeta(offerKey(owner), strconv.FormatInt(now.UnixMilli(), 10))
}
