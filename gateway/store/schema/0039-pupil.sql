-- The desk's search for pupils, and its log of messages. Conventions as in 0001.

-- lower() folds A–Z alone: what asks by a name asks for each way in which its other letters may be written.
CREATE INDEX person_family ON person(lower(family), lower(given));
CREATE INDEX person_given ON person(lower(given), lower(family));

-- In whose log a message stands: the organisation that it concerned when it was written, and those above. It was the
-- pupil's; of what is about no pupil that of the member of staff who is told, else that of the subject. A message without a
-- notice (a code, a link to sign in with) stands in nobody's. Rows outlive their messages until store/purge.c takes what is older
-- than all of them: who reads joins message.
CREATE TABLE message_scope(
  organisation TEXT NOT NULL,
  at INTEGER NOT NULL,       -- message.created
  message INTEGER NOT NULL,
  PRIMARY KEY (organisation, at, message)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER message_scope_new AFTER INSERT ON message_notice BEGIN
  INSERT INTO message_scope(organisation, at, message)
    SELECT t.ancestor, g.created, g.id
      FROM message g JOIN notice n ON n.id = NEW.notice JOIN rule_match m ON m.id = n.match
      JOIN organisation_tree t ON t.descendant = coalesce(
             (SELECT r.organisation FROM role r WHERE r.person = m.pupil AND r.role = 'pupil'
               ORDER BY r.last_day IS NOT NULL, r.first_day DESC LIMIT 1),
             (SELECT r.organisation FROM role r WHERE r.person = n.person AND r.role <> 'pupil' AND r.role <> 'supervisor'
               ORDER BY r.last_day IS NOT NULL, r.first_day DESC LIMIT 1),
             CASE m.kind WHEN 'organisation' THEN m.subject
                         WHEN 'meeting' THEN (SELECT x.organisation FROM meeting x WHERE x.id = m.subject)
                         WHEN 'survey' THEN (SELECT x.organisation FROM survey x WHERE x.id = m.subject)
                         WHEN 'application' THEN (SELECT x.organisation FROM application x WHERE x.id = m.subject) END,
             (SELECT r.organisation FROM guardian h JOIN role r ON r.person = h.pupil AND r.role = 'pupil'
               WHERE h.guardian = n.person AND h.ended IS NULL
               ORDER BY r.last_day IS NOT NULL, r.first_day DESC LIMIT 1))
     WHERE g.id = NEW.message
  ON CONFLICT DO NOTHING;
END;

INSERT INTO message_scope(organisation, at, message)
  SELECT t.ancestor, g.created, g.id
    FROM message_notice k JOIN message g ON g.id = k.message JOIN notice n ON n.id = k.notice
    JOIN rule_match m ON m.id = n.match
    JOIN organisation_tree t ON t.descendant = coalesce(
           (SELECT r.organisation FROM role r WHERE r.person = m.pupil AND r.role = 'pupil'
             ORDER BY r.last_day IS NOT NULL, r.first_day DESC LIMIT 1),
           (SELECT r.organisation FROM role r WHERE r.person = n.person AND r.role <> 'pupil' AND r.role <> 'supervisor'
             ORDER BY r.last_day IS NOT NULL, r.first_day DESC LIMIT 1),
           CASE m.kind WHEN 'organisation' THEN m.subject
                       WHEN 'meeting' THEN (SELECT x.organisation FROM meeting x WHERE x.id = m.subject)
                       WHEN 'survey' THEN (SELECT x.organisation FROM survey x WHERE x.id = m.subject)
                       WHEN 'application' THEN (SELECT x.organisation FROM application x WHERE x.id = m.subject) END,
           (SELECT r.organisation FROM guardian h JOIN role r ON r.person = h.pupil AND r.role = 'pupil'
             WHERE h.guardian = n.person AND h.ended IS NULL
             ORDER BY r.last_day IS NOT NULL, r.first_day DESC LIMIT 1))
   WHERE true
ON CONFLICT DO NOTHING;
