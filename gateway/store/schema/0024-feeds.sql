-- Calendars: which feeds a change concerns, when what has no row of its own last changed, and calendars that are read in.

-- ---------------------------------------------------------------- which feeds a change concerns

-- The last change of each subject that calendars show; store/feed_change.c says whose feeds each concerns. `all`: everybody's.
-- AUTOINCREMENT: max(seq) only ever grows, so it is a version of all that feeds are made of. Each change gets a number anew: a
-- reader may have seen the last.
CREATE TABLE feed_change(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('all', 'pupil', 'person', 'workplace', 'meeting', 'visit', 'survey')),
  subject TEXT NOT NULL,
  UNIQUE (kind, subject)
) STRICT;

CREATE TRIGGER feed_placement_day_new AFTER INSERT ON placement_day BEGIN
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject = (SELECT pupil FROM placement WHERE id = NEW.placement);
  INSERT INTO feed_change(kind, subject) SELECT 'pupil', pupil FROM placement WHERE id = NEW.placement;
END;
CREATE TRIGGER feed_placement_day AFTER UPDATE ON placement_day BEGIN
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject = (SELECT pupil FROM placement WHERE id = NEW.placement);
  INSERT INTO feed_change(kind, subject) SELECT 'pupil', pupil FROM placement WHERE id = NEW.placement;
END;
CREATE TRIGGER feed_placement_day_gone AFTER DELETE ON placement_day BEGIN
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject = (SELECT pupil FROM placement WHERE id = OLD.placement);
  INSERT INTO feed_change(kind, subject) SELECT 'pupil', pupil FROM placement WHERE id = OLD.placement;
END;
CREATE TRIGGER feed_placement_new AFTER INSERT ON placement BEGIN
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO feed_change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER feed_placement AFTER UPDATE ON placement BEGIN
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject IN (NEW.pupil, OLD.pupil);
  INSERT INTO feed_change(kind, subject) SELECT 'pupil', NEW.pupil UNION SELECT 'pupil', OLD.pupil;
END;
-- Who loses it is found by no row any more.
CREATE TRIGGER feed_placement_left AFTER UPDATE OF supervisor, workplace ON placement
WHEN NEW.supervisor IS NOT OLD.supervisor OR NEW.workplace <> OLD.workplace BEGIN
  DELETE FROM feed_change WHERE (kind = 'person' AND subject = OLD.supervisor) OR (kind = 'workplace' AND subject = OLD.workplace);
  INSERT INTO feed_change(kind, subject)
    SELECT 'workplace', OLD.workplace UNION ALL SELECT 'person', OLD.supervisor WHERE OLD.supervisor IS NOT NULL;
END;
CREATE TRIGGER feed_placement_gone AFTER DELETE ON placement BEGIN
  DELETE FROM feed_change WHERE (kind = 'person' AND subject = OLD.supervisor) OR (kind = 'workplace' AND subject = OLD.workplace)
      OR (kind = 'pupil' AND subject = OLD.pupil);
  INSERT INTO feed_change(kind, subject)
    SELECT 'workplace', OLD.workplace UNION ALL SELECT 'pupil', OLD.pupil
     UNION ALL SELECT 'person', OLD.supervisor WHERE OLD.supervisor IS NOT NULL;
END;
CREATE TRIGGER feed_signature_new AFTER INSERT ON agreement_signature BEGIN
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject = (SELECT pupil FROM placement WHERE id = NEW.placement);
  INSERT INTO feed_change(kind, subject) SELECT 'pupil', pupil FROM placement WHERE id = NEW.placement;
END;
CREATE TRIGGER feed_signature_gone AFTER DELETE ON agreement_signature BEGIN
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject = (SELECT pupil FROM placement WHERE id = OLD.placement);
  INSERT INTO feed_change(kind, subject) SELECT 'pupil', pupil FROM placement WHERE id = OLD.placement;
END;

CREATE TRIGGER feed_meeting_new AFTER INSERT ON meeting BEGIN
  DELETE FROM feed_change WHERE kind = 'meeting' AND subject = NEW.id;
  INSERT INTO feed_change(kind, subject) VALUES ('meeting', NEW.id);
END;
CREATE TRIGGER feed_meeting AFTER UPDATE ON meeting BEGIN
  DELETE FROM feed_change WHERE kind = 'meeting' AND subject = NEW.id;
  INSERT INTO feed_change(kind, subject) VALUES ('meeting', NEW.id);
END;
-- Seldom, and whom it concerned stands nowhere: everybody's.
CREATE TRIGGER feed_meeting_left AFTER UPDATE OF organisation, audience, chair, pupil ON meeting
WHEN NEW.organisation <> OLD.organisation OR NEW.audience IS NOT OLD.audience OR NEW.chair IS NOT OLD.chair
  OR NEW.pupil IS NOT OLD.pupil BEGIN
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
CREATE TRIGGER feed_meeting_gone AFTER DELETE ON meeting BEGIN
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
CREATE TRIGGER feed_meeting_day_new AFTER INSERT ON meeting_day BEGIN
  DELETE FROM feed_change WHERE kind = 'meeting' AND subject = NEW.meeting;
  INSERT INTO feed_change(kind, subject) VALUES ('meeting', NEW.meeting);
END;
CREATE TRIGGER feed_meeting_day AFTER UPDATE ON meeting_day BEGIN
  DELETE FROM feed_change WHERE kind = 'meeting' AND subject = NEW.meeting;
  INSERT INTO feed_change(kind, subject) VALUES ('meeting', NEW.meeting);
END;
CREATE TRIGGER feed_meeting_day_gone AFTER DELETE ON meeting_day BEGIN
  DELETE FROM feed_change WHERE kind = 'meeting' AND subject = OLD.meeting;
  INSERT INTO feed_change(kind, subject) VALUES ('meeting', OLD.meeting);
END;
CREATE TRIGGER feed_participant_new AFTER INSERT ON meeting_participant BEGIN
  DELETE FROM feed_change WHERE kind = 'meeting' AND subject = NEW.meeting;
  INSERT INTO feed_change(kind, subject) VALUES ('meeting', NEW.meeting);
END;
CREATE TRIGGER feed_participant_gone AFTER DELETE ON meeting_participant BEGIN
  DELETE FROM feed_change WHERE kind = 'meeting' AND subject = OLD.meeting OR kind = 'pupil' AND subject = OLD.person;
  INSERT INTO feed_change(kind, subject) VALUES ('meeting', OLD.meeting), ('pupil', OLD.person);
END;

CREATE TRIGGER feed_visit_new AFTER INSERT ON visit_party BEGIN
  DELETE FROM feed_change WHERE kind = 'visit' AND subject = NEW.visit;
  INSERT INTO feed_change(kind, subject) VALUES ('visit', NEW.visit);
END;
CREATE TRIGGER feed_visit AFTER UPDATE ON visit BEGIN
  DELETE FROM feed_change WHERE kind = 'visit' AND subject = NEW.id;
  INSERT INTO feed_change(kind, subject) VALUES ('visit', NEW.id);
END;
CREATE TRIGGER feed_visit_gone AFTER DELETE ON visit_party BEGIN
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;

CREATE TRIGGER feed_survey_new AFTER INSERT ON survey BEGIN
  DELETE FROM feed_change WHERE kind = 'survey' AND subject = NEW.id;
  INSERT INTO feed_change(kind, subject) VALUES ('survey', NEW.id);
END;
CREATE TRIGGER feed_survey_answer AFTER INSERT ON survey_answer BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject = NEW.person;
  INSERT INTO feed_change(kind, subject) VALUES ('person', NEW.person);
END;

CREATE TRIGGER feed_package_new AFTER INSERT ON package BEGIN
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO feed_change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER feed_package_gone AFTER DELETE ON package BEGIN
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject = OLD.pupil;
  INSERT INTO feed_change(kind, subject) VALUES ('pupil', OLD.pupil);
END;

CREATE TRIGGER feed_case_new AFTER INSERT ON case_file WHEN NEW.owner IS NOT NULL BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject = NEW.owner;
  INSERT INTO feed_change(kind, subject) VALUES ('person', NEW.owner);
END;
CREATE TRIGGER feed_case AFTER UPDATE OF owner, state, next_contact ON case_file
WHEN NEW.owner IS NOT OLD.owner OR NEW.state <> OLD.state OR NEW.next_contact IS NOT OLD.next_contact BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject IN (NEW.owner, OLD.owner);
  INSERT INTO feed_change(kind, subject)
    SELECT 'person', NEW.owner WHERE NEW.owner IS NOT NULL UNION SELECT 'person', OLD.owner WHERE OLD.owner IS NOT NULL;
END;

-- People. What staff are called stands in calendars of others; what a pupil is called in those of the pupil's own.
CREATE TRIGGER feed_person AFTER UPDATE OF given, family, language, timezone, protected, ended ON person
WHEN NEW.given <> OLD.given OR NEW.family <> OLD.family OR NEW.language IS NOT OLD.language
  OR NEW.timezone IS NOT OLD.timezone OR NEW.protected <> OLD.protected OR NEW.ended IS NOT OLD.ended BEGIN
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject = NEW.id
      OR kind = 'all' AND EXISTS (SELECT 1 FROM role WHERE person = NEW.id AND role <> 'pupil');
  INSERT INTO feed_change(kind, subject)
    SELECT 'pupil', NEW.id
     UNION ALL SELECT 'all', '' WHERE EXISTS (SELECT 1 FROM role WHERE person = NEW.id AND role <> 'pupil');
END;
CREATE TRIGGER feed_contact_new AFTER INSERT ON contact
WHEN NEW.channel = 'sms' AND EXISTS (SELECT 1 FROM role WHERE person = NEW.person AND role = 'teacher') BEGIN
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
CREATE TRIGGER feed_contact AFTER UPDATE ON contact
WHEN NEW.channel = 'sms' AND (NEW.value <> OLD.value OR NEW.position <> OLD.position OR NEW.state <> OLD.state)
 AND EXISTS (SELECT 1 FROM role WHERE person = NEW.person AND role = 'teacher') BEGIN
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
CREATE TRIGGER feed_contact_gone AFTER DELETE ON contact
WHEN OLD.channel = 'sms' AND EXISTS (SELECT 1 FROM role WHERE person = OLD.person AND role = 'teacher') BEGIN
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
-- Who comes or goes among the staff changes whom others call.
CREATE TRIGGER feed_role_new AFTER INSERT ON role BEGIN
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject = NEW.person OR kind = 'all' AND NEW.role = 'teacher';
  INSERT INTO feed_change(kind, subject) SELECT 'pupil', NEW.person UNION ALL SELECT 'all', '' WHERE NEW.role = 'teacher';
END;
CREATE TRIGGER feed_role AFTER UPDATE ON role
WHEN NEW.role <> OLD.role OR NEW.organisation <> OLD.organisation OR NEW.first_day <> OLD.first_day
  OR NEW.last_day IS NOT OLD.last_day BEGIN
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject = NEW.person OR kind = 'all' AND 'teacher' IN (NEW.role, OLD.role);
  INSERT INTO feed_change(kind, subject)
    SELECT 'pupil', NEW.person UNION ALL SELECT 'all', '' WHERE 'teacher' IN (NEW.role, OLD.role);
END;
CREATE TRIGGER feed_role_gone AFTER DELETE ON role BEGIN
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
CREATE TRIGGER feed_guardian_new AFTER INSERT ON guardian BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject = NEW.guardian;
  INSERT INTO feed_change(kind, subject) VALUES ('person', NEW.guardian);
END;
CREATE TRIGGER feed_guardian AFTER UPDATE ON guardian BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject IN (NEW.guardian, OLD.guardian);
  INSERT INTO feed_change(kind, subject) SELECT 'person', NEW.guardian UNION SELECT 'person', OLD.guardian;
END;
CREATE TRIGGER feed_guardian_gone AFTER DELETE ON guardian BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject = OLD.guardian;
  INSERT INTO feed_change(kind, subject) VALUES ('person', OLD.guardian);
END;
CREATE TRIGGER feed_carer_new AFTER INSERT ON carer BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject = NEW.carer;
  INSERT INTO feed_change(kind, subject) VALUES ('person', NEW.carer);
END;
CREATE TRIGGER feed_carer AFTER UPDATE ON carer BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject IN (NEW.carer, OLD.carer);
  INSERT INTO feed_change(kind, subject) SELECT 'person', NEW.carer UNION SELECT 'person', OLD.carer;
END;
CREATE TRIGGER feed_carer_gone AFTER DELETE ON carer BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject = OLD.carer;
  INSERT INTO feed_change(kind, subject) VALUES ('person', OLD.carer);
END;
CREATE TRIGGER feed_supervisor_new AFTER INSERT ON workplace_supervisor BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject = NEW.person;
  INSERT INTO feed_change(kind, subject) VALUES ('person', NEW.person);
END;
CREATE TRIGGER feed_supervisor_gone AFTER DELETE ON workplace_supervisor BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject = OLD.person;
  INSERT INTO feed_change(kind, subject) VALUES ('person', OLD.person);
END;
CREATE TRIGGER feed_member_new AFTER INSERT ON audience_member BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject = NEW.person;
  INSERT INTO feed_change(kind, subject) VALUES ('person', NEW.person);
END;
CREATE TRIGGER feed_member_gone AFTER DELETE ON audience_member BEGIN
  DELETE FROM feed_change WHERE kind = 'person' AND subject = OLD.person;
  INSERT INTO feed_change(kind, subject) VALUES ('person', OLD.person);
END;

-- Places.
CREATE TRIGGER feed_workplace AFTER UPDATE OF name, address, organisation, ended ON workplace
WHEN NEW.name <> OLD.name OR NEW.address IS NOT OLD.address OR NEW.organisation <> OLD.organisation
  OR NEW.ended IS NOT OLD.ended BEGIN
  DELETE FROM feed_change WHERE kind = 'all' OR kind = 'workplace' AND subject = NEW.id;
  INSERT INTO feed_change(kind, subject) VALUES ('workplace', NEW.id), ('all', '');
END;
CREATE TRIGGER feed_organisation AFTER UPDATE OF name, phone, timezone, languages, parent ON organisation
WHEN NEW.name <> OLD.name OR NEW.phone IS NOT OLD.phone OR NEW.timezone IS NOT OLD.timezone
  OR NEW.languages IS NOT OLD.languages OR NEW.parent IS NOT OLD.parent BEGIN
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
CREATE TRIGGER feed_link_new AFTER INSERT ON organisation_link BEGIN
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
CREATE TRIGGER feed_link AFTER UPDATE OF title, url ON organisation_link WHEN NEW.title <> OLD.title OR NEW.url <> OLD.url BEGIN
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
CREATE TRIGGER feed_link_gone AFTER DELETE ON organisation_link BEGIN
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
CREATE TRIGGER feed_meta AFTER UPDATE ON meta WHEN NEW.name IN ('uid_host', 'base_url') AND NEW.value <> OLD.value BEGIN
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;

-- ---------------------------------------------------------------- when things without a sequence of their own last changed

CREATE TABLE feed_stamp(
  kind TEXT NOT NULL CHECK (kind IN ('package', 'survey', 'entry')),
  subject TEXT NOT NULL,
  sequence INTEGER NOT NULL DEFAULT 0, -- RFC 5545
  changed INTEGER NOT NULL,
  PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;

INSERT INTO feed_stamp(kind, subject, changed)
  SELECT 'package', p.id, coalesce((SELECT received FROM event WHERE seq = p.event), unixepoch()) FROM package p
   UNION ALL SELECT 'survey', id, opened FROM survey
   UNION ALL SELECT 'entry', CAST(id AS TEXT), unixepoch() FROM calendar_entry;

CREATE TRIGGER feed_stamp_package_new AFTER INSERT ON package BEGIN
  INSERT INTO feed_stamp(kind, subject, changed)
    VALUES ('package', NEW.id, coalesce((SELECT received FROM event WHERE seq = NEW.event), unixepoch()))
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER feed_stamp_package AFTER UPDATE OF due, subject_name, done ON package
WHEN NEW.due IS NOT OLD.due OR NEW.subject_name IS NOT OLD.subject_name OR NEW.done IS NOT OLD.done BEGIN
  UPDATE feed_stamp SET sequence = sequence + 1,
         changed = coalesce((SELECT received FROM event WHERE seq = NEW.event), unixepoch())
   WHERE kind = 'package' AND subject = NEW.id;
  DELETE FROM feed_change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO feed_change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER feed_stamp_survey_new AFTER INSERT ON survey BEGIN
  INSERT INTO feed_stamp(kind, subject, changed)
    VALUES ('survey', NEW.id, coalesce((SELECT received FROM event WHERE seq = NEW.event), unixepoch()))
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER feed_stamp_survey AFTER UPDATE OF audience, closes, closed ON survey
WHEN NEW.closes IS NOT OLD.closes OR NEW.closed IS NOT OLD.closed OR NEW.audience IS NOT OLD.audience BEGIN
  UPDATE feed_stamp SET sequence = sequence + 1,
         changed = coalesce((SELECT received FROM event WHERE seq = NEW.event), unixepoch())
   WHERE kind = 'survey' AND subject = NEW.id;
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
CREATE TRIGGER feed_stamp_entry_new AFTER INSERT ON calendar_entry BEGIN
  INSERT INTO feed_stamp(kind, subject, changed) VALUES ('entry', CAST(NEW.id AS TEXT), unixepoch()) ON CONFLICT DO NOTHING;
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
CREATE TRIGGER feed_stamp_entry AFTER UPDATE OF organisation, first_day, last_day, kind, name ON calendar_entry BEGIN
  UPDATE feed_stamp SET sequence = sequence + 1, changed = unixepoch() WHERE kind = 'entry' AND subject = CAST(NEW.id AS TEXT);
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;
CREATE TRIGGER feed_stamp_entry_gone AFTER DELETE ON calendar_entry BEGIN
  DELETE FROM feed_stamp WHERE kind = 'entry' AND subject = CAST(OLD.id AS TEXT);
  DELETE FROM feed_change WHERE kind = 'all';
  INSERT INTO feed_change(kind, subject) VALUES ('all', '');
END;

-- ---------------------------------------------------------------- calendars that are read in

-- A calendar of somebody else's, read on a schedule (calendar/source.h). Its name is the `source` of the rows it owns.
CREATE TABLE calendar_source(
  name TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  organisation TEXT NOT NULL REFERENCES organisation(id),
  kind TEXT NOT NULL CHECK (kind IN ('breaks', 'meetings')),
  every INTEGER NOT NULL,    -- seconds
  read INTEGER,              -- when it was last asked for; NULL: never
  next INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'read', 'unchanged', 'refused', 'unreachable')),
  reason TEXT,               -- of the last two: what is wrong
  since INTEGER,             -- since when it is in that state
  etag TEXT,
  modified TEXT,             -- the Last-Modified that its server gave
  entries INTEGER NOT NULL DEFAULT 0 -- what it holds that is kept
) STRICT, WITHOUT ROWID;

-- What a source has said of each of its entries: `kept` names the meeting or the calendar_entry.
CREATE TABLE calendar_source_entry(
  source TEXT NOT NULL,
  uid TEXT NOT NULL,
  kept TEXT NOT NULL,
  PRIMARY KEY (source, uid)
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- what feeds are found by

CREATE INDEX meeting_chair ON meeting(chair) WHERE chair IS NOT NULL;
CREATE INDEX audience_member_person ON audience_member(person);
