-- SQLite builds a temporary B-tree for a list of three or more, in a check, in an index's condition or in a trigger's,
-- each time that it looks a value up in it: three with every change of a task, which cost more than the change. These are
-- the same conditions without lists. A check's text is edited where it is, as https://www.sqlite.org/lang_altertable.html
-- has it in its section 7 for changes that leave the rows as they are.
DROP INDEX tasks_out;
CREATE INDEX tasks_out ON tasks (state) WHERE state = 'leased' OR state = 'committed' OR state = 'verifying';
DROP TRIGGER ledger_verified;
CREATE TRIGGER ledger_verified BEFORE INSERT ON ledger
WHEN NOT EXISTS (SELECT 1 FROM frames WHERE job = NEW.job AND number = NEW.frame AND (state = 'verified' OR state = 'delivered' OR state = 'accepted'))
BEGIN SELECT RAISE(ABORT, 'an unverified frame is not payable'); END;
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (state IN (''draft'',''quoted'',''funded'',''rendering'',''delivered'',''accepted'',''settled'',''paused'',''disputed'',''cancelled'',''failed''))',
  'CHECK (state = ''draft'' OR state = ''quoted'' OR state = ''funded'' OR state = ''rendering'' OR state = ''delivered'' OR state = ''accepted'' OR state = ''settled'' OR state = ''paused'' OR state = ''disputed'' OR state = ''cancelled'' OR state = ''failed'')')
WHERE type = 'table' AND name = 'jobs';
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (state IN (''waiting'',''leased'',''committed'',''verifying'',''done'',''failed''))',
  'CHECK (state = ''waiting'' OR state = ''leased'' OR state = ''committed'' OR state = ''verifying'' OR state = ''done'' OR state = ''failed'')')
WHERE type = 'table' AND name = 'tasks';
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (state IN (''pending'',''uploaded'',''verified'',''delivered'',''accepted'',''rejected''))',
  'CHECK (state = ''pending'' OR state = ''uploaded'' OR state = ''verified'' OR state = ''delivered'' OR state = ''accepted'' OR state = ''rejected'')')
WHERE type = 'table' AND name = 'frames';
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (state IN (''held'',''committed'',''passed'',''failed''))',
  'CHECK (state = ''held'' OR state = ''committed'' OR state = ''passed'' OR state = ''failed'')')
WHERE type = 'table' AND name = 'attempts';
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (state IN (''waiting'',''held'',''committed'',''passed'',''rejected'',''inconclusive'',''dropped''))',
  'CHECK (state = ''waiting'' OR state = ''held'' OR state = ''committed'' OR state = ''passed'' OR state = ''rejected'' OR state = ''inconclusive'' OR state = ''dropped'')')
WHERE type = 'table' AND name = 'audits';
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (state NOT IN (''verified'',''delivered'',''accepted'') OR (verdict',
  'CHECK ((state <> ''verified'' AND state <> ''delivered'' AND state <> ''accepted'') OR (verdict')
WHERE type = 'table' AND name = 'frames';
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (state NOT IN (''passed'',''rejected'',''inconclusive'') OR (verdict',
  'CHECK ((state <> ''passed'' AND state <> ''rejected'' AND state <> ''inconclusive'') OR (verdict')
WHERE type = 'table' AND name = 'audits';
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (kind IN ('''',''tile'',''assemble''))',
  'CHECK (kind = '''' OR kind = ''tile'' OR kind = ''assemble'')')
WHERE type = 'table' AND name = 'tasks';
UPDATE sqlite_schema SET sql = replace(sql,
  'CHECK (kind IN ('''',''honeypot'',''canary''))',
  'CHECK (kind = '''' OR kind = ''honeypot'' OR kind = ''canary'')')
WHERE type = 'table' AND name = 'audits';
PRAGMA writable_schema = RESET;
