-- The desk: who has signed in, by which link, and who saw and did what. Conventions as in 0001.

-- By the SHA-256 of the cookie's token. What the person may do is read from their roles at each request.
CREATE TABLE desk_session(
  hash BLOB PRIMARY KEY,
  person TEXT NOT NULL REFERENCES person(id),
  how TEXT NOT NULL CHECK (how IN ('link', 'openid')),
  language TEXT,             -- chosen at the desk; NULL: the person's own
  created INTEGER NOT NULL,
  seen INTEGER NOT NULL,     -- last; to some minutes
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX desk_session_person ON desk_session(person);
CREATE INDEX desk_session_expires ON desk_session(expires);

-- Links to sign in with, by the SHA-256 of their token. Used once: the row is deleted.
CREATE TABLE desk_ticket(
  hash BLOB PRIMARY KEY,
  person TEXT NOT NULL REFERENCES person(id),
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX desk_ticket_person ON desk_ticket(person, created);

-- Only ever added to, and purged by age.
CREATE TABLE desk_audit(
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  person TEXT NOT NULL,      -- who; kept when the person is gone
  page TEXT NOT NULL,
  act TEXT NOT NULL,         -- '': saw it
  kind TEXT NOT NULL,        -- of the subject; '': the page is about nobody
  subject TEXT NOT NULL,
  status INTEGER NOT NULL    -- HTTP's
) STRICT;
CREATE INDEX desk_audit_person ON desk_audit(person, page, subject, at);
CREATE INDEX desk_audit_subject ON desk_audit(subject, at);
CREATE INDEX desk_audit_at ON desk_audit(at);

CREATE TRIGGER desk_person_ended AFTER UPDATE OF ended ON person WHEN NEW.ended IS NOT NULL BEGIN
  DELETE FROM desk_session WHERE person = NEW.id;
  DELETE FROM desk_ticket WHERE person = NEW.id;
END;
