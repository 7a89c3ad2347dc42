-- Facts of meetings, plans, transitions and the network. Conventions as in 0001.

CREATE TABLE meeting(
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,        -- a code: jopo, field-group, support-group, plan-talk, transfer, forum, network, trip, …
  organisation TEXT NOT NULL REFERENCES organisation(id),
  title TEXT,
  starts INTEGER NOT NULL,
  ends INTEGER NOT NULL CHECK (ends > starts),
  place TEXT,
  link TEXT,
  chair TEXT REFERENCES person(id),
  pupil TEXT REFERENCES person(id), -- whom it is about
  audience TEXT,             -- a mailing group's id; NULL: participants
  repeats TEXT,              -- RFC 5545 RRULE
  state TEXT NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'cancelled')),
  sequence INTEGER NOT NULL DEFAULT 0, -- RFC 5545: raised by each change that others see
  planned INTEGER NOT NULL DEFAULT (unixepoch()),
  dated INTEGER NOT NULL DEFAULT (unixepoch()),   -- when it got its present time, place or link
  changed INTEGER NOT NULL DEFAULT (unixepoch()), -- when anything of it last changed
  event INTEGER
) STRICT;
CREATE INDEX meeting_organisation ON meeting(organisation, kind, starts);
CREATE INDEX meeting_starts ON meeting(starts);
CREATE INDEX meeting_pupil ON meeting(pupil) WHERE pupil IS NOT NULL;

CREATE TABLE meeting_participant(
  meeting TEXT NOT NULL REFERENCES meeting(id),
  person TEXT NOT NULL REFERENCES person(id),
  answer TEXT CHECK (answer IN ('yes', 'no', 'maybe')), -- NULL: not yet
  answered INTEGER,
  invited INTEGER NOT NULL DEFAULT (unixepoch()),
  PRIMARY KEY (meeting, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX meeting_participant_person ON meeting_participant(person);

CREATE TABLE plan(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pupil TEXT NOT NULL REFERENCES person(id),
  kind TEXT NOT NULL CHECK (kind IN ('learning', 'support', 'further-study')),
  made INTEGER NOT NULL,
  until TEXT,                -- the last day it holds; NULL: for now
  by TEXT,
  event INTEGER
) STRICT;
CREATE INDEX plan_pupil ON plan(pupil, kind, made);

CREATE TABLE card(
  pupil TEXT NOT NULL REFERENCES person(id),
  card TEXT NOT NULL,        -- safety, hygiene, first-aid, …
  given INTEGER NOT NULL,
  expires TEXT,              -- the last day it holds; NULL: never
  event INTEGER,
  PRIMARY KEY (pupil, card)
) STRICT, WITHOUT ROWID;

CREATE TABLE consent(
  id TEXT PRIMARY KEY,
  pupil TEXT NOT NULL REFERENCES person(id),
  meeting TEXT,              -- the trip or camp that it is for
  state TEXT NOT NULL CHECK (state IN ('asked', 'given', 'refused')),
  asked INTEGER NOT NULL,
  answered INTEGER,
  by TEXT,                   -- who answered, or asked
  event INTEGER
) STRICT;
CREATE INDEX consent_pupil ON consent(pupil);
CREATE INDEX consent_meeting ON consent(meeting) WHERE meeting IS NOT NULL;

CREATE TABLE package(
  id TEXT PRIMARY KEY,
  pupil TEXT NOT NULL REFERENCES person(id),
  subject_name TEXT,
  due TEXT,
  done INTEGER,              -- NULL: not yet
  event INTEGER
) STRICT;
CREATE INDEX package_pupil ON package(pupil, due);
CREATE INDEX package_due ON package(due) WHERE done IS NULL;

CREATE TABLE application(
  id TEXT PRIMARY KEY,
  pupil TEXT NOT NULL REFERENCES person(id),
  applicant TEXT NOT NULL REFERENCES person(id),
  organisation TEXT NOT NULL REFERENCES organisation(id),
  received INTEGER NOT NULL,
  decision TEXT CHECK (decision IN ('accepted', 'refused')), -- NULL: not yet
  decided INTEGER,
  event INTEGER
) STRICT;
CREATE INDEX application_pupil ON application(pupil);
CREATE INDEX application_open ON application(received) WHERE decision IS NULL;

CREATE TABLE study_place(
  pupil TEXT PRIMARY KEY REFERENCES person(id),
  state TEXT NOT NULL CHECK (state IN ('none', 'offered', 'confirmed')),
  at INTEGER NOT NULL,
  event INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE transfer_permission(
  pupil TEXT PRIMARY KEY REFERENCES person(id),
  state TEXT NOT NULL CHECK (state IN ('permitted', 'refused')),
  at INTEGER NOT NULL,
  by TEXT,
  event INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE survey(
  id TEXT PRIMARY KEY,
  organisation TEXT NOT NULL REFERENCES organisation(id),
  audience TEXT,
  opened INTEGER NOT NULL,
  closes INTEGER,
  closed INTEGER,            -- NULL: open
  event INTEGER
) STRICT;

CREATE TABLE survey_answer(
  survey TEXT NOT NULL REFERENCES survey(id),
  person TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (survey, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE visit(
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,        -- mentoring, benchmarking, job-shadowing, workplace, orientation, intake
  starts INTEGER NOT NULL,
  ends INTEGER NOT NULL CHECK (ends > starts),
  place TEXT,
  state TEXT NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'cancelled')),
  sequence INTEGER NOT NULL DEFAULT 0,
  planned INTEGER NOT NULL DEFAULT (unixepoch()),
  changed INTEGER NOT NULL DEFAULT (unixepoch()),
  event INTEGER
) STRICT;
CREATE INDEX visit_starts ON visit(starts);

-- Who receives and who comes: people or organisations.
CREATE TABLE visit_party(
  visit TEXT NOT NULL REFERENCES visit(id),
  side TEXT NOT NULL CHECK (side IN ('host', 'guest')),
  party TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('person', 'organisation')),
  PRIMARY KEY (visit, side, party)
) STRICT, WITHOUT ROWID;
CREATE INDEX visit_party_party ON visit_party(party);

CREATE TABLE evaluation(
  placement TEXT NOT NULL REFERENCES placement(id),
  part TEXT NOT NULL CHECK (part IN ('supervisor', 'teacher', 'pupil')),
  at INTEGER NOT NULL,
  by TEXT,
  event INTEGER,
  PRIMARY KEY (placement, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate(
  placement TEXT PRIMARY KEY REFERENCES placement(id),
  at INTEGER NOT NULL,
  by TEXT,
  event INTEGER
) STRICT, WITHOUT ROWID;

-- What people did with a case, in order; outcomes are codes.
CREATE TABLE case_act(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id TEXT NOT NULL,
  act TEXT NOT NULL CHECK (act IN ('acknowledged', 'contacted', 'joined', 'handed-over', 'closed')),
  person TEXT,               -- who joined, or to whom it was handed over
  sees TEXT,                 -- what who joined may see
  outcome TEXT,
  by TEXT,
  at INTEGER NOT NULL,
  event INTEGER
) STRICT;
CREATE INDEX case_act_case ON case_act(case_id, id);

-- ---------------------------------------------------------------- change capture, as in 0002

CREATE TRIGGER change_meeting_new AFTER INSERT ON meeting BEGIN
  DELETE FROM change WHERE kind = 'meeting' AND subject = NEW.id;
  INSERT INTO change(kind, subject) VALUES ('meeting', NEW.id);
END;
CREATE TRIGGER change_meeting_again AFTER UPDATE ON meeting BEGIN
  DELETE FROM change WHERE kind = 'meeting' AND subject = NEW.id;
  INSERT INTO change(kind, subject) VALUES ('meeting', NEW.id);
END;
CREATE TRIGGER change_meeting_participant_new AFTER INSERT ON meeting_participant BEGIN
  DELETE FROM change WHERE kind = 'meeting' AND subject = NEW.meeting;
  INSERT INTO change(kind, subject) VALUES ('meeting', NEW.meeting);
END;
CREATE TRIGGER change_meeting_participant_again AFTER UPDATE ON meeting_participant BEGIN
  DELETE FROM change WHERE kind = 'meeting' AND subject = NEW.meeting;
  INSERT INTO change(kind, subject) VALUES ('meeting', NEW.meeting);
END;
CREATE TRIGGER change_plan_new AFTER INSERT ON plan BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_card_new AFTER INSERT ON card BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_card_again AFTER UPDATE ON card BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_consent_new AFTER INSERT ON consent BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_consent_again AFTER UPDATE ON consent BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_package_new AFTER INSERT ON package BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_package_again AFTER UPDATE ON package BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_application_new AFTER INSERT ON application BEGIN
  DELETE FROM change WHERE kind = 'application' AND subject = NEW.id;
  INSERT INTO change(kind, subject) VALUES ('application', NEW.id);
END;
CREATE TRIGGER change_application_again AFTER UPDATE ON application BEGIN
  DELETE FROM change WHERE kind = 'application' AND subject = NEW.id;
  INSERT INTO change(kind, subject) VALUES ('application', NEW.id);
END;
CREATE TRIGGER change_study_place_new AFTER INSERT ON study_place BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_study_place_again AFTER UPDATE ON study_place BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_transfer_permission_new AFTER INSERT ON transfer_permission BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_transfer_permission_again AFTER UPDATE ON transfer_permission BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_survey_new AFTER INSERT ON survey BEGIN
  DELETE FROM change WHERE kind = 'survey' AND subject = NEW.id;
  INSERT INTO change(kind, subject) VALUES ('survey', NEW.id);
END;
CREATE TRIGGER change_survey_again AFTER UPDATE ON survey BEGIN
  DELETE FROM change WHERE kind = 'survey' AND subject = NEW.id;
  INSERT INTO change(kind, subject) VALUES ('survey', NEW.id);
END;
CREATE TRIGGER change_survey_answer_new AFTER INSERT ON survey_answer BEGIN
  DELETE FROM change WHERE kind = 'survey' AND subject = NEW.survey;
  INSERT INTO change(kind, subject) VALUES ('survey', NEW.survey);
END;
CREATE TRIGGER change_visit_new AFTER INSERT ON visit BEGIN
  DELETE FROM change WHERE kind = 'visit' AND subject = NEW.id;
  INSERT INTO change(kind, subject) VALUES ('visit', NEW.id);
END;
CREATE TRIGGER change_visit_again AFTER UPDATE ON visit BEGIN
  DELETE FROM change WHERE kind = 'visit' AND subject = NEW.id;
  INSERT INTO change(kind, subject) VALUES ('visit', NEW.id);
END;
CREATE TRIGGER change_visit_party_new AFTER INSERT ON visit_party BEGIN
  DELETE FROM change WHERE kind = 'visit' AND subject = NEW.visit;
  INSERT INTO change(kind, subject) VALUES ('visit', NEW.visit);
END;
CREATE TRIGGER change_evaluation_new AFTER INSERT ON evaluation BEGIN
  DELETE FROM change WHERE kind = 'placement' AND subject = NEW.placement;
  INSERT INTO change(kind, subject) VALUES ('placement', NEW.placement);
END;
CREATE TRIGGER change_evaluation_again AFTER UPDATE ON evaluation BEGIN
  DELETE FROM change WHERE kind = 'placement' AND subject = NEW.placement;
  INSERT INTO change(kind, subject) VALUES ('placement', NEW.placement);
END;
CREATE TRIGGER change_certificate_new AFTER INSERT ON certificate BEGIN
  DELETE FROM change WHERE kind = 'placement' AND subject = NEW.placement;
  INSERT INTO change(kind, subject) VALUES ('placement', NEW.placement);
END;
CREATE TRIGGER change_certificate_again AFTER UPDATE ON certificate BEGIN
  DELETE FROM change WHERE kind = 'placement' AND subject = NEW.placement;
  INSERT INTO change(kind, subject) VALUES ('placement', NEW.placement);
END;
CREATE TRIGGER change_case_act_new AFTER INSERT ON case_act BEGIN
  DELETE FROM change WHERE kind = 'case' AND subject = NEW.case_id;
  INSERT INTO change(kind, subject) VALUES ('case', NEW.case_id);
END;
CREATE TRIGGER change_meeting_participant_gone AFTER DELETE ON meeting_participant BEGIN
  DELETE FROM change WHERE kind = 'meeting' AND subject = OLD.meeting;
  INSERT INTO change(kind, subject) VALUES ('meeting', OLD.meeting);
END;
