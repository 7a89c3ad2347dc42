-- What the rules about meetings, plans, transitions and the network read, beside 0003. Conventions as in 0001.

-- Standing groups: who is in them and who leads them. A meeting of one has them as participants and chair.
CREATE TABLE committee(
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,        -- of its meetings: jopo, field-group, support-group, steering, …
  organisation TEXT NOT NULL REFERENCES organisation(id),
  chair TEXT REFERENCES person(id),
  event INTEGER
) STRICT;
CREATE INDEX committee_organisation ON committee(organisation, kind);

CREATE TABLE committee_member(
  committee TEXT NOT NULL REFERENCES committee(id),
  person TEXT NOT NULL REFERENCES person(id),
  PRIMARY KEY (committee, person)
) STRICT, WITHOUT ROWID;

-- Fixed-term projects that span organisations.
CREATE TABLE project(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  organisation TEXT NOT NULL REFERENCES organisation(id), -- that leads it
  first_day TEXT NOT NULL,
  last_day TEXT NOT NULL CHECK (last_day >= first_day),
  event INTEGER
) STRICT;

CREATE TABLE project_organisation(
  project TEXT NOT NULL REFERENCES project(id),
  organisation TEXT NOT NULL REFERENCES organisation(id),
  PRIMARY KEY (project, organisation)
) STRICT, WITHOUT ROWID;
CREATE INDEX project_organisation_organisation ON project_organisation(organisation);

-- An experienced school and the one that it helps to begin.
CREATE TABLE mentor_pair(
  mentor TEXT NOT NULL REFERENCES organisation(id),
  mentee TEXT NOT NULL REFERENCES organisation(id) CHECK (mentee <> mentor),
  since INTEGER NOT NULL,
  until TEXT,                -- the last day; NULL: for now
  event INTEGER,
  PRIMARY KEY (mentor, mentee)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentor_pair_mentee ON mentor_pair(mentee);

-- Two organisations that name one another as they are written; 0001 refuses what moves into a circle.
CREATE TRIGGER organisation_inserted_in_circle BEFORE INSERT ON organisation
WHEN NEW.parent IS NOT NULL
 AND EXISTS (WITH RECURSIVE up(id, steps) AS (
               SELECT NEW.parent, 0
                UNION ALL SELECT o.parent, u.steps + 1 FROM up u JOIN organisation o ON o.id = u.id
                           WHERE o.parent IS NOT NULL AND u.steps < 16)
              SELECT 1 FROM up WHERE id = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'organisation.parent: stands below the organisation itself: choose another parent');
END;

-- ---------------------------------------------------------------- meetings

ALTER TABLE meeting ADD COLUMN committee TEXT;
ALTER TABLE meeting ADD COLUMN project TEXT;
CREATE INDEX meeting_audience ON meeting(audience) WHERE audience IS NOT NULL;
CREATE INDEX meeting_project ON meeting(project) WHERE project IS NOT NULL;

-- When it takes place: one row, with original_day '', or one for each day of one that repeats, written by
-- store/meeting_day.c. A day that was moved or cancelled alone (by_hand) keeps its original day.
CREATE TABLE meeting_day(
  meeting TEXT NOT NULL REFERENCES meeting(id),
  original_day TEXT NOT NULL,
  starts INTEGER NOT NULL,
  ends INTEGER NOT NULL CHECK (ends > starts),
  state TEXT NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'cancelled')),
  sequence INTEGER NOT NULL DEFAULT 0, -- RFC 5545: raised by each change that others see
  dated INTEGER NOT NULL,    -- when it got its present time
  changed INTEGER NOT NULL,  -- when anything of it last changed
  by_hand INTEGER NOT NULL DEFAULT 0 CHECK (by_hand IN (0, 1)),
  event INTEGER,
  PRIMARY KEY (meeting, original_day)
) STRICT, WITHOUT ROWID;
CREATE INDEX meeting_day_starts ON meeting_day(starts);
INSERT INTO meeting_day(meeting, original_day, starts, ends, dated, changed, event)
  SELECT id, '', starts, ends, dated, changed, event FROM meeting;

CREATE TRIGGER meeting_day_first AFTER INSERT ON meeting BEGIN
  INSERT INTO meeting_day(meeting, original_day, starts, ends, dated, changed, event)
    VALUES (NEW.id, '', NEW.starts, NEW.ends, NEW.dated, NEW.changed, NEW.event);
END;
CREATE TRIGGER meeting_day_moved AFTER UPDATE OF starts, ends ON meeting
WHEN NEW.starts <> OLD.starts OR NEW.ends <> OLD.ends BEGIN
  UPDATE meeting_day SET starts = NEW.starts, ends = NEW.ends, dated = NEW.changed, changed = NEW.changed,
                         sequence = sequence + 1, event = NEW.event
   WHERE meeting = NEW.id AND original_day = '';
END;

-- What a meeting, or one day of it, was before each change that those who are invited must hear of.
CREATE TABLE meeting_change(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  meeting TEXT NOT NULL REFERENCES meeting(id),
  original_day TEXT NOT NULL, -- '': the whole of it
  at INTEGER NOT NULL,
  old_starts INTEGER NOT NULL,
  old_ends INTEGER NOT NULL,
  old_place TEXT,
  old_link TEXT,
  event INTEGER
) STRICT;
CREATE INDEX meeting_change_meeting ON meeting_change(meeting, original_day, id);

CREATE TRIGGER meeting_changed AFTER UPDATE OF starts, ends, place, link, state ON meeting
WHEN NEW.state = 'planned'
 AND (NEW.starts <> OLD.starts OR NEW.ends <> OLD.ends OR NEW.place IS NOT OLD.place OR NEW.link IS NOT OLD.link
   OR OLD.state <> 'planned') BEGIN
  INSERT INTO meeting_change(meeting, original_day, at, old_starts, old_ends, old_place, old_link, event)
    VALUES (NEW.id, '', NEW.changed, OLD.starts, OLD.ends, OLD.place, OLD.link, NEW.event);
END;
CREATE TRIGGER meeting_day_changed AFTER UPDATE OF starts, ends, state ON meeting_day
WHEN NEW.by_hand = 1 AND NEW.state = 'planned'
 AND (NEW.starts <> OLD.starts OR NEW.ends <> OLD.ends OR OLD.state <> 'planned') BEGIN
  INSERT INTO meeting_change(meeting, original_day, at, old_starts, old_ends, old_place, old_link, event)
    SELECT NEW.meeting, NEW.original_day, NEW.changed, OLD.starts, OLD.ends, m.place, m.link, NEW.event
      FROM meeting m WHERE m.id = NEW.meeting;
END;

CREATE TABLE meeting_item(   -- the agenda
  meeting TEXT NOT NULL REFERENCES meeting(id),
  position INTEGER NOT NULL,
  title TEXT NOT NULL,
  PRIMARY KEY (meeting, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE meeting_interpreter(
  meeting TEXT NOT NULL REFERENCES meeting(id),
  language TEXT NOT NULL,    -- '': of whoever needs one
  booked INTEGER NOT NULL,
  by TEXT,
  event INTEGER,
  PRIMARY KEY (meeting, language)
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- visits, surveys

ALTER TABLE visit ADD COLUMN dated INTEGER;  -- when it got its present time; NULL: when it was planned
ALTER TABLE visit ADD COLUMN missed INTEGER; -- when somebody said that the guests did not come; NULL: nobody did

-- What was answered, without who answered.
CREATE TABLE survey_tally(
  survey TEXT NOT NULL REFERENCES survey(id),
  question TEXT NOT NULL,
  choice TEXT NOT NULL,
  answers INTEGER NOT NULL,
  PRIMARY KEY (survey, question, choice)
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- change capture, as in 0002

CREATE TRIGGER change_meeting_day_new AFTER INSERT ON meeting_day BEGIN
  DELETE FROM change WHERE kind = 'meeting' AND subject = NEW.meeting;
  INSERT INTO change(kind, subject) VALUES ('meeting', NEW.meeting);
END;
CREATE TRIGGER change_meeting_day_again AFTER UPDATE ON meeting_day BEGIN
  DELETE FROM change WHERE kind = 'meeting' AND subject = NEW.meeting;
  INSERT INTO change(kind, subject) VALUES ('meeting', NEW.meeting);
END;
CREATE TRIGGER change_meeting_day_gone AFTER DELETE ON meeting_day BEGIN
  DELETE FROM change WHERE kind = 'meeting' AND subject = OLD.meeting;
  INSERT INTO change(kind, subject) VALUES ('meeting', OLD.meeting);
END;
CREATE TRIGGER change_meeting_interpreter AFTER INSERT ON meeting_interpreter BEGIN
  DELETE FROM change WHERE kind = 'meeting' AND subject = NEW.meeting;
  INSERT INTO change(kind, subject) VALUES ('meeting', NEW.meeting);
END;
CREATE TRIGGER change_case_participant_gone AFTER DELETE ON case_participant BEGIN
  DELETE FROM change WHERE kind = 'case' AND subject = OLD.case_id;
  INSERT INTO change(kind, subject) VALUES ('case', OLD.case_id);
END;
CREATE TRIGGER change_consent_meeting_new AFTER INSERT ON consent WHEN NEW.meeting IS NOT NULL BEGIN
  DELETE FROM change WHERE kind = 'meeting' AND subject = NEW.meeting;
  INSERT INTO change(kind, subject) VALUES ('meeting', NEW.meeting);
END;
CREATE TRIGGER change_consent_meeting_again AFTER UPDATE ON consent WHEN NEW.meeting IS NOT NULL BEGIN
  DELETE FROM change WHERE kind = 'meeting' AND subject = NEW.meeting;
  INSERT INTO change(kind, subject) VALUES ('meeting', NEW.meeting);
END;

-- Who joins a mailing group hears of what it is invited to and asked.
CREATE TRIGGER change_audience_member_new AFTER INSERT ON audience_member BEGIN
  INSERT INTO change(kind, subject)
    SELECT 'meeting', m.id FROM meeting m
     WHERE m.audience = NEW.audience AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'meeting' AND c.subject = m.id);
  INSERT INTO change(kind, subject)
    SELECT 'survey', s.id FROM survey s
     WHERE s.audience = NEW.audience AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'survey' AND c.subject = s.id);
END;
CREATE TRIGGER change_audience_member_gone AFTER DELETE ON audience_member BEGIN
  INSERT INTO change(kind, subject)
    SELECT 'meeting', m.id FROM meeting m
     WHERE m.audience = OLD.audience AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'meeting' AND c.subject = m.id);
  INSERT INTO change(kind, subject)
    SELECT 'survey', s.id FROM survey s
     WHERE s.audience = OLD.audience AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'survey' AND c.subject = s.id);
END;
CREATE INDEX survey_audience ON survey(audience) WHERE audience IS NOT NULL;

-- Slow rules about a pupil have the kind 'person', so that a mark in the register does not wake them.
CREATE TRIGGER change_plan_person AFTER INSERT ON plan BEGIN
  DELETE FROM change WHERE kind = 'person' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('person', NEW.pupil);
END;
CREATE TRIGGER change_study_place_person AFTER INSERT ON study_place BEGIN
  DELETE FROM change WHERE kind = 'person' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('person', NEW.pupil);
END;
CREATE TRIGGER change_study_place_person_again AFTER UPDATE ON study_place BEGIN
  DELETE FROM change WHERE kind = 'person' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('person', NEW.pupil);
END;
CREATE TRIGGER change_transfer_person AFTER INSERT ON transfer_permission BEGIN
  DELETE FROM change WHERE kind = 'person' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('person', NEW.pupil);
END;
CREATE TRIGGER change_transfer_person_again AFTER UPDATE ON transfer_permission BEGIN
  DELETE FROM change WHERE kind = 'person' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('person', NEW.pupil);
END;
-- A meeting is its pupil's and its school's too.
CREATE TRIGGER change_meeting_others_new AFTER INSERT ON meeting BEGIN
  INSERT INTO change(kind, subject)
    SELECT 'person', NEW.pupil WHERE NEW.pupil IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'person' AND c.subject = NEW.pupil);
  INSERT INTO change(kind, subject)
    SELECT 'organisation', o.id FROM organisation o
     WHERE o.kind = 'school'
       AND o.id IN (SELECT ancestor FROM organisation_tree WHERE descendant = NEW.organisation
                     UNION SELECT descendant FROM organisation_tree WHERE ancestor = NEW.organisation)
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'organisation' AND c.subject = o.id);
END;
CREATE TRIGGER change_meeting_others AFTER UPDATE ON meeting BEGIN
  INSERT INTO change(kind, subject)
    SELECT 'person', NEW.pupil WHERE NEW.pupil IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'person' AND c.subject = NEW.pupil);
  INSERT INTO change(kind, subject)
    SELECT 'organisation', o.id FROM organisation o
     WHERE o.kind = 'school'
       AND o.id IN (SELECT ancestor FROM organisation_tree WHERE descendant = NEW.organisation
                     UNION SELECT descendant FROM organisation_tree WHERE ancestor = NEW.organisation)
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'organisation' AND c.subject = o.id);
END;
CREATE TRIGGER change_committee_new AFTER INSERT ON committee BEGIN
  INSERT INTO change(kind, subject)
    SELECT 'organisation', o.id FROM organisation_tree t JOIN organisation o ON o.id = t.descendant AND o.kind = 'school'
     WHERE t.ancestor = NEW.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'organisation' AND c.subject = o.id);
END;
-- Who comes to a group or leaves it is news to the group and its school.
CREATE TRIGGER change_role_others_new AFTER INSERT ON role WHEN NEW.role = 'pupil' BEGIN
  DELETE FROM change WHERE kind = 'person' AND subject = NEW.person;
  INSERT INTO change(kind, subject) VALUES ('person', NEW.person);
  INSERT INTO change(kind, subject)
    SELECT 'organisation', t.ancestor FROM organisation_tree t
     WHERE t.descendant = NEW.organisation AND t.distance < 2
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'organisation' AND c.subject = t.ancestor);
END;
CREATE TRIGGER change_role_others AFTER UPDATE ON role WHEN NEW.role = 'pupil' BEGIN
  DELETE FROM change WHERE kind = 'person' AND subject = NEW.person;
  INSERT INTO change(kind, subject) VALUES ('person', NEW.person);
  INSERT INTO change(kind, subject)
    SELECT 'organisation', t.ancestor FROM organisation_tree t
     WHERE t.descendant = NEW.organisation AND t.distance < 2
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'organisation' AND c.subject = t.ancestor);
END;
INSERT INTO change(kind, subject) SELECT DISTINCT 'person', person FROM role WHERE role = 'pupil';
INSERT INTO change(kind, subject)
  SELECT 'organisation', id FROM organisation o
   WHERE NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'organisation' AND c.subject = o.id);

-- An organisation's own number concerns the meetings, pupils and schools below it too.
CREATE TRIGGER change_rule_parameter_others AFTER INSERT ON rule_parameter BEGIN
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'person', r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'
     WHERE t.ancestor = NEW.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'person' AND c.subject = r.person);
  INSERT INTO change(kind, subject)
    SELECT 'organisation', t.descendant FROM organisation_tree t
     WHERE t.ancestor = NEW.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'organisation' AND c.subject = t.descendant);
  INSERT INTO change(kind, subject)
    SELECT 'meeting', m.id FROM organisation_tree t JOIN meeting m ON m.organisation = t.descendant
     WHERE t.ancestor = NEW.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'meeting' AND c.subject = m.id);
END;
CREATE TRIGGER change_rule_parameter_others_again AFTER UPDATE OF value ON rule_parameter WHEN NEW.value <> OLD.value BEGIN
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'person', r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'
     WHERE t.ancestor = NEW.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'person' AND c.subject = r.person);
  INSERT INTO change(kind, subject)
    SELECT 'organisation', t.descendant FROM organisation_tree t
     WHERE t.ancestor = NEW.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'organisation' AND c.subject = t.descendant);
  INSERT INTO change(kind, subject)
    SELECT 'meeting', m.id FROM organisation_tree t JOIN meeting m ON m.organisation = t.descendant
     WHERE t.ancestor = NEW.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'meeting' AND c.subject = m.id);
END;

-- ---------------------------------------------------------------- fact views: meetings

-- Each day of a meeting; `home` is the group of the pupil whom it is about, else whose meeting it is.
CREATE VIEW meeting_date AS
SELECT m.id AS meeting, o.original_day, d.day, d.day_no, o.starts, o.ends, m.kind, m.organisation,
       coalesce((SELECT r.organisation FROM role r WHERE r.person = m.pupil AND r.role = 'pupil'
                  ORDER BY r.first_day DESC LIMIT 1), m.organisation) AS home,
       m.pupil, m.chair, m.audience, m.title, m.link,
       m.repeats IS NOT NULL AS is_series, m.state = 'cancelled' AS is_off,
       o.state = 'cancelled' AS is_day_off, m.planned, o.dated, m.changed, o.changed AS day_changed, m.sequence, m.event
  FROM meeting m
 CROSS JOIN meeting_day o ON o.meeting = m.id
 CROSS JOIN day d ON d.organisation = m.organisation AND d.day_no >= o.starts / 86400 AND d.day_no <= o.starts / 86400 + 1
                 AND o.starts >= d.noon - 43200 AND o.starts < d.noon + 43200;

-- Where a meeting is; NULL where that would tell where somebody protected is.
CREATE VIEW meeting_place AS
SELECT m.id AS meeting,
       CASE WHEN EXISTS (SELECT 1 FROM person x WHERE x.id = m.pupil AND x.protected = 1)
              OR EXISTS (SELECT 1 FROM meeting_participant q JOIN person x ON x.id = q.person AND x.protected = 1
                          WHERE q.meeting = m.id)
            THEN NULL ELSE m.place END AS place
  FROM meeting m;

-- Who takes part. `is_barred`: a restricted guardian of somebody who takes part too.
CREATE VIEW meeting_party AS
SELECT p.meeting, p.person, p.answer, p.answered, p.invited, x.language,
       EXISTS (SELECT 1 FROM person_choice c WHERE c.person = p.person AND c.choice = 'interpreter') AS wants_interpreter,
       p.person IS m.chair AS is_chair,
       EXISTS (SELECT 1 FROM role r WHERE r.person = p.person AND r.role = 'curator' AND r.last_day IS NULL)
         AND NOT EXISTS (SELECT 1 FROM role r
                          WHERE r.person = p.person AND r.role NOT IN ('curator', 'pupil', 'supervisor')
                            AND r.last_day IS NULL) AS is_curator,
       EXISTS (SELECT 1 FROM guardian g
                WHERE g.guardian = p.person AND g.restricted = 1
                  AND (g.pupil = m.pupil OR g.pupil IN (SELECT q.person FROM meeting_participant q
                                                         WHERE q.meeting = p.meeting))) AS is_barred
  FROM meeting_participant p JOIN meeting m ON m.id = p.meeting JOIN person x ON x.id = p.person;

-- Members of the mailing group that an event speaks to.
CREATE VIEW meeting_member AS
SELECT m.id AS meeting, a.person,
       EXISTS (SELECT 1 FROM role r WHERE r.person = a.person AND r.role = 'curator' AND r.last_day IS NULL) AS is_curator
  FROM meeting m JOIN audience_member a ON a.audience = m.audience;

-- What kind of meeting it is, for the words of messages: all 0 of one with a kind of its own.
CREATE VIEW meeting_kind AS
SELECT id AS meeting, kind = 'jopo' AS jopo, kind = 'field-group' AS field_group, kind = 'support-group' AS support_group,
       kind = 'plan-talk' AS plan_talk, kind = 'transfer' AS transfer, kind = 'forum' AS forum, kind = 'trip' AS trip,
       kind = 'camp' AS camp, kind = 'training' AS training, kind = 'seminar' AS seminar, kind = 'coffee' AS coffee,
       kind = 'steering' AS steering, kind = 'consultation' AS consultation, kind = 'interview' AS interview,
       kind NOT IN ('jopo', 'field-group', 'support-group', 'plan-talk', 'transfer', 'forum', 'trip', 'camp', 'training',
                    'seminar', 'coffee', 'steering', 'consultation', 'interview') AS other
  FROM meeting;

-- The last change of each day of a meeting, or of the whole (original_day ''): what it was.
CREATE VIEW meeting_was AS
SELECT c.meeting, c.original_day, c.at, c.event, c.old_starts, c.old_ends, c.old_place IS NOT m.place AS place_changed,
       c.old_link IS NOT m.link AS link_changed
  FROM meeting_change c JOIN meeting m ON m.id = c.meeting
 WHERE NOT EXISTS (SELECT 1 FROM meeting_change n
                    WHERE n.meeting = c.meeting AND n.original_day = c.original_day AND n.id > c.id);

CREATE VIEW meeting_agenda AS SELECT meeting, position, title FROM meeting_item;

-- Materials of the nearest organisation that has any, as links.
CREATE VIEW meeting_material AS
SELECT m.id AS meeting, l.position, l.title, l.url
  FROM meeting m
  JOIN organisation_link l ON l.organisation =
       (SELECT t.ancestor FROM organisation_tree t
         WHERE t.descendant = m.organisation AND EXISTS (SELECT 1 FROM organisation_link x WHERE x.organisation = t.ancestor)
         ORDER BY t.distance LIMIT 1);

-- The forum's list: open cases of those who have no study place, in the organisations of the meeting.
CREATE VIEW meeting_case AS
SELECT DISTINCT m.id AS meeting, c.id AS number, c.step
  FROM meeting m
 CROSS JOIN organisation_tree t ON t.ancestor = m.organisation
 CROSS JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'
 CROSS JOIN study_place s ON s.pupil = r.person AND s.state = 'none'
 CROSS JOIN case_file c ON c.pupil = r.person AND c.state <> 'closed';

CREATE VIEW meeting_interpreting AS SELECT meeting, language, booked FROM meeting_interpreter;

-- Consents asked for a trip or a camp; organisation: the pupil's group.
CREATE VIEW trip_consent AS
SELECT c.meeting, c.id AS consent, c.pupil, c.state, c.asked, c.answered, c.event,
       (SELECT r.organisation FROM role r WHERE r.person = c.pupil AND r.role = 'pupil'
         ORDER BY r.first_day DESC LIMIT 1) AS organisation
  FROM consent c WHERE c.meeting IS NOT NULL;

-- ---------------------------------------------------------------- fact views: schools and groups

-- Schools that have pupils.
CREATE VIEW school AS
SELECT o.id AS organisation FROM organisation o
 WHERE o.kind = 'school' AND o.ended IS NULL
   AND EXISTS (SELECT 1 FROM organisation_tree t JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'
                WHERE t.ancestor = o.id);

-- Meetings that are planned or were held in a school, below or above it.
CREATE VIEW school_meeting AS
SELECT t.descendant AS organisation, m.kind, m.id AS meeting, m.starts, d.day, d.school_year
  FROM organisation_tree t
 CROSS JOIN meeting m ON m.organisation = t.ancestor AND m.state = 'planned'
 CROSS JOIN day d ON d.organisation = t.descendant AND d.day_no = (m.starts + 10800) / 86400
UNION ALL
SELECT t.ancestor, m.kind, m.id, m.starts, d.day, d.school_year
  FROM organisation_tree t
 CROSS JOIN meeting m ON m.organisation = t.descendant AND m.state = 'planned'
 CROSS JOIN day d ON d.organisation = t.ancestor AND d.day_no = (m.starts + 10800) / 86400
 WHERE t.distance > 0;

-- Standing groups of a school or of an organisation above it.
CREATE VIEW school_committee AS
SELECT t.descendant AS organisation, c.id AS committee, c.kind, c.chair, t.distance
  FROM organisation_tree t CROSS JOIN committee c ON c.organisation = t.ancestor;

CREATE VIEW group_pupil AS
SELECT r.organisation, r.person AS pupil, r.first_day, r.last_day
  FROM organisation o JOIN role r ON r.organisation = o.id AND r.role = 'pupil' WHERE o.kind = 'group';

-- ---------------------------------------------------------------- fact views: a pupil's way

-- Where somebody is or was a pupil.
CREATE VIEW pupil_role AS
SELECT r.person, r.person AS pupil, r.organisation, r.first_day, r.last_day, r.grade FROM role r WHERE r.role = 'pupil';

CREATE VIEW pupil_plan AS SELECT pupil AS person, pupil, kind, made, until FROM plan;

CREATE VIEW pupil_study_place AS SELECT pupil AS person, pupil, state, at, event FROM study_place;

CREATE VIEW pupil_transfer AS SELECT pupil AS person, pupil, state, at FROM transfer_permission;

-- Meetings about a pupil that are planned or were held.
CREATE VIEW pupil_meeting AS
SELECT pupil AS person, pupil, id AS meeting, kind, starts FROM meeting WHERE pupil IS NOT NULL AND state = 'planned';

CREATE VIEW application_state AS
SELECT id AS application, pupil, applicant, organisation, received, decision, decided, event FROM application;

-- ---------------------------------------------------------------- fact views: the network

-- Each who receives or comes on a visit. `organisation` is the party itself, or where the person belongs; `pupil` is set of a
-- guest who is a pupil or has applied to become one. Places and names are NULL when somebody protected takes part.
CREATE VIEW visit_side AS
SELECT v.id AS visit, v.kind, v.starts, v.ends, CASE WHEN v.is_hidden = 0 THEN v.place END AS place,
       v.state = 'cancelled' AS is_off, v.planned, coalesce(v.dated, v.planned) AS dated, v.changed, v.missed, v.event,
       p.side, p.party, p.kind = 'person' AS is_person,
       CASE WHEN p.kind = 'organisation' THEN p.party
            ELSE coalesce((SELECT r.organisation FROM role r WHERE r.person = p.party ORDER BY r.first_day DESC LIMIT 1),
                          (SELECT r.organisation FROM guardian g JOIN role r ON r.person = g.pupil AND r.role = 'pupil'
                            WHERE g.guardian = p.party ORDER BY r.first_day DESC LIMIT 1),
                          (SELECT a.organisation FROM application a WHERE a.pupil = p.party LIMIT 1),
                          (SELECT h.party FROM visit_party h
                            WHERE h.visit = v.id AND h.side = 'host' AND h.kind = 'organisation' LIMIT 1)) END AS organisation,
       CASE WHEN p.kind = 'person' AND p.side = 'guest'
             AND (EXISTS (SELECT 1 FROM role r WHERE r.person = p.party AND r.role = 'pupil')
               OR EXISTS (SELECT 1 FROM application a WHERE a.pupil = p.party)) THEN p.party END AS pupil,
       coalesce((SELECT h.party FROM visit_party h
                  WHERE h.visit = v.id AND h.side = 'host' AND h.kind = 'organisation' LIMIT 1),
                (SELECT r.organisation FROM visit_party h JOIN role r ON r.person = h.party
                  WHERE h.visit = v.id AND h.side = 'host' AND h.kind = 'person' LIMIT 1)) AS host,
       (SELECT o.name FROM visit_party h JOIN organisation o ON o.id = h.party
         WHERE h.visit = v.id AND h.side = 'host' AND h.kind = 'organisation' AND v.is_hidden = 0 LIMIT 1) AS host_name,
       (SELECT o.name FROM visit_party h JOIN organisation o ON o.id = h.party
         WHERE h.visit = v.id AND h.side = 'guest' AND h.kind = 'organisation' AND v.is_hidden = 0 LIMIT 1) AS guest_name
  FROM (SELECT x.*, EXISTS (SELECT 1 FROM visit_party y JOIN person z ON z.id = y.party AND z.protected = 1
                             WHERE y.visit = x.id AND y.kind = 'person') AS is_hidden
          FROM visit x) v
  JOIN visit_party p ON p.visit = v.id;

-- Everybody whom a survey asks.
CREATE VIEW survey_member AS
SELECT s.id AS survey, s.organisation, s.opened, s.closes, s.closed, s.event, a.person,
       (SELECT w.at FROM survey_answer w WHERE w.survey = s.id AND w.person = a.person) AS answered
  FROM survey s JOIN audience_member a ON a.audience = s.audience;

-- What a survey's answers sum up to: none of fewer than five.
CREATE VIEW survey_total AS
SELECT t.survey, t.question, t.choice, t.answers FROM survey_tally t
 WHERE t.answers >= 5
   AND NOT EXISTS (SELECT 1 FROM survey_tally o WHERE o.survey = t.survey AND o.question = t.question AND o.answers < 5
                      AND (SELECT count(*) FROM survey_tally w
                            WHERE w.survey = t.survey AND w.question = t.question AND w.answers < 5) = 1
                      AND t.answers = (SELECT min(m.answers) FROM survey_tally m
                                        WHERE m.survey = t.survey AND m.question = t.question AND m.answers >= 5));

-- Who takes part in a case beside its owner, and what each may see.
CREATE VIEW case_support AS
SELECT 'case' AS kind, p.case_id AS subject, c.pupil, c.organisation, p.person, p.sees, p.since, c.state
  FROM case_participant p JOIN case_file c ON c.id = p.case_id;
