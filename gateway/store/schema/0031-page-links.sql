-- Contacts that their owners changed, and links of those who have left. Conventions as in 0001.

-- The roster's contact that its owner replaced on a page. While the roster still brings `old` the owner's stands; once it
-- brings another of the channel without it, somebody has looked and the roster wins.
CREATE TABLE contact_replaced(
  person TEXT NOT NULL REFERENCES person(id),
  channel TEXT NOT NULL,
  old TEXT NOT NULL,
  source TEXT NOT NULL,      -- of the roster that brought `old`
  value TEXT NOT NULL,       -- the contact that stands in its place
  PRIMARY KEY (person, channel, old, source)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER contact_replaced_gone AFTER DELETE ON contact BEGIN
  DELETE FROM contact_replaced WHERE person = OLD.person AND channel = OLD.channel AND value = OLD.value;
END;

-- ---------------------------------------------------------------- silence at once, as in 0013

-- Links of somebody whose part ended close with the statement that ends it. They expire and are not revoked: who comes back
-- gets a link that works with the next message. `created` lies behind now on every clock.
CREATE TRIGGER silence_link_supervisor AFTER UPDATE OF supervisor, workplace, state, pupil ON placement
WHEN NEW.supervisor IS NOT OLD.supervisor OR NEW.workplace <> OLD.workplace OR NEW.state <> OLD.state
  OR NEW.pupil <> OLD.pupil BEGIN
  UPDATE page_link SET expires = created
   WHERE kind = 'supervisor' AND pupil = OLD.pupil AND revoked IS NULL AND expires > created
     AND NOT EXISTS (SELECT 1 FROM placement m WHERE m.pupil = page_link.pupil AND m.state = 'planned'
                        AND (m.supervisor = page_link.person OR m.supervisor IS NULL
                             AND EXISTS (SELECT 1 FROM workplace_supervisor s
                                          WHERE s.workplace = m.workplace AND s.person = page_link.person)));
END;
CREATE TRIGGER silence_link_supervisor_gone AFTER DELETE ON workplace_supervisor BEGIN
  UPDATE page_link SET expires = created
   WHERE kind = 'supervisor' AND person = OLD.person AND revoked IS NULL AND expires > created
     AND NOT EXISTS (SELECT 1 FROM placement m WHERE m.pupil = page_link.pupil AND m.state = 'planned'
                        AND (m.supervisor = page_link.person OR m.supervisor IS NULL
                             AND EXISTS (SELECT 1 FROM workplace_supervisor s
                                          WHERE s.workplace = m.workplace AND s.person = page_link.person)));
END;
CREATE TRIGGER silence_link_placement_gone AFTER DELETE ON placement BEGIN
  UPDATE page_link SET expires = created
   WHERE kind = 'supervisor' AND pupil = OLD.pupil AND revoked IS NULL AND expires > created
     AND NOT EXISTS (SELECT 1 FROM placement m WHERE m.pupil = page_link.pupil AND m.state = 'planned'
                        AND (m.supervisor = page_link.person OR m.supervisor IS NULL
                             AND EXISTS (SELECT 1 FROM workplace_supervisor s
                                          WHERE s.workplace = m.workplace AND s.person = page_link.person)));
END;
-- A role ends with its last day, which may still be ahead.
CREATE TRIGGER silence_link_role AFTER UPDATE OF last_day ON role
WHEN NEW.role IN ('pupil', 'principal') AND NEW.last_day IS NOT NULL
 AND (OLD.last_day IS NULL OR NEW.last_day < OLD.last_day) BEGIN
  UPDATE page_link SET expires = max(created, unixepoch(NEW.last_day) + 86400)
   WHERE person = NEW.person AND kind IN (NEW.role, iif(NEW.role = 'pupil', 'wall', NEW.role)) AND revoked IS NULL
     AND expires > max(created, unixepoch(NEW.last_day) + 86400)
     AND NOT EXISTS (SELECT 1 FROM role r WHERE r.person = NEW.person AND r.role = NEW.role
                        AND (r.last_day IS NULL OR r.last_day > NEW.last_day));
END;
CREATE TRIGGER silence_link_role_gone AFTER DELETE ON role WHEN OLD.role IN ('pupil', 'principal') BEGIN
  UPDATE page_link SET expires = created
   WHERE person = OLD.person AND kind IN (OLD.role, iif(OLD.role = 'pupil', 'wall', OLD.role)) AND revoked IS NULL
     AND expires > created
     AND NOT EXISTS (SELECT 1 FROM role r WHERE r.person = OLD.person AND r.role = OLD.role);
END;
