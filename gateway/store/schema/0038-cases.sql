-- Whose personal data a role works with, and lists of cases at the desk. Conventions as in 0001.

-- The controller is a property of the role: NULL is the wellbeing county for a curator, the municipality for others.
ALTER TABLE role ADD COLUMN controller TEXT CHECK (controller IN ('municipality', 'county'));

CREATE INDEX case_file_owner_closed ON case_file(owner, closed) WHERE state = 'closed';
CREATE INDEX case_file_substitute ON case_file(substitute) WHERE substitute IS NOT NULL;
CREATE INDEX case_file_organisation ON case_file(organisation, opened) WHERE state <> 'closed';
