-- What an outcome costs. Conventions as in 0001.

-- As in 0008. DISTINCT, and a SELECT that reads the table it fills, each build a temporary table at every message; an upsert in a
-- trigger is not overruled by the conflict clause of the outer statement.
DROP TRIGGER change_message;
CREATE TRIGGER change_message AFTER UPDATE OF state ON message
WHEN NEW.state <> OLD.state
 AND (NEW.state = 'accepted' OR NEW.state = 'delivered' OR NEW.state = 'held' OR NEW.state = 'rejected' OR NEW.state = 'failed'
      OR NEW.state = 'expired' OR NEW.state = 'unknown') BEGIN
  INSERT INTO change_part(kind, subject, cause)
    SELECT iif(w.column1, 'pupil', m.kind), iif(w.column1, m.pupil, m.subject), 'message'
      FROM message_notice mn CROSS JOIN notice n ON n.id = mn.notice CROSS JOIN rule_match m ON m.id = n.match
     CROSS JOIN (VALUES (0), (1)) w
     WHERE mn.message = NEW.id AND (w.column1 = 0 OR (m.pupil IS NOT NULL AND (m.kind <> 'pupil' OR m.subject <> m.pupil)))
    ON CONFLICT DO NOTHING;
END;

-- What waits for one provider alone: looked for at every start, among all that wait.
CREATE INDEX message_pinned ON message(provider) WHERE state IN ('queued', 'retry') AND provider IS NOT NULL;
