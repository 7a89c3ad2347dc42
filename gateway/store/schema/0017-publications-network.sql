-- Publications, as in 0015, of the facts of 0016.

CREATE TRIGGER publish_meeting_booked AFTER INSERT ON meeting_participant WHEN NEW.answer IS NOT NULL BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, person, organisation, at, data)
  SELECT 'meeting', 'booked', 'thing', m.id, m.pupil, NEW.person, m.organisation, NEW.answered,
         '{"participant":"' || replace(replace(NEW.person, '\', '\\'), '"', '\"') || '"}'
    FROM meeting m WHERE m.id = NEW.meeting AND NEW.person IS NOT m.chair;
END;
CREATE TRIGGER publish_meeting_interpreter AFTER INSERT ON meeting_interpreter BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, organisation, cause, at, data)
  SELECT 'meeting', 'interpreter.booked', 'thing', m.id, m.pupil, m.organisation, NEW.event, NEW.booked, '{}'
    FROM meeting m WHERE m.id = NEW.meeting;
END;
-- One day of a meeting that repeats; the whole of it is meeting.changed.
CREATE TRIGGER publish_meeting_day AFTER UPDATE OF starts, ends, state ON meeting_day
WHEN NEW.by_hand = 1 AND NEW.original_day <> ''
 AND (NEW.starts <> OLD.starts OR NEW.ends <> OLD.ends OR NEW.state <> OLD.state) BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, organisation, cause, at, data)
  SELECT 'meeting-day', CASE NEW.state WHEN 'cancelled' THEN 'cancelled' ELSE 'changed' END, 'thing', m.id, m.pupil,
         m.organisation, NEW.event, NEW.changed,
         '{"original_day":"' || replace(replace(NEW.original_day, '\', '\\'), '"', '\"') || '"' ||
         ',"starts":"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.starts, 'unixepoch') || '"' ||
         ',"ends":"' || strftime('%Y-%m-%dT%H:%M:%SZ', NEW.ends, 'unixepoch') || '"' ||
         ',"revision":' || NEW.sequence || '}'
    FROM meeting m WHERE m.id = NEW.meeting;
END;
CREATE TRIGGER publish_visit_missed AFTER UPDATE OF missed ON visit WHEN NEW.missed IS NOT NULL AND OLD.missed IS NULL BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, at, data)
    SELECT 'visit', 'missed', 'thing', NEW.id, x.organisation, NEW.missed, '{}'
      FROM visit_published x
     WHERE x.visit = NEW.id
       AND NOT EXISTS (SELECT 1 FROM visit_party y JOIN person p ON p.id = y.party
                        WHERE y.visit = NEW.id AND y.kind = 'person' AND p.protected = 1);
END;
CREATE TRIGGER publish_case_left AFTER DELETE ON case_participant BEGIN
  INSERT INTO publish(kind, event, about, subject, pupil, person, organisation, data)
  SELECT 'case', 'left', 'case', k.id, k.pupil, OLD.person, k.organisation,
         '{"step":"' || replace(replace(k.step, '\', '\\'), '"', '\"') || '"}'
    FROM case_file k WHERE k.id = OLD.case_id;
END;

-- Standing groups, projects and mentor schools: that they were set, by their ids.
CREATE TRIGGER publish_committee_new AFTER INSERT ON committee BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, cause, data)
  VALUES ('committee', 'named', 'thing', NEW.id, NEW.organisation, NEW.event, '{}');
END;
CREATE TRIGGER publish_committee AFTER UPDATE ON committee BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, cause, data)
  VALUES ('committee', 'named', 'thing', NEW.id, NEW.organisation, NEW.event, '{}');
END;
CREATE TRIGGER publish_project_new AFTER INSERT ON project BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, cause, data)
  VALUES ('project', 'set', 'thing', NEW.id, NEW.organisation, NEW.event,
          '{"from":"' || NEW.first_day || '","until":"' || NEW.last_day || '"}');
END;
CREATE TRIGGER publish_project AFTER UPDATE ON project BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, cause, data)
  VALUES ('project', 'set', 'thing', NEW.id, NEW.organisation, NEW.event,
          '{"from":"' || NEW.first_day || '","until":"' || NEW.last_day || '"}');
END;
CREATE TRIGGER publish_mentor_pair_new AFTER INSERT ON mentor_pair BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, cause, data)
  VALUES ('mentoring', 'paired', 'organisation', NEW.mentee, NEW.mentee, NEW.event,
          '{"organisation":"' || replace(replace(NEW.mentor, '\', '\\'), '"', '\"') || '"}');
END;
CREATE TRIGGER publish_mentor_pair AFTER UPDATE ON mentor_pair BEGIN
  INSERT INTO publish(kind, event, about, subject, organisation, cause, data)
  VALUES ('mentoring', 'paired', 'organisation', NEW.mentee, NEW.mentee, NEW.event,
          '{"organisation":"' || replace(replace(NEW.mentor, '\', '\\'), '"', '\"') || '"}');
END;
