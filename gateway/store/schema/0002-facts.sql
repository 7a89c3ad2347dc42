-- Change capture: a write to a fact marks the subjects whose rules may read it, whoever writes.

-- The busiest triggers leave a change that waits where it stands: whoever takes it does so in the transaction that
-- looks at the facts, and so sees this one too.
CREATE TRIGGER change_attendance_mark AFTER INSERT ON attendance_mark
WHEN NOT EXISTS (SELECT 1 FROM change WHERE kind = 'pupil' AND subject = NEW.pupil) BEGIN
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_attendance_mark_gone AFTER DELETE ON attendance_mark BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = OLD.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', OLD.pupil);
END;
CREATE TRIGGER change_explanation AFTER INSERT ON explanation BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_explanation_gone AFTER DELETE ON explanation BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = OLD.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', OLD.pupil);
END;
CREATE TRIGGER change_authorisation AFTER INSERT ON authorisation BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_located AFTER INSERT ON located BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;

CREATE TRIGGER change_role_new AFTER INSERT ON role WHEN NEW.role = 'pupil' BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.person;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.person);
END;
CREATE TRIGGER change_role AFTER UPDATE ON role WHEN NEW.role = 'pupil' BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.person;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.person);
END;

CREATE TRIGGER change_placement_new AFTER INSERT ON placement BEGIN
  DELETE FROM change WHERE (kind = 'pupil' AND subject = NEW.pupil) OR (kind = 'placement' AND subject = NEW.id);
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil), ('placement', NEW.id);
END;
CREATE TRIGGER change_placement AFTER UPDATE ON placement BEGIN
  DELETE FROM change WHERE (kind = 'pupil' AND subject = NEW.pupil) OR (kind = 'placement' AND subject = NEW.id);
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil), ('placement', NEW.id);
END;
CREATE TRIGGER change_placement_day_new AFTER INSERT ON placement_day BEGIN
  DELETE FROM change WHERE kind = 'placement' AND subject = NEW.placement;
  INSERT INTO change(kind, subject) VALUES ('placement', NEW.placement);
END;
CREATE TRIGGER change_placement_day AFTER UPDATE ON placement_day BEGIN
  DELETE FROM change WHERE kind = 'placement' AND subject = NEW.placement
      OR kind = 'pupil' AND subject = (SELECT pupil FROM placement WHERE id = NEW.placement);
  INSERT INTO change(kind, subject)
    VALUES ('placement', NEW.placement), ('pupil', (SELECT pupil FROM placement WHERE id = NEW.placement));
END;
CREATE TRIGGER change_agreement_signature AFTER INSERT ON agreement_signature BEGIN
  DELETE FROM change WHERE kind = 'placement' AND subject = NEW.placement;
  INSERT INTO change(kind, subject) VALUES ('placement', NEW.placement);
END;
CREATE TRIGGER change_agreement_signature_gone AFTER DELETE ON agreement_signature BEGIN
  DELETE FROM change WHERE kind = 'placement' AND subject = OLD.placement;
  INSERT INTO change(kind, subject) VALUES ('placement', OLD.placement);
END;
CREATE TRIGGER change_checkin_new AFTER INSERT ON checkin BEGIN
  DELETE FROM change WHERE kind = 'placement' AND subject = NEW.placement;
  INSERT INTO change(kind, subject) VALUES ('placement', NEW.placement);
END;
CREATE TRIGGER change_checkin AFTER UPDATE ON checkin BEGIN
  DELETE FROM change WHERE kind = 'placement' AND subject = NEW.placement;
  INSERT INTO change(kind, subject) VALUES ('placement', NEW.placement);
END;

-- An answer concerns the subject of the notice that it answers.
CREATE TRIGGER change_answer AFTER INSERT ON answer BEGIN
  INSERT INTO change(kind, subject)
    SELECT DISTINCT m.kind, m.subject FROM rule_match m
     WHERE m.kind IN ('pupil', 'placement', 'case', 'meeting', 'person', 'application', 'survey', 'visit')
       AND m.subject = NEW.subject
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = m.kind AND c.subject = m.subject);
END;

-- What became of a message is a fact too: the ladder and the corrections read it.
CREATE TRIGGER change_message AFTER UPDATE OF state ON message
WHEN NEW.state <> OLD.state
 AND (NEW.state = 'accepted' OR NEW.state = 'delivered' OR NEW.state = 'held' OR NEW.state = 'rejected' OR NEW.state = 'failed'
      OR NEW.state = 'expired' OR NEW.state = 'unknown') BEGIN
  INSERT INTO change(kind, subject)
    SELECT DISTINCT m.kind, m.subject FROM message_notice mn JOIN notice n ON n.id = mn.notice
      JOIN rule_match m ON m.id = n.match
     WHERE mn.message = NEW.id
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = m.kind AND c.subject = m.subject);
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'pupil', m.pupil FROM message_notice mn JOIN notice n ON n.id = mn.notice
      JOIN rule_match m ON m.id = n.match
     WHERE mn.message = NEW.id AND m.pupil IS NOT NULL AND (m.kind <> 'pupil' OR m.subject <> m.pupil)
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'pupil' AND c.subject = m.pupil);
END;

CREATE TRIGGER change_message_held AFTER INSERT ON message_notice
WHEN (SELECT reason FROM message WHERE id = NEW.message) = 'confirmation' BEGIN
  INSERT INTO change(kind, subject)
    SELECT 'pupil', m.pupil FROM notice n JOIN rule_match m ON m.id = n.match
     WHERE n.id = NEW.notice AND m.pupil IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'pupil' AND c.subject = m.pupil);
END;

-- A calendar is everybody's: the engine spreads this change over its pupils and placements, in small portions.
CREATE TRIGGER change_calendar_day AFTER UPDATE OF kind ON calendar_day WHEN NEW.kind <> OLD.kind BEGIN
  DELETE FROM change WHERE kind = 'calendar' AND subject = NEW.calendar;
  INSERT INTO change(kind, subject) VALUES ('calendar', NEW.calendar);
END;

CREATE TRIGGER change_organisation_calendar AFTER UPDATE OF calendar ON organisation_calendar
WHEN NEW.calendar <> OLD.calendar BEGIN
  DELETE FROM change WHERE kind = 'calendar' AND subject = NEW.calendar;
  INSERT INTO change(kind, subject) VALUES ('calendar', NEW.calendar);
END;

-- When a subject must be looked at again though nothing changed: a row of a rule falls due beyond the horizon.
CREATE TABLE timer(
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_at ON timer(at);

-- ---------------------------------------------------------------- silence at once

-- Whose messages about a pupil or a person stop: in the statement that says so.
-- A hold of an organisation is one of everybody in or below it on that day.
CREATE TRIGGER silence_hold AFTER INSERT ON hold BEGIN
  UPDATE message SET state = 'cancelled', reason = 'staff-hold', changed = NEW.starts
   WHERE state IN ('queued', 'held', 'retry') AND (NEW.ends IS NULL OR NEW.ends > created)
     AND ((NEW.kind = 'person' AND person = NEW.subject)
       OR (NEW.kind <> 'person' AND id IN (
            SELECT mn.message FROM rule_match m JOIN notice n ON n.match = m.id JOIN message_notice mn ON mn.notice = n.id
             WHERE m.pupil IN (SELECT NEW.subject WHERE NEW.kind = 'pupil'
                                UNION ALL
                               SELECT r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant
                                WHERE NEW.kind = 'group' AND t.ancestor = NEW.subject AND r.role = 'pupil'
                                  AND (r.last_day IS NULL OR r.last_day >= date(NEW.starts, 'unixepoch'))))));
  INSERT INTO change(kind, subject)
    SELECT 'pupil', person FROM (
      SELECT NEW.subject AS person WHERE NEW.kind = 'pupil'
       UNION SELECT r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant
              WHERE NEW.kind = 'group' AND t.ancestor = NEW.subject AND r.role = 'pupil'
                AND (r.last_day IS NULL OR r.last_day >= date(NEW.starts, 'unixepoch')))
     WHERE NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'pupil' AND c.subject = person);
END;

CREATE TRIGGER silence_restricted AFTER UPDATE OF restricted, notify, ended ON guardian
WHEN NEW.restricted = 1 OR NEW.notify = 0 OR NEW.ended IS NOT NULL BEGIN
  UPDATE message SET state = 'cancelled', reason = 'restricted', changed = unixepoch()
   WHERE state IN ('queued', 'held', 'retry') AND person = NEW.guardian
     AND id IN (SELECT mn.message FROM rule_match m JOIN notice n ON n.match = m.id AND n.person = NEW.guardian
                  JOIN message_notice mn ON mn.notice = n.id
                 WHERE m.pupil = NEW.pupil);
  UPDATE feed SET revoked = unixepoch() WHERE owner = NEW.guardian AND revoked IS NULL AND NEW.restricted = 1;
END;

CREATE TRIGGER silence_restricted_new AFTER INSERT ON guardian WHEN NEW.restricted = 1 BEGIN
  UPDATE message SET state = 'cancelled', reason = 'restricted', changed = unixepoch()
   WHERE state IN ('queued', 'held', 'retry') AND person = NEW.guardian
     AND id IN (SELECT mn.message FROM rule_match m JOIN notice n ON n.match = m.id AND n.person = NEW.guardian
                  JOIN message_notice mn ON mn.notice = n.id
                 WHERE m.pupil = NEW.pupil);
  UPDATE feed SET revoked = unixepoch() WHERE owner = NEW.guardian AND revoked IS NULL;
END;

CREATE TRIGGER silence_ended AFTER UPDATE OF ended ON person WHEN NEW.ended IS NOT NULL AND OLD.ended IS NULL BEGIN
  UPDATE message SET state = 'cancelled', reason = 'ended', changed = unixepoch()
   WHERE state IN ('queued', 'held', 'retry') AND person = NEW.id;
  UPDATE feed SET revoked = unixepoch() WHERE owner = NEW.id AND revoked IS NULL;
END;

-- A role that ended before a message was written, and that was the person's last: they are told nothing more.
CREATE TRIGGER silence_role AFTER UPDATE OF last_day ON role
WHEN NEW.last_day IS NOT NULL AND (OLD.last_day IS NULL OR NEW.last_day < OLD.last_day) BEGIN
  UPDATE message SET state = 'cancelled', reason = 'ended', changed = unixepoch()
   WHERE state IN ('queued', 'held', 'retry') AND person = NEW.person
     AND NEW.last_day < date(created, 'unixepoch')
     AND NOT EXISTS (SELECT 1 FROM guardian g WHERE g.guardian = NEW.person AND g.ended IS NULL)
     AND NOT EXISTS (SELECT 1 FROM role r WHERE r.person = NEW.person AND r.id <> NEW.id
                        AND (r.last_day IS NULL OR r.last_day > NEW.last_day));
END;

-- Somebody becomes protected while messages about them wait: their texts were written with places in them, to contacts that
-- nobody had asked to be safe. Only what staff were to get leaves.
CREATE TRIGGER silence_protected AFTER UPDATE OF protected ON person WHEN NEW.protected = 1 AND OLD.protected = 0 BEGIN
  UPDATE message SET state = 'cancelled', reason = 'protected', changed = unixepoch()
   WHERE state IN ('queued', 'held', 'retry')
     AND id IN (SELECT mn.message FROM rule_match m JOIN notice n ON n.match = m.id
                  JOIN message_notice mn ON mn.notice = n.id
                 WHERE m.pupil = NEW.id)
     AND (person = NEW.id
       OR EXISTS (SELECT 1 FROM guardian g WHERE g.pupil = NEW.id AND g.guardian = message.person)
       OR NOT EXISTS (SELECT 1 FROM role r WHERE r.person = message.person AND r.role NOT IN ('pupil', 'supervisor')));
END;

-- ---------------------------------------------------------------- fact views: what a rule may read (rules/README.md)

CREATE VIEW day AS
SELECT o.organisation, c.day, c.day_no, c.noon, c.weekday, c.kind, c.school_day_no, c.working_day_no, c.school_year
  FROM organisation_calendar o JOIN calendar_day c ON c.calendar = o.calendar;

-- Each mark in force, with what it means once explanations, authorisations and other places are known.
CREATE VIEW attendance AS
SELECT m.pupil, m.day, m.lesson, m.place, m.starts, m.ends, (m.ends - m.starts) / 60 AS minutes,
       m.id AS mark, m.mark AS marked,
       CASE WHEN m.mark = 'absent' THEN coalesce(m.class, 'unexplained') ELSE m.class END AS class, m.by, m.received, m.event,
       (SELECT r.organisation FROM role r
         WHERE r.person = m.pupil AND r.role = 'pupil' AND r.first_day <= m.day
           AND (r.last_day IS NULL OR r.last_day >= m.day)
         ORDER BY r.first_day DESC LIMIT 1) AS organisation,
       CASE WHEN m.mark <> 'absent' THEN 'present'
            WHEN EXISTS (SELECT 1 FROM attendance_mark o
                          WHERE o.pupil = m.pupil AND o.day = m.day AND o.in_force = 1 AND o.mark <> 'absent'
                            AND o.starts < m.ends AND o.ends > m.starts) THEN 'present'
            WHEN m.class <> 'unexplained' THEN m.class
            WHEN EXISTS (SELECT 1 FROM authorisation e
                          WHERE e.pupil = m.pupil AND e.starts < m.ends AND e.ends > m.starts) THEN 'authorised'
            WHEN EXISTS (SELECT 1 FROM explanation e
                          WHERE e.pupil = m.pupil AND e.starts < m.ends AND e.ends > m.starts) THEN 'explained'
            ELSE 'unexplained' END AS status,
       EXISTS (SELECT 1 FROM authorisation e WHERE e.pupil = m.pupil AND e.starts < m.ends AND e.ends > m.starts)
         OR EXISTS (SELECT 1 FROM explanation e WHERE e.pupil = m.pupil AND e.starts < m.ends AND e.ends > m.starts)
         AS covered
  FROM attendance_mark m
 WHERE m.in_force = 1;

-- Lessons that the register has as unexplained, in runs: an episode is the lowest mark of a run of one status that no
-- presence interrupts, so that later and earlier lessons join it and a correction or an explanation starts a new one.
CREATE VIEW absence AS
SELECT pupil, day, lesson, place, starts, ends, minutes, mark, received, event, organisation, status,
       min(mark) OVER (PARTITION BY pupil, day, status, run) AS episode
  FROM (SELECT *, sum(turn) OVER (PARTITION BY pupil, day ORDER BY starts, mark) AS run
          FROM (SELECT *, status IS NOT lag(status) OVER (PARTITION BY pupil, day ORDER BY starts, mark) AS turn
                  FROM attendance a
                 WHERE EXISTS (SELECT 1 FROM attendance_mark u
                                WHERE u.pupil = a.pupil AND u.day = a.day AND u.in_force = 1
                                  AND u.mark = 'absent' AND coalesce(u.class, 'unexplained') = 'unexplained')))
 WHERE class = 'unexplained' AND status <> 'present';

CREATE VIEW pupil_located AS
SELECT pupil, at, place, received FROM located;

-- Marks that an absence-alert told of, with what stands in the register now.
CREATE VIEW alerted AS
SELECT m.subject AS pupil, m.id AS alert, m.fired, m.state, k.mark, t.day, t.lesson, t.place, t.starts, t.ends
  FROM rule_match m JOIN match_mark k ON k.match = m.id JOIN attendance_mark t ON t.id = k.mark
 WHERE m.rule = 'absence-alert' AND m.kind = 'pupil' AND m.fired IS NOT NULL;

-- Rules that spoke about a subject, and when.
CREATE VIEW told AS
SELECT kind, subject, rule, key, fired, state FROM rule_match WHERE fired IS NOT NULL;

-- Working days of placements, with what a reminder needs to know.
CREATE VIEW planned_day AS
SELECT d.placement, d.original_day, d.day, d.starts, d.ends, d.dated, d.sequence, p.pupil, p.workplace, p.first_day,
       p.last_day, p.model, p.planned,
       (SELECT min(f.day) FROM placement_day f
         WHERE f.placement = d.placement AND f.kind = 'work' AND f.state = 'planned') AS first_placement_day,
       coalesce(p.supervisor, (SELECT s.person FROM workplace_supervisor s WHERE s.workplace = p.workplace
                                ORDER BY s.position LIMIT 1)) AS supervisor,
       (SELECT r.organisation FROM role r
         WHERE r.person = p.pupil AND r.role = 'pupil' AND r.first_day <= d.day
           AND (r.last_day IS NULL OR r.last_day >= d.day)
         ORDER BY r.first_day DESC LIMIT 1) AS organisation,
       (SELECT count(*) FROM agreement_signature s WHERE s.placement = d.placement) AS signatures
  FROM placement_day d JOIN placement p ON p.id = d.placement
 WHERE d.kind = 'work' AND d.state = 'planned' AND p.state = 'planned';

-- Messages about protected pupils that wait for a member of staff to confirm them.
CREATE VIEW unconfirmed AS
SELECT m.pupil, m.id AS match, m.rule, m.key, n.person AS recipient, g.id AS message, g.created AS held, g.deadline,
       (SELECT r.organisation FROM role r WHERE r.person = m.pupil AND r.role = 'pupil'
         ORDER BY r.first_day DESC LIMIT 1) AS organisation
  FROM rule_match m CROSS JOIN notice n ON n.match = m.id CROSS JOIN message_notice mn ON mn.notice = n.id
 CROSS JOIN message g ON g.id = mn.message
 WHERE m.pupil IS NOT NULL AND g.state = 'held' AND g.reason = 'confirmation';
