-- What the rules about placements read, beside the views of 0002.

-- What a day of a placement was before each change that others see; the day itself says what it is now.
CREATE TABLE placement_day_change(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  placement TEXT NOT NULL REFERENCES placement(id),
  original_day TEXT NOT NULL,
  at INTEGER NOT NULL,
  old_day TEXT NOT NULL,
  old_starts INTEGER NOT NULL,
  old_ends INTEGER NOT NULL,
  old_kind TEXT NOT NULL,
  old_state TEXT NOT NULL,
  event INTEGER
) STRICT;
CREATE INDEX placement_day_change_day ON placement_day_change(placement, original_day, id);

CREATE TRIGGER placement_day_changed AFTER UPDATE OF day, starts, ends, kind, state ON placement_day
WHEN NEW.day <> OLD.day OR NEW.starts <> OLD.starts OR NEW.ends <> OLD.ends OR NEW.kind <> OLD.kind
  OR NEW.state <> OLD.state BEGIN
  INSERT INTO placement_day_change(placement, original_day, at, old_day, old_starts, old_ends, old_kind, old_state, event)
    VALUES (NEW.placement, NEW.original_day, NEW.changed, OLD.day, OLD.starts, OLD.ends, OLD.kind, OLD.state, NEW.event);
END;

-- ---------------------------------------------------------------- change capture, as in 0002

CREATE TRIGGER change_explanation_placement AFTER INSERT ON explanation BEGIN
  INSERT INTO change(kind, subject)
    SELECT 'placement', p.id FROM placement p
     WHERE p.pupil = NEW.pupil
       AND EXISTS (SELECT 1 FROM placement_day d WHERE d.placement = p.id AND d.starts < NEW.ends AND d.ends > NEW.starts)
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'placement' AND c.subject = p.id);
END;
CREATE TRIGGER change_authorisation_placement AFTER INSERT ON authorisation BEGIN
  INSERT INTO change(kind, subject)
    SELECT 'placement', p.id FROM placement p
     WHERE p.pupil = NEW.pupil
       AND EXISTS (SELECT 1 FROM placement_day d WHERE d.placement = p.id AND d.starts < NEW.ends AND d.ends > NEW.starts)
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'placement' AND c.subject = p.id);
END;
CREATE TRIGGER change_located_placement AFTER INSERT ON located BEGIN
  INSERT INTO change(kind, subject)
    SELECT 'placement', p.id FROM placement p
     WHERE p.pupil = NEW.pupil
       AND EXISTS (SELECT 1 FROM placement_day d WHERE d.placement = p.id AND d.starts <= NEW.at AND d.ends > NEW.at)
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'placement' AND c.subject = p.id);
END;
CREATE TRIGGER change_workplace_mark AFTER INSERT ON attendance_mark WHEN NEW.place = 'workplace' BEGIN
  DELETE FROM change WHERE kind = 'placement' AND subject IN (SELECT id FROM placement WHERE pupil = NEW.pupil);
  INSERT INTO change(kind, subject)
    SELECT 'placement', p.id FROM placement p WHERE p.pupil = NEW.pupil;
END;
CREATE TRIGGER change_placement_day_pupil AFTER INSERT ON placement_day BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject = (SELECT pupil FROM placement WHERE id = NEW.placement);
  INSERT INTO change(kind, subject)
    SELECT 'pupil', pupil FROM placement WHERE id = NEW.placement;
END;
CREATE TRIGGER change_workplace_card_new AFTER INSERT ON workplace_card BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject IN (SELECT pupil FROM placement WHERE workplace = NEW.workplace);
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'pupil', pupil FROM placement WHERE workplace = NEW.workplace;
END;
CREATE TRIGGER change_workplace_card_gone AFTER DELETE ON workplace_card BEGIN
  DELETE FROM change WHERE kind = 'pupil' AND subject IN (SELECT pupil FROM placement WHERE workplace = OLD.workplace);
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'pupil', pupil FROM placement WHERE workplace = OLD.workplace;
END;

-- ---------------------------------------------------------------- fact views

-- One row for each placement in force that has working days: its first and last of them, and who and where.
CREATE VIEW placement_period AS
SELECT p.id AS placement, p.pupil, p.workplace, p.model, p.planned,
       (SELECT max(c.changed) FROM placement_day c WHERE c.placement = p.id) AS changed,
       f.day AS first_day, f.starts AS first_starts, f.dated AS first_dated, l.day AS last_day, l.ends AS last_ends,
       coalesce(p.supervisor, (SELECT s.person FROM workplace_supervisor s WHERE s.workplace = p.workplace
                                ORDER BY s.position LIMIT 1)) AS supervisor,
       (SELECT r.organisation FROM role r
         WHERE r.person = p.pupil AND r.role = 'pupil' AND r.first_day <= f.day
           AND (r.last_day IS NULL OR r.last_day >= f.day)
         ORDER BY r.first_day DESC LIMIT 1) AS organisation,
       (SELECT born FROM person WHERE id = p.pupil) AS born,
       (SELECT count(*) FROM placement_day d WHERE d.placement = p.id AND d.kind = 'work' AND d.state = 'planned') AS work_days,
       (SELECT count(*) FROM placement_day d WHERE d.placement = p.id AND d.kind = 'school' AND d.state = 'planned') AS school_days,
       (SELECT count(*) FROM agreement_signature s WHERE s.placement = p.id) AS signatures
  FROM placement p
  JOIN placement_day f ON f.placement = p.id AND f.original_day =
       (SELECT o.original_day FROM placement_day o WHERE o.placement = p.id AND o.kind = 'work' AND o.state = 'planned'
         ORDER BY o.day, o.original_day LIMIT 1)
  JOIN placement_day l ON l.placement = p.id AND l.original_day =
       (SELECT o.original_day FROM placement_day o WHERE o.placement = p.id AND o.kind = 'work' AND o.state = 'planned'
         ORDER BY o.day DESC, o.original_day DESC LIMIT 1)
 WHERE p.state = 'planned';

-- The three who sign an agreement, and when each did.
CREATE VIEW agreement_party AS
SELECT p.id AS placement, y.party, s.at AS signed
  FROM placement p
  JOIN (SELECT 'guardian' AS party UNION ALL SELECT 'workplace' UNION ALL SELECT 'school') y
  LEFT JOIN agreement_signature s ON s.placement = p.id AND s.party = y.party;

-- Who said on a working day whether the pupil is there: by the check-in, or by the workplace's mark in the register.
CREATE VIEW placement_checkin AS
SELECT c.placement, c.day, c.mark, c.at, c.event FROM checkin c
UNION ALL
SELECT p.id, m.day, CASE m.mark WHEN 'present' THEN 'here' ELSE m.mark END, m.received, m.event
  FROM placement p JOIN attendance_mark m ON m.pupil = p.pupil
 WHERE m.place = 'workplace' AND m.in_force = 1;

-- Spans of time for which a guardian or the school has said that the pupil is away.
CREATE VIEW placement_excuse AS
SELECT p.id AS placement, 'explanation/' || e.id AS excuse, e.starts, e.ends, e.received, e.event
  FROM placement p JOIN explanation e ON e.pupil = p.pupil
UNION ALL
SELECT p.id, 'authorisation/' || a.id, a.starts, a.ends, a.received, a.event
  FROM placement p JOIN authorisation a ON a.pupil = p.pupil;

CREATE VIEW placement_located AS
SELECT p.id AS placement, l.at, l.place, l.received FROM placement p JOIN located l ON l.pupil = p.pupil;

-- The last change of each day that was changed: what it was and what it is. A start is NULL where the pupil was not, or
-- is not, to work that day.
CREATE VIEW placement_change AS
SELECT c.placement, c.original_day, c.at, c.event, c.old_day,
       CASE WHEN c.old_kind = 'work' AND c.old_state = 'planned' THEN c.old_starts END AS old_starts,
       CASE WHEN c.old_kind = 'work' AND c.old_state = 'planned' THEN c.old_ends END AS old_ends,
       d.day,
       CASE WHEN d.kind = 'work' AND d.state = 'planned' THEN d.starts END AS starts,
       CASE WHEN d.kind = 'work' AND d.state = 'planned' THEN d.ends END AS ends,
       p.pupil, p.workplace, p.state = 'cancelled' AS is_cancelled,
       coalesce(p.supervisor, (SELECT s.person FROM workplace_supervisor s WHERE s.workplace = p.workplace
                                ORDER BY s.position LIMIT 1)) AS supervisor,
       (SELECT r.organisation FROM role r
         WHERE r.person = p.pupil AND r.role = 'pupil' AND r.first_day <= d.day
           AND (r.last_day IS NULL OR r.last_day >= d.day)
         ORDER BY r.first_day DESC LIMIT 1) AS organisation
  FROM placement_day_change c
  JOIN placement_day d ON d.placement = c.placement AND d.original_day = c.original_day
  JOIN placement p ON p.id = c.placement
 WHERE NOT EXISTS (SELECT 1 FROM placement_day_change n
                    WHERE n.placement = c.placement AND n.original_day = c.original_day AND n.id > c.id);

-- The parts of an evaluation that are given, and the certificate.
CREATE VIEW placement_evaluation AS
SELECT placement, part, at, event FROM evaluation;
CREATE VIEW placement_certificate AS
SELECT placement, at, event FROM certificate;

-- The municipality of a placement's workplace and the pupil's own. What may tell where a protected pupil is, is NULL.
CREATE VIEW placement_host AS
SELECT p.id AS placement, h.tenant AS host,
       (SELECT c.tenant FROM role r JOIN organisation_calendar c ON c.organisation = r.organisation
         WHERE r.person = p.pupil AND r.role = 'pupil' AND r.first_day <= p.last_day
           AND (r.last_day IS NULL OR r.last_day >= p.first_day)
         ORDER BY r.first_day DESC LIMIT 1) AS home,
       CASE WHEN q.protected = 0 THEN (SELECT o.name FROM organisation o WHERE o.id = h.tenant) END AS host_name,
       CASE WHEN q.protected = 0 THEN w.address END AS address,
       CASE WHEN q.protected = 0 THEN
         (SELECT o.phone FROM organisation_tree t JOIN organisation o ON o.id = t.ancestor
           WHERE t.descendant = w.organisation AND o.phone IS NOT NULL ORDER BY t.distance LIMIT 1) END AS host_phone
  FROM placement p JOIN person q ON q.id = p.pupil JOIN workplace w ON w.id = p.workplace
  JOIN organisation_calendar h ON h.organisation = w.organisation;

-- Cards that a workplace asks of a pupil who comes to it, with the card that the pupil holds, if any.
CREATE VIEW card_asked AS
SELECT p.pupil, p.id AS placement, w.card, c.given, c.expires, c.card IS NOT NULL AS is_given
  FROM placement p JOIN workplace_card w ON w.workplace = p.workplace
  LEFT JOIN card c ON c.pupil = p.pupil AND c.card = w.card
 WHERE p.state = 'planned';

-- Cards that a pupil holds; `until` is the last day as a pupil, NULL for now.
CREATE VIEW card_held AS
SELECT c.pupil, c.card, c.given, c.expires, r.organisation, r.last_day AS until
  FROM card c JOIN role r ON r.id =
       (SELECT n.id FROM role n WHERE n.person = c.pupil AND n.role = 'pupil' ORDER BY n.first_day DESC LIMIT 1);

-- Subject packages; `asked` is NULL when nobody wrote down when it was.
CREATE VIEW subject_package AS
SELECT k.pupil, k.id AS package, k.subject_name, k.due, k.done, k.event,
       (SELECT e.received FROM event e WHERE e.seq = k.event) AS asked,
       (SELECT r.organisation FROM role r
         WHERE r.person = k.pupil AND r.role = 'pupil' AND r.first_day <= k.due
           AND (r.last_day IS NULL OR r.last_day >= k.due)
         ORDER BY r.first_day DESC LIMIT 1) AS organisation
  FROM package k;
