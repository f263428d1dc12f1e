-- A table without rowids keeps at most a quarter of a page of a row where it is; a verdict is longer, so that each had a page of its own
-- beside the row's: more than half of the table was empty, and each verdict wrote a page more.
CREATE TABLE fees_old AS SELECT * FROM fees;
DROP TABLE fees;
ALTER TABLE audits RENAME TO audits_old;
DROP INDEX audits_open;
CREATE TABLE audits (
  id       TEXT NOT NULL PRIMARY KEY,
  attempt  TEXT NOT NULL REFERENCES attempts (id),
  task     TEXT NOT NULL,
  job      TEXT NOT NULL,
  ordinal  INTEGER NOT NULL,
  claim    INTEGER NOT NULL DEFAULT 0,
  created  INTEGER NOT NULL,
  state    TEXT NOT NULL CHECK (state = 'waiting' OR state = 'held' OR state = 'committed' OR state = 'passed' OR state = 'rejected' OR state = 'inconclusive' OR state = 'dropped'),
  verifier TEXT NOT NULL DEFAULT '',
  class    TEXT NOT NULL DEFAULT '',
  deadline INTEGER NOT NULL DEFAULT 0,
  samples  TEXT NOT NULL DEFAULT '',
  evidence TEXT NOT NULL DEFAULT '',
  verdict  TEXT NOT NULL DEFAULT '',
  cause    TEXT NOT NULL DEFAULT '',
  ended    INTEGER NOT NULL DEFAULT 0, kind TEXT NOT NULL DEFAULT '' CHECK (kind = '' OR kind = 'honeypot' OR kind = 'canary'), manager TEXT NOT NULL DEFAULT '',
  UNIQUE (attempt, ordinal),
  CHECK ((state <> 'passed' AND state <> 'rejected' AND state <> 'inconclusive') OR (verdict <> '' AND verifier <> '')),
  CHECK (state <> 'committed' OR samples <> '')
);
INSERT INTO audits (id, attempt, task, job, ordinal, claim, created, state, verifier, class, deadline, samples, evidence, verdict, cause, ended, kind, manager) SELECT id, attempt, task, job, ordinal, claim, created, state, verifier, class, deadline, samples, evidence, verdict, cause, ended, kind, manager FROM audits_old ORDER BY id;
DROP TABLE audits_old;
CREATE INDEX audits_open ON audits (state, created, id);
CREATE TABLE fees (
  job     TEXT NOT NULL,
  frame   INTEGER NOT NULL,
  attempt TEXT NOT NULL REFERENCES attempts (id),
  node    TEXT NOT NULL,
  audit   TEXT NOT NULL REFERENCES audits (id),
  amount  INTEGER NOT NULL CHECK (amount >= 0),
  time    INTEGER NOT NULL,
  settled INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job, frame, attempt, node)
) WITHOUT ROWID;
INSERT INTO fees SELECT * FROM fees_old;
DROP TABLE fees_old;
CREATE TRIGGER audits_life BEFORE UPDATE OF state ON audits
WHEN NEW.state <> OLD.state AND NOT EXISTS (SELECT 1 FROM transitions WHERE noun = 'audit' AND source = OLD.state AND target = NEW.state)
BEGIN SELECT RAISE(ABORT, 'illegal change of an audit''s state'); END;
CREATE TRIGGER fees_fixed BEFORE UPDATE OF job, frame, attempt, node, audit, amount ON fees
BEGIN SELECT RAISE(ABORT, 'a fee does not change'); END;
CREATE TRIGGER fees_kept BEFORE DELETE ON fees
BEGIN SELECT RAISE(ABORT, 'a fee stays'); END;
CREATE TRIGGER fees_earned BEFORE INSERT ON fees
WHEN NOT EXISTS (SELECT 1 FROM audits v JOIN audits o ON o.attempt = v.attempt AND o.id <> v.id
  WHERE v.id = NEW.audit AND v.state IN ('rejected','passed') AND v.verifier = NEW.node AND v.attempt = NEW.attempt AND v.job = NEW.job
  AND o.state = v.state AND o.claim = v.claim AND o.verifier <> v.verifier)
BEGIN SELECT RAISE(ABORT, 'only a verdict that another one confirms earns a fee'); END;
