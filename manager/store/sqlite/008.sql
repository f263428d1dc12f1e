-- A job that an operator puts before everybody's: since when, in Unix milliseconds, 0 for not; and the operator's words.
ALTER TABLE jobs ADD COLUMN rush INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN rush_reason TEXT NOT NULL DEFAULT '';
-- The job of which this one renders missing frames again, '' for none.
ALTER TABLE jobs ADD COLUMN origin TEXT NOT NULL DEFAULT '';
