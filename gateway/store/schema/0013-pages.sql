-- The pages for home and workplace: links to them, one-time codes, what evaluations say. Conventions as in 0001.

-- What the tokens of links are derived with.
INSERT INTO meta(name, value) VALUES ('page_secret', lower(hex(randomblob(32))));

-- A link to a page, told apart by the SHA-256 of its token; the token itself is never stored. A message that carries the
-- link again renews it, but never one that was revoked.
CREATE TABLE page_link(
  hash BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('guardian', 'supervisor', 'pupil', 'principal', 'wall')), -- wall: what hangs at the workplace
  person TEXT NOT NULL REFERENCES person(id), -- whose page it is
  pupil TEXT,                -- whom it is about
  rule TEXT NOT NULL,        -- of the message that carries it; '' of a wall
  subject_kind TEXT NOT NULL,
  subject TEXT NOT NULL,     -- of that rule: a pupil, a placement, a meeting
  day TEXT,                  -- that the message is about
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  revoked INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX page_link_person ON page_link(person) WHERE revoked IS NULL;
CREATE INDEX page_link_expires ON page_link(expires);
CREATE INDEX page_link_pupil ON page_link(pupil) WHERE revoked IS NULL;

-- A code that was sent to the contact on record, for one act. `detail` is what is done when it comes back: JSON.
CREATE TABLE one_time_code(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  person TEXT NOT NULL REFERENCES person(id),
  purpose TEXT NOT NULL CHECK (purpose IN ('contact', 'sign', 'evaluate')),
  subject TEXT NOT NULL,     -- a placement; of a contact its channel
  code_hash BLOB NOT NULL,
  detail TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  used INTEGER
) STRICT;
CREATE INDEX one_time_code_person ON one_time_code(person, purpose, subject, id);

-- What an evaluation says: a mark from 1 to 5 for each criterion of rules/evaluation.yaml, and a free word.
CREATE TABLE evaluation_mark(
  placement TEXT NOT NULL REFERENCES placement(id),
  part TEXT NOT NULL CHECK (part IN ('supervisor', 'teacher', 'pupil')),
  criterion TEXT NOT NULL,
  mark INTEGER NOT NULL CHECK (mark BETWEEN 1 AND 5),
  PRIMARY KEY (placement, part, criterion)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluation_word(
  placement TEXT NOT NULL REFERENCES placement(id),
  part TEXT NOT NULL CHECK (part IN ('supervisor', 'teacher', 'pupil')),
  word TEXT NOT NULL,
  PRIMARY KEY (placement, part)
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- silence at once, as in 0002

CREATE TRIGGER silence_link_hold AFTER INSERT ON hold BEGIN
  UPDATE page_link SET revoked = NEW.starts
   WHERE revoked IS NULL AND NEW.kind = 'person' AND person = NEW.subject;
  UPDATE page_link SET revoked = NEW.starts
   WHERE revoked IS NULL AND NEW.kind = 'pupil' AND pupil = NEW.subject;
  UPDATE page_link SET revoked = NEW.starts
   WHERE revoked IS NULL AND NEW.kind = 'group'
     AND pupil IN (SELECT r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant
                    WHERE t.ancestor = NEW.subject AND r.role = 'pupil'
                      AND (r.last_day IS NULL OR r.last_day >= date(NEW.starts, 'unixepoch')));
END;
CREATE TRIGGER silence_link_restricted AFTER UPDATE OF restricted, notify, ended ON guardian
WHEN NEW.restricted = 1 OR NEW.notify = 0 OR NEW.ended IS NOT NULL BEGIN
  UPDATE page_link SET revoked = unixepoch()
   WHERE revoked IS NULL AND person = NEW.guardian AND pupil = NEW.pupil;
END;
CREATE TRIGGER silence_link_restricted_new AFTER INSERT ON guardian WHEN NEW.restricted = 1 BEGIN
  UPDATE page_link SET revoked = unixepoch()
   WHERE revoked IS NULL AND person = NEW.guardian AND pupil = NEW.pupil;
END;
CREATE TRIGGER silence_link_guardian_gone AFTER DELETE ON guardian BEGIN
  UPDATE page_link SET revoked = unixepoch()
   WHERE revoked IS NULL AND person = OLD.guardian AND pupil = OLD.pupil;
END;
CREATE TRIGGER silence_link_carer AFTER UPDATE OF ended ON carer WHEN NEW.ended IS NOT NULL BEGIN
  UPDATE page_link SET revoked = unixepoch() WHERE revoked IS NULL AND person = NEW.carer AND pupil = NEW.pupil;
END;
CREATE TRIGGER silence_link_ended AFTER UPDATE OF ended ON person WHEN NEW.ended IS NOT NULL AND OLD.ended IS NULL BEGIN
  UPDATE page_link SET revoked = unixepoch() WHERE revoked IS NULL AND person = NEW.id;
  UPDATE page_link SET revoked = unixepoch() WHERE revoked IS NULL AND pupil = NEW.id;
END;
CREATE TRIGGER silence_link_protected AFTER UPDATE OF protected ON person WHEN NEW.protected = 1 AND OLD.protected = 0 BEGIN
  UPDATE page_link SET revoked = unixepoch() WHERE revoked IS NULL AND pupil = NEW.id;
END;
