package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"

	"github.com/heliostat-render/heliostat/manager/store"
	"github.com/heliostat-render/heliostat/manager/store/open"
	"github.com/heliostat-render/heliostat/manager/store/rows"
	"github.com/heliostat-render/heliostat/shared/service"
	"github.com/heliostat-render/heliostat/shared/usage"
)

// storeSide is the database that a store command is about.
type storeSide struct{ data, store string }

func (s *storeSide) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.data, "data", "", "the manager's data folder")
	cmd.Flags().StringVar(&s.store, "store", "", "its database, as serve has it: postgres://…, or the path of a SQLite file; empty is the one in --data")
}

// where names the database.
func (s *storeSide) where() (string, error) {
	if s.data == "" && s.store == "" {
		return "", errors.New("--data or --store is missing: name the manager's data folder, or its database")
	}
	where := cmp.Or(s.store, filepath.Join(s.data, "heliostat.db"))
	return where, spoken(where)
}

// spoken refuses URLs of databases that aren't PostgreSQL's, which would be taken for the path of a file.
func spoken(where string) error {
	if scheme, _, ok := strings.Cut(where, "://"); ok && !open.Shared(where) {
		return fmt.Errorf("databases of %s:// aren't spoken: use postgres://…, or the path of a SQLite file", scheme)
	}
	return nil
}

// alone keeps managers out: those of the data folder by its lock; those that share a database
// can't be kept out, but are noticed.
func (s *storeSide) alone(ctx context.Context, db store.Store) (release func() error, err error) {
	if db != nil {
		if err := unused(ctx, db); err != nil {
			return nil, err
		}
	}
	if s.data == "" {
		return func() error { return nil }, nil
	}
	return lockData(s.data)
}

// managerGone is how long after its last sign a manager counts as stopped.
const managerGone = 15 * time.Second

func unused(ctx context.Context, db store.Store) error {
	var list []store.Manager
	if err := db.View(ctx, func(tx store.Tx) (err error) { list, err = tx.Managers(); return err }); err != nil {
		return err
	}
	for _, m := range list {
		if seen := time.UnixMilli(m.Seen); time.Since(seen).Abs() < managerGone {
			return fmt.Errorf("manager %s at %s is running on the database: stop every manager first, and wait %s", m.ID, m.URL, managerGone)
		}
	}
	return nil
}

func storeCommand() *cobra.Command {
	c := &cobra.Command{Use: "store", Short: "Check, back up, restore and move the manager's database"}
	c.AddCommand(storeCheckCommand(), storeBackupCommand(), storeRestoreCommand(), storeMigrateCommand())
	return usage.Group(c)
}

// quietLog is what a store has to say while a command uses it.
func quietLog(cmd *cobra.Command) *slog.Logger {
	return slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func storeCheckCommand() *cobra.Command {
	var side storeSide
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look for what can't be in the database",
		Long: `Look for what can't be in the database: damage of the file, counters that their rows
belie, money that doesn't add up, anything payable that isn't verified, rows that can't be read.
It changes nothing and works beside running managers. It fails when it finds something.`,
		Example: "  heliostat-manager store check --data ~/heliostat",
		Args:    usage.Exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := service.Context()
			defer stop()
			return withStore(ctx, cmd, &side, func(db store.Store) error {
				return checkStore(ctx, db, cmd.OutOrStdout(), newPace(cmd.ErrOrStderr(), "checked"))
			})
		},
	}
	side.flags(cmd)
	return cmd
}

// withStore opens the database for reading.
func withStore(ctx context.Context, cmd *cobra.Command, side *storeSide, do func(store.Store) error) (err error) {
	where, err := side.where()
	if err != nil {
		return err
	}
	db, err := open.Reading(ctx, where, quietLog(cmd))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(db)
}

// errDamaged is the result of a check that found something, which it has printed.
var errDamaged = errors.New("the database is damaged; restore the last backup that passes the check, and report what was found")

func checkStore(ctx context.Context, db store.Store, out io.Writer, p *pace) error {
	found := 0
	report := func(rule, subject string) {
		found++
		fmt.Fprintf(out, "%s: %s\n", rule, subject)
	}
	if file, ok := db.(interface {
		Integrity(context.Context) ([]string, error)
	}); ok {
		said, err := file.Integrity(ctx)
		if err != nil {
			return err
		}
		for _, line := range said {
			report("the file is sound", line)
		}
	}
	var sum rows.Summary
	err := db.View(ctx, func(tx store.Tx) error {
		t := tx.(*rows.Tx)
		problems, err := t.Check()
		for _, p := range problems {
			report(p.Rule, p.Subject)
		}
		if err != nil {
			return err
		}
		// What a backup would read can be read.
		sum, err = t.Dump(interruptible{ctx, io.Discard, nil}, time.Now().UnixMilli(), p.tell)
		return err
	})
	if err != nil {
		return err
	}
	if found > 0 {
		fmt.Fprintf(out, "%d problems in %d rows\n", found, sum.Rows)
		return errDamaged
	}
	fmt.Fprintf(out, "the database is sound: %d rows in %d tables\n", sum.Rows, len(sum.Tables))
	return nil
}

func storeBackupCommand() *cobra.Command {
	var side storeSide
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write everything that the database knows into a file",
		Long: `Write everything that the database knows, at one moment, into a file; managers may run
meanwhile. restore reads it back into SQLite or PostgreSQL. The file holds sealed job keys:
keep it as you keep the data folder. Frames and packages are in the object store, for which
there is "heliostat-manager blobs copy".`,
		Example: `  heliostat-manager store backup --data ~/heliostat /backups/heliostat-$(date +%F).hbk`,
		Args:    usage.Exactly("the file to write"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := service.Context()
			defer stop()
			return withStore(ctx, cmd, &side, func(db store.Store) error {
				sum, err := backupStore(ctx, db, args[0], newPace(cmd.ErrOrStderr(), "saved"))
				if err == nil {
					fmt.Fprintf(cmd.OutOrStdout(), "saved %d rows in %s\n", sum.Rows, args[0])
				}
				return err
			})
		},
	}
	side.flags(cmd)
	return cmd
}

// backupStore writes the file, which appears under its name once it is whole and on the disk.
func backupStore(ctx context.Context, db store.Store, path string, p *pace) (sum rows.Summary, err error) {
	if _, err := os.Lstat(path); err == nil {
		return sum, fmt.Errorf("%s exists already: choose another name", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return sum, fmt.Errorf("the folder %s does not exist: make it, or choose another place for the backup", filepath.Dir(path))
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*") // readable by its owner only
	if err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	z, err := zstd.NewWriter(file)
	if err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	err = db.View(ctx, func(tx store.Tx) (err error) {
		sum, err = tx.(*rows.Tx).Dump(interruptible{ctx, z, nil}, time.Now().UnixMilli(), p.tell)
		return err
	})
	if e := z.Close(); err == nil && e != nil {
		err = fmt.Errorf("backup %s: %w", path, e)
	}
	if err != nil {
		return sum, err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return sum, fmt.Errorf("backup %s: %w", path, err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	return sum, syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync folder %s: %w", path, err)
	}
	return errors.Join(d.Sync(), d.Close())
}

func storeRestoreCommand() *cobra.Command {
	var side storeSide
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Fill an empty database from a backup",
		Long: `Fill an empty database from a backup: all of it or nothing. The target may be SQLite or
PostgreSQL, whichever the backup is of. Stop the manager first. Afterwards what is there is
held against the backup's digests.`,
		Example: `  heliostat-manager store restore --data ~/heliostat-new /backups/heliostat-2026-11-22.hbk
  heliostat-manager store restore --store postgres://heliostat@db1/heliostat backup.hbk`,
		Args: usage.Exactly("the backup to read"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := service.Context()
			defer stop()
			return restoreStore(ctx, cmd, &side, args[0])
		},
	}
	side.flags(cmd)
	return cmd
}

func restoreStore(ctx context.Context, cmd *cobra.Command, side *storeSide, path string) (err error) {
	where, err := side.where()
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the backup %s does not exist: check the path", path)
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer file.Close()
	magic := make([]byte, 4)
	if _, err := io.ReadFull(file, magic); err != nil || !bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		return fmt.Errorf("%s is not a backup: name a file that `heliostat-manager store backup` wrote", path)
	}
	release, err := side.alone(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	db, err := open.Open(ctx, where, quietLog(cmd))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p := newPace(cmd.ErrOrStderr(), "restored")
	var sum rows.Summary
	err = db.Update(ctx, func(tx store.Tx) error {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("backup %s: %w", path, err)
		}
		z, err := zstd.NewReader(file, zstd.WithDecoderMaxMemory(1<<30))
		if err != nil {
			return fmt.Errorf("backup %s: %w", path, err)
		}
		defer z.Close()
		sum, err = tx.(*rows.Tx).Load(interruptible{ctx, nil, z}, 0, p.tell)
		return err
	})
	if err != nil {
		return fmt.Errorf("restore %s: %w", path, filled(err))
	}
	fmt.Fprintf(cmd.OutOrStdout(), "restored %d rows of %s\n", sum.Rows, time.UnixMilli(sum.Time).UTC().Format(time.RFC3339))
	return nil
}

// filled says what to do about a target that isn't empty.
func filled(err error) error {
	if errors.Is(err, rows.ErrNotEmpty) {
		return fmt.Errorf("%w: nothing was changed; name another data folder with --data, or a new database", err)
	}
	return err
}

func storeMigrateCommand() *cobra.Command {
	var side storeSide
	cmd := &cobra.Command{
		Use:   "migrate-to postgres://…",
		Short: "Copy the database into another, empty one",
		Long: `Copy the database into another, empty one: from SQLite to PostgreSQL, so that several
managers can share it, or back. Stop the managers first. Everything arrives or nothing; counts
and digests of every table are compared before it counts. The source stays as it is.`,
		Example: `  createdb heliostat
  heliostat-manager store migrate-to --data ~/heliostat postgres://heliostat@db1,db2/heliostat
  heliostat-manager serve --data ~/heliostat --store postgres://heliostat@db1,db2/heliostat --settlement off --blobs s3://…`,
		Args: usage.Exactly("the new database"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := service.Context()
			defer stop()
			return withStore(ctx, cmd, &side, func(from store.Store) (err error) {
				release, err := side.alone(ctx, from)
				if err != nil {
					return err
				}
				defer func() { err = errors.Join(err, release()) }()
				if err := spoken(args[0]); err != nil {
					return err
				}
				if where, err := side.where(); err != nil || where == args[0] {
					return errors.Join(err, errors.New("source and target are the same database"))
				}
				to, err := open.Open(ctx, args[0], quietLog(cmd))
				if err != nil {
					return err
				}
				defer func() { err = errors.Join(err, to.Close()) }()
				sum, err := migrateStore(ctx, to, from, newPace(cmd.ErrOrStderr(), "copied"))
				if err != nil {
					return fmt.Errorf("migrate: %w", filled(err))
				}
				fmt.Fprintf(cmd.OutOrStdout(), "copied %d rows in %d tables; start the manager with --store and the new database\n", sum.Rows, len(sum.Tables))
				return nil
			})
		},
	}
	side.flags(cmd)
	return cmd
}

// migrateStore sends a backup from one database straight into the other.
func migrateStore(ctx context.Context, to, from store.Store, p *pace) (sum rows.Summary, err error) {
	err = to.Update(ctx, func(target store.Tx) error {
		return from.View(ctx, func(source store.Tx) error {
			r, w := io.Pipe()
			sent := make(chan struct{})
			var want rows.Summary
			go func() {
				defer close(sent)
				var err error
				want, err = source.(*rows.Tx).Dump(interruptible{ctx, w, nil}, time.Now().UnixMilli(), func(_ string, _, total int64) { p.expect(total) })
				w.CloseWithError(err) // nil is the end
			}()
			got, err := target.(*rows.Tx).Load(r, 0, p.tell)
			r.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // the sender stops, if it hasn't
			<-sent
			if err != nil {
				return err
			}
			if table := want.Differs(got); table != "" {
				return fmt.Errorf("table %s didn't arrive as it was sent", table)
			}
			sum = got
			return nil
		})
	})
	return sum, err
}

// interruptible is a reader or a writer that fails once ctx has ended.
type interruptible struct {
	ctx context.Context
	w   io.Writer
	r   io.Reader
}

func (i interruptible) Write(p []byte) (int, error) {
	if i.ctx.Err() != nil {
		return 0, context.Cause(i.ctx)
	}
	return i.w.Write(p)
}

func (i interruptible) Read(p []byte) (int, error) {
	if i.ctx.Err() != nil {
		return 0, context.Cause(i.ctx)
	}
	return i.r.Read(p)
}
