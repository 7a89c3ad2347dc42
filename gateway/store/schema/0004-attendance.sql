-- Absences as the rules count them: over weeks and school years, and so without asking each mark anew what has been
-- said about it. Conventions as in 0001.

CREATE INDEX explanation_ends ON explanation(pupil, ends, starts, class);
CREATE INDEX authorisation_ends ON authorisation(pupil, ends, starts, class);
CREATE INDEX checkin_absent ON checkin(placement, day) WHERE mark = 'absent';
CREATE INDEX calendar_day_school ON calendar_day(calendar, school_day_no) WHERE kind = 'school';

-- What follows from marks, check-ins and what was said about them, lesson by lesson and day by day. Triggers keep it,
-- so that a rule that sums up a school year reads some dozen short rows. `class` is the register's, or what a guardian or
-- the school said of an unexplained absence; `concern`: it counts, until the school authorises it, and always when it
-- is unexplained or health. Absences that presence contradicts are left out; where two marks say the same minutes the
-- longer one has them and the other none. A mark of the whole day has the minutes of the day's lessons.
CREATE TABLE absence_lesson(
  pupil TEXT NOT NULL,
  day_no INTEGER NOT NULL,   -- as in calendar_day
  place TEXT NOT NULL,
  lesson INTEGER NOT NULL,
  day TEXT NOT NULL,
  organisation TEXT,         -- the pupil's group on the day
  starts INTEGER NOT NULL,
  ends INTEGER NOT NULL,
  minutes INTEGER NOT NULL,
  class TEXT NOT NULL,
  concern INTEGER NOT NULL,
  received INTEGER NOT NULL,
  PRIMARY KEY (pupil, day_no, place, lesson)
) STRICT, WITHOUT ROWID;

-- `place` 'placement': the planned minutes of a placement day from which the pupil stayed away.
CREATE TABLE absence_day(
  pupil TEXT NOT NULL,
  day_no INTEGER NOT NULL,
  place TEXT NOT NULL,
  day TEXT NOT NULL,
  organisation TEXT,
  school_year INTEGER NOT NULL,
  starts INTEGER NOT NULL,
  ends INTEGER NOT NULL,
  minutes INTEGER NOT NULL,     -- of concern
  unexplained INTEGER NOT NULL, -- whether some of it is that, and counts
  health INTEGER NOT NULL,
  other INTEGER NOT NULL,
  received INTEGER NOT NULL,
  PRIMARY KEY (pupil, day_no, place)
) STRICT, WITHOUT ROWID;

-- A row that is put here works the pupil's day out anew and is gone.
CREATE TABLE absence_stale(
  pupil TEXT NOT NULL,
  day TEXT NOT NULL
) STRICT;

CREATE TRIGGER absence_refresh AFTER INSERT ON absence_stale BEGIN
  DELETE FROM absence_stale;
  DELETE FROM absence_lesson
   WHERE pupil = NEW.pupil AND day_no = coalesce(CAST(julianday(NEW.day) - 2440587.5 AS INTEGER), 0);
  INSERT INTO absence_lesson(pupil, day_no, place, lesson, day, organisation, starts, ends, minutes, class, concern,
                             received)
  SELECT a.pupil, coalesce(CAST(julianday(a.day) - 2440587.5 AS INTEGER), 0), a.place, a.lesson, a.day,
         (SELECT r.organisation FROM role r
           WHERE r.person = a.pupil AND r.role = 'pupil' AND r.first_day <= a.day
             AND (r.last_day IS NULL OR r.last_day >= a.day)
           ORDER BY r.first_day DESC LIMIT 1),
         a.starts, a.ends, a.minutes, a.class,
         a.class = 'unexplained' OR a.class = 'health' OR NOT a.authorised, a.received
    FROM (SELECT m.pupil, m.place, m.lesson, m.day, m.starts, m.ends, m.received,
                 CASE WHEN EXISTS (SELECT 1 FROM attendance_mark o
                                    WHERE o.pupil = m.pupil AND o.day = m.day AND o.in_force = 1 AND o.mark = 'absent'
                                      AND o.starts < m.ends AND o.ends > m.starts AND o.id <> m.id
                                      AND (o.ends - o.starts > m.ends - m.starts
                                        OR o.ends - o.starts = m.ends - m.starts AND o.id < m.id))
                      THEN 0
                      WHEN m.lesson = 0 AND m.place = 'school'
                      THEN coalesce((SELECT sum(min(d.noon + l.ends, m.ends) - max(d.noon + l.starts, m.starts)) / 60
                                       FROM day d
                                       JOIN (SELECT * FROM lesson
                                             UNION ALL SELECT '', w.weekday, 0, g.starts, g.starts + 2700, ''
                                               FROM (SELECT 1 AS weekday UNION ALL SELECT 2 UNION ALL SELECT 3
                                                      UNION ALL SELECT 4 UNION ALL SELECT 5) w,
                                                    (SELECT -14400 AS starts UNION ALL SELECT -10800
                                                      UNION ALL SELECT -7200 UNION ALL SELECT -3600
                                                      UNION ALL SELECT 0 UNION ALL SELECT 3600) g) l
                                         ON l.weekday = d.weekday
                                        AND l.organisation = coalesce((SELECT o.ancestor FROM organisation_tree o
                                                                        WHERE o.descendant = d.organisation
                                                                          AND EXISTS (SELECT 1 FROM lesson x
                                                                                       WHERE x.organisation = o.ancestor)
                                                                        ORDER BY o.distance LIMIT 1), '')
                                      WHERE d.day = m.day
                                        AND d.organisation = (SELECT r.organisation FROM role r
                                                               WHERE r.person = m.pupil AND r.role = 'pupil'
                                                                 AND r.first_day <= m.day
                                                                 AND (r.last_day IS NULL OR r.last_day >= m.day)
                                                               ORDER BY r.first_day DESC LIMIT 1)
                                        AND d.noon + l.starts < m.ends AND d.noon + l.ends > m.starts),
                                    (m.ends - m.starts) / 60)
                      ELSE (m.ends - m.starts) / 60 END AS minutes,
                 CASE WHEN m.class <> 'unexplained' THEN m.class
                      ELSE coalesce((SELECT e.class FROM explanation e
                                      WHERE e.pupil = m.pupil AND e.ends > m.starts AND e.starts < m.ends
                                      ORDER BY e.id DESC LIMIT 1),
                                    (SELECT coalesce(w.class, 'leave') FROM authorisation w
                                      WHERE w.pupil = m.pupil AND w.ends > m.starts AND w.starts < m.ends
                                      ORDER BY w.id DESC LIMIT 1), 'unexplained') END AS class,
                 EXISTS (SELECT 1 FROM authorisation w
                          WHERE w.pupil = m.pupil AND w.ends > m.starts AND w.starts < m.ends) AS authorised
            FROM attendance_mark m
           WHERE m.pupil = NEW.pupil AND m.day = NEW.day AND m.in_force = 1 AND m.mark = 'absent'
             AND NOT EXISTS (SELECT 1 FROM attendance_mark o
                              WHERE o.pupil = m.pupil AND o.day = m.day AND o.in_force = 1 AND o.mark <> 'absent'
                                AND o.starts < m.ends AND o.ends > m.starts)) a;
  DELETE FROM absence_day
   WHERE pupil = NEW.pupil AND day_no = coalesce(CAST(julianday(NEW.day) - 2440587.5 AS INTEGER), 0);
  INSERT INTO absence_day(pupil, day_no, place, day, organisation, school_year, starts, ends, minutes, unexplained,
                          health, other, received)
  SELECT pupil, day_no, place, day, organisation, substr(day, 1, 4) - (substr(day, 6, 2) < '08'), min(starts),
         max(ends), sum(minutes * concern), max(class = 'unexplained'), max(class = 'health'),
         max(class = 'other' AND concern), max(received)
    FROM absence_lesson
   WHERE pupil = NEW.pupil AND day_no = coalesce(CAST(julianday(NEW.day) - 2440587.5 AS INTEGER), 0)
   GROUP BY pupil, day_no, place, day, organisation;
  INSERT INTO absence_day(pupil, day_no, place, day, organisation, school_year, starts, ends, minutes, unexplained,
                          health, other, received)
  SELECT a.pupil, coalesce(CAST(julianday(a.day) - 2440587.5 AS INTEGER), 0), 'placement', a.day,
         (SELECT r.organisation FROM role r
           WHERE r.person = a.pupil AND r.role = 'pupil' AND r.first_day <= a.day
             AND (r.last_day IS NULL OR r.last_day >= a.day)
           ORDER BY r.first_day DESC LIMIT 1),
         substr(a.day, 1, 4) - (substr(a.day, 6, 2) < '08'), a.starts, a.ends,
         CASE WHEN a.authorised THEN 0 ELSE a.minutes END, a.class = 'unexplained' AND NOT a.authorised,
         a.class = 'health' AND NOT a.authorised, a.class = 'other' AND NOT a.authorised, a.at
    FROM (SELECT p.pupil, x.day, min(x.starts) AS starts, max(x.ends) AS ends, sum(x.ends - x.starts) / 60 AS minutes,
                 max(c.at) AS at,
                 coalesce((SELECT e.class FROM explanation e
                            WHERE e.pupil = p.pupil AND e.ends > x.starts AND e.starts < x.ends
                            ORDER BY e.id DESC LIMIT 1), 'unexplained') AS class,
                 EXISTS (SELECT 1 FROM authorisation w
                          WHERE w.pupil = p.pupil AND w.ends > x.starts AND w.starts < x.ends) AS authorised
            FROM placement p CROSS JOIN checkin c ON c.placement = p.id AND c.day = NEW.day AND c.mark = 'absent'
           CROSS JOIN placement_day x ON x.day = c.day AND x.placement = p.id
           WHERE p.pupil = NEW.pupil AND p.state = 'planned' AND x.kind = 'work' AND x.state = 'planned'
             AND NOT EXISTS (SELECT 1 FROM absence_lesson l
                              WHERE l.pupil = p.pupil AND l.day = NEW.day AND l.place = 'workplace'
                                AND l.day_no = coalesce(CAST(julianday(NEW.day) - 2440587.5 AS INTEGER), 0))
           GROUP BY p.pupil, x.day) a;
END;

CREATE TRIGGER absence_mark AFTER INSERT ON attendance_mark
WHEN NEW.mark = 'absent'
  OR EXISTS (SELECT 1 FROM absence_day
              WHERE pupil = NEW.pupil AND day_no = CAST(julianday(NEW.day) - 2440587.5 AS INTEGER)) BEGIN
  INSERT INTO absence_stale VALUES (NEW.pupil, NEW.day);
END;
CREATE TRIGGER absence_mark_gone AFTER DELETE ON attendance_mark BEGIN
  INSERT INTO absence_stale VALUES (OLD.pupil, OLD.day);
END;
CREATE TRIGGER absence_explanation AFTER INSERT ON explanation BEGIN
  INSERT INTO absence_stale
    SELECT DISTINCT pupil, day FROM absence_day WHERE pupil = NEW.pupil AND starts < NEW.ends AND ends > NEW.starts;
END;
CREATE TRIGGER absence_explanation_gone AFTER DELETE ON explanation BEGIN
  INSERT INTO absence_stale
    SELECT DISTINCT pupil, day FROM absence_day WHERE pupil = OLD.pupil AND starts < OLD.ends AND ends > OLD.starts;
END;
CREATE TRIGGER absence_authorisation AFTER INSERT ON authorisation BEGIN
  INSERT INTO absence_stale
    SELECT DISTINCT pupil, day FROM absence_day WHERE pupil = NEW.pupil AND starts < NEW.ends AND ends > NEW.starts;
END;
CREATE TRIGGER absence_authorisation_gone AFTER DELETE ON authorisation BEGIN
  INSERT INTO absence_stale
    SELECT DISTINCT pupil, day FROM absence_day WHERE pupil = OLD.pupil AND starts < OLD.ends AND ends > OLD.starts;
END;
CREATE TRIGGER absence_role AFTER INSERT ON role WHEN NEW.role = 'pupil' BEGIN
  INSERT INTO absence_stale SELECT DISTINCT pupil, day FROM absence_day WHERE pupil = NEW.person;
END;
CREATE TRIGGER absence_role_again AFTER UPDATE ON role WHEN NEW.role = 'pupil' BEGIN
  INSERT INTO absence_stale SELECT DISTINCT pupil, day FROM absence_day WHERE pupil = NEW.person;
END;

-- A check-in is the pupil's absence too, and their rules must look at it.
CREATE TRIGGER absence_checkin AFTER INSERT ON checkin BEGIN
  INSERT INTO absence_stale SELECT pupil, NEW.day FROM placement WHERE id = NEW.placement AND NEW.mark = 'absent';
  DELETE FROM change WHERE kind = 'pupil' AND subject = (SELECT pupil FROM placement WHERE id = NEW.placement);
  INSERT INTO change(kind, subject) SELECT 'pupil', pupil FROM placement WHERE id = NEW.placement;
END;
CREATE TRIGGER absence_checkin_again AFTER UPDATE ON checkin BEGIN
  INSERT INTO absence_stale SELECT pupil, NEW.day FROM placement WHERE id = NEW.placement;
  DELETE FROM change WHERE kind = 'pupil' AND subject = (SELECT pupil FROM placement WHERE id = NEW.placement);
  INSERT INTO change(kind, subject) SELECT 'pupil', pupil FROM placement WHERE id = NEW.placement;
END;
CREATE TRIGGER absence_placement_day AFTER UPDATE ON placement_day
WHEN EXISTS (SELECT 1 FROM checkin c
              WHERE c.placement = NEW.placement AND c.mark = 'absent' AND (c.day = OLD.day OR c.day = NEW.day)) BEGIN
  INSERT INTO absence_stale SELECT pupil, OLD.day FROM placement WHERE id = NEW.placement;
  INSERT INTO absence_stale SELECT pupil, NEW.day FROM placement WHERE id = NEW.placement;
END;
CREATE TRIGGER absence_placement AFTER UPDATE OF state ON placement WHEN NEW.state <> OLD.state BEGIN
  INSERT INTO absence_stale SELECT NEW.pupil, day FROM checkin WHERE placement = NEW.id AND mark = 'absent';
END;

INSERT INTO absence_stale SELECT DISTINCT pupil, day FROM attendance_mark WHERE in_force = 1 AND mark = 'absent';
INSERT INTO absence_stale
  SELECT DISTINCT p.pupil, c.day FROM checkin c JOIN placement p ON p.id = c.placement WHERE c.mark = 'absent';

-- ---------------------------------------------------------------- fact views

-- The school days of `day`, found by their number. Without INDEXED BY the planner, which has no statistics, reads the
-- whole calendar.
CREATE VIEW school_day AS
SELECT o.organisation, c.day, c.day_no, c.noon, c.weekday, c.school_day_no, c.school_year
  FROM organisation_calendar o
 CROSS JOIN calendar_day c INDEXED BY calendar_day_school ON c.calendar = o.calendar AND c.kind = 'school';

-- Missed lessons of school days, without those of a placement day, a hospital or a pause.
CREATE VIEW missed_lesson AS
SELECT k.pupil, k.organisation, k.day, k.day_no, d.weekday, d.noon, d.school_day_no, k.place, k.lesson, k.starts,
       k.ends, k.minutes, k.class, k.concern, k.received
  FROM absence_lesson k CROSS JOIN day d ON d.organisation = k.organisation AND d.day = k.day
 WHERE d.kind = 'school'
   AND NOT EXISTS (SELECT 1 FROM hold h
                    WHERE h.kind = 'pupil' AND h.subject = k.pupil AND h.starts < k.ends
                      AND (h.ends IS NULL OR h.ends > k.starts) AND (h.reason GLOB 'hospital*' OR h.reason = 'pause'))
   AND (k.place <> 'school'
        OR NOT EXISTS (SELECT 1 FROM placement p CROSS JOIN placement_day x ON x.placement = p.id AND x.day = k.day
                        WHERE p.pupil = k.pupil AND p.state = 'planned' AND x.kind = 'work' AND x.state = 'planned'));

-- The same summed up by day and place, and with them the placement days that the pupil stayed away from. `minutes` are
-- those of concern; unexplained, health and other say whether the day has such.
CREATE VIEW missed_day AS
SELECT k.pupil, k.organisation, k.day, k.day_no, d.weekday, d.noon, d.school_day_no, k.school_year, k.place,
       k.starts, k.ends, k.minutes, k.unexplained, k.health, k.other, k.received
  FROM absence_day k CROSS JOIN day d ON d.organisation = k.organisation AND d.day = k.day
 WHERE (d.kind = 'school' OR k.place = 'placement')
   AND NOT EXISTS (SELECT 1 FROM hold h
                    WHERE h.kind = 'pupil' AND h.subject = k.pupil AND h.starts < k.ends
                      AND (h.ends IS NULL OR h.ends > k.starts) AND (h.reason GLOB 'hospital*' OR h.reason = 'pause'))
   AND (k.place <> 'school'
        OR NOT EXISTS (SELECT 1 FROM placement p CROSS JOIN placement_day x ON x.placement = p.id AND x.day = k.day
                        WHERE p.pupil = k.pupil AND p.state = 'planned' AND x.kind = 'work' AND x.state = 'planned'));

-- How many minutes of lessons each group of the pupil has on each weekday: its own timetable, else the nearest one above,
-- else six lessons of 45 minutes Monday to Friday.
CREATE VIEW scheduled_week AS
SELECT t.pupil, t.organisation,
       CASE WHEN t.timetable IS NULL THEN 270
            ELSE (SELECT total(l.ends - l.starts) FROM lesson l WHERE l.organisation = t.timetable AND l.weekday = 1) / 60 END AS mon,
       CASE WHEN t.timetable IS NULL THEN 270
            ELSE (SELECT total(l.ends - l.starts) FROM lesson l WHERE l.organisation = t.timetable AND l.weekday = 2) / 60 END AS tue,
       CASE WHEN t.timetable IS NULL THEN 270
            ELSE (SELECT total(l.ends - l.starts) FROM lesson l WHERE l.organisation = t.timetable AND l.weekday = 3) / 60 END AS wed,
       CASE WHEN t.timetable IS NULL THEN 270
            ELSE (SELECT total(l.ends - l.starts) FROM lesson l WHERE l.organisation = t.timetable AND l.weekday = 4) / 60 END AS thu,
       CASE WHEN t.timetable IS NULL THEN 270
            ELSE (SELECT total(l.ends - l.starts) FROM lesson l WHERE l.organisation = t.timetable AND l.weekday = 5) / 60 END AS fri,
       CASE WHEN t.timetable IS NULL THEN 0
            ELSE (SELECT total(l.ends - l.starts) FROM lesson l WHERE l.organisation = t.timetable AND l.weekday = 6) / 60 END AS sat,
       CASE WHEN t.timetable IS NULL THEN 0
            ELSE (SELECT total(l.ends - l.starts) FROM lesson l WHERE l.organisation = t.timetable AND l.weekday = 7) / 60 END AS sun
  FROM (SELECT p.person AS pupil, p.organisation,
               (SELECT o.ancestor FROM organisation_tree o
                 WHERE o.descendant = p.organisation
                   AND EXISTS (SELECT 1 FROM lesson l WHERE l.organisation = o.ancestor)
                 ORDER BY o.distance LIMIT 1) AS timetable
          FROM (SELECT DISTINCT person, organisation FROM role WHERE role = 'pupil') p) t;
