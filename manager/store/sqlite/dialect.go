package sqlite

import (
	"errors"

	"github.com/mattn/go-sqlite3"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/rows"
)

// dialect is SQLite's SQL. There is one writer, so a claim has nobody to pass over.
var dialect = &rows.Dialect{
	Ints:     `SELECT value FROM json_each(?)`,
	Texts:    `SELECT value FROM json_each(?)`,
	Classify: classify,
	Rest:     rest,
}

// rest removes the triggers for a while: SQLite has no other way to disable them.
func rest(t *rows.Tx) (wake func() error, err error) {
	triggers, err := t.Texts("triggers", `SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	names, err := t.Texts("triggers", `SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := t.Exec("triggers", "DROP TRIGGER "+name); err != nil {
			return nil, err
		}
	}
	return func() error {
		for _, text := range triggers {
			if _, err := t.Exec("triggers", text); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func classify(err error) error {
	var e sqlite3.Error
	if errors.As(err, &e) {
		switch e.ExtendedCode {
		case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey:
			return store.ErrExists
		case sqlite3.ErrConstraintTrigger:
			return store.ErrIllegal
		}
	}
	return nil
}
