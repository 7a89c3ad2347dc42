-- The outbox of MQTT: what was sent and not acknowledged yet is known to the publisher alone, and is sent again by the next
-- one. So a publication is written twice, when it comes and when it ends. Its states are compared one by one, since IN with
-- three values builds a temporary table at every change of a row.

DROP TRIGGER publish_row;
DROP INDEX publication_open;
DROP INDEX publication_refused;
CREATE TABLE publication_kept(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  seq INTEGER NOT NULL,      -- gapless within the tenant
  kind TEXT NOT NULL,        -- topic level: absence, placement-day, message, case, …
  event TEXT NOT NULL,       -- topic level: alerted, changed, …
  subject TEXT NOT NULL,
  time INTEGER NOT NULL,
  data TEXT NOT NULL,        -- JSON: ids and codes only
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state = 'queued' OR state = 'acknowledged' OR state = 'refused'),
  reason INTEGER,            -- MQTT v5 reason code of refused
  about TEXT NOT NULL DEFAULT 'thing', -- of the subject: organisation, case and message are shown as they are, 'thing' under
                                       -- an opaque id
  pupil TEXT,                -- the people it tells of: while one of them is protected, it is shown as withheld
  person TEXT,
  UNIQUE (tenant, seq)
) STRICT;
INSERT INTO publication_kept(id, tenant, seq, kind, event, subject, time, data, state, reason, about, pupil, person)
  SELECT id, tenant, seq, kind, event, subject, time, data, CASE state WHEN 'sent' THEN 'queued' ELSE state END, reason,
         about, pupil, person FROM publication ORDER BY id;
DROP TABLE publication;
ALTER TABLE publication_kept RENAME TO publication;
CREATE INDEX publication_open ON publication(id) WHERE state = 'queued';
CREATE INDEX publication_refused ON publication(id) WHERE state = 'refused';

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

-- Answers to a survey: from the fifth on each fifth is told, as a total. An event for each would tell when somebody of a small
-- staff room answered, and whoever adds them up would know the number of those under five.
DROP TRIGGER publish_survey_answer;
CREATE TRIGGER publish_survey_answer AFTER INSERT ON survey_answer
WHEN (SELECT count(*) FROM survey_answer a WHERE a.survey = NEW.survey) % 5 = 0 BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, at, data)
  SELECT 'survey', 'answered', 'thing', s.id, s.organisation, NEW.at,
         '{"organisation":"' || replace(replace(s.organisation, '\', '\\'), '"', '\"') || '","answered":' ||
         (SELECT count(*) FROM survey_answer a WHERE a.survey = s.id) || '}'
    FROM survey s WHERE s.id = NEW.survey;
END;
-- The total at its end, or that it was under five.
DROP TRIGGER publish_survey_closed;
CREATE TRIGGER publish_survey_closed AFTER UPDATE OF closed ON survey WHEN NEW.closed IS NOT NULL AND OLD.closed IS NULL BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, cause, at, data)
  SELECT 'survey', 'closed', 'thing', NEW.id, NEW.organisation, NEW.event, NEW.closed,
         '{"organisation":"' || replace(replace(NEW.organisation, '\', '\\'), '"', '\"') || '","band":' ||
         CASE WHEN a.answered >= 5 THEN '"five-or-more","answered":' || a.answered ELSE '"under-five"' END || '}'
    FROM (SELECT count(*) AS answered FROM survey_answer WHERE survey = NEW.id) a;
END;
