-- The page of a case: links of their own, codes to sign in with, short sessions. Conventions as in 0001.

-- What may stand in `kind` and `purpose` is part of the table; so both are made anew. The rows stay.
CREATE TABLE page_link_kept AS SELECT * FROM page_link;
DROP TABLE page_link;
CREATE TABLE page_link(
  hash BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('guardian', 'supervisor', 'pupil', 'principal', 'wall', 'case')),
  person TEXT NOT NULL REFERENCES person(id), -- whose page it is
  pupil TEXT,                -- whom it is about
  rule TEXT NOT NULL,        -- of the message that carries it; '' of a wall
  subject_kind TEXT NOT NULL,
  subject TEXT NOT NULL,     -- of that rule: a pupil, a placement, a meeting; of a case its number
  day TEXT,                  -- that the message is about
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  revoked INTEGER,
  feed TEXT                  -- the calendar that carries the link; NULL: a message does
) STRICT, WITHOUT ROWID;
INSERT INTO page_link(hash, kind, person, pupil, rule, subject_kind, subject, day, created, expires, revoked, feed)
SELECT hash, kind, person, pupil, rule, subject_kind, subject, day, created, expires, revoked, feed FROM page_link_kept;
DROP TABLE page_link_kept;
CREATE INDEX page_link_person ON page_link(person) WHERE revoked IS NULL;
CREATE INDEX page_link_expires ON page_link(expires);
CREATE INDEX page_link_pupil ON page_link(pupil) WHERE revoked IS NULL;
CREATE INDEX page_link_feed ON page_link(feed) WHERE feed IS NOT NULL;

-- A code lives a quarter of an hour: none is kept over the change.
DROP TABLE one_time_code;
CREATE TABLE one_time_code(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  person TEXT NOT NULL REFERENCES person(id),
  purpose TEXT NOT NULL CHECK (purpose IN ('case', 'contact', 'sign', 'evaluate')),
  subject TEXT NOT NULL,     -- a placement; of a contact its channel; of a case its number
  code_hash BLOB NOT NULL,
  detail TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  used INTEGER
) STRICT;
CREATE INDEX one_time_code_person ON one_time_code(person, purpose, subject, id);

-- Who has signed in at the page of a case, by the SHA-256 of the cookie's token; good for that link alone.
CREATE TABLE case_session(
  hash BLOB PRIMARY KEY,
  link BLOB NOT NULL REFERENCES page_link(hash) ON DELETE CASCADE,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX case_session_link ON case_session(link);
CREATE INDEX case_session_expires ON case_session(expires);
