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

-- ---------------------------------------------------------------- what other programs write

-- Without foreign keys and without intake's checks: refused here, with a word on what to do. A day is '2026-11-23' and one
-- that there is.
ALTER TABLE event ADD COLUMN applied INTEGER NOT NULL DEFAULT 0 CHECK (applied IN (0, 1));
UPDATE event SET applied = 1;
CREATE TRIGGER event_direct BEFORE INSERT ON event WHEN NEW.applied = 0 BEGIN
  SELECT RAISE(ABORT, 'event: a row written here changes no facts: write the fact tables, or send it by kapula import events');
END;
CREATE TRIGGER attendance_mark_day_new BEFORE INSERT ON attendance_mark
WHEN NEW.day IS NOT date(NEW.day, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'attendance_mark: day is no day: write it as 2026-11-23');
END;
CREATE TRIGGER attendance_mark_day_again BEFORE UPDATE OF day ON attendance_mark
WHEN NEW.day IS NOT date(NEW.day, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'attendance_mark: day is no day: write it as 2026-11-23');
END;
CREATE TRIGGER checkin_day_new BEFORE INSERT ON checkin
WHEN NEW.day IS NOT date(NEW.day, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'checkin: day is no day: write it as 2026-11-23');
END;
CREATE TRIGGER checkin_day_again BEFORE UPDATE OF day ON checkin
WHEN NEW.day IS NOT date(NEW.day, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'checkin: day is no day: write it as 2026-11-23');
END;
CREATE TRIGGER placement_day_new BEFORE INSERT ON placement
WHEN NEW.first_day IS NOT date(NEW.first_day, '+0 days') OR NEW.last_day IS NOT date(NEW.last_day, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'placement: first_day or last_day is no day: write it as 2026-11-23');
END;
CREATE TRIGGER placement_day_again BEFORE UPDATE OF first_day, last_day ON placement
WHEN NEW.first_day IS NOT date(NEW.first_day, '+0 days') OR NEW.last_day IS NOT date(NEW.last_day, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'placement: first_day or last_day is no day: write it as 2026-11-23');
END;
CREATE TRIGGER placement_day_day_new BEFORE INSERT ON placement_day
WHEN NEW.original_day IS NOT date(NEW.original_day, '+0 days') OR NEW.day IS NOT date(NEW.day, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'placement_day: original_day or day is no day: write it as 2026-11-23');
END;
CREATE TRIGGER placement_day_day_again BEFORE UPDATE OF original_day, day ON placement_day
WHEN NEW.original_day IS NOT date(NEW.original_day, '+0 days') OR NEW.day IS NOT date(NEW.day, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'placement_day: original_day or day is no day: write it as 2026-11-23');
END;
CREATE TRIGGER calendar_entry_day_new BEFORE INSERT ON calendar_entry
WHEN NEW.first_day IS NOT date(NEW.first_day, '+0 days') OR NEW.last_day IS NOT date(NEW.last_day, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'calendar_entry: first_day or last_day is no day: write it as 2026-11-23');
END;
CREATE TRIGGER calendar_entry_day_again BEFORE UPDATE OF first_day, last_day ON calendar_entry
WHEN NEW.first_day IS NOT date(NEW.first_day, '+0 days') OR NEW.last_day IS NOT date(NEW.last_day, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'calendar_entry: first_day or last_day is no day: write it as 2026-11-23');
END;
CREATE TRIGGER role_day_new BEFORE INSERT ON role
WHEN NEW.first_day IS NOT date(NEW.first_day, '+0 days') OR NEW.last_day IS NOT date(NEW.last_day, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'role: first_day or last_day is no day: write it as 2026-11-23');
END;
CREATE TRIGGER role_day_again BEFORE UPDATE OF first_day, last_day ON role
WHEN NEW.first_day IS NOT date(NEW.first_day, '+0 days') OR NEW.last_day IS NOT date(NEW.last_day, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'role: first_day or last_day is no day: write it as 2026-11-23');
END;
CREATE TRIGGER plan_day_new BEFORE INSERT ON plan
WHEN NEW.until IS NOT date(NEW.until, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'plan: until is no day: write it as 2026-11-23');
END;
CREATE TRIGGER plan_day_again BEFORE UPDATE OF until ON plan
WHEN NEW.until IS NOT date(NEW.until, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'plan: until is no day: write it as 2026-11-23');
END;
CREATE TRIGGER card_day_new BEFORE INSERT ON card
WHEN NEW.expires IS NOT date(NEW.expires, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'card: expires is no day: write it as 2026-11-23');
END;
CREATE TRIGGER card_day_again BEFORE UPDATE OF expires ON card
WHEN NEW.expires IS NOT date(NEW.expires, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'card: expires is no day: write it as 2026-11-23');
END;
CREATE TRIGGER package_day_new BEFORE INSERT ON package
WHEN NEW.due IS NOT date(NEW.due, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'package: due is no day: write it as 2026-11-23');
END;
CREATE TRIGGER package_day_again BEFORE UPDATE OF due ON package
WHEN NEW.due IS NOT date(NEW.due, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'package: due is no day: write it as 2026-11-23');
END;
CREATE TRIGGER pupil_parameter_day_new BEFORE INSERT ON pupil_parameter
WHEN NEW.until IS NOT date(NEW.until, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'pupil_parameter: until is no day: write it as 2026-11-23');
END;
CREATE TRIGGER pupil_parameter_day_again BEFORE UPDATE OF until ON pupil_parameter
WHEN NEW.until IS NOT date(NEW.until, '+0 days') BEGIN
  SELECT RAISE(ABORT, 'pupil_parameter: until is no day: write it as 2026-11-23');
END;
CREATE TRIGGER attendance_mark_stranger BEFORE INSERT ON attendance_mark
WHEN NOT EXISTS (SELECT 1 FROM person WHERE id = NEW.pupil) BEGIN
  SELECT RAISE(ABORT, 'attendance_mark: nobody has the id in pupil: import the roster first');
END;
CREATE TRIGGER explanation_stranger BEFORE INSERT ON explanation
WHEN NOT EXISTS (SELECT 1 FROM person WHERE id = NEW.pupil) BEGIN
  SELECT RAISE(ABORT, 'explanation: nobody has the id in pupil: import the roster first');
END;
CREATE TRIGGER authorisation_stranger BEFORE INSERT ON authorisation
WHEN NOT EXISTS (SELECT 1 FROM person WHERE id = NEW.pupil) BEGIN
  SELECT RAISE(ABORT, 'authorisation: nobody has the id in pupil: import the roster first');
END;
CREATE TRIGGER located_stranger BEFORE INSERT ON located
WHEN NOT EXISTS (SELECT 1 FROM person WHERE id = NEW.pupil) BEGIN
  SELECT RAISE(ABORT, 'located: nobody has the id in pupil: import the roster first');
END;
CREATE TRIGGER placement_stranger BEFORE INSERT ON placement
WHEN NOT EXISTS (SELECT 1 FROM person WHERE id = NEW.pupil) BEGIN
  SELECT RAISE(ABORT, 'placement: nobody has the id in pupil: import the roster first');
END;
CREATE TRIGGER checkin_stranger BEFORE INSERT ON checkin
WHEN NOT EXISTS (SELECT 1 FROM placement WHERE id = NEW.placement) BEGIN
  SELECT RAISE(ABORT, 'checkin: no placement has the id in placement: write it first');
END;
CREATE TRIGGER placement_day_stranger BEFORE INSERT ON placement_day
WHEN NOT EXISTS (SELECT 1 FROM placement WHERE id = NEW.placement) BEGIN
  SELECT RAISE(ABORT, 'placement_day: no placement has the id in placement: write it first');
END;
