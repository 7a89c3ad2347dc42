-- Links to pages that a calendar carries; they end with it. Conventions as in 0001.

ALTER TABLE page_link ADD COLUMN feed TEXT; -- the calendar that carries the link; NULL: a message does
CREATE INDEX page_link_feed ON page_link(feed) WHERE feed IS NOT NULL;

CREATE TRIGGER silence_link_feed AFTER UPDATE OF revoked ON feed WHEN NEW.revoked IS NOT NULL BEGIN
  UPDATE page_link SET revoked = NEW.revoked WHERE revoked IS NULL AND feed = NEW.id;
END;
CREATE TRIGGER silence_link_feed_gone AFTER DELETE ON feed BEGIN
  UPDATE page_link SET revoked = unixepoch() WHERE revoked IS NULL AND feed = OLD.id;
END;
