-- People who are erased: what stays of them is numbers. Contacts that were refused.

-- What the school years of people who were erased came to. Of a school, never of a group: few stand behind each number of a group.
CREATE TABLE erased_total(
  organisation TEXT NOT NULL, -- a school; '' when it is not known
  school_year INTEGER NOT NULL,
  kind TEXT NOT NULL,        -- absent-minutes-unexplained, -health, -leave, -other; placement-days
  amount INTEGER NOT NULL,
  PRIMARY KEY (organisation, school_year, kind)
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- contacts that are bad or were refused

-- A receipt that overtook the answer to its request says this, too.
ALTER TABLE early_receipt ADD COLUMN bad_address INTEGER NOT NULL DEFAULT 0 CHECK (bad_address IN (0, 1));

-- What the last import of each source took for no number and no address, until it brings a good one.
CREATE TABLE refused_contact(
  person TEXT NOT NULL REFERENCES person(id),
  channel TEXT NOT NULL,
  value TEXT NOT NULL,       -- as it was written, cut
  source TEXT NOT NULL,
  line INTEGER,              -- in its file; NULL: not known
  at INTEGER NOT NULL,
  PRIMARY KEY (person, channel, value)
) STRICT, WITHOUT ROWID;
