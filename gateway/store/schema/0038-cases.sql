-- Whose personal data a role works with, lists of cases at the desk, whose a case is that was handed over, and by what
-- applications are judged. Conventions as in 0001.

-- The controller is a property of the role: NULL is the wellbeing county for a curator, the municipality for others.
ALTER TABLE role ADD COLUMN controller TEXT CHECK (controller IN ('municipality', 'county'));

CREATE INDEX case_file_owner_closed ON case_file(owner, closed) WHERE state = 'closed';
CREATE INDEX case_file_substitute ON case_file(substitute) WHERE substitute IS NOT NULL;
CREATE INDEX case_file_organisation ON case_file(organisation, opened) WHERE state <> 'closed';

-- Who takes a case over as a curator has it as one: no rule gives it to another curator.
DROP TRIGGER case_act_handed_over;
CREATE TRIGGER case_act_handed_over AFTER INSERT ON case_act WHEN NEW.act = 'handed-over' BEGIN
  UPDATE case_file SET owner = NEW.person, owned = NEW.at, state = 'opened', acknowledged = NULL,
                       owner_role = CASE WHEN EXISTS (SELECT 1 FROM role r WHERE r.person = NEW.person AND r.role = 'curator')
                                         THEN 'curator' ELSE owner_role END
   WHERE id = NEW.case_id AND state <> 'closed';
END;

-- By what an application was judged: codes in alphabetical order, a blank between. All who apply are to be judged by the same.
ALTER TABLE application ADD COLUMN criteria TEXT;
CREATE INDEX application_criteria ON application(organisation, decided) WHERE criteria IS NOT NULL;

DROP VIEW application_state;
CREATE VIEW application_state AS
SELECT a.id AS application, a.pupil, a.applicant, a.organisation, a.received, a.decision, a.decided, a.event, a.criteria,
       (SELECT b.criteria FROM application b WHERE b.organisation = a.organisation AND b.decided < a.decided
           AND b.decided >= a.decided - 31622400 AND b.criteria IS NOT NULL ORDER BY b.decided DESC LIMIT 1) AS criteria_before
  FROM application a;
