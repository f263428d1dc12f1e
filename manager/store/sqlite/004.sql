-- Which manager a verifier and a node are connected to; packages that are collected once no job
-- needs them; what a pass asks for, without listing everything.
ALTER TABLE audits ADD COLUMN manager TEXT NOT NULL DEFAULT '';
ALTER TABLE nodes ADD COLUMN manager TEXT NOT NULL DEFAULT '';
ALTER TABLE packages ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
ALTER TABLE packages ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;

DROP INDEX audits_open;
-- Not partial: SQLite uses those only where a query repeats their condition word for word.
CREATE INDEX audits_open ON audits (state, created, id);
DROP INDEX attempts_state;
CREATE INDEX attempts_state ON attempts (state, created, id);
CREATE INDEX tasks_out ON tasks (state) WHERE state IN ('leased','committed','verifying');
CREATE INDEX jobs_package ON jobs (package, state);
CREATE INDEX packages_kept ON packages (dropped, created, id);
CREATE INDEX chunks_chunk ON chunks (chunk, package);

-- A verdict for or against an attempt earns once another verifier found the same in the same round.
DROP TRIGGER fees_earned;
CREATE TRIGGER fees_earned BEFORE INSERT ON fees
WHEN NOT EXISTS (SELECT 1 FROM audits v JOIN audits o ON o.attempt = v.attempt AND o.id <> v.id
  WHERE v.id = NEW.audit AND v.state IN ('rejected','passed') AND v.verifier = NEW.node AND v.attempt = NEW.attempt AND v.job = NEW.job
  AND o.state = v.state AND o.claim = v.claim AND o.verifier <> v.verifier)
BEGIN SELECT RAISE(ABORT, 'only a verdict that another one confirms earns a fee'); END;
