-- Files that staff bring in at the desk. Conventions as in 0001.

-- A file is tried first, without writing anything; somebody looks at what it would do; then it is imported, or forgotten.
CREATE TABLE upload(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  person TEXT NOT NULL,      -- who brought it
  kind TEXT NOT NULL CHECK (kind IN ('roster', 'attendance')),
  map TEXT,                  -- of attendance: how a register's columns are read
  force INTEGER NOT NULL CHECK (force IN (0, 1)), -- may end more of a kind than is usual
  content BLOB,              -- NULL: no more needed
  state TEXT NOT NULL DEFAULT 'to-try' CHECK (state IN ('to-try', 'tried', 'to-import', 'imported', 'failed')),
  report TEXT,               -- JSON of the last run
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL
) STRICT;
CREATE INDEX upload_open ON upload(id) WHERE state IN ('to-try', 'to-import');
CREATE INDEX upload_created ON upload(created);
