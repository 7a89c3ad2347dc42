"""ics: a strict reader of iCalendar for tests: refuses what RFC 5545 refuses, and tells where."""
import datetime
import re

LINE_MAX = 75  # octets
ONCE = ("UID", "DTSTAMP", "DTSTART", "SUMMARY", "STATUS", "SEQUENCE")


def fail(number, text):
    raise AssertionError(f"calendar, line {number}: {text}")


def lines(data):
    """(number, unfolded line) of DATA, whose octets are checked."""
    if not data.endswith(b"\r\n"):
        fail(0, "does not end with CR LF")
    text, start = None, 1
    for number, line in enumerate(data[:-2].split(b"\r\n"), 1):
        if len(line) > LINE_MAX:
            fail(number, f"{len(line)} octets")
        if b"\n" in line or b"\r" in line:
            fail(number, "a bare line end")
        decoded = line.decode("utf-8")  # a fold splits no character
        if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", decoded):
            fail(number, f"a control character: {decoded!r}")
        if decoded.startswith(" "):
            if text is None:
                fail(number, "continues nothing")
            text += decoded[1:]
            continue
        if text is not None:
            yield start, text
        text, start = decoded, number
        if not text:
            fail(number, "empty")
    yield start, text


def parameter(value):
    return value[1:-1] if value.startswith('"') else value


def split(number, line):
    """(name, parameters, value)."""
    match = re.match(r'([A-Z0-9-]+)((?:;[A-Z0-9-]+=(?:"[^"]*"|[^";:,]*))*):(.*)$', line, re.S)
    if not match:
        fail(number, f"no content line: {line[:60]!r}")
    found = re.findall(r';([A-Z0-9-]+)=("[^"]*"|[^";:,]*)', match.group(2))
    return match.group(1), {name: parameter(value) for name, value in found}, match.group(3)


def text_of(value):
    """A TEXT value without its escapes."""
    if re.search(r"(?<!\\)(?:\\\\)*[;,]", value) or re.search(r"(?<!\\)(?:\\\\)*\\[^\\;,nN]", value):
        raise AssertionError(f"not escaped: {value[:80]!r}")
    return re.sub(r"\\(.)", lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)


class Event(dict):
    """Properties by name: (parameters, value); text() unescapes, start() is naive local time, a date or aware UTC."""

    def text(self, name):
        return text_of(self[name][1]) if name in self else None

    def value(self, name):
        return self[name][1] if name in self else None

    def moment(self, name):
        parameters, value = self[name]
        if parameters.get("VALUE") == "DATE":
            return datetime.datetime.strptime(value, "%Y%m%d").date()
        if value.endswith("Z"):
            return datetime.datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if not parameters.get("TZID"):
            raise AssertionError(f"{name}: floating: {value}")
        return datetime.datetime.strptime(value, "%Y%m%dT%H%M%S")

    def start(self):
        return self.moment("DTSTART")

    def end(self):
        return self.moment("DTEND")


def read(data):
    """The calendar of DATA (bytes): (properties of the VCALENDAR, [Event])."""
    stack, calendar, events, zones, uids = [], Event(), [], set(), set()
    for number, line in lines(data):
        name, parameters, value = split(number, line)
        if name == "BEGIN":
            stack.append(value)
            if value == "VEVENT":
                events.append(Event())
        elif name == "END":
            if not stack or stack.pop() != value:
                fail(number, f"ends {value}, which is not open")
        elif not stack:
            fail(number, "outside the calendar")
        elif stack == ["VCALENDAR"]:
            calendar[name] = (parameters, value)
        elif stack[-1] == "VEVENT":
            if name in events[-1] and name in ONCE:
                fail(number, f"{name} twice")
            events[-1][name] = (parameters, value)
        elif stack[-1] == "VTIMEZONE" and name == "TZID":
            zones.add(value)
    if stack:
        fail(0, f"{stack} not ended")
    for name in ("VERSION", "PRODID"):
        if name not in calendar:
            fail(0, f"no {name}")
    for event in events:
        for name in ("UID", "DTSTAMP", "DTSTART"):
            if name not in event:
                fail(0, f"an event without {name}: {event}")
        if event.value("UID") in uids:
            fail(0, f"{event.value('UID')} twice")
        uids.add(event.value("UID"))
        for name in ("DTSTART", "DTEND"):
            zone = event[name][0].get("TZID")
            if zone and zone not in zones:
                fail(0, f"{name}: no VTIMEZONE {zone}")
        if event.start() > event.end():
            fail(0, f"{event.value('UID')} ends before it starts")
    return calendar, events
