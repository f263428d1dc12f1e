-- As manager/store/sqlite/009.sql.
CREATE TABLE earned (
  node TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  settled BOOLEAN NOT NULL,
  entries BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  PRIMARY KEY (node, role, settled)
);
INSERT INTO earned SELECT node, role, settled, count(*), sum(amount) FROM (
  SELECT job, node, role, settled, amount FROM ledger UNION ALL SELECT job, node, 'verifier', settled, amount FROM fees) AS owed
WHERE job IN (SELECT id FROM jobs WHERE state IN ('accepted','settled','cancelled','failed')) GROUP BY node, role, settled;
DROP INDEX fees_node;
CREATE INDEX jobs_escrow ON jobs (escrow) WHERE escrow > 0;
