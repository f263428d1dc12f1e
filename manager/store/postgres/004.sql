-- As manager/store/sqlite/008.sql.
ALTER TABLE jobs ADD COLUMN rush BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN rush_reason TEXT NOT NULL DEFAULT '';
