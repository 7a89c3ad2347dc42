-- What staff set at the desk: numbers of rules and texts of messages, with who proposed and approved what. Conventions as in
-- 0001.

-- Texts in force in place of the files: of an organisation and those below it, the nearest first. Numbers in force stand in
-- rule_parameter and pupil_parameter.
CREATE TABLE organisation_text(
  organisation TEXT NOT NULL REFERENCES organisation(id),
  template TEXT NOT NULL,    -- 'absence-alert'
  language TEXT NOT NULL,    -- 'fi'
  channel TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
  text TEXT NOT NULL,        -- as a file of templates/ would hold it
  PRIMARY KEY (organisation, template, language, channel)
) STRICT, WITHOUT ROWID;

-- `texts` in meta is another one after each change: who has read the texts knows by it when to read them anew.
CREATE TRIGGER organisation_text_new AFTER INSERT ON organisation_text BEGIN
  INSERT INTO meta(name, value) VALUES ('texts', lower(hex(randomblob(8)))) ON CONFLICT DO UPDATE SET value = excluded.value;
END;
CREATE TRIGGER organisation_text_again AFTER UPDATE ON organisation_text BEGIN
  INSERT INTO meta(name, value) VALUES ('texts', lower(hex(randomblob(8)))) ON CONFLICT DO UPDATE SET value = excluded.value;
END;
CREATE TRIGGER organisation_text_gone AFTER DELETE ON organisation_text BEGIN
  INSERT INTO meta(name, value) VALUES ('texts', lower(hex(randomblob(8)))) ON CONFLICT DO UPDATE SET value = excluded.value;
END;

-- Each change that was made or proposed. Rows are added and their state moves on; none is ever taken away.
--   proposed -> in-force (approved) | rejected | replaced (proposed anew)
--   in-force -> superseded (by a later change) | undone (a row of its own brings back what stood before)
CREATE TABLE desk_setting(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('parameter', 'text')),
  organisation TEXT NOT NULL REFERENCES organisation(id), -- whose it is; of a pupil: the group
  pupil TEXT,                -- whose plan sets it; NULL: the organisation does
  item TEXT NOT NULL,        -- the rule; the template
  part TEXT NOT NULL,        -- the rule's parameter; of a text its language and channel: 'fi/sms'
  value TEXT,                -- NULL: none of its own any more
  until TEXT,                -- of a pupil: the last day
  before_value TEXT,         -- what stood before; NULL: nothing of its own
  before_until TEXT,
  urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)), -- wants a second person
  state TEXT NOT NULL CHECK (state IN ('proposed', 'in-force', 'superseded', 'undone', 'rejected', 'replaced')),
  proposed INTEGER NOT NULL,
  proposed_by TEXT NOT NULL, -- a person
  decided INTEGER,           -- when it came into force or was rejected
  decided_by TEXT,           -- the same person where no second one is wanted
  undoes INTEGER REFERENCES desk_setting(id),
  CHECK ((pupil IS NULL OR value IS NULL) = (until IS NULL)),
  CHECK (kind = 'parameter' OR pupil IS NULL)
) STRICT;
CREATE UNIQUE INDEX desk_setting_in_force ON desk_setting(kind, coalesce(pupil, ''), CASE WHEN pupil IS NULL THEN organisation ELSE '' END, item, part)
  WHERE state = 'in-force';
CREATE UNIQUE INDEX desk_setting_proposed ON desk_setting(kind, coalesce(pupil, ''), CASE WHEN pupil IS NULL THEN organisation ELSE '' END, item, part)
  WHERE state = 'proposed';
CREATE INDEX desk_setting_organisation ON desk_setting(organisation, id);
CREATE INDEX desk_setting_pupil ON desk_setting(pupil, id) WHERE pupil IS NOT NULL;

CREATE TRIGGER desk_setting_kept BEFORE DELETE ON desk_setting WHEN OLD.pupil IS NULL BEGIN
  SELECT RAISE(ABORT, 'desk_setting: the history of settings is not deleted: set what stood before anew');
END;

-- An organisation that sets nothing of its own any more concerns everybody below it, as one that does.
CREATE TRIGGER change_rule_parameter_gone AFTER DELETE ON rule_parameter BEGIN
  INSERT INTO change(kind, subject)
    SELECT 'organisation', t.descendant FROM organisation_tree t
     WHERE t.ancestor = OLD.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'organisation' AND c.subject = t.descendant);
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'pupil', r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'
     WHERE t.ancestor = OLD.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'pupil' AND c.subject = r.person);
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'person', r.person FROM organisation_tree t JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'
     WHERE t.ancestor = OLD.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'person' AND c.subject = r.person);
  INSERT INTO change(kind, subject)
    SELECT DISTINCT 'placement', p.id FROM organisation_tree t
      JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil' JOIN placement p ON p.pupil = r.person
     WHERE t.ancestor = OLD.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'placement' AND c.subject = p.id);
  INSERT INTO change(kind, subject)
    SELECT 'meeting', m.id FROM organisation_tree t JOIN meeting m ON m.organisation = t.descendant
     WHERE t.ancestor = OLD.organisation
       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.kind = 'meeting' AND c.subject = m.id);
END;
