-- Every fact that the catalogue of events lists becomes a publication in the transaction that writes it, whoever writes it.
-- Conventions as in 0001. Ids and codes only: no names, no free text, no reasons, no health classes, nobody who did it.
-- JSON is put together by hand, since SQLite 3.40.1 takes its own JSON functions for unsafe in a trigger when the schema is
-- not trusted; ids are escaped, codes and times need no escape.

ALTER TABLE publication ADD COLUMN about TEXT NOT NULL DEFAULT 'thing'; -- of the subject: organisation, case and message are
                                                                        -- shown as they are, 'thing' under an opaque id
-- The people it tells of: while one of them is protected, it is shown as withheld, wherever it is read.
ALTER TABLE publication ADD COLUMN pupil TEXT;
ALTER TABLE publication ADD COLUMN person TEXT;
CREATE INDEX publication_refused ON publication(id) WHERE state = 'refused';

-- What opaque ids are made with (store/pseudonym.c).
INSERT INTO meta(name, value) VALUES ('pseudonym_secret', lower(hex(randomblob(32))));

-- Never holds a row: what is inserted becomes a publication, or nothing when it is history (an event that came more than
-- 7 days after its time), when a protected person is part of it, or when nobody's municipality can be told.
CREATE TABLE publish(
  kind TEXT NOT NULL,
  event TEXT NOT NULL,
  about TEXT NOT NULL,
  subject TEXT NOT NULL,
  pupil TEXT,                -- whose municipality it is when `organisation` is NULL, and whose protection counts
  person TEXT,               -- another whose protection counts
  organisation TEXT,         -- whose it is
  cause INTEGER,             -- event.seq
  at INTEGER,                -- without a cause: when it became so; NULL: now
  data TEXT NOT NULL
) STRICT;
CREATE TRIGGER publish_row BEFORE INSERT ON publish BEGIN
  INSERT INTO publication(tenant, seq, kind, event, about, subject, pupil, person, time, data)
    SELECT w.tenant, 1 + coalesce((SELECT max(seq) FROM publication WHERE tenant = w.tenant), 0), NEW.kind, NEW.event,
           NEW.about, NEW.subject, NEW.pupil, NEW.person,
           coalesce((SELECT e.received FROM event e WHERE e.seq = NEW.cause), NEW.at, unixepoch()), NEW.data
      FROM (SELECT coalesce(c.tenant,
                     (SELECT a.id FROM organisation_tree t JOIN organisation a ON a.id = t.ancestor
                       WHERE t.descendant = o.id AND a.kind = 'municipality' ORDER BY t.distance LIMIT 1),
                     CASE o.kind WHEN 'network' THEN o.id ELSE
                       (SELECT t.ancestor FROM organisation_tree t WHERE t.descendant = o.id
                         ORDER BY t.distance DESC LIMIT 1) END) AS tenant
              FROM organisation o LEFT JOIN organisation_calendar c ON c.organisation = o.id
             WHERE o.id = coalesce(NEW.organisation,
                     (SELECT r.organisation FROM role r WHERE r.person = NEW.pupil AND r.role = 'pupil'
                       ORDER BY r.last_day IS NOT NULL, r.first_day DESC LIMIT 1))) w
     WHERE w.tenant IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM event e WHERE e.seq = NEW.cause AND e.time < e.received - 604800)
       AND NOT EXISTS (SELECT 1 FROM person p WHERE p.id = NEW.pupil AND p.protected = 1)
       AND NOT EXISTS (SELECT 1 FROM person p WHERE p.id = NEW.person AND p.protected = 1);
  SELECT RAISE(IGNORE);
END;

-- ---------------------------------------------------------------- attendance

CREATE TRIGGER publish_attendance_mark AFTER INSERT ON attendance_mark
WHEN NEW.day >= date(NEW.received - 604800, 'unixepoch') BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('attendance', 'marked', 'thing', NEW.pupil, NEW.pupil, NEW.event, NEW.received,
          '{"day":' || coalesce('"' || replace(replace(NEW.day, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"lesson":' || coalesce(NEW.lesson, 'null') ||
          ',"place":' || coalesce('"' || NEW.place || '"', 'null') ||
          ',"mark":' || coalesce('"' || NEW.mark || '"', 'null') ||
          ',"explained":' || coalesce(CASE WHEN NEW.mark = 'absent' THEN iif(coalesce(NEW.class, 'unexplained') = 'unexplained', 'false', 'true') END, 'null') || '}');
END;
CREATE TRIGGER publish_explanation AFTER INSERT ON explanation BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('absence', 'explained', 'thing', NEW.pupil, NEW.pupil, NEW.event, NEW.received,
          '{"from":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.starts, 'unixepoch') || '"', 'null') ||
          ',"until":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.ends, 'unixepoch') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_authorisation AFTER INSERT ON authorisation BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('absence', 'authorised', 'thing', NEW.pupil, NEW.pupil, NEW.event, NEW.received,
          '{"from":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.starts, 'unixepoch') || '"', 'null') ||
          ',"until":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.ends, 'unixepoch') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_located AFTER INSERT ON located BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('pupil', 'located', 'thing', NEW.pupil, NEW.pupil, NEW.event, NEW.received,
          '{"at":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.at, 'unixepoch') || '"', 'null') ||
          ',"where":' || coalesce('"' || NEW.place || '"', 'null') || '}');
END;
CREATE TRIGGER publish_hold AFTER INSERT ON hold WHEN NEW.kind <> 'person' BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, organisation, cause, at, data)
  VALUES ('pupil', 'held', CASE NEW.kind WHEN 'group' THEN 'organisation' ELSE 'thing' END, NEW.subject,
          CASE NEW.kind WHEN 'pupil' THEN NEW.subject END, CASE NEW.kind WHEN 'group' THEN NEW.subject END, NEW.event, NULL,
          '{"from":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.starts, 'unixepoch') || '"', 'null') ||
          ',"until":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.ends, 'unixepoch') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_hold_ended AFTER UPDATE OF ends ON hold WHEN NEW.kind <> 'person' AND NEW.ends IS NOT OLD.ends BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, organisation, cause, at, data)
  VALUES ('pupil', 'released', CASE NEW.kind WHEN 'group' THEN 'organisation' ELSE 'thing' END, NEW.subject,
          CASE NEW.kind WHEN 'pupil' THEN NEW.subject END, CASE NEW.kind WHEN 'group' THEN NEW.subject END, NULL, NEW.ends,
          '{"until":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.ends, 'unixepoch') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_register_sync_new AFTER INSERT ON register_sync BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, at, data)
  VALUES ('attendance', 'register.synced', 'organisation', NEW.organisation, NEW.organisation, NEW.read_up_to,
          '{"read_up_to":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.read_up_to, 'unixepoch') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_register_sync AFTER UPDATE OF read_up_to ON register_sync WHEN NEW.read_up_to <> OLD.read_up_to BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, at, data)
  VALUES ('attendance', 'register.synced', 'organisation', NEW.organisation, NEW.organisation, NEW.read_up_to,
          '{"read_up_to":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.read_up_to, 'unixepoch') || '"', 'null') || '}');
END;

-- ---------------------------------------------------------------- messages and answers

-- The subject may be of any kind; a pupil behind a placement, meeting or case is looked for so that protection counts.
CREATE TRIGGER publish_answer AFTER INSERT ON answer BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, person, organisation, cause, at, data)
  SELECT CASE NEW.answer WHEN 'confirmed' THEN 'message' ELSE 'notice' END,
         CASE NEW.answer WHEN 'confirmed' THEN 'confirmed' WHEN 'taken' THEN 'taken' ELSE 'answered' END,
         CASE WHEN k.id IS NOT NULL THEN 'case' WHEN o.id IS NOT NULL THEN 'organisation' ELSE 'thing' END,
         NEW.subject, coalesce(k.pupil, p.pupil, m.pupil, NEW.subject), NEW.recipient,
         coalesce(k.organisation, m.organisation, o.id,
                  (SELECT r.organisation FROM role r WHERE r.role = 'pupil' AND r.person = coalesce(p.pupil, NEW.subject)
                    ORDER BY r.last_day IS NOT NULL, r.first_day DESC LIMIT 1),
                  (SELECT r.organisation FROM role r WHERE r.person = NEW.recipient
                    ORDER BY r.last_day IS NOT NULL, r.first_day DESC LIMIT 1)),
         NEW.event, NEW.at,
         '{"recipient":' || coalesce('"' || replace(replace(NEW.recipient, '\', '\\'), '"', '\"') || '"', 'null') ||
         ',"rule":' || coalesce('"' || replace(replace((SELECT v.rule FROM rule_version v WHERE v.rule = NEW.rule LIMIT 1), '\', '\\'), '"', '\"') || '"', 'null') ||
         ',"answer":' || coalesce('"' || CASE WHEN NEW.answer NOT IN ('taken', 'confirmed') THEN NEW.answer END || '"', 'null') || '}'
    FROM (SELECT 1) LEFT JOIN case_file k ON k.id = NEW.subject LEFT JOIN placement p ON p.id = NEW.subject
         LEFT JOIN meeting m ON m.id = NEW.subject LEFT JOIN organisation o ON o.id = NEW.subject;
END;

-- One of the notices of a message stands for all: a digest is told of once.
CREATE TRIGGER publish_message AFTER UPDATE OF state ON message
WHEN NEW.state <> OLD.state AND (NEW.state = 'delivered' OR NEW.state = 'failed' OR NEW.state = 'rejected'
                                 OR NEW.state = 'expired' OR NEW.state = 'cancelled' OR NEW.state = 'unknown') BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, person, organisation, at, data)
  SELECT 'message', NEW.state, 'message', NEW.id, r.pupil, NEW.person,
         coalesce(CASE WHEN r.pupil IS NOT NULL THEN
                    (SELECT l.organisation FROM role l WHERE l.role = 'pupil' AND l.person = r.pupil
                      ORDER BY l.last_day IS NOT NULL, l.first_day DESC LIMIT 1) END,
                  CASE r.kind WHEN 'meeting' THEN (SELECT m.organisation FROM meeting m WHERE m.id = r.subject)
                              WHEN 'case' THEN (SELECT k.organisation FROM case_file k WHERE k.id = r.subject)
                              WHEN 'survey' THEN (SELECT s.organisation FROM survey s WHERE s.id = r.subject)
                              WHEN 'application' THEN (SELECT a.organisation FROM application a WHERE a.id = r.subject)
                              WHEN 'organisation' THEN r.subject END,
                  (SELECT l.organisation FROM role l WHERE l.person = NEW.person
                    ORDER BY l.last_day IS NOT NULL, l.first_day DESC LIMIT 1)),
         NEW.changed, '{"recipient":' || coalesce('"' || replace(replace(NEW.person, '\', '\\'), '"', '\"') || '"', 'null') ||
                      ',"channel":' || coalesce('"' || NEW.channel || '"', 'null') ||
                      ',"rule":' || coalesce('"' || replace(replace(r.rule, '\', '\\'), '"', '\"') || '"', 'null') || '}'
    FROM notice n JOIN rule_match r ON r.id = n.match
   WHERE n.id = (SELECT min(d.notice) FROM message_notice d WHERE d.message = NEW.id)
     AND NOT EXISTS (SELECT 1 FROM message_notice d JOIN notice e ON e.id = d.notice JOIN rule_match x ON x.id = e.match
                       JOIN person q ON q.id = x.pupil WHERE d.message = NEW.id AND q.protected = 1);
END;

-- ---------------------------------------------------------------- placements

CREATE TRIGGER publish_placement_new AFTER INSERT ON placement BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('placement', 'planned', 'thing', NEW.id, NEW.pupil, NEW.event, NEW.planned,
          '{"pupil":' || coalesce('"' || replace(replace(NEW.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"workplace":' || coalesce('"' || replace(replace(NEW.workplace, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"model":' || coalesce('"' || NEW.model || '"', 'null') ||
          ',"from":' || coalesce('"' || NEW.first_day || '"', 'null') ||
          ',"until":' || coalesce('"' || NEW.last_day || '"', 'null') || '}');
END;
CREATE TRIGGER publish_placement AFTER UPDATE ON placement
WHEN NEW.state <> OLD.state OR NEW.workplace <> OLD.workplace OR NEW.model <> OLD.model OR NEW.weekdays <> OLD.weekdays
  OR NEW.first_day <> OLD.first_day OR NEW.last_day <> OLD.last_day OR NEW.starts <> OLD.starts OR NEW.ends <> OLD.ends
  OR NEW.supervisor IS NOT OLD.supervisor BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('placement', CASE WHEN NEW.state = 'cancelled' THEN 'cancelled' WHEN OLD.state = 'cancelled' THEN 'planned'
                            ELSE 'changed' END, 'thing', NEW.id, NEW.pupil, NEW.event, NEW.changed,
          '{"pupil":' || coalesce('"' || replace(replace(NEW.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"workplace":' || coalesce('"' || replace(replace(NEW.workplace, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"model":' || coalesce('"' || NEW.model || '"', 'null') ||
          ',"from":' || coalesce('"' || NEW.first_day || '"', 'null') ||
          ',"until":' || coalesce('"' || NEW.last_day || '"', 'null') || '}');
END;
CREATE TRIGGER publish_placement_day AFTER UPDATE OF day, starts, ends, kind, state ON placement_day
WHEN NEW.day <> OLD.day OR NEW.starts <> OLD.starts OR NEW.ends <> OLD.ends OR NEW.kind <> OLD.kind
  OR NEW.state <> OLD.state BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  SELECT 'placement-day', CASE NEW.state WHEN 'cancelled' THEN 'cancelled' ELSE 'changed' END, 'thing', p.id, p.pupil,
         NEW.event, NEW.changed,
         '{"pupil":' || coalesce('"' || replace(replace(p.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
         ',"original_day":' || coalesce('"' || replace(replace(NEW.original_day, '\', '\\'), '"', '\"') || '"', 'null') ||
         ',"day":' || coalesce('"' || replace(replace(NEW.day, '\', '\\'), '"', '\"') || '"', 'null') ||
         ',"day_kind":' || coalesce('"' || NEW.kind || '"', 'null') ||
         ',"starts":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.starts, 'unixepoch') || '"', 'null') ||
         ',"ends":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.ends, 'unixepoch') || '"', 'null') ||
         ',"revision":' || coalesce(NEW.sequence, 'null') || '}'
    FROM placement p WHERE p.id = NEW.placement AND p.state = 'planned';
END;
CREATE TRIGGER publish_agreement AFTER INSERT ON agreement_signature BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  SELECT 'agreement', 'signed', 'thing', p.id, p.pupil, NEW.event, NEW.at,
         '{"pupil":' || coalesce('"' || replace(replace(p.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
         ',"party":' || coalesce('"' || NEW.party || '"', 'null') || '}'
    FROM placement p WHERE p.id = NEW.placement;
END;
CREATE TRIGGER publish_checkin_new AFTER INSERT ON checkin BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  SELECT 'workplace', 'checkin', 'thing', p.id, p.pupil, NEW.event, NEW.at,
         '{"pupil":' || coalesce('"' || replace(replace(p.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
         ',"day":' || coalesce('"' || replace(replace(NEW.day, '\', '\\'), '"', '\"') || '"', 'null') ||
         ',"mark":' || coalesce('"' || NEW.mark || '"', 'null') ||
         ',"at":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.at, 'unixepoch') || '"', 'null') || '}'
    FROM placement p WHERE p.id = NEW.placement;
END;
CREATE TRIGGER publish_checkin AFTER UPDATE OF mark, at ON checkin WHEN NEW.mark <> OLD.mark OR NEW.at <> OLD.at BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  SELECT 'workplace', 'checkin', 'thing', p.id, p.pupil, NEW.event, NEW.at,
         '{"pupil":' || coalesce('"' || replace(replace(p.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
         ',"day":' || coalesce('"' || replace(replace(NEW.day, '\', '\\'), '"', '\"') || '"', 'null') ||
         ',"mark":' || coalesce('"' || NEW.mark || '"', 'null') ||
         ',"at":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.at, 'unixepoch') || '"', 'null') || '}'
    FROM placement p WHERE p.id = NEW.placement;
END;
CREATE TRIGGER publish_evaluation AFTER INSERT ON evaluation BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  SELECT 'evaluation', 'given', 'thing', p.id, p.pupil, NEW.event, NEW.at,
         '{"pupil":' || coalesce('"' || replace(replace(p.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
         ',"part":' || coalesce('"' || NEW.part || '"', 'null') || '}'
    FROM placement p WHERE p.id = NEW.placement;
END;
CREATE TRIGGER publish_certificate AFTER INSERT ON certificate BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  SELECT 'certificate', 'issued', 'thing', p.id, p.pupil, NEW.event, NEW.at, '{"pupil":' || coalesce('"' || replace(replace(p.pupil, '\', '\\'), '"', '\"') || '"', 'null') || '}'
    FROM placement p WHERE p.id = NEW.placement;
END;

-- ---------------------------------------------------------------- meetings, visits, surveys. Their kinds are any code that
-- the sender chose, so only those of the catalogue are passed on.

CREATE TRIGGER publish_meeting_new AFTER INSERT ON meeting BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, person, organisation, cause, at, data)
  VALUES ('meeting', 'planned', 'thing', NEW.id, NEW.pupil, NULL, NEW.organisation, NEW.event, NEW.planned,
          '{"meeting_kind":' || coalesce('"' || CASE WHEN NEW.kind IN ('jopo', 'field-group', 'support-group', 'plan-talk', 'transfer', 'forum', 'network', 'seminar', 'steering', 'coffee', 'training', 'trip', 'camp') THEN NEW.kind ELSE 'other' END || '"', 'null') ||
          ',"organisation":' || coalesce('"' || replace(replace(NEW.organisation, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"starts":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.starts, 'unixepoch') || '"', 'null') ||
          ',"ends":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.ends, 'unixepoch') || '"', 'null') ||
          ',"repeats":' || iif(NEW.repeats IS NULL, 'false', 'true') ||
          ',"revision":' || coalesce(NEW.sequence, 'null') || '}');
END;
CREATE TRIGGER publish_meeting AFTER UPDATE ON meeting WHEN NEW.sequence <> OLD.sequence OR NEW.state <> OLD.state BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, person, organisation, cause, at, data)
  VALUES ('meeting', CASE NEW.state WHEN 'cancelled' THEN 'cancelled' ELSE 'changed' END, 'thing', NEW.id, NEW.pupil,
          OLD.pupil, NEW.organisation, NEW.event, NEW.changed,
          '{"meeting_kind":' || coalesce('"' || CASE WHEN NEW.kind IN ('jopo', 'field-group', 'support-group', 'plan-talk', 'transfer', 'forum', 'network', 'seminar', 'steering', 'coffee', 'training', 'trip', 'camp') THEN NEW.kind ELSE 'other' END || '"', 'null') ||
          ',"organisation":' || coalesce('"' || replace(replace(NEW.organisation, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"starts":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.starts, 'unixepoch') || '"', 'null') ||
          ',"ends":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.ends, 'unixepoch') || '"', 'null') ||
          ',"repeats":' || iif(NEW.repeats IS NULL, 'false', 'true') ||
          ',"revision":' || coalesce(NEW.sequence, 'null') || '}');
END;
CREATE TRIGGER publish_meeting_answer AFTER UPDATE OF answer ON meeting_participant
WHEN NEW.answer IS NOT NULL AND NEW.answer IS NOT OLD.answer BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, person, organisation, at, data)
  SELECT 'meeting', 'answered', 'thing', m.id, m.pupil, NEW.person, m.organisation, NEW.answered,
         '{"participant":' || coalesce('"' || replace(replace(NEW.person, '\', '\\'), '"', '\"') || '"', 'null') ||
         ',"answer":' || coalesce('"' || NEW.answer || '"', 'null') || '}'
    FROM meeting m WHERE m.id = NEW.meeting;
END;

CREATE TRIGGER publish_survey_new AFTER INSERT ON survey BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, cause, at, data)
  VALUES ('survey', 'opened', 'thing', NEW.id, NEW.organisation, NEW.event, NEW.opened,
          '{"organisation":' || coalesce('"' || replace(replace(NEW.organisation, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"closes":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.closes, 'unixepoch') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_survey_closed AFTER UPDATE OF closed ON survey WHEN NEW.closed IS NOT NULL AND OLD.closed IS NULL BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, cause, at, data)
  VALUES ('survey', 'closed', 'thing', NEW.id, NEW.organisation, NEW.event, NEW.closed,
          '{"organisation":' || coalesce('"' || replace(replace(NEW.organisation, '\', '\\'), '"', '\"') || '"', 'null') || '}');
END;
-- Who answered is nobody's business.
CREATE TRIGGER publish_survey_answer AFTER INSERT ON survey_answer BEGIN
  INSERT INTO publish(kind, event, about, subject, person, organisation, at, data)
  SELECT 'survey', 'answered', 'thing', s.id, NEW.person, s.organisation, NEW.at,
         '{"organisation":' || coalesce('"' || replace(replace(s.organisation, '\', '\\'), '"', '\"') || '"', 'null') || '}'
    FROM survey s WHERE s.id = NEW.survey;
END;

-- A visit is told of in each municipality that takes part, once for each of its revisions; its parties stand after it.
CREATE TABLE visit_published(
  visit TEXT NOT NULL,
  tenant TEXT NOT NULL,
  revision INTEGER NOT NULL,
  organisation TEXT NOT NULL, -- one of the tenant's
  PRIMARY KEY (visit, tenant)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER publish_visit_party AFTER INSERT ON visit_party BEGIN
  INSERT INTO visit_published(visit, tenant, revision, organisation)
    SELECT NEW.visit, c.tenant, -1, c.organisation
      FROM organisation_calendar c
     WHERE c.organisation = CASE NEW.kind WHEN 'organisation' THEN NEW.party ELSE
             (SELECT r.organisation FROM role r WHERE r.person = NEW.party
               ORDER BY r.last_day IS NOT NULL, r.first_day DESC LIMIT 1) END
       AND NOT EXISTS (SELECT 1 FROM visit_published x WHERE x.visit = NEW.visit AND x.tenant = c.tenant);
  INSERT INTO publish(kind, event, about, subject, person, organisation, cause, at, data)
    SELECT 'visit', CASE WHEN x.revision < 0 THEN 'planned' ELSE 'changed' END, 'thing', v.id,
           CASE NEW.kind WHEN 'person' THEN NEW.party END, x.organisation, v.event, v.changed,
           '{"visit_kind":' || coalesce('"' || CASE WHEN v.kind IN ('mentoring', 'benchmarking', 'job-shadowing', 'workplace', 'orientation', 'intake') THEN v.kind ELSE 'other' END || '"', 'null') ||
           ',"starts":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', v.starts, 'unixepoch') || '"', 'null') ||
           ',"ends":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', v.ends, 'unixepoch') || '"', 'null') ||
           ',"revision":' || coalesce(v.sequence, 'null') || '}'
      FROM visit_published x JOIN visit v ON v.id = x.visit
     WHERE x.visit = NEW.visit AND x.revision < v.sequence AND v.state = 'planned'
       AND NOT EXISTS (SELECT 1 FROM visit_party y JOIN person p ON p.id = y.party
                        WHERE y.visit = NEW.visit AND y.kind = 'person' AND p.protected = 1);
  UPDATE visit_published SET revision = (SELECT v.sequence FROM visit v WHERE v.id = NEW.visit)
   WHERE visit = NEW.visit AND EXISTS (SELECT 1 FROM visit v WHERE v.id = NEW.visit);
END;
CREATE TRIGGER publish_visit_cancelled AFTER UPDATE OF state ON visit WHEN NEW.state = 'cancelled' AND OLD.state <> 'cancelled' BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, cause, at, data)
    SELECT 'visit', 'cancelled', 'thing', NEW.id, x.organisation, NEW.event, NEW.changed,
           '{"visit_kind":' || coalesce('"' || CASE WHEN NEW.kind IN ('mentoring', 'benchmarking', 'job-shadowing', 'workplace', 'orientation', 'intake') THEN NEW.kind ELSE 'other' END || '"', 'null') ||
           ',"starts":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.starts, 'unixepoch') || '"', 'null') ||
           ',"ends":' || coalesce('"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.ends, 'unixepoch') || '"', 'null') ||
           ',"revision":' || coalesce(NEW.sequence, 'null') || '}'
      FROM visit_published x
     WHERE x.visit = NEW.id
       AND NOT EXISTS (SELECT 1 FROM visit_party y JOIN person p ON p.id = y.party
                        WHERE y.visit = NEW.id AND y.kind = 'person' AND p.protected = 1);
END;

-- ---------------------------------------------------------------- plans, cards, consents, packages, transitions

CREATE TRIGGER publish_plan AFTER INSERT ON plan BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('plan', 'made', 'thing', NEW.pupil, NEW.pupil, NEW.event, NEW.made,
          '{"plan_kind":' || coalesce('"' || NEW.kind || '"', 'null') ||
          ',"until":' || coalesce('"' || NEW.until || '"', 'null') || '}');
END;
CREATE TRIGGER publish_card_new AFTER INSERT ON card BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('card', 'given', 'thing', NEW.pupil, NEW.pupil, NEW.event, NEW.given,
          '{"card":' || coalesce('"' || CASE WHEN NEW.card IN ('safety', 'hygiene', 'first-aid') THEN NEW.card ELSE 'other' END || '"', 'null') ||
          ',"expires":' || coalesce('"' || replace(replace(NEW.expires, '\', '\\'), '"', '\"') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_card AFTER UPDATE OF given, expires ON card
WHEN NEW.given <> OLD.given OR NEW.expires IS NOT OLD.expires BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('card', 'given', 'thing', NEW.pupil, NEW.pupil, NEW.event, NEW.given,
          '{"card":' || coalesce('"' || CASE WHEN NEW.card IN ('safety', 'hygiene', 'first-aid') THEN NEW.card ELSE 'other' END || '"', 'null') ||
          ',"expires":' || coalesce('"' || replace(replace(NEW.expires, '\', '\\'), '"', '\"') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_consent_new AFTER INSERT ON consent BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('consent', NEW.state, 'thing', NEW.id, NEW.pupil, NEW.event, NEW.asked,
          '{"pupil":' || coalesce('"' || replace(replace(NEW.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"meeting":' || coalesce('"' || replace(replace(NEW.meeting, '\', '\\'), '"', '\"') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_consent AFTER UPDATE OF state ON consent WHEN NEW.state <> OLD.state BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('consent', NEW.state, 'thing', NEW.id, NEW.pupil, NEW.event, coalesce(NEW.answered, NEW.asked),
          '{"pupil":' || coalesce('"' || replace(replace(NEW.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"meeting":' || coalesce('"' || replace(replace(NEW.meeting, '\', '\\'), '"', '\"') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_package_new AFTER INSERT ON package BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('package', iif(NEW.done IS NULL, 'due', 'done'), 'thing', NEW.id, NEW.pupil, NEW.event, NEW.done,
          '{"pupil":' || coalesce('"' || replace(replace(NEW.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"due":' || coalesce('"' || replace(replace(NEW.due, '\', '\\'), '"', '\"') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_package AFTER UPDATE OF due, done ON package
WHEN NEW.due IS NOT OLD.due OR (NEW.done IS NULL) <> (OLD.done IS NULL) BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('package', iif(NEW.done IS NULL, 'due', 'done'), 'thing', NEW.id, NEW.pupil, NEW.event, NEW.done,
          '{"pupil":' || coalesce('"' || replace(replace(NEW.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"due":' || coalesce('"' || replace(replace(NEW.due, '\', '\\'), '"', '\"') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_application_new AFTER INSERT ON application BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, person, organisation, cause, at, data)
  VALUES ('application', 'received', 'thing', NEW.id, NEW.pupil, NEW.applicant, NEW.organisation, NEW.event, NEW.received,
          '{"pupil":' || coalesce('"' || replace(replace(NEW.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"organisation":' || coalesce('"' || replace(replace(NEW.organisation, '\', '\\'), '"', '\"') || '"', 'null') || '}');
END;
CREATE TRIGGER publish_application AFTER UPDATE OF decision ON application
WHEN NEW.decision IS NOT NULL AND NEW.decision IS NOT OLD.decision BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, person, organisation, cause, at, data)
  VALUES ('application', 'decided', 'thing', NEW.id, NEW.pupil, NEW.applicant, NEW.organisation, NEW.event, NEW.decided,
          '{"pupil":' || coalesce('"' || replace(replace(NEW.pupil, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"organisation":' || coalesce('"' || replace(replace(NEW.organisation, '\', '\\'), '"', '\"') || '"', 'null') ||
          ',"decision":' || coalesce('"' || NEW.decision || '"', 'null') || '}');
END;
CREATE TRIGGER publish_study_place_new AFTER INSERT ON study_place BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('study', 'place.decided', 'thing', NEW.pupil, NEW.pupil, NEW.event, NEW.at, '{"state":' || coalesce('"' || NEW.state || '"', 'null') || '}');
END;
CREATE TRIGGER publish_study_place AFTER UPDATE OF state ON study_place WHEN NEW.state <> OLD.state BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('study', 'place.decided', 'thing', NEW.pupil, NEW.pupil, NEW.event, NEW.at, '{"state":' || coalesce('"' || NEW.state || '"', 'null') || '}');
END;
CREATE TRIGGER publish_transfer_new AFTER INSERT ON transfer_permission BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('transfer', NEW.state, 'thing', NEW.pupil, NEW.pupil, NEW.event, NEW.at, '{}');
END;
CREATE TRIGGER publish_transfer AFTER UPDATE OF state ON transfer_permission WHEN NEW.state <> OLD.state BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, cause, at, data)
  VALUES ('transfer', NEW.state, 'thing', NEW.pupil, NEW.pupil, NEW.event, NEW.at, '{}');
END;

-- ---------------------------------------------------------------- cases: a number and a step, never the pupil. That one was
-- opened is what the rule case-opened publishes.

CREATE TRIGGER publish_case_act AFTER INSERT ON case_act BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, person, organisation, cause, at, data)
  SELECT 'case', CASE NEW.act WHEN 'handed-over' THEN 'handed.over' ELSE NEW.act END, 'case', k.id, k.pupil, NEW.person,
         k.organisation, NEW.event, NEW.at, '{"step":' || coalesce('"' || replace(replace(k.step, '\', '\\'), '"', '\"') || '"', 'null') || '}'
    FROM case_file k WHERE k.id = NEW.case_id;
END;
CREATE TRIGGER publish_case_step AFTER UPDATE OF step ON case_file WHEN NEW.step <> OLD.step BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, organisation, data)
  VALUES ('case', 'raised', 'case', NEW.id, NEW.pupil, NEW.organisation, '{"step":' || coalesce('"' || replace(replace(NEW.step, '\', '\\'), '"', '\"') || '"', 'null') || '}');
END;
