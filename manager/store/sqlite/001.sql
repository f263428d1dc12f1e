CREATE TABLE meta (
  key   TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- Filled from manager/lifecycle at every start; the triggers below hold every writer to it.
CREATE TABLE transitions (
  noun   TEXT NOT NULL,
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (noun, source, target)
) WITHOUT ROWID;

CREATE TABLE jobs (
  seq            INTEGER PRIMARY KEY AUTOINCREMENT,
  id             TEXT NOT NULL UNIQUE,
  owner          TEXT NOT NULL,
  request        TEXT NOT NULL,
  name           TEXT NOT NULL,
  package        TEXT NOT NULL,
  recipe         TEXT NOT NULL,
  frames         TEXT NOT NULL,
  job_key        BLOB NOT NULL,
  priority       INTEGER NOT NULL,
  deadline       INTEGER NOT NULL,
  max_price      INTEGER NOT NULL CHECK (max_price >= 0),
  created        INTEGER NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('draft','quoted','funded','rendering','delivered','accepted','settled','paused','disputed','cancelled','failed')),
  cause          TEXT NOT NULL DEFAULT '',
  quote          TEXT NOT NULL DEFAULT '{}',
  ceiling        INTEGER NOT NULL DEFAULT 0 CHECK (ceiling >= 0),
  spent          INTEGER NOT NULL DEFAULT 0 CHECK (spent >= 0 AND spent <= ceiling),
  escrow         INTEGER NOT NULL DEFAULT 0 CHECK (escrow >= 0),
  refund         INTEGER NOT NULL DEFAULT 0 CHECK (refund >= 0),
  started        INTEGER NOT NULL DEFAULT 0,
  finished       INTEGER NOT NULL DEFAULT 0,
  tx             TEXT NOT NULL DEFAULT '{}',
  seconds        REAL NOT NULL DEFAULT 0,
  units          REAL NOT NULL DEFAULT 0,
  rend_frames    INTEGER NOT NULL DEFAULT 0,
  delivered_at   INTEGER NOT NULL DEFAULT 0,
  deliveries     INTEGER NOT NULL DEFAULT 0,
  delivery_root  TEXT NOT NULL DEFAULT '',
  delivery_price INTEGER NOT NULL DEFAULT 0,
  acceptance     BLOB,
  claim_frames   TEXT NOT NULL DEFAULT '',
  n_pending      INTEGER NOT NULL DEFAULT 0 CHECK (n_pending >= 0),
  n_uploaded     INTEGER NOT NULL DEFAULT 0 CHECK (n_uploaded >= 0),
  n_verified     INTEGER NOT NULL DEFAULT 0 CHECK (n_verified >= 0),
  n_delivered    INTEGER NOT NULL DEFAULT 0 CHECK (n_delivered >= 0),
  n_accepted     INTEGER NOT NULL DEFAULT 0 CHECK (n_accepted >= 0),
  n_rejections   INTEGER NOT NULL DEFAULT 0,
  tasks_waiting  INTEGER NOT NULL DEFAULT 0 CHECK (tasks_waiting >= 0),
  tasks_open     INTEGER NOT NULL DEFAULT 0 CHECK (tasks_open >= 0),
  UNIQUE (owner, request)
);
CREATE INDEX jobs_state ON jobs (state, seq);
CREATE INDEX jobs_owner ON jobs (owner, seq);

CREATE TABLE tasks (
  id       TEXT NOT NULL PRIMARY KEY,
  job      TEXT NOT NULL REFERENCES jobs (id),
  idx      INTEGER NOT NULL,
  frames   TEXT NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('waiting','leased','committed','verifying','done','failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  cause    TEXT NOT NULL DEFAULT '',
  UNIQUE (job, idx)
) WITHOUT ROWID;
CREATE INDEX tasks_state ON tasks (job, state, idx);

CREATE TABLE frames (
  job      TEXT NOT NULL REFERENCES jobs (id),
  number   INTEGER NOT NULL,
  task     TEXT NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('pending','uploaded','verified','delivered','accepted','rejected')),
  attempt  TEXT NOT NULL DEFAULT '',
  worker   TEXT NOT NULL DEFAULT '',
  object   TEXT NOT NULL DEFAULT '',
  size     INTEGER NOT NULL DEFAULT 0,
  digest   TEXT NOT NULL DEFAULT '',
  verdict  TEXT NOT NULL DEFAULT '',
  verifier TEXT NOT NULL DEFAULT '',
  price    INTEGER NOT NULL DEFAULT 0,
  seconds  REAL NOT NULL DEFAULT 0,
  rejects  INTEGER NOT NULL DEFAULT 0,
  cause    TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (job, number),
  -- Nothing reaches an artist without a verdict by somebody who didn't render it.
  CHECK (state NOT IN ('verified','delivered','accepted') OR (verdict <> '' AND verifier <> '' AND verifier <> worker AND object <> ''))
) WITHOUT ROWID;

CREATE TABLE attempts (
  id       TEXT NOT NULL PRIMARY KEY,
  task     TEXT NOT NULL REFERENCES tasks (id),
  job      TEXT NOT NULL,
  number   INTEGER NOT NULL,
  worker   TEXT NOT NULL,
  ver_key  BLOB NOT NULL CHECK (length(ver_key) = 32),
  key_hash TEXT NOT NULL,
  frames   TEXT NOT NULL,
  seeds    TEXT NOT NULL,
  created  INTEGER NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('held','committed','passed','failed')),
  deadline INTEGER NOT NULL,
  class    TEXT NOT NULL DEFAULT '',
  receipt  TEXT NOT NULL DEFAULT '',
  kind     TEXT NOT NULL DEFAULT '',
  cause    TEXT NOT NULL DEFAULT '',
  note     TEXT NOT NULL DEFAULT '',
  ended    INTEGER NOT NULL DEFAULT 0,
  UNIQUE (task, number),
  CHECK (state NOT IN ('committed','passed') OR receipt <> '')
);
-- One task is in one pair of hands.
CREATE UNIQUE INDEX attempts_held ON attempts (task) WHERE state IN ('held','committed');
CREATE INDEX attempts_state ON attempts (state) WHERE state IN ('held','committed');
CREATE INDEX attempts_failed ON attempts (job) WHERE state = 'failed';

CREATE TABLE audits (
  id       TEXT NOT NULL PRIMARY KEY,
  attempt  TEXT NOT NULL REFERENCES attempts (id),
  task     TEXT NOT NULL,
  job      TEXT NOT NULL,
  ordinal  INTEGER NOT NULL,
  claim    INTEGER NOT NULL DEFAULT 0,
  created  INTEGER NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('waiting','held','committed','passed','rejected','inconclusive','dropped')),
  verifier TEXT NOT NULL DEFAULT '',
  class    TEXT NOT NULL DEFAULT '',
  deadline INTEGER NOT NULL DEFAULT 0,
  samples  TEXT NOT NULL DEFAULT '',
  evidence TEXT NOT NULL DEFAULT '',
  verdict  TEXT NOT NULL DEFAULT '',
  cause    TEXT NOT NULL DEFAULT '',
  ended    INTEGER NOT NULL DEFAULT 0,
  UNIQUE (attempt, ordinal),
  CHECK (state NOT IN ('passed','rejected','inconclusive') OR (verdict <> '' AND verifier <> '')),
  CHECK (state <> 'committed' OR samples <> '')
) WITHOUT ROWID;
CREATE INDEX audits_open ON audits (state) WHERE state IN ('waiting','held','committed');

CREATE TABLE nodes (
  address      TEXT NOT NULL PRIMARY KEY,
  seal_key     BLOB,
  roles        TEXT NOT NULL DEFAULT '[]',
  capabilities TEXT NOT NULL DEFAULT '{}',
  passes       INTEGER NOT NULL DEFAULT 0,
  fails        INTEGER NOT NULL DEFAULT 0,
  seen         INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE packages (
  id      TEXT NOT NULL PRIMARY KEY,
  owner   TEXT NOT NULL,
  size    INTEGER NOT NULL,
  digest  TEXT NOT NULL,
  bytes   INTEGER NOT NULL DEFAULT 0,
  files   INTEGER NOT NULL DEFAULT 0,
  ready   INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE chunks (
  package TEXT NOT NULL REFERENCES packages (id),
  chunk   TEXT NOT NULL,
  size    INTEGER NOT NULL,
  digest  TEXT NOT NULL,
  PRIMARY KEY (package, chunk)
) WITHOUT ROWID;

CREATE TABLE events (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  job  TEXT NOT NULL,
  time INTEGER NOT NULL,
  what TEXT NOT NULL,
  text TEXT NOT NULL,
  node TEXT NOT NULL
);
CREATE INDEX events_job ON events (job, id);

CREATE TABLE ledger (
  job     TEXT NOT NULL,
  frame   INTEGER NOT NULL,
  role    TEXT NOT NULL CHECK (role IN ('worker','verifier')),
  node    TEXT NOT NULL,
  amount  INTEGER NOT NULL CHECK (amount >= 0),
  attempt TEXT NOT NULL,
  audit   TEXT NOT NULL,
  time    INTEGER NOT NULL,
  settled INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job, frame, role)
) WITHOUT ROWID;
CREATE INDEX ledger_node ON ledger (node, role, settled, amount);

CREATE TABLE voided (
  job TEXT NOT NULL, frame INTEGER NOT NULL, role TEXT NOT NULL, node TEXT NOT NULL, amount INTEGER NOT NULL,
  attempt TEXT NOT NULL, audit TEXT NOT NULL, time INTEGER NOT NULL, cause TEXT NOT NULL
);

CREATE TABLE epochs (
  number INTEGER PRIMARY KEY,
  root   TEXT NOT NULL,
  total  INTEGER NOT NULL CHECK (total >= 0),
  leaves TEXT NOT NULL,
  tx     TEXT NOT NULL DEFAULT ''
);

CREATE TABLE withdrawals (
  node    TEXT NOT NULL PRIMARY KEY,
  claimed INTEGER NOT NULL CHECK (claimed >= 0),
  tx      TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE outbox (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  kind  TEXT NOT NULL,
  ref   TEXT NOT NULL,
  body  TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending','done','failed')),
  tries INTEGER NOT NULL DEFAULT 0,
  next  INTEGER NOT NULL DEFAULT 0,
  tx    TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  UNIQUE (kind, ref)
);
CREATE INDEX outbox_pending ON outbox (id) WHERE state = 'pending';

CREATE TRIGGER jobs_life BEFORE UPDATE OF state ON jobs
WHEN NEW.state <> OLD.state AND NOT EXISTS (SELECT 1 FROM transitions WHERE noun = 'job' AND source = OLD.state AND target = NEW.state)
BEGIN SELECT RAISE(ABORT, 'illegal change of a job''s state'); END;
CREATE TRIGGER tasks_life BEFORE UPDATE OF state ON tasks
WHEN NEW.state <> OLD.state AND NOT EXISTS (SELECT 1 FROM transitions WHERE noun = 'task' AND source = OLD.state AND target = NEW.state)
BEGIN SELECT RAISE(ABORT, 'illegal change of a task''s state'); END;
CREATE TRIGGER frames_life BEFORE UPDATE OF state ON frames
WHEN NEW.state <> OLD.state AND NOT EXISTS (SELECT 1 FROM transitions WHERE noun = 'frame' AND source = OLD.state AND target = NEW.state)
BEGIN SELECT RAISE(ABORT, 'illegal change of a frame''s state'); END;
CREATE TRIGGER attempts_life BEFORE UPDATE OF state ON attempts
WHEN NEW.state <> OLD.state AND NOT EXISTS (SELECT 1 FROM transitions WHERE noun = 'attempt' AND source = OLD.state AND target = NEW.state)
BEGIN SELECT RAISE(ABORT, 'illegal change of an attempt''s state'); END;
CREATE TRIGGER audits_life BEFORE UPDATE OF state ON audits
WHEN NEW.state <> OLD.state AND NOT EXISTS (SELECT 1 FROM transitions WHERE noun = 'audit' AND source = OLD.state AND target = NEW.state)
BEGIN SELECT RAISE(ABORT, 'illegal change of an audit''s state'); END;

-- Only a frame that passed is owed for.
CREATE TRIGGER ledger_verified BEFORE INSERT ON ledger
WHEN NOT EXISTS (SELECT 1 FROM frames WHERE job = NEW.job AND number = NEW.frame AND state IN ('verified','delivered','accepted'))
BEGIN SELECT RAISE(ABORT, 'an unverified frame is not payable'); END;
CREATE TRIGGER ledger_fixed BEFORE UPDATE OF job, frame, role, node, amount ON ledger
BEGIN SELECT RAISE(ABORT, 'a ledger entry does not change'); END;
CREATE TRIGGER ledger_kept BEFORE DELETE ON ledger WHEN OLD.settled <> 0
BEGIN SELECT RAISE(ABORT, 'a settled ledger entry stays'); END;
