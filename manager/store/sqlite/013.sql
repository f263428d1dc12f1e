-- What was rendered while nothing was settled counted as settled once, though no escrow ever held it: the next settlement on a chain then
-- asked for more than the contract had and was refused for ever. Such jobs were never funded, neither by an order nor by a transaction.
UPDATE ledger SET settled = FALSE WHERE settled = TRUE AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.kind = 'fund' AND o.ref = ledger.job)
 AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = ledger.job AND j.escrow = 0 AND j.tx NOT LIKE '%"fund":"_%');
UPDATE fees SET settled = FALSE WHERE settled = TRUE AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.kind = 'fund' AND o.ref = fees.job)
 AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = fees.job AND j.escrow = 0 AND j.tx NOT LIKE '%"fund":"_%');
DELETE FROM earned;
INSERT INTO earned SELECT node, role, settled, count(*), sum(amount) FROM (
  SELECT job, node, role, settled, amount FROM ledger UNION ALL SELECT job, node, 'verifier', settled, amount FROM fees) AS owed
WHERE job IN (SELECT id FROM jobs WHERE state IN ('accepted','settled','cancelled','failed')) GROUP BY node, role, settled;
-- A settlement of more than was ever settled can't be on the chain. The next is made from the sums.
DELETE FROM outbox WHERE kind = 'root' AND ref IN (SELECT CAST(number AS TEXT) FROM epochs WHERE tx = '' AND total > (SELECT coalesce(sum(amount), 0) FROM earned WHERE settled = TRUE));
DELETE FROM epochs WHERE tx = '' AND total > (SELECT coalesce(sum(amount), 0) FROM earned WHERE settled = TRUE);
