-- What a wrangler asks of a job, stills in tiles, speculative copies, several managers, trust.
ALTER TABLE jobs ADD COLUMN needs    TEXT NOT NULL DEFAULT '{}';
ALTER TABLE jobs ADD COLUMN after    TEXT NOT NULL DEFAULT '[]';
ALTER TABLE jobs ADD COLUMN scout    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN tiles    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN kind   TEXT NOT NULL DEFAULT '' CHECK (kind IN ('','tile','assemble'));
ALTER TABLE tasks ADD COLUMN border TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN scout  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE frames ADD COLUMN extras TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN copy    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN manager TEXT NOT NULL DEFAULT '';
ALTER TABLE audits ADD COLUMN kind TEXT NOT NULL DEFAULT '' CHECK (kind IN ('','honeypot','canary'));
ALTER TABLE nodes ADD COLUMN standing TEXT NOT NULL DEFAULT '{}';

-- One task is in one pair of hands, or at its end in those of one copy too; one commit wins.
DROP INDEX attempts_held;
CREATE UNIQUE INDEX attempts_held ON attempts (task, copy) WHERE state = 'held';
CREATE UNIQUE INDEX attempts_committed ON attempts (task) WHERE state = 'committed';

-- A still's tiles are paid for part by part.
DROP TRIGGER ledger_verified;
DROP TRIGGER ledger_fixed;
DROP TRIGGER ledger_kept;
DROP INDEX ledger_node;
ALTER TABLE ledger RENAME TO ledger_old;
CREATE TABLE ledger (
  job     TEXT NOT NULL,
  frame   INTEGER NOT NULL,
  part    INTEGER NOT NULL DEFAULT 0,
  role    TEXT NOT NULL CHECK (role IN ('worker','verifier')),
  node    TEXT NOT NULL,
  amount  INTEGER NOT NULL CHECK (amount >= 0),
  attempt TEXT NOT NULL,
  audit   TEXT NOT NULL,
  time    INTEGER NOT NULL,
  settled INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job, frame, part, role)
) WITHOUT ROWID;
INSERT INTO ledger SELECT job, frame, 0, role, node, amount, attempt, audit, time, settled FROM ledger_old;
DROP TABLE ledger_old;
CREATE INDEX ledger_node ON ledger (node, role, settled, amount);
CREATE TRIGGER ledger_verified BEFORE INSERT ON ledger
WHEN NOT EXISTS (SELECT 1 FROM frames WHERE job = NEW.job AND number = NEW.frame AND state IN ('verified','delivered','accepted'))
BEGIN SELECT RAISE(ABORT, 'an unverified frame is not payable'); END;
CREATE TRIGGER ledger_fixed BEFORE UPDATE OF job, frame, part, role, node, amount ON ledger
BEGIN SELECT RAISE(ABORT, 'a ledger entry does not change'); END;
CREATE TRIGGER ledger_kept BEFORE DELETE ON ledger WHEN OLD.settled <> 0
BEGIN SELECT RAISE(ABORT, 'a settled ledger entry stays'); END;
ALTER TABLE voided ADD COLUMN part INTEGER NOT NULL DEFAULT 0;

CREATE TABLE managers (
  id      TEXT NOT NULL PRIMARY KEY,
  address TEXT NOT NULL,
  url     TEXT NOT NULL,
  started INTEGER NOT NULL,
  seen    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE deeds (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  time    INTEGER NOT NULL,
  who     TEXT NOT NULL,
  what    TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail  TEXT NOT NULL
);
CREATE TRIGGER deeds_fixed BEFORE UPDATE ON deeds
BEGIN SELECT RAISE(ABORT, 'the trail does not change'); END;

CREATE TABLE archives (
  digest     TEXT NOT NULL PRIMARY KEY,
  renderer   TEXT NOT NULL,
  version    TEXT NOT NULL,
  os         TEXT NOT NULL,
  arch       TEXT NOT NULL,
  name       TEXT NOT NULL,
  size       INTEGER NOT NULL,
  root       TEXT NOT NULL,
  executable TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE fingerprints (
  hash    TEXT NOT NULL,
  attempt TEXT NOT NULL,
  frame   INTEGER NOT NULL,
  job     TEXT NOT NULL,
  worker  TEXT NOT NULL,
  time    INTEGER NOT NULL,
  PRIMARY KEY (hash, attempt, frame)
) WITHOUT ROWID;
