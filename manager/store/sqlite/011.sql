-- When the frames, checks and events of a job that is long over were dropped, in Unix milliseconds, 0 for they are there.
ALTER TABLE jobs ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
-- Each attempt and audit that goes is looked for here.
CREATE INDEX fees_attempt ON fees (attempt);
CREATE INDEX fees_audit ON fees (audit);
