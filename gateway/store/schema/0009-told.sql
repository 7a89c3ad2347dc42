-- Who is told in whose place, several notices in one message, and what follows from a change of plan. Conventions as in 0001.

-- What was wrong, for people: of a message that could not be made.
ALTER TABLE suppression ADD COLUMN detail TEXT;

-- Several notices to one member of staff in one message: 0 never, 1 it may have company, else how many they are.
ALTER TABLE message ADD COLUMN digest INTEGER NOT NULL DEFAULT 0;
-- Each notice's own part of such a message; NULL: the message is about it alone.
ALTER TABLE message_notice ADD COLUMN title TEXT;
ALTER TABLE message_notice ADD COLUMN text TEXT;
CREATE INDEX message_digest ON message(digest)
  WHERE digest > 1 AND (state = 'queued' OR state = 'held' OR state = 'retry');

-- As in 0002, but of a digest only what is about a held pupil is taken out. Parts are joined as engine/digest.c does it.
DROP TRIGGER silence_hold;
CREATE TRIGGER silence_hold AFTER INSERT ON hold BEGIN
  INSERT INTO suppression(match, person, reason, at)
    SELECT n.match, n.person, 'staff-hold', NEW.starts
      FROM rule_match m CROSS JOIN notice n ON n.match = m.id CROSS JOIN message_notice mn ON mn.notice = n.id
     CROSS JOIN message g ON g.id = mn.message
     WHERE NEW.kind <> 'person' AND g.digest > 1 AND g.state IN ('queued', 'held', 'retry')
       AND m.pupil IN (SELECT NEW.subject WHERE NEW.kind = 'pupil'
                        UNION ALL
                       SELECT r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant
                        WHERE NEW.kind = 'group' AND t.ancestor = NEW.subject AND r.role = 'pupil'
                          AND (r.last_day IS NULL OR r.last_day >= date(NEW.starts, 'unixepoch')))
       AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.match = n.match AND s.person = n.person AND s.reason = 'staff-hold');
  DELETE FROM message_notice
   WHERE NEW.kind <> 'person'
     AND EXISTS (SELECT 1 FROM message g WHERE g.id = message_notice.message AND g.digest > 1
                    AND g.state IN ('queued', 'held', 'retry'))
     AND notice IN (
       SELECT n.id FROM rule_match m JOIN notice n ON n.match = m.id
        WHERE m.pupil IN (SELECT NEW.subject WHERE NEW.kind = 'pupil'
                           UNION ALL
                          SELECT r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant
                           WHERE NEW.kind = 'group' AND t.ancestor = NEW.subject AND r.role = 'pupil'
                             AND (r.last_day IS NULL OR r.last_day >= date(NEW.starts, 'unixepoch'))))
     AND EXISTS (
       SELECT 1 FROM message_notice o JOIN notice other ON other.id = o.notice JOIN rule_match om ON om.id = other.match
        WHERE o.message = message_notice.message
          AND (om.pupil IS NULL OR om.pupil NOT IN (
                SELECT NEW.subject WHERE NEW.kind = 'pupil'
                 UNION ALL
                SELECT r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant
                 WHERE NEW.kind = 'group' AND t.ancestor = NEW.subject AND r.role = 'pupil'
                   AND (r.last_day IS NULL OR r.last_day >= date(NEW.starts, 'unixepoch')))));
  UPDATE message
     SET text = (SELECT group_concat(part, CASE channel WHEN 'sms' THEN char(10) ELSE char(10, 10) || '* * *' || char(10, 10) END)
                   FROM (SELECT coalesce(mn.title || char(10, 10), '') || mn.text AS part FROM message_notice mn
                          WHERE mn.message = message.id ORDER BY mn.notice)),
         title = (SELECT mn.title FROM message_notice mn WHERE mn.message = message.id ORDER BY mn.notice LIMIT 1),
         segments = NULL,
         digest = (SELECT count(*) FROM message_notice mn WHERE mn.message = message.id)
   WHERE digest > 1 AND (state = 'queued' OR state = 'held' OR state = 'retry')
     AND digest <> (SELECT count(*) FROM message_notice mn WHERE mn.message = message.id);
  UPDATE message SET state = 'cancelled', reason = 'staff-hold', changed = NEW.starts
   WHERE state IN ('queued', 'held', 'retry') AND (NEW.ends IS NULL OR NEW.ends > created)
     AND ((NEW.kind = 'person' AND person = NEW.subject)
       OR (NEW.kind <> 'person' AND id IN (
            SELECT mn.message FROM rule_match m JOIN notice n ON n.match = m.id JOIN message_notice mn ON mn.notice = n.id
             WHERE m.pupil IN (SELECT NEW.subject WHERE NEW.kind = 'pupil'
                                UNION ALL
                               SELECT r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant
                                WHERE NEW.kind = 'group' AND t.ancestor = NEW.subject AND r.role = 'pupil'
                                  AND (r.last_day IS NULL OR r.last_day >= date(NEW.starts, 'unixepoch'))))));
  INSERT INTO change(kind, subject)
    SELECT 'pupil', person FROM (
      SELECT NEW.subject AS person WHERE NEW.kind = 'pupil'
       UNION SELECT r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant
              WHERE NEW.kind = 'group' AND t.ancestor = NEW.subject AND r.role = 'pupil'
                AND (r.last_day IS NULL OR r.last_day >= date(NEW.starts, 'unixepoch')))
     WHERE NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'pupil' AND c.subject = person);
END;

-- A hold that ends early is news: what it covered counts, and what it stopped may be told.
CREATE TRIGGER change_hold_ends AFTER UPDATE OF ends ON hold WHEN NEW.ends IS NOT OLD.ends BEGIN
  INSERT INTO change(kind, subject)
    SELECT 'pupil', person FROM (
      SELECT NEW.subject AS person WHERE NEW.kind = 'pupil'
       UNION SELECT r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant
              WHERE NEW.kind = 'group' AND t.ancestor = NEW.subject AND r.role = 'pupil'
                AND (r.last_day IS NULL OR r.last_day >= date(NEW.starts, 'unixepoch')))
     WHERE NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'pupil' AND c.subject = person);
END;

-- ---------------------------------------------------------------- what reached somebody

-- The messages of an absence-alert as in 0007, where a provider that reports no deliveries has done with accepting.
DROP VIEW alert_message;
CREATE VIEW alert_message AS
SELECT m.subject AS pupil, CASE m.rule WHEN 'absence-alert' THEN m.id ELSE CAST(m.key AS INTEGER) END AS alert, m.rule,
       n.person, p.given AS first_name, g.channel, CASE g.channel WHEN 'sms' THEN 1 ELSE 2 END AS channel_no, g.state,
       g.created, g.changed, (SELECT min(a.started) FROM attempt a WHERE a.message = g.id) AS sent,
       coalesce((SELECT x.rank FROM guardian x WHERE x.pupil = m.subject AND x.guardian = n.person),
                (SELECT min(x.rank) FROM guardian x
                  WHERE x.pupil = m.subject AND x.notify = 1 AND x.restricted = 0 AND x.emergency_only = 0
                    AND EXISTS (SELECT 1 FROM carer c WHERE c.pupil = m.subject AND c.carer = n.person)),
                (SELECT 1 FROM carer c WHERE c.pupil = m.subject AND c.carer = n.person)) AS rank, -- NULL: not of the home
       g.state = 'delivered' OR (g.state = 'accepted' AND g.reason IS 'no-receipts')
         OR EXISTS (SELECT 1 FROM answer w
                     WHERE w.subject = m.subject AND w.recipient = n.person AND w.at >= g.created
                       AND w.rule IN ('absence-alert', 'absence-ladder')) AS reached
  FROM rule_match m CROSS JOIN notice n ON n.match = m.id CROSS JOIN message_notice mn ON mn.notice = n.id
 CROSS JOIN message g ON g.id = mn.message JOIN person p ON p.id = n.person
 WHERE m.kind = 'pupil' AND m.rule IN ('absence-alert', 'absence-ladder') AND m.fired IS NOT NULL;

-- Rules that spoke, with the match that `told_of` asks for.
CREATE VIEW told_match AS
SELECT kind, subject, rule, key, id AS match, fired, state FROM rule_match WHERE fired IS NOT NULL;

-- Whom the rules that opened a case, or raised it to another owner, told in the same moment.
CREATE VIEW case_told AS
SELECT 'case' AS kind, k.case_id AS subject, m.rule, n.person, k.act, k.at
  FROM case_match k CROSS JOIN rule_match m ON m.id = k.match CROSS JOIN notice n ON n.match = m.id
 WHERE k.act <> 'joined';

-- ---------------------------------------------------------------- another workplace, another supervisor

-- What a placement was before each change of where, or with whom. The supervisors are those who were meant: without one of
-- its own, the workplace's first.
CREATE TABLE placement_change_place(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  placement TEXT NOT NULL REFERENCES placement(id),
  at INTEGER NOT NULL,
  old_workplace TEXT NOT NULL,
  old_supervisor TEXT,
  event INTEGER
) STRICT;
CREATE INDEX placement_change_place_placement ON placement_change_place(placement);

CREATE TRIGGER placement_moved AFTER UPDATE OF workplace, supervisor ON placement
WHEN NEW.workplace <> OLD.workplace
  OR coalesce(NEW.supervisor, (SELECT s.person FROM workplace_supervisor s WHERE s.workplace = NEW.workplace
                                ORDER BY s.position LIMIT 1))
     IS NOT coalesce(OLD.supervisor, (SELECT s.person FROM workplace_supervisor s WHERE s.workplace = OLD.workplace
                                       ORDER BY s.position LIMIT 1)) BEGIN
  INSERT INTO placement_change_place(placement, at, old_workplace, old_supervisor, event)
    VALUES (NEW.id, NEW.changed, OLD.workplace,
            coalesce(OLD.supervisor, (SELECT s.person FROM workplace_supervisor s WHERE s.workplace = OLD.workplace
                                       ORDER BY s.position LIMIT 1)),
            NEW.event);
END;

-- Such changes, with the first working day after each.
CREATE VIEW placement_move AS
SELECT x.placement, x.move, x.previous, x.at, x.event, x.old_workplace, x.old_supervisor, x.is_last, p.pupil, p.workplace,
       coalesce(p.supervisor, (SELECT s.person FROM workplace_supervisor s WHERE s.workplace = p.workplace
                                ORDER BY s.position LIMIT 1)) AS supervisor,
       d.day AS next_day, d.starts AS next_starts, d.ends AS next_ends,
       (SELECT max(l.ends) FROM placement_day l
         WHERE l.placement = x.placement AND l.kind = 'work' AND l.state = 'planned') AS last_ends,
       (SELECT r.organisation FROM role r
         WHERE r.person = p.pupil AND r.role = 'pupil' AND r.first_day <= d.day
           AND (r.last_day IS NULL OR r.last_day >= d.day)
         ORDER BY r.first_day DESC LIMIT 1) AS organisation
  FROM (SELECT c.placement, c.id AS move, c.at, c.event, c.old_workplace, c.old_supervisor,
               (SELECT max(n.id) FROM placement_change_place n WHERE n.placement = c.placement AND n.id < c.id) AS previous,
               NOT EXISTS (SELECT 1 FROM placement_change_place n WHERE n.placement = c.placement AND n.id > c.id) AS is_last,
               (SELECT o.original_day FROM placement_day o
                 WHERE o.placement = c.placement AND o.kind = 'work' AND o.state = 'planned' AND o.starts > c.at
                 ORDER BY o.starts LIMIT 1) AS next
          FROM placement_change_place c) x
  JOIN placement p ON p.id = x.placement AND p.state = 'planned'
  JOIN placement_day d ON d.placement = x.placement AND d.original_day = x.next;
