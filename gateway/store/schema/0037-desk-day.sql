-- The desk's day: who is missing now, what waits for staff, the roll. Conventions as in 0001.

-- When something that a page of the day shows last changed, by organisation: a page that waits asks for the rows past the
-- number that it has seen. Written when the engine takes a change (store/desk_change.c). A number is never used twice.
CREATE TABLE desk_change(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  organisation TEXT NOT NULL UNIQUE
) STRICT;

-- A pupil who is in school but not in the room, as the roll was told. The mark itself says present.
CREATE TABLE desk_elsewhere(
  pupil TEXT NOT NULL REFERENCES person(id),
  day TEXT NOT NULL,
  lesson INTEGER NOT NULL,
  by TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (pupil, day, lesson)
) STRICT, WITHOUT ROWID;

-- Today's rows of some groups, without looking at their pupils one by one.
CREATE INDEX absence_day_unexplained ON absence_day(day_no, organisation, starts, ends) WHERE unexplained = 1;
CREATE INDEX hold_ends ON hold(ends);

-- What waits for staff and what did not arrive, wherever it is: a query says the condition word for word.
CREATE INDEX message_confirmation ON message(id) WHERE state = 'held' AND reason = 'confirmation';
CREATE INDEX message_unreached ON message(changed)
  WHERE state = 'rejected' OR state = 'failed' OR state = 'expired' OR state = 'unknown';
CREATE INDEX contact_bad ON contact(bad_since) WHERE state = 'bad';
