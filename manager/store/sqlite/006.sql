-- SQLite builds a temporary B-tree for a list of three or more, in an index's condition or a trigger's, each time that
-- it looks a value up in it: two with every change of a task, which cost more than the change.
DROP INDEX tasks_out;
CREATE INDEX tasks_out ON tasks (state) WHERE state = 'leased' OR state = 'committed' OR state = 'verifying';
DROP TRIGGER ledger_verified;
CREATE TRIGGER ledger_verified BEFORE INSERT ON ledger
WHEN NOT EXISTS (SELECT 1 FROM frames WHERE job = NEW.job AND number = NEW.frame AND (state = 'verified' OR state = 'delivered' OR state = 'accepted'))
BEGIN SELECT RAISE(ABORT, 'an unverified frame is not payable'); END;
