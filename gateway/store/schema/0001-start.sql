-- Conventions: times are seconds since 1970 UTC; days are 'YYYY-MM-DD' of the organisation's calendar; times of day are
-- seconds from noon (right on days when clocks change); flags are 0 or 1; ids of people, organisations, workplaces,
-- placements are the sender's own. `source` says who owns a row (a roster file's name, 'event', 'direct').
-- Foreign keys are off in other programs' connections: what must hold for them is a trigger.

CREATE TABLE meta(
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- What stands behind the @ of every calendar entry of this database, from its birth on.
INSERT INTO meta(name, value) VALUES ('uid_host', lower(hex(randomblob(8))) || '.kapula.invalid');

-- ---------------------------------------------------------------- who and where (the roster)

CREATE TABLE organisation(
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('network', 'municipality', 'school', 'group')),
  parent TEXT REFERENCES organisation(id) DEFERRABLE INITIALLY DEFERRED CHECK (parent <> id),
  name TEXT NOT NULL,
  phone TEXT,                -- E.164
  timezone TEXT,             -- IANA name; NULL: the parent's, at the top Europe/Helsinki
  languages TEXT,            -- 'fi,sv', the first is the default; NULL: the parent's, at the top 'fi'
  source TEXT NOT NULL DEFAULT 'direct',
  ended TEXT                 -- day since which it is no more
) STRICT;
CREATE INDEX organisation_parent ON organisation(parent);

-- Every organisation with each of its ancestors and itself (distance 0); kept by triggers.
CREATE TABLE organisation_tree(
  descendant TEXT NOT NULL,
  distance INTEGER NOT NULL, -- the key's columns first: else integrity_check of SQLite 3.40.1 sees NULLs that are none
  ancestor TEXT NOT NULL,
  PRIMARY KEY (descendant, distance)
) STRICT, WITHOUT ROWID;
CREATE INDEX organisation_tree_ancestor ON organisation_tree(ancestor, descendant);

CREATE TRIGGER organisation_inserted AFTER INSERT ON organisation BEGIN
  INSERT INTO organisation_tree(descendant, ancestor, distance)
    SELECT NEW.id, NEW.id, 0
     UNION ALL SELECT NEW.id, ancestor, distance + 1 FROM organisation_tree WHERE descendant = NEW.parent;
  INSERT INTO organisation_tree(descendant, ancestor, distance)
    WITH RECURSIVE below(id, distance) AS (
      SELECT id, 1 FROM organisation WHERE parent = NEW.id
       UNION ALL SELECT o.id, b.distance + 1 FROM below b JOIN organisation o ON o.parent = b.id WHERE b.distance < 16)
    SELECT b.id, t.ancestor, b.distance + t.distance
      FROM below b JOIN organisation_tree t ON t.descendant = NEW.id;
END;

CREATE TRIGGER organisation_moved_in_circle BEFORE UPDATE OF parent ON organisation
WHEN NEW.parent IN (SELECT descendant FROM organisation_tree WHERE ancestor = NEW.id) BEGIN
  SELECT RAISE(ABORT, 'organisation.parent: stands below the organisation itself: choose another parent');
END;

CREATE TRIGGER organisation_moved AFTER UPDATE OF parent ON organisation WHEN NEW.parent IS NOT OLD.parent BEGIN
  DELETE FROM organisation_tree
   WHERE descendant IN (SELECT descendant FROM organisation_tree WHERE ancestor = NEW.id);
  INSERT INTO organisation_tree(descendant, ancestor, distance)
    WITH RECURSIVE below(id) AS (
      SELECT NEW.id UNION SELECT o.id FROM below b JOIN organisation o ON o.parent = b.id),
    up(descendant, ancestor, distance) AS (
      SELECT id, id, 0 FROM below
       UNION ALL SELECT u.descendant, o.parent, u.distance + 1
                   FROM up u JOIN organisation o ON o.id = u.ancestor
                  WHERE o.parent IS NOT NULL AND u.distance < 16)
    SELECT descendant, ancestor, distance FROM up;
END;

CREATE TABLE organisation_link(
  organisation TEXT NOT NULL REFERENCES organisation(id),
  position INTEGER NOT NULL,
  title TEXT NOT NULL,
  url TEXT NOT NULL,
  source TEXT NOT NULL DEFAULT 'direct',
  PRIMARY KEY (organisation, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE calendar_entry(
  id INTEGER PRIMARY KEY,
  organisation TEXT NOT NULL REFERENCES organisation(id),
  first_day TEXT NOT NULL,
  last_day TEXT NOT NULL CHECK (last_day >= first_day),
  kind TEXT NOT NULL CHECK (kind IN ('term', 'break', 'holiday', 'school')),
  name TEXT,
  source TEXT NOT NULL DEFAULT 'direct',
  UNIQUE (organisation, first_day, last_day, kind)
) STRICT;

-- The calendar of each organisation that has entries or a zone of its own, and of each one at the top, day by day.
-- Materialised by store/calendar_day.c whenever calendar_dirty has rows, so that rules need no date functions.
CREATE TABLE calendar_day(
  calendar TEXT NOT NULL REFERENCES organisation(id),
  day TEXT NOT NULL,
  day_no INTEGER NOT NULL,        -- days since 1970-01-01
  noon INTEGER NOT NULL,          -- UTC of 12:00 local
  weekday INTEGER NOT NULL,       -- 1 Monday … 7 Sunday
  kind TEXT NOT NULL CHECK (kind IN ('school', 'weekend', 'holiday', 'break', 'outside')),
  school_day_no INTEGER NOT NULL, -- how many school days up to and with this one: differences count school days
  working_day_no INTEGER NOT NULL,-- the same for Monday to Friday without public holidays
  school_year INTEGER NOT NULL,   -- the year in which the school year began
  PRIMARY KEY (calendar, day)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX calendar_day_no ON calendar_day(calendar, day_no);

CREATE TABLE organisation_calendar(
  organisation TEXT PRIMARY KEY,
  calendar TEXT NOT NULL,         -- the nearest of itself and its ancestors that keeps a calendar
  timezone TEXT NOT NULL,
  languages TEXT NOT NULL,
  tenant TEXT NOT NULL            -- its municipality, or itself when it stands above one
) STRICT, WITHOUT ROWID;

CREATE TABLE calendar_dirty(one INTEGER PRIMARY KEY CHECK (one = 1)) STRICT;
CREATE TRIGGER calendar_dirty_1 AFTER INSERT ON organisation BEGIN
  INSERT INTO calendar_dirty SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM calendar_dirty); END;
CREATE TRIGGER calendar_dirty_2 AFTER UPDATE OF parent, timezone, languages, kind ON organisation
WHEN NEW.parent IS NOT OLD.parent OR NEW.timezone IS NOT OLD.timezone OR NEW.languages IS NOT OLD.languages
  OR NEW.kind <> OLD.kind BEGIN
  INSERT INTO calendar_dirty SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM calendar_dirty); END;
CREATE TRIGGER calendar_dirty_3 AFTER INSERT ON calendar_entry BEGIN
  INSERT INTO calendar_dirty SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM calendar_dirty); END;
CREATE TRIGGER calendar_dirty_4 AFTER UPDATE ON calendar_entry BEGIN
  INSERT INTO calendar_dirty SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM calendar_dirty); END;
CREATE TRIGGER calendar_dirty_5 AFTER DELETE ON calendar_entry BEGIN
  INSERT INTO calendar_dirty SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM calendar_dirty); END;

CREATE TABLE person(
  id TEXT PRIMARY KEY,
  given TEXT NOT NULL,
  family TEXT NOT NULL,
  born TEXT,
  language TEXT,             -- NULL: the organisation's first
  timezone TEXT,             -- NULL: the organisation's
  protected INTEGER NOT NULL DEFAULT 0 CHECK (protected IN (0, 1)),
  source TEXT NOT NULL DEFAULT 'direct',
  ended TEXT
) STRICT;

CREATE TABLE contact(
  person TEXT NOT NULL REFERENCES person(id),
  channel TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
  value TEXT NOT NULL,       -- E.164 or an address
  position INTEGER NOT NULL DEFAULT 0, -- lower is tried first within its channel
  safe INTEGER NOT NULL DEFAULT 0 CHECK (safe IN (0, 1)),
  state TEXT NOT NULL DEFAULT 'good' CHECK (state IN ('good', 'bad')), -- bad: bounced, blocked or ported away
  source TEXT NOT NULL DEFAULT 'direct',
  PRIMARY KEY (person, channel, value)
) STRICT, WITHOUT ROWID;

-- What a person chose for themselves: 'first-day-and-changes', …
CREATE TABLE person_choice(
  person TEXT NOT NULL REFERENCES person(id),
  choice TEXT NOT NULL,
  PRIMARY KEY (person, choice)
) STRICT, WITHOUT ROWID;

CREATE TABLE role(
  id INTEGER PRIMARY KEY,
  person TEXT NOT NULL REFERENCES person(id),
  role TEXT NOT NULL CHECK (role IN ('pupil', 'teacher', 'coach', 'curator', 'principal', 'coordinator', 'secretary',
                                     'substitute', 'duty-phone', 'supervisor')),
  organisation TEXT NOT NULL REFERENCES organisation(id),
  first_day TEXT NOT NULL DEFAULT '1900-01-01',
  last_day TEXT,             -- the last day it is held; NULL: for now
  grade INTEGER,             -- of a pupil
  source TEXT NOT NULL DEFAULT 'direct',
  UNIQUE (person, role, organisation, first_day)
) STRICT;
CREATE INDEX role_organisation ON role(organisation, role);

CREATE TABLE guardian(
  pupil TEXT NOT NULL REFERENCES person(id),
  guardian TEXT NOT NULL REFERENCES person(id),
  rank INTEGER NOT NULL DEFAULT 1,
  notify INTEGER NOT NULL DEFAULT 1 CHECK (notify IN (0, 1)),
  restricted INTEGER NOT NULL DEFAULT 0 CHECK (restricted IN (0, 1)),
  emergency_only INTEGER NOT NULL DEFAULT 0 CHECK (emergency_only IN (0, 1)),
  source TEXT NOT NULL DEFAULT 'direct',
  ended TEXT,
  PRIMARY KEY (pupil, guardian)
) STRICT, WITHOUT ROWID;
CREATE INDEX guardian_guardian ON guardian(guardian);

CREATE TABLE carer(
  pupil TEXT NOT NULL REFERENCES person(id),
  carer TEXT NOT NULL REFERENCES person(id),
  instead INTEGER NOT NULL DEFAULT 0 CHECK (instead IN (0, 1)), -- 1: told in place of the guardians
  source TEXT NOT NULL DEFAULT 'direct',
  ended TEXT,
  PRIMARY KEY (pupil, carer)
) STRICT, WITHOUT ROWID;

CREATE TABLE workplace(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  address TEXT,
  organisation TEXT NOT NULL REFERENCES organisation(id),
  source TEXT NOT NULL DEFAULT 'direct',
  ended TEXT
) STRICT;

CREATE TABLE workplace_supervisor(
  workplace TEXT NOT NULL REFERENCES workplace(id),
  person TEXT NOT NULL REFERENCES person(id),
  position INTEGER NOT NULL DEFAULT 0,
  source TEXT NOT NULL DEFAULT 'direct',
  PRIMARY KEY (workplace, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE workplace_card(
  workplace TEXT NOT NULL REFERENCES workplace(id),
  card TEXT NOT NULL,
  source TEXT NOT NULL DEFAULT 'direct',
  PRIMARY KEY (workplace, card)
) STRICT, WITHOUT ROWID;

CREATE TABLE audience(
  id TEXT PRIMARY KEY,
  organisation TEXT NOT NULL REFERENCES organisation(id),
  source TEXT NOT NULL DEFAULT 'direct'
) STRICT;

CREATE TABLE audience_member(
  audience TEXT NOT NULL REFERENCES audience(id),
  person TEXT NOT NULL REFERENCES person(id),
  source TEXT NOT NULL DEFAULT 'direct',
  PRIMARY KEY (audience, person)
) STRICT, WITHOUT ROWID;

-- The timetable. An organisation without rows has six lessons of 45 minutes from 08:00 on the hour, Monday to Friday.
CREATE TABLE lesson(
  organisation TEXT NOT NULL REFERENCES organisation(id),
  weekday INTEGER NOT NULL CHECK (weekday BETWEEN 1 AND 7),
  lesson INTEGER NOT NULL,
  starts INTEGER NOT NULL,   -- seconds from noon
  ends INTEGER NOT NULL CHECK (ends > starts),
  source TEXT NOT NULL DEFAULT 'direct',
  PRIMARY KEY (organisation, weekday, lesson)
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- events and the facts they leave

CREATE TABLE event(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,        -- 'attendance.marked': without the prefix 'kapula.'
  subject TEXT,
  time INTEGER NOT NULL,     -- what the sender says
  received INTEGER NOT NULL, -- what our clock said
  data TEXT NOT NULL,        -- JSON
  UNIQUE (source, id)
) STRICT;

-- A log: a mark is never changed. A new row with the same pupil, day, lesson and place takes the earlier out of force;
-- one that says the same again is ignored, so that saving a register twice is no news.
CREATE TABLE attendance_mark(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pupil TEXT NOT NULL REFERENCES person(id),
  day TEXT NOT NULL,
  lesson INTEGER NOT NULL,   -- number in the timetable; 0: the whole day
  place TEXT NOT NULL DEFAULT 'school' CHECK (place IN ('school', 'workplace')),
  starts INTEGER NOT NULL,
  ends INTEGER NOT NULL CHECK (ends > starts),
  mark TEXT NOT NULL CHECK (mark = 'absent' OR mark = 'late' OR mark = 'present'), -- IN would cost a table a row
  class TEXT                 -- of an absence
    CHECK (class = 'unexplained' OR class = 'health' OR class = 'leave' OR class = 'other'),
  by TEXT,
  event INTEGER,             -- event.seq; NULL: written directly
  received INTEGER NOT NULL DEFAULT (unixepoch()),
  in_force INTEGER NOT NULL DEFAULT 1 CHECK (in_force IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX attendance_mark_in_force ON attendance_mark(pupil, day, lesson, place) WHERE in_force = 1;
CREATE INDEX attendance_mark_pupil_day ON attendance_mark(pupil, day, starts);

-- A mark that takes none out of force looks at an index and no more: an UPDATE opens a temporary table.
CREATE TRIGGER attendance_mark_insert BEFORE INSERT ON attendance_mark
WHEN EXISTS (SELECT 1 FROM attendance_mark
              WHERE pupil = NEW.pupil AND day = NEW.day AND lesson = NEW.lesson AND place = NEW.place
                AND in_force = 1) BEGIN
  SELECT RAISE(IGNORE) FROM attendance_mark
   WHERE pupil = NEW.pupil AND day = NEW.day AND lesson = NEW.lesson AND place = NEW.place AND in_force = 1
     AND mark = NEW.mark AND class IS NEW.class AND starts = NEW.starts AND ends = NEW.ends;
  UPDATE attendance_mark SET in_force = 0
   WHERE pupil = NEW.pupil AND day = NEW.day AND lesson = NEW.lesson AND place = NEW.place AND in_force = 1;
END;
CREATE TRIGGER attendance_mark_fixed BEFORE UPDATE OF pupil, day, lesson, place, starts, ends, mark, class ON attendance_mark
BEGIN
  SELECT RAISE(ABORT, 'attendance_mark: a mark is never changed: insert the new mark beside it');
END;

-- A guardian's word (explanation) and the school's (authorisation) about a span of time.
CREATE TABLE explanation(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pupil TEXT NOT NULL REFERENCES person(id),
  starts INTEGER NOT NULL,
  ends INTEGER NOT NULL CHECK (ends > starts),
  class TEXT NOT NULL CHECK (class IN ('health', 'leave', 'other')),
  by TEXT,
  event INTEGER,
  received INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX explanation_pupil ON explanation(pupil, starts);

CREATE TABLE authorisation(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pupil TEXT NOT NULL REFERENCES person(id),
  starts INTEGER NOT NULL,
  ends INTEGER NOT NULL CHECK (ends > starts),
  class TEXT,
  by TEXT,
  event INTEGER,
  received INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX authorisation_pupil ON authorisation(pupil, starts);

CREATE TABLE located(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pupil TEXT NOT NULL REFERENCES person(id),
  at INTEGER NOT NULL,
  place TEXT NOT NULL CHECK (place IN ('at-home', 'at-school', 'at-workplace', 'other')),
  by TEXT,
  event INTEGER,
  received INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX located_pupil ON located(pupil, at);

-- Staff stop all messages about a pupil or a group, or to a person, from `starts` until `ends`.
CREATE TABLE hold(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('pupil', 'group', 'person')),
  subject TEXT NOT NULL,
  starts INTEGER NOT NULL,
  ends INTEGER,              -- NULL: until released
  reason TEXT,               -- a code; 'hospital' and 'pause' also keep absences from counting
  by TEXT,
  event INTEGER
) STRICT;
CREATE INDEX hold_subject ON hold(kind, subject, starts);

CREATE TABLE register_sync(
  organisation TEXT PRIMARY KEY REFERENCES organisation(id),
  read_up_to INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What people answered to notices, who took one on, and which held messages staff confirmed.
CREATE TABLE answer(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  rule TEXT NOT NULL,
  answer TEXT NOT NULL CHECK (answer IN ('knew', 'did-not-know', 'call-me', 'taken', 'confirmed')),
  class TEXT,
  by TEXT,
  event INTEGER,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX answer_subject ON answer(subject, rule, at);

CREATE TABLE placement(
  id TEXT PRIMARY KEY,
  pupil TEXT NOT NULL REFERENCES person(id),
  workplace TEXT NOT NULL REFERENCES workplace(id),
  supervisor TEXT REFERENCES person(id), -- NULL: the workplace's first
  model TEXT NOT NULL CHECK (model IN ('4+1', 'block')),
  weekdays TEXT NOT NULL,    -- '2' or '1,2,4': the days worked, 1 Monday
  first_day TEXT NOT NULL,
  last_day TEXT NOT NULL CHECK (last_day >= first_day),
  starts INTEGER NOT NULL,   -- seconds from noon
  ends INTEGER NOT NULL CHECK (ends > starts),
  state TEXT NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'cancelled')),
  planned INTEGER NOT NULL DEFAULT (unixepoch()),
  changed INTEGER NOT NULL DEFAULT (unixepoch()),
  event INTEGER
) STRICT;
CREATE INDEX placement_pupil ON placement(pupil);
CREATE INDEX placement_workplace ON placement(workplace);
CREATE INDEX placement_supervisor ON placement(supervisor);

-- Made from the placement and the calendar by store/placement.c; a day keeps its original date as its identity.
CREATE TABLE placement_day(
  placement TEXT NOT NULL REFERENCES placement(id),
  original_day TEXT NOT NULL,
  day TEXT NOT NULL,
  starts INTEGER NOT NULL,   -- UTC
  ends INTEGER NOT NULL,
  kind TEXT NOT NULL DEFAULT 'work' CHECK (kind IN ('work', 'school')), -- school: a school day inside a block
  state TEXT NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'cancelled')),
  sequence INTEGER NOT NULL DEFAULT 0, -- RFC 5545: raised by each change that others see
  dated INTEGER NOT NULL DEFAULT (unixepoch()),   -- when the day got its present date and hours
  changed INTEGER NOT NULL DEFAULT (unixepoch()), -- when anything of it last changed
  by_hand INTEGER NOT NULL DEFAULT 0 CHECK (by_hand IN (0, 1)), -- moved or cancelled alone: planning anew leaves it
  event INTEGER,
  PRIMARY KEY (placement, original_day)
) STRICT, WITHOUT ROWID;
CREATE INDEX placement_day_day ON placement_day(day);

CREATE TABLE agreement_signature(
  placement TEXT NOT NULL REFERENCES placement(id),
  party TEXT NOT NULL CHECK (party IN ('guardian', 'workplace', 'school')),
  by TEXT,
  at INTEGER NOT NULL,
  event INTEGER,
  PRIMARY KEY (placement, party)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkin(
  placement TEXT NOT NULL REFERENCES placement(id),
  day TEXT NOT NULL,
  mark TEXT NOT NULL CHECK (mark IN ('here', 'late', 'absent')),
  at INTEGER NOT NULL,
  by TEXT,
  event INTEGER,
  PRIMARY KEY (placement, day)
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- change capture

-- A subject whose rules must be looked at again. AUTOINCREMENT: a seq is never used twice, so that taking a change
-- deletes only what was seen. Delete and insert, since OR REPLACE in a trigger is overruled by the outer statement.
CREATE TABLE change(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,        -- 'pupil', 'placement', 'organisation', …: the subject kinds of rules
  subject TEXT NOT NULL,
  UNIQUE (kind, subject)
) STRICT;

-- ---------------------------------------------------------------- what the rules found

CREATE TABLE rule_version(
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  hash TEXT NOT NULL,        -- SHA-256 of the file and the parameters in force, hexadecimal
  text TEXT NOT NULL,
  first_used INTEGER NOT NULL,
  UNIQUE (rule, hash)
) STRICT;

CREATE TABLE rule_parameter(
  organisation TEXT NOT NULL REFERENCES organisation(id),
  rule TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,       -- written as in the rule's file
  PRIMARY KEY (organisation, rule, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_match(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  rule TEXT NOT NULL,
  version INTEGER NOT NULL REFERENCES rule_version(id),
  kind TEXT NOT NULL,        -- of the subject, as in change
  subject TEXT NOT NULL,
  pupil TEXT,                -- whom it is about, when it is about a pupil
  key TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'fired', 'resolved', 'dropped')),
  reason TEXT,               -- of resolved and dropped, and what stands against a pending one
  due INTEGER NOT NULL,
  expires INTEGER,           -- not fired or resolved from then on
  seen INTEGER NOT NULL,     -- when the row was first found
  fired INTEGER,
  ended INTEGER,
  facts TEXT NOT NULL,       -- JSON: the row, typed as templates see it
  UNIQUE (rule, key)
) STRICT;
CREATE INDEX rule_match_subject ON rule_match(kind, subject, rule);
CREATE INDEX rule_match_pupil ON rule_match(pupil) WHERE pupil IS NOT NULL;
CREATE INDEX rule_match_due ON rule_match(due) WHERE state = 'pending';

-- The attendance marks that a match told of.
CREATE TABLE match_mark(
  match INTEGER NOT NULL REFERENCES rule_match(id),
  mark INTEGER NOT NULL REFERENCES attendance_mark(id),
  PRIMARY KEY (match, mark)
) STRICT, WITHOUT ROWID;
CREATE INDEX match_mark_mark ON match_mark(mark);

-- The events whose facts a match rests on.
CREATE TABLE match_event(
  match INTEGER NOT NULL REFERENCES rule_match(id),
  event INTEGER NOT NULL,
  PRIMARY KEY (match, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE notice(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  match INTEGER NOT NULL REFERENCES rule_match(id),
  step INTEGER NOT NULL,     -- position in the rule's notify list
  person TEXT NOT NULL REFERENCES person(id),
  template TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'settled', 'expired', 'given-up')),
  created INTEGER NOT NULL,
  UNIQUE (match, step, person)
) STRICT;
CREATE INDEX notice_person ON notice(person);

-- Who was not told, and why.
CREATE TABLE suppression(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  match INTEGER NOT NULL REFERENCES rule_match(id),
  person TEXT NOT NULL,      -- '' when nobody was found at all
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE (match, person, reason)
) STRICT;

CREATE TABLE message(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  person TEXT NOT NULL REFERENCES person(id),
  channel TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
  address TEXT NOT NULL,
  language TEXT NOT NULL,
  title TEXT,                -- the Subject of an e-mail
  text TEXT NOT NULL,
  segments INTEGER,          -- of an SMS
  urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)),
  -- Compared one by one: for each IN list of three and more SQLite builds a temporary table whenever the row changes.
  state TEXT NOT NULL CHECK (state = 'leased' OR state = 'accepted' OR state = 'delivered' OR state = 'queued' OR state = 'held'
                             OR state = 'retry' OR state = 'unknown' OR state = 'rejected' OR state = 'failed'
                             OR state = 'expired' OR state = 'cancelled'),
  reason TEXT,               -- of held: quiet-hours, register-stale, fuse, confirmation; of end states: a code
  created INTEGER NOT NULL,
  not_before INTEGER NOT NULL, -- of queued, held (quiet hours) and retry
  deadline INTEGER,          -- told as expired from then on, never sent
  changed INTEGER NOT NULL,
  provider TEXT,
  provider_id TEXT,          -- the provider's own id, once accepted
  attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX message_ready ON message(channel, urgent, not_before, id) WHERE state IN ('queued', 'retry');
CREATE INDEX message_open ON message(state, not_before) WHERE state IN ('held', 'leased');
CREATE INDEX message_deadline ON message(deadline)
  WHERE deadline IS NOT NULL AND (state = 'queued' OR state = 'retry' OR state = 'held');
CREATE INDEX message_provider ON message(provider, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX message_person ON message(person);

-- UNIQUE(notice, channel): a person gets one message of a notice on a channel. A digest is one message of many notices.
CREATE TABLE message_notice(
  message INTEGER NOT NULL REFERENCES message(id),
  notice INTEGER NOT NULL REFERENCES notice(id),
  channel TEXT NOT NULL,
  PRIMARY KEY (message, notice),
  UNIQUE (notice, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt(
  message INTEGER NOT NULL REFERENCES message(id),
  number INTEGER NOT NULL,   -- from 1
  provider TEXT NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER,
  outcome TEXT CHECK (outcome = 'accepted' OR outcome = 'rejected' OR outcome = 'retry' OR outcome = 'unknown'), -- NULL: not known yet
  status INTEGER,            -- HTTP or SMTP status
  detail TEXT,               -- the provider's code or the transport's error, never the text or the address
  PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message INTEGER NOT NULL REFERENCES message(id),
  status TEXT NOT NULL CHECK (status IN ('delivered', 'failed', 'temporary')),
  detail TEXT,
  at INTEGER NOT NULL,
  received INTEGER NOT NULL,
  UNIQUE (message, status, at)
) STRICT;

-- ---------------------------------------------------------------- to machines

CREATE TABLE publication(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  seq INTEGER NOT NULL,      -- gapless within the tenant
  kind TEXT NOT NULL,        -- topic level: absence, placement-day, message, case, …
  event TEXT NOT NULL,       -- topic level: alerted, changed, …
  subject TEXT NOT NULL,
  time INTEGER NOT NULL,
  data TEXT NOT NULL,        -- JSON: ids and codes only
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'acknowledged', 'refused')),
  reason INTEGER,            -- MQTT v5 reason code of refused
  UNIQUE (tenant, seq)
) STRICT;
CREATE INDEX publication_open ON publication(id) WHERE state IN ('queued', 'sent');

CREATE TABLE feed(
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,       -- id of a person, workplace or organisation
  kind TEXT NOT NULL,        -- person, workplace, group, school, municipality, network
  token_hash BLOB NOT NULL UNIQUE, -- SHA-256 of the token in the link
  created INTEGER NOT NULL,
  revoked INTEGER,
  last_fetch INTEGER,
  last_status INTEGER,       -- 200 or 304
  fetches INTEGER NOT NULL DEFAULT 0,
  shown_hash BLOB,           -- SHA-256 of the calendar last given out
  shown_changed INTEGER      -- and its Last-Modified: never goes back, also for what only disappeared
) STRICT;
CREATE INDEX feed_owner ON feed(owner);

CREATE TABLE token(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  scope TEXT NOT NULL,       -- events:write, events:read, …
  organisation TEXT,         -- NULL: the whole tree
  source_prefix TEXT NOT NULL DEFAULT '', -- of CloudEvents `source`
  token_hash BLOB NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  revoked INTEGER,
  last_used INTEGER
) STRICT;

-- What the sandbox provider took: the far end of the demonstration.
CREATE TABLE sandbox_message(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  idempotency_key TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL,
  recipient TEXT NOT NULL,
  title TEXT,
  text TEXT NOT NULL,
  received INTEGER NOT NULL
) STRICT;
