-- Scouts that release the rest of their job by themselves: release_after in seconds, -1 for never; what is
-- left of it, and when it will be over, in milliseconds.
ALTER TABLE jobs ADD COLUMN release_after INTEGER NOT NULL DEFAULT -1;
ALTER TABLE jobs ADD COLUMN release_left  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN release_at    INTEGER NOT NULL DEFAULT 0;
