-- As manager/store/sqlite/007.sql.
DROP INDEX ledger_node;
