-- What nodes have earned with jobs that are over: sums of the ledger and the fees, so that nobody reads all of those to know.
-- Entries is how many there are, since an entry may be of nothing.
CREATE TABLE earned (
  node    TEXT NOT NULL,
  role    TEXT NOT NULL,
  settled INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  amount  INTEGER NOT NULL,
  PRIMARY KEY (node, role, settled)
) WITHOUT ROWID;
INSERT INTO earned SELECT node, role, settled, count(*), sum(amount) FROM (
  SELECT job, node, role, settled, amount FROM ledger UNION ALL SELECT job, node, 'verifier', settled, amount FROM fees)
WHERE job IN (SELECT id FROM jobs WHERE state IN ('accepted','settled','cancelled','failed')) GROUP BY node, role, settled;
DROP INDEX fees_node;
-- The few jobs with something in escrow.
CREATE INDEX jobs_escrow ON jobs (escrow) WHERE escrow > 0;
