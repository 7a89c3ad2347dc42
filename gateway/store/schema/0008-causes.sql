-- What a change was about, and timers by rule: so that the engine looks at the rules concerned alone. Conventions as in 0001.

-- Subjects that only some rules must look at again: those that read what `cause` touched (store/change.c has the table of
-- causes), and those that read what the engine itself writes. What stands in `change` concerns all rules.
CREATE TABLE change_part(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  cause TEXT NOT NULL,
  UNIQUE (kind, subject, cause)
) STRICT;

-- The subjects that waited for their time are looked at once: each rule then says anew when it wants to see them.
INSERT INTO change(kind, subject)
  SELECT t.kind, t.subject FROM timer t
   WHERE NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = t.kind AND c.subject = t.subject)
   ORDER BY t.at, t.kind, t.subject;
DROP TABLE timer;
CREATE TABLE timer(
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  rule TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (kind, subject, rule)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_at ON timer(at, kind, subject);

DROP TRIGGER change_attendance_mark;
CREATE TRIGGER change_attendance_mark AFTER INSERT ON attendance_mark
WHEN NOT EXISTS (SELECT 1 FROM change WHERE kind = 'pupil' AND subject = NEW.pupil)
 AND NOT EXISTS (SELECT 1 FROM change_part WHERE kind = 'pupil' AND subject = NEW.pupil AND cause = 'attendance') BEGIN
  INSERT INTO change_part(kind, subject, cause) VALUES ('pupil', NEW.pupil, 'attendance');
END;

DROP TRIGGER change_message;
CREATE TRIGGER change_message AFTER UPDATE OF state ON message
WHEN NEW.state <> OLD.state
 AND (NEW.state = 'accepted' OR NEW.state = 'delivered' OR NEW.state = 'held' OR NEW.state = 'rejected' OR NEW.state = 'failed'
      OR NEW.state = 'expired' OR NEW.state = 'unknown') BEGIN
  INSERT INTO change_part(kind, subject, cause)
    SELECT DISTINCT m.kind, m.subject, 'message' FROM message_notice mn JOIN notice n ON n.id = mn.notice
      JOIN rule_match m ON m.id = n.match
     WHERE mn.message = NEW.id
       AND NOT EXISTS (SELECT 1 FROM change_part c
                        WHERE c.kind = m.kind AND c.subject = m.subject AND c.cause = 'message');
  INSERT INTO change_part(kind, subject, cause)
    SELECT DISTINCT 'pupil', m.pupil, 'message' FROM message_notice mn JOIN notice n ON n.id = mn.notice
      JOIN rule_match m ON m.id = n.match
     WHERE mn.message = NEW.id AND m.pupil IS NOT NULL AND (m.kind <> 'pupil' OR m.subject <> m.pupil)
       AND NOT EXISTS (SELECT 1 FROM change_part c
                        WHERE c.kind = 'pupil' AND c.subject = m.pupil AND c.cause = 'message');
END;

-- A partial index serves a query that says the same as its condition, word for word: `state = 'held'` does not find
-- `state IN ('held', 'leased')`.
DROP INDEX message_open;
CREATE INDEX message_held ON message(not_before) WHERE state = 'held';
CREATE INDEX message_leased ON message(not_before) WHERE state = 'leased';
-- Staff, wherever they are: pupils are found by their group.
CREATE INDEX role_staff ON role(role, organisation) WHERE role <> 'pupil';
