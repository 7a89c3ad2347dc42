-- Cases: the follow-up of one pupil, with an owner, steps and due dates. Conventions as in 0001. Outcomes are codes; no free text.

CREATE TABLE case_file(
  id TEXT PRIMARY KEY,       -- '2026-0001': the calendar year and a number in it
  pupil TEXT NOT NULL REFERENCES person(id),
  organisation TEXT NOT NULL REFERENCES organisation(id), -- the pupil's when it was opened
  rule TEXT NOT NULL,        -- that opened it
  step TEXT NOT NULL,        -- how far it has come: only ever raised
  owner_role TEXT NOT NULL,  -- teacher, curator, …: only ever raised
  owner TEXT REFERENCES person(id),      -- NULL: nobody has the role
  substitute TEXT REFERENCES person(id), -- told beside an owner who is silent
  state TEXT NOT NULL DEFAULT 'opened' CHECK (state IN ('opened', 'acknowledged', 'closed')),
  urgent INTEGER NOT NULL DEFAULT 0 CHECK (urgent IN (0, 1)),
  opened INTEGER NOT NULL,
  owned INTEGER NOT NULL,    -- since when by the present owner
  acknowledged INTEGER,      -- by the present owner
  contacted INTEGER,         -- last
  next_contact TEXT,         -- the day that staff set; NULL: as the rule says
  closed INTEGER,
  outcome TEXT
) STRICT;
CREATE UNIQUE INDEX case_file_open ON case_file(pupil) WHERE state <> 'closed';
CREATE INDEX case_file_pupil ON case_file(pupil);
CREATE INDEX case_file_owner ON case_file(owner) WHERE state <> 'closed';

-- The matches that opened, joined or raised a case.
CREATE TABLE case_match(
  case_id TEXT NOT NULL REFERENCES case_file(id),
  match INTEGER NOT NULL REFERENCES rule_match(id),
  act TEXT NOT NULL CHECK (act IN ('opened', 'joined', 'raised')),
  at INTEGER NOT NULL,
  PRIMARY KEY (case_id, match)
) STRICT, WITHOUT ROWID;

-- Who else takes part, and what they may see.
CREATE TABLE case_participant(
  case_id TEXT NOT NULL REFERENCES case_file(id),
  person TEXT NOT NULL REFERENCES person(id),
  sees TEXT,
  since INTEGER NOT NULL,
  PRIMARY KEY (case_id, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_participant_person ON case_participant(person);

ALTER TABLE case_act ADD COLUMN next_contact TEXT;

-- What people do moves the case, whoever writes it down.
CREATE TRIGGER case_act_acknowledged AFTER INSERT ON case_act WHEN NEW.act = 'acknowledged' BEGIN
  UPDATE case_file SET state = 'acknowledged', acknowledged = NEW.at WHERE id = NEW.case_id AND state = 'opened';
END;
CREATE TRIGGER case_act_contacted AFTER INSERT ON case_act WHEN NEW.act = 'contacted' BEGIN
  UPDATE case_file SET state = 'acknowledged', acknowledged = coalesce(acknowledged, NEW.at), contacted = NEW.at,
                       next_contact = NEW.next_contact
   WHERE id = NEW.case_id AND state <> 'closed';
END;
CREATE TRIGGER case_act_joined AFTER INSERT ON case_act WHEN NEW.act = 'joined' AND EXISTS (SELECT 1 FROM case_file WHERE id = NEW.case_id) BEGIN
  DELETE FROM case_participant WHERE case_id = NEW.case_id AND person = NEW.person;
  INSERT INTO case_participant(case_id, person, sees, since) VALUES (NEW.case_id, NEW.person, NEW.sees, NEW.at);
END;
CREATE TRIGGER case_act_handed_over AFTER INSERT ON case_act WHEN NEW.act = 'handed-over' BEGIN
  UPDATE case_file SET owner = NEW.person, owned = NEW.at, state = 'opened', acknowledged = NULL
   WHERE id = NEW.case_id AND state <> 'closed';
END;
CREATE TRIGGER case_act_closed AFTER INSERT ON case_act WHEN NEW.act = 'closed' BEGIN
  UPDATE case_file SET state = 'closed', closed = NEW.at, outcome = NEW.outcome WHERE id = NEW.case_id AND state <> 'closed';
END;

CREATE TRIGGER change_case_file_new AFTER INSERT ON case_file BEGIN
  DELETE FROM change WHERE (kind = 'case' AND subject = NEW.id) OR (kind = 'pupil' AND subject = NEW.pupil);
  INSERT INTO change(kind, subject) VALUES ('case', NEW.id), ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_case_file AFTER UPDATE ON case_file BEGIN
  DELETE FROM change WHERE (kind = 'case' AND subject = NEW.id) OR (kind = 'pupil' AND subject = NEW.pupil);
  INSERT INTO change(kind, subject) VALUES ('case', NEW.id), ('pupil', NEW.pupil);
END;

-- Cases, for rules about a case or about its pupil.
CREATE VIEW pupil_case AS
SELECT 'case' AS kind, c.id AS subject, c.pupil, c.organisation, c.rule, c.step, c.state, c.urgent, c.owner, c.owner_role,
       c.substitute, c.opened, c.owned, c.acknowledged, c.contacted, c.next_contact, c.closed, c.outcome
  FROM case_file c;
