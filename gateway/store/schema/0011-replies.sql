-- What people send back, contacts that do not work or want less, and what messages cost. Conventions as in 0001.

-- ---------------------------------------------------------------- replies

-- A reply to a message. Its text stands in the event alone (event.data).
CREATE TABLE reply(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event INTEGER NOT NULL,
  address TEXT NOT NULL,     -- whom it came from, E.164
  person TEXT,               -- whose number it is; NULL: nobody's
  organisation TEXT,         -- whose staff look after it
  answer TEXT NOT NULL CHECK (answer IN ('knew', 'did-not-know', 'call-me', 'stop', 'start', 'unclear')),
  pupil TEXT,                -- about whom it was an answer; NULL: about nobody
  message INTEGER,           -- the message that it answered
  state TEXT NOT NULL CHECK (state IN ('done', 'waiting', 'seen')), -- waiting: for staff
  reason TEXT,               -- of waiting: unknown-number, unknown-words, several-children, not-asked, not-allowed
  urgent INTEGER NOT NULL DEFAULT 0 CHECK (urgent IN (0, 1)), -- an urgent question is open to that number
  at INTEGER NOT NULL,       -- when it was sent
  received INTEGER NOT NULL,
  seen INTEGER,
  seen_by TEXT
) STRICT;
CREATE INDEX reply_waiting_index ON reply(organisation) WHERE state = 'waiting';
CREATE INDEX reply_person ON reply(person) WHERE person IS NOT NULL;
CREATE INDEX reply_message ON reply(message) WHERE message IS NOT NULL;

CREATE TRIGGER change_reply_new AFTER INSERT ON reply BEGIN
  DELETE FROM change WHERE kind = 'organisation' AND subject = NEW.organisation;
  INSERT INTO change(kind, subject) SELECT 'organisation', NEW.organisation WHERE NEW.organisation IS NOT NULL;
  DELETE FROM change WHERE kind = 'person' AND subject = NEW.person;
  INSERT INTO change(kind, subject) SELECT 'person', NEW.person WHERE NEW.person IS NOT NULL;
END;
CREATE TRIGGER change_reply AFTER UPDATE OF state ON reply WHEN NEW.organisation IS NOT NULL BEGIN
  DELETE FROM change WHERE kind = 'organisation' AND subject = NEW.organisation;
  INSERT INTO change(kind, subject) VALUES ('organisation', NEW.organisation);
END;

CREATE INDEX contact_value ON contact(channel, value);
CREATE INDEX carer_carer ON carer(carer);
CREATE INDEX workplace_supervisor_person ON workplace_supervisor(person);

-- Where people were asked about a pupil by SMS, by messages that have left: the newest of each is the one they answer.
CREATE VIEW asked_by_sms AS
SELECT g.person, g.address, m.subject AS pupil, p.given AS first_name, m.rule, g.id AS message, g.created AS asked, g.urgent,
       n.state = 'open' AS is_open,
       EXISTS (SELECT 1 FROM guardian x WHERE x.pupil = m.subject AND x.guardian = n.person AND x.restricted = 1) AS barred,
       (SELECT r.organisation FROM role r WHERE r.person = m.subject AND r.role = 'pupil'
         ORDER BY r.first_day DESC LIMIT 1) AS organisation
  FROM message g CROSS JOIN message_notice mn ON mn.message = g.id CROSS JOIN notice n ON n.id = mn.notice
 CROSS JOIN rule_match m ON m.id = n.match CROSS JOIN person p ON p.id = m.subject
 WHERE g.channel = 'sms' AND g.attempts > 0 AND m.kind = 'pupil'
   AND m.rule IN ('absence-alert', 'absence-ladder', 'absence-unlocated', 'absence-day-summary', 'absence-unexplained')
   AND (EXISTS (SELECT 1 FROM guardian x WHERE x.pupil = m.subject AND x.guardian = n.person AND x.ended IS NULL)
        OR EXISTS (SELECT 1 FROM carer c WHERE c.pupil = m.subject AND c.carer = n.person AND c.ended IS NULL));

-- Replies that staff have not looked at.
CREATE VIEW waiting_reply AS
SELECT r.organisation, r.id AS reply, r.reason, r.urgent, r.received FROM reply r WHERE r.state = 'waiting';

-- Replies that their sender gets a word about: what STOP and START did, and which child is meant.
CREATE VIEW reply_to_confirm AS
SELECT r.person, r.organisation, r.id AS reply, r.received,
       CASE WHEN r.reason = 'several-children' THEN 'which-child' ELSE r.answer END AS confirm
  FROM reply r
 WHERE r.person IS NOT NULL AND (r.answer IN ('stop', 'start') OR r.reason = 'several-children')
   AND NOT EXISTS (SELECT 1 FROM guardian g JOIN person y ON y.id = g.pupil
                    WHERE g.guardian = r.person AND g.ended IS NULL AND (g.restricted = 1 OR y.protected = 1))
   AND NOT EXISTS (SELECT 1 FROM carer c JOIN person y ON y.id = c.pupil
                    WHERE c.carer = r.person AND c.ended IS NULL AND y.protected = 1);

-- ---------------------------------------------------------------- contacts that want less, or do not work

-- An address that wants no messages but urgent ones.
CREATE TABLE contact_stop(
  channel TEXT NOT NULL,
  value TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (channel, value)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER contact_stop_silence AFTER INSERT ON contact_stop BEGIN
  UPDATE message SET state = 'cancelled', reason = 'stopped', changed = NEW.since
   WHERE urgent = 0 AND channel = NEW.channel AND address = NEW.value
     AND (state = 'queued' OR state = 'held' OR (state = 'retry' AND provider IS NULL))
     AND person IN (SELECT c.person FROM contact c WHERE c.channel = NEW.channel AND c.value = NEW.value);
END;

-- Since when a contact is bad, and why: blocked, bounced, complained, unknown-address. NULL: it is good.
ALTER TABLE contact ADD COLUMN bad_since INTEGER;
ALTER TABLE contact ADD COLUMN bad_reason TEXT;

CREATE TRIGGER change_contact_bad AFTER UPDATE OF state ON contact WHEN NEW.state <> OLD.state BEGIN
  DELETE FROM change WHERE kind = 'person' AND subject = NEW.person;
  INSERT INTO change(kind, subject) VALUES ('person', NEW.person);
END;
CREATE TRIGGER change_contact_gone AFTER DELETE ON contact WHEN OLD.state = 'bad' BEGIN
  DELETE FROM change WHERE kind = 'person' AND subject = OLD.person;
  INSERT INTO change(kind, subject) VALUES ('person', OLD.person);
END;

-- Contacts that do not work. `pupil` is one of whose home the person is; NULL: of none.
CREATE VIEW bad_contact AS
SELECT x.person, (SELECT p.given FROM person p WHERE p.id = x.person) AS first_name, x.channel, x.reason, x.since, x.pupil,
       coalesce((SELECT r.organisation FROM role r WHERE r.person = x.pupil AND r.role = 'pupil' ORDER BY r.first_day DESC LIMIT 1),
                (SELECT r.organisation FROM role r WHERE r.person = x.person ORDER BY r.first_day DESC LIMIT 1),
                (SELECT w.organisation FROM workplace_supervisor s JOIN workplace w ON w.id = s.workplace
                  WHERE s.person = x.person LIMIT 1)) AS organisation
  FROM (SELECT c.person, c.channel, c.bad_reason AS reason, c.bad_since AS since,
               coalesce((SELECT min(g.pupil) FROM guardian g WHERE g.guardian = c.person AND g.ended IS NULL),
                        (SELECT min(k.pupil) FROM carer k WHERE k.carer = c.person AND k.ended IS NULL),
                        (SELECT min(r.person) FROM role r WHERE r.person = c.person AND r.role = 'pupil')) AS pupil
          FROM contact c WHERE c.state = 'bad' AND c.bad_since IS NOT NULL) x;

-- ---------------------------------------------------------------- what messages cost

-- Price of one SMS segment, in millionths of the currency, by provider and the beginning of the number; from the configuration.
CREATE TABLE price(
  provider TEXT NOT NULL,
  prefix TEXT NOT NULL,      -- '+358', '+46', '': any other
  position INTEGER NOT NULL, -- of the provider in the configuration: the first that has a price says what a message will cost
  micros INTEGER NOT NULL CHECK (micros >= 0),
  PRIMARY KEY (provider, prefix)
) STRICT, WITHOUT ROWID;

-- What an organisation and those below it may spend in a month; from the configuration.
CREATE TABLE budget(
  organisation TEXT PRIMARY KEY,
  micros INTEGER NOT NULL CHECK (micros >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE spending(
  organisation TEXT NOT NULL,-- that has the budget
  month TEXT NOT NULL,       -- '2026-11', of its calendar
  micros INTEGER NOT NULL,
  noted INTEGER NOT NULL,    -- when it last grew
  PRIMARY KEY (organisation, month)
) STRICT, WITHOUT ROWID;

ALTER TABLE message ADD COLUMN cost INTEGER;  -- millionths of the currency; NULL: no price is known
ALTER TABLE message ADD COLUMN payer TEXT;    -- whose budget it falls on
ALTER TABLE message ADD COLUMN month TEXT;    -- in which it was counted; NULL: not counted

-- What never left costs nothing.
CREATE TRIGGER message_unspent AFTER UPDATE OF state ON message
WHEN (NEW.state = 'cancelled' OR NEW.state = 'expired') AND NEW.attempts = 0 AND NEW.month IS NOT NULL
     AND OLD.state <> 'cancelled' AND OLD.state <> 'expired' BEGIN
  UPDATE spending SET micros = micros - NEW.cost WHERE organisation = NEW.payer AND month = NEW.month;
END;

-- A digest that grew costs more.
CREATE TRIGGER message_longer AFTER UPDATE OF segments ON message
WHEN NEW.cost IS NOT NULL AND OLD.segments > 0 AND NEW.segments <> OLD.segments BEGIN
  UPDATE spending SET micros = micros + OLD.cost / OLD.segments * (NEW.segments - OLD.segments)
   WHERE organisation = NEW.payer AND month = NEW.month;
  UPDATE message SET cost = OLD.cost / OLD.segments * NEW.segments WHERE id = NEW.id;
END;

-- Another provider than the first took it, at its own price.
CREATE TRIGGER message_taken AFTER UPDATE OF provider ON message
WHEN NEW.provider IS NOT NULL AND NEW.cost IS NOT NULL AND NEW.provider IS NOT OLD.provider
     AND NEW.cost <> (SELECT p.micros * NEW.segments FROM price p
                       WHERE p.provider = NEW.provider AND substr(NEW.address, 1, length(p.prefix)) = p.prefix
                       ORDER BY length(p.prefix) DESC LIMIT 1) BEGIN
  UPDATE spending SET micros = micros - NEW.cost
           + (SELECT p.micros * NEW.segments FROM price p
               WHERE p.provider = NEW.provider AND substr(NEW.address, 1, length(p.prefix)) = p.prefix
               ORDER BY length(p.prefix) DESC LIMIT 1)
   WHERE organisation = NEW.payer AND month = NEW.month;
  UPDATE message
     SET cost = (SELECT p.micros * NEW.segments FROM price p
                  WHERE p.provider = NEW.provider AND substr(NEW.address, 1, length(p.prefix)) = p.prefix
                  ORDER BY length(p.prefix) DESC LIMIT 1)
   WHERE id = NEW.id;
END;

-- What waited for the month's turn counts in the month in which it leaves. It leaves by day, when the month is that of UTC.
CREATE INDEX message_budget ON message(id) WHERE state = 'held' AND reason = 'budget';
CREATE TRIGGER message_month AFTER UPDATE OF state ON message
WHEN OLD.state = 'held' AND OLD.reason = 'budget' AND NEW.state = 'queued' BEGIN
  INSERT INTO spending(organisation, month, micros, noted)
    SELECT NEW.payer, strftime('%Y-%m', NEW.changed, 'unixepoch'), 0, NEW.changed
     WHERE NOT EXISTS (SELECT 1 FROM spending s
                        WHERE s.organisation = NEW.payer AND s.month = strftime('%Y-%m', NEW.changed, 'unixepoch'));
  UPDATE spending SET micros = micros + NEW.cost, noted = NEW.changed
   WHERE organisation = NEW.payer AND month = strftime('%Y-%m', NEW.changed, 'unixepoch');
  UPDATE message SET month = strftime('%Y-%m', NEW.changed, 'unixepoch') WHERE id = NEW.id;
END;

CREATE TRIGGER change_spending_new AFTER INSERT ON spending BEGIN
  DELETE FROM change WHERE kind = 'organisation' AND subject = NEW.organisation;
  INSERT INTO change(kind, subject) VALUES ('organisation', NEW.organisation);
END;
-- Thresholds stand in the rule: every percent that is passed is looked at.
CREATE TRIGGER change_spending AFTER UPDATE OF micros ON spending
WHEN EXISTS (SELECT 1 FROM budget b WHERE b.organisation = NEW.organisation AND b.micros > 0
                AND NEW.micros * 100 / b.micros <> OLD.micros * 100 / b.micros) BEGIN
  DELETE FROM change WHERE kind = 'organisation' AND subject = NEW.organisation;
  INSERT INTO change(kind, subject) VALUES ('organisation', NEW.organisation);
END;

-- How much of its budget an organisation has spent, in the months that it has spent any.
CREATE VIEW budget_spent AS
SELECT s.organisation, s.month, CASE WHEN b.micros = 0 THEN 100 ELSE s.micros * 100 / b.micros END AS percent, s.noted
  FROM spending s JOIN budget b ON b.organisation = s.organisation;
