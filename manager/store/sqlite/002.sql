-- An attempt whose rejection somebody else than its first verifier agreed to. The worker
-- gets nothing more of the job.
ALTER TABLE attempts ADD COLUMN convicted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX attempts_passed ON attempts (job, worker, ended) WHERE state = 'passed';

-- What verifiers are owed for verdicts against an attempt that others confirmed. The frame
-- itself stays unpaid, so this is apart from the ledger, where a frame is owed for once.
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
CREATE INDEX fees_node ON fees (node, settled, amount);

-- Only a verdict that was given against an attempt, and that another one confirms, earns it.
CREATE TRIGGER fees_earned BEFORE INSERT ON fees
WHEN NOT EXISTS (SELECT 1 FROM audits v JOIN audits o ON o.attempt = v.attempt AND o.id <> v.id
  WHERE v.id = NEW.audit AND v.state = 'rejected' AND v.verifier = NEW.node AND v.attempt = NEW.attempt AND v.job = NEW.job
  AND o.state = 'rejected' AND o.verifier <> v.verifier)
BEGIN SELECT RAISE(ABORT, 'only a confirmed verdict against an attempt earns a fee'); END;
CREATE TRIGGER fees_fixed BEFORE UPDATE OF job, frame, attempt, node, audit, amount ON fees
BEGIN SELECT RAISE(ABORT, 'a fee does not change'); END;
CREATE TRIGGER fees_kept BEFORE DELETE ON fees
BEGIN SELECT RAISE(ABORT, 'a fee stays'); END;
