-- As manager/store/sqlite/011.sql.
ALTER TABLE jobs ADD COLUMN forgotten BIGINT NOT NULL DEFAULT 0;
CREATE INDEX fees_attempt ON fees (attempt);
CREATE INDEX fees_audit ON fees (audit);
