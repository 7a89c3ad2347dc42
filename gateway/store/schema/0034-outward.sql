-- What goes outward: what did not arrive is told by the next channel, whose SMS can be answered, how providers do.
-- Conventions as in 0001.

-- When the engine looked after a message that was rejected or failed: its notices went another way, or were given up.
ALTER TABLE message ADD COLUMN passed_on INTEGER;
UPDATE message SET passed_on = changed WHERE state = 'rejected' OR state = 'failed';
CREATE INDEX message_undelivered ON message(id) WHERE passed_on IS NULL AND (state = 'rejected' OR state = 'failed');

-- What waits to go to a contact that turns out not to work goes nowhere. The plus keeps the planner to the person's
-- messages: another index would read everybody's that wait.
CREATE TRIGGER contact_bad_refuse AFTER UPDATE OF state ON contact WHEN NEW.state = 'bad' AND OLD.state = 'good' BEGIN
  UPDATE message SET state = 'rejected', reason = 'bad-contact', changed = coalesce(NEW.bad_since, changed)
   WHERE person = NEW.person AND +channel = NEW.channel AND address = NEW.value
     AND (+state = 'queued' OR +state = 'held' OR (+state = 'retry' AND provider IS NULL));
END;

-- What never left costs nothing: also what was refused before it was tried.
DROP TRIGGER message_unspent;
CREATE TRIGGER message_unspent AFTER UPDATE OF state ON message
WHEN (NEW.state = 'cancelled' OR NEW.state = 'expired' OR NEW.state = 'rejected') AND NEW.attempts = 0
     AND NEW.month IS NOT NULL AND OLD.state <> 'cancelled' AND OLD.state <> 'expired' AND OLD.state <> 'rejected' BEGIN
  UPDATE spending SET micros = micros - NEW.cost WHERE organisation = NEW.payer AND month = NEW.month;
END;

-- Who was not told, since no channel is left: staff hear of it.
CREATE TRIGGER change_notice_given_up AFTER UPDATE OF state ON notice WHEN NEW.state = 'given-up' AND OLD.state <> 'given-up' BEGIN
  DELETE FROM change WHERE kind = 'person' AND subject = NEW.person;
  INSERT INTO change(kind, subject) VALUES ('person', NEW.person);
END;

CREATE VIEW undelivered_notice AS
SELECT x.person, (SELECT p.given FROM person p WHERE p.id = x.person) AS first_name, x.notice, x.rule, x.pupil, x.at,
       EXISTS (SELECT 1 FROM message_notice mn JOIN message g ON g.id = mn.message WHERE mn.notice = x.notice AND g.urgent = 1)
         AS is_urgent,
       EXISTS (SELECT 1 FROM role r WHERE r.person = x.person AND r.role NOT IN ('pupil', 'supervisor')) AS is_staff,
       coalesce((SELECT r.organisation FROM role r WHERE r.person = x.pupil AND r.role = 'pupil' ORDER BY r.first_day DESC LIMIT 1),
                (SELECT r.organisation FROM role r WHERE r.person = x.person ORDER BY r.first_day DESC LIMIT 1),
                (SELECT w.organisation FROM workplace_supervisor s JOIN workplace w ON w.id = s.workplace
                  WHERE s.person = x.person LIMIT 1)) AS organisation
  FROM (SELECT n.person, n.id AS notice, m.rule, m.pupil, s.at
          FROM notice n JOIN rule_match m ON m.id = n.match
          JOIN suppression s ON s.match = n.match AND s.person = n.person AND s.reason = 'undeliverable'
         WHERE n.state = 'given-up') x;

-- ---------------------------------------------------------------- whose SMS can be answered

-- Which providers may carry an SMS to a number, and whether it can be answered; from the configuration.
CREATE TABLE sms_way(
  position INTEGER NOT NULL,  -- of the provider in the configuration
  prefix TEXT NOT NULL,       -- '+358'; '': every number
  organisation TEXT NOT NULL, -- that has a sender of its own, which those below it have too; '': everybody else
  provider TEXT NOT NULL,
  two_way INTEGER NOT NULL CHECK (two_way IN (0, 1)), -- 1: its sender is a number and it brings replies
  PRIMARY KEY (position, prefix, organisation)
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- how providers do

-- Written when a provider's breaker opens, stays open after a probe, or closes: never for a single message.
CREATE TABLE provider_state(
  provider TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('closed', 'open')),
  since INTEGER NOT NULL,
  probe_at INTEGER           -- of open: one message is tried then
) STRICT, WITHOUT ROWID;
