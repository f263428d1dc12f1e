-- An index that only the sums of an epoch read, all of it, and which is hardly smaller than the table; each entry put it in order by
-- node, so that every payment wrote a page of its own.
DROP INDEX ledger_node;
