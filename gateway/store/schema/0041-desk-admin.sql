-- What the desk writes that no event says. Conventions as in 0001.

-- Forms that were taken, by the SHA-256 of the session's token and when the form was shown: each is taken once.
CREATE TABLE desk_form(
  hash BLOB PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX desk_form_at ON desk_form(at);
