-- What the ladder of an absence-alert reads, and what the guards keep. Conventions as in 0001.

-- An absence-alert that was told: `ended` stays NULL until somebody has said where the pupil is. `school_ends` is the end of
-- the timetable of the nearest organisation that has one, else 13:45.
CREATE VIEW alert AS
SELECT x.pupil, x.alert, x.fired, x.organisation, x.day, d.noon, x.starts, x.ends, x.lessons,
       d.noon + coalesce((SELECT max(l.ends) FROM lesson l
                           WHERE l.weekday = d.weekday
                             AND l.organisation = (SELECT t.ancestor FROM organisation_tree t
                                                    WHERE t.descendant = x.organisation
                                                      AND EXISTS (SELECT 1 FROM lesson o WHERE o.organisation = t.ancestor)
                                                    ORDER BY t.distance LIMIT 1)), 6300) AS school_ends,
       CASE WHEN x.state = 'resolved' THEN x.reason
            WHEN x.missing = 0 THEN x.otherwise
            WHEN EXISTS (SELECT 1 FROM located l WHERE l.pupil = x.pupil AND l.at >= x.starts AND l.at < d.noon + 43200)
            THEN 'located'
            WHEN EXISTS (SELECT 1 FROM attendance_mark o
                          WHERE o.pupil = x.pupil AND o.day = x.day AND o.in_force = 1 AND o.mark <> 'absent'
                            AND o.starts >= x.ends)
            THEN 'arrived' END AS ended
  FROM (SELECT m.subject AS pupil, m.id AS alert, m.fired, m.state, m.reason, t.day, max(n.organisation) AS organisation,
               min(t.starts) AS starts, max(t.ends) AS ends, count(*) AS lessons, sum(n.status = 'unexplained') AS missing,
               CASE WHEN max(n.status = 'present') THEN 'corrected' WHEN max(n.status = 'authorised') THEN 'leave'
                    ELSE 'explained' END AS otherwise
          FROM rule_match m JOIN match_mark k ON k.match = m.id JOIN attendance_mark t ON t.id = k.mark
          JOIN attendance n ON n.pupil = t.pupil AND n.day = t.day AND n.lesson = t.lesson AND n.place = t.place
         WHERE m.rule = 'absence-alert' AND m.kind = 'pupil' AND m.fired IS NOT NULL
         GROUP BY m.subject, m.id, m.fired, m.state, m.reason, t.day) x
  JOIN day d ON d.organisation = x.organisation AND d.day = x.day;

-- Its messages, and those of the ladder that climbs from it: a match of absence-ladder has the alert's id in front of its key.
CREATE VIEW alert_message AS
SELECT m.subject AS pupil, CASE m.rule WHEN 'absence-alert' THEN m.id ELSE CAST(m.key AS INTEGER) END AS alert, m.rule,
       n.person, p.given AS first_name, g.channel, CASE g.channel WHEN 'sms' THEN 1 ELSE 2 END AS channel_no, g.state,
       g.created, g.changed, (SELECT min(a.started) FROM attempt a WHERE a.message = g.id) AS sent,
       coalesce((SELECT x.rank FROM guardian x WHERE x.pupil = m.subject AND x.guardian = n.person),
                (SELECT min(x.rank) FROM guardian x
                  WHERE x.pupil = m.subject AND x.notify = 1 AND x.restricted = 0 AND x.emergency_only = 0
                    AND EXISTS (SELECT 1 FROM carer c WHERE c.pupil = m.subject AND c.carer = n.person)),
                (SELECT 1 FROM carer c WHERE c.pupil = m.subject AND c.carer = n.person)) AS rank, -- NULL: not of the home
       g.state = 'delivered' OR EXISTS (SELECT 1 FROM answer w
                                         WHERE w.subject = m.subject AND w.recipient = n.person AND w.at >= g.created
                                           AND w.rule IN ('absence-alert', 'absence-ladder')) AS reached
  FROM rule_match m CROSS JOIN notice n ON n.match = m.id CROSS JOIN message_notice mn ON mn.notice = n.id
 CROSS JOIN message g ON g.id = mn.message JOIN person p ON p.id = n.person
 WHERE m.kind = 'pupil' AND m.rule IN ('absence-alert', 'absence-ladder') AND m.fired IS NOT NULL;

-- By which channels the home can be told, as the word `guardians` means it. Of a protected person only safe contacts count.
CREATE VIEW home_channel AS
SELECT h.pupil, h.person, h.rank, k.channel, k.channel_no
  FROM (SELECT g.pupil, g.guardian AS person, g.rank FROM guardian g
         WHERE g.notify = 1 AND g.restricted = 0 AND g.emergency_only = 0 AND g.ended IS NULL
           AND NOT EXISTS (SELECT 1 FROM carer c WHERE c.pupil = g.pupil AND c.instead = 1 AND c.ended IS NULL)
        UNION ALL
        SELECT c.pupil, c.carer, coalesce((SELECT min(g.rank) FROM guardian g
                                            WHERE g.pupil = c.pupil AND g.notify = 1 AND g.restricted = 0
                                              AND g.emergency_only = 0 AND g.ended IS NULL AND c.instead = 0), 1)
          FROM carer c
         WHERE c.ended IS NULL
           AND NOT EXISTS (SELECT 1 FROM guardian g WHERE g.pupil = c.pupil AND g.guardian = c.carer AND g.restricted = 1)) h
  JOIN person p ON p.id = h.person AND p.ended IS NULL
  JOIN person y ON y.id = h.pupil
  JOIN (SELECT 'sms' AS channel, 1 AS channel_no UNION ALL SELECT 'email', 2) k
 WHERE EXISTS (SELECT 1 FROM contact c
                WHERE c.person = h.person AND c.channel = k.channel AND c.state = 'good'
                  AND (c.safe = 1 OR (p.protected = 0 AND y.protected = 0)));

-- What people answered about a pupil; answer: knew, did-not-know, call-me, taken, confirmed. Rule '': whichever it was.
CREATE VIEW pupil_answer AS
SELECT a.subject AS pupil, a.rule, a.recipient, a.answer, a.by, a.at FROM answer a;

-- ---------------------------------------------------------------- a register that is not fresh

-- A pending match with a reason waits for it to go away, and is not due meanwhile.
CREATE INDEX rule_match_held ON rule_match(expires) WHERE state = 'pending' AND reason IS NOT NULL;

CREATE TRIGGER register_sync_new AFTER INSERT ON register_sync BEGIN
  UPDATE rule_match SET reason = NULL
   WHERE state = 'pending' AND reason IS NOT NULL AND reason = 'register-stale'
     AND pupil IN (SELECT r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'
                    WHERE t.ancestor = NEW.organisation);
  DELETE FROM change WHERE kind = 'organisation' AND subject = NEW.organisation;
  INSERT INTO change(kind, subject) VALUES ('organisation', NEW.organisation);
END;
CREATE TRIGGER register_sync_again AFTER UPDATE ON register_sync WHEN NEW.read_up_to <> OLD.read_up_to BEGIN
  UPDATE rule_match SET reason = NULL
   WHERE state = 'pending' AND reason IS NOT NULL AND reason = 'register-stale'
     AND pupil IN (SELECT r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'
                    WHERE t.ancestor = NEW.organisation);
  DELETE FROM change WHERE kind = 'organisation' AND subject = NEW.organisation;
  INSERT INTO change(kind, subject) VALUES ('organisation', NEW.organisation);
END;

-- Registers that report how far they have been read.
CREATE VIEW register AS SELECT s.organisation, s.read_up_to FROM register_sync s;

-- When lessons begin and end on each weekday, in seconds from noon: of the nearest organisation that has a timetable.
CREATE VIEW timetable AS
SELECT x.organisation, w.weekday,
       coalesce((SELECT min(l.starts) FROM lesson l WHERE l.organisation = x.nearest AND l.weekday = w.weekday), -14400) AS starts,
       coalesce((SELECT max(l.ends) FROM lesson l WHERE l.organisation = x.nearest AND l.weekday = w.weekday), 6300) AS ends
  FROM (SELECT o.id AS organisation,
               (SELECT t.ancestor FROM organisation_tree t
                 WHERE t.descendant = o.id AND EXISTS (SELECT 1 FROM lesson l WHERE l.organisation = t.ancestor)
                 ORDER BY t.distance LIMIT 1) AS nearest
          FROM organisation o) x
 CROSS JOIN (SELECT 1 AS weekday UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
             UNION ALL SELECT 6 UNION ALL SELECT 7) w;

-- ---------------------------------------------------------------- a pupil's own parameters

-- What a pupil's plan sets for the pupil alone; stands before what organisations set in rule_parameter.
CREATE TABLE pupil_parameter(
  pupil TEXT NOT NULL REFERENCES person(id),
  rule TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,       -- written as in the rule's file
  until TEXT NOT NULL,       -- the last day
  PRIMARY KEY (pupil, rule, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER change_pupil_parameter_new AFTER INSERT ON pupil_parameter BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_pupil_parameter AFTER UPDATE ON pupil_parameter BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = NEW.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', NEW.pupil);
END;
CREATE TRIGGER change_pupil_parameter_gone AFTER DELETE ON pupil_parameter BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = OLD.pupil;
  INSERT INTO change(kind, subject) VALUES ('pupil', OLD.pupil);
END;

-- An organisation's parameter concerns everybody below it.
CREATE TRIGGER change_rule_parameter_new AFTER INSERT ON rule_parameter BEGIN
  DELETE FROM change WHERE kind = 'organisation' AND subject = NEW.organisation;
  INSERT INTO change(kind, subject) VALUES ('organisation', NEW.organisation);
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'pupil', r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'
     WHERE t.ancestor = NEW.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'pupil' AND c.subject = r.person);
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'placement', p.id FROM organisation_tree t
      JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil' JOIN placement p ON p.pupil = r.person
     WHERE t.ancestor = NEW.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'placement' AND c.subject = p.id);
END;
CREATE TRIGGER change_rule_parameter AFTER UPDATE OF value ON rule_parameter WHEN NEW.value <> OLD.value BEGIN
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'pupil', r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'
     WHERE t.ancestor = NEW.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'pupil' AND c.subject = r.person);
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'placement', p.id FROM organisation_tree t
      JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil' JOIN placement p ON p.pupil = r.person
     WHERE t.ancestor = NEW.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'placement' AND c.subject = p.id);
END;

-- ---------------------------------------------------------------- confirmations that nobody gave

-- Messages about protected pupils that expired while they waited for a member of staff.
CREATE VIEW never_confirmed AS
SELECT m.pupil, m.id AS match, m.rule, n.person AS recipient, g.id AS message, g.deadline, g.changed AS expired,
       (SELECT r.organisation FROM role r WHERE r.person = m.pupil AND r.role = 'pupil'
         ORDER BY r.first_day DESC LIMIT 1) AS organisation
  FROM rule_match m CROSS JOIN notice n ON n.match = m.id CROSS JOIN message_notice mn ON mn.notice = n.id
 CROSS JOIN message g ON g.id = mn.message
 WHERE m.pupil IS NOT NULL AND g.state = 'expired' AND g.reason = 'unconfirmed';

-- ---------------------------------------------------------------- the volume fuse

-- How many messages a rule of a tenant (scope: the tenant) or a person (rule '', scope: the person) had on the last day that
-- had any, and the most of the days before it. Kept while messages are written, by engine/fuse.c.
CREATE TABLE fuse(
  rule TEXT NOT NULL,
  scope TEXT NOT NULL,
  day TEXT NOT NULL,         -- of the tenant's calendar
  count INTEGER NOT NULL,    -- on that day
  most INTEGER NOT NULL,     -- on any earlier day
  days INTEGER NOT NULL,     -- earlier days that had any
  organisation TEXT NOT NULL,-- whose staff are asked: that of the last message
  blown INTEGER,             -- since when messages are held on that day; NULL: they are not
  PRIMARY KEY (rule, scope)
) STRICT, WITHOUT ROWID;

CREATE INDEX fuse_blown ON fuse(organisation) WHERE blown IS NOT NULL;
CREATE INDEX answer_confirmed ON answer(at) WHERE answer = 'confirmed';

CREATE TRIGGER change_fuse AFTER UPDATE OF blown ON fuse WHEN NEW.blown IS NOT OLD.blown BEGIN
  DELETE FROM change WHERE kind = 'organisation' AND subject = NEW.organisation;
  INSERT INTO change(kind, subject) VALUES ('organisation', NEW.organisation);
END;

-- Fuses that hold messages and that nobody of the staff has confirmed. `rule` is NULL of a person's.
CREATE VIEW blown_fuse AS
SELECT f.organisation, nullif(f.rule, '') AS rule, f.scope, f.day, f.count, f.most, f.blown
  FROM fuse f
 WHERE f.blown IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM answer a
                    WHERE a.answer = 'confirmed' AND a.at >= f.blown
                      AND ((f.rule <> '' AND a.rule = f.rule) OR (f.rule = '' AND a.recipient = f.scope)));

-- A confirmation is news to the organisation that was asked.
CREATE TRIGGER change_fuse_confirmed AFTER INSERT ON answer WHEN NEW.answer = 'confirmed' BEGIN
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'organisation', f.organisation FROM fuse f
     WHERE f.blown IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'organisation' AND c.subject = f.organisation);
END;
