"""story: a served calendar that a client subscribes to, and what it must show after each thing that happens.

A supervisor's placement days, Tuesdays and Thursdays 08:00–14:00 in Helsinki from October to April, so over both changes
of clocks; a day is moved, one is cancelled and comes back, and the link is revoked. A client's test gives a function that
reads what the client now shows, as {(local start, local end)} with naive datetimes, and plays all of it:

    story.Story().play(read)

READ(story) is called after each change; story.url is the link. What a client does otherwise stands in its test.
"""
import datetime
import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import gateway as lib  # noqa: E402

NOW = "2026-10-19T09:00:00+03:00"
FIRST, LAST = datetime.date(2026, 10, 20), datetime.date(2027, 4, 8)
FREE = {datetime.date(2026, 12, 24)}  # the only public holiday on a Tuesday or a Thursday
MOVED, MOVED_TO = datetime.date(2026, 11, 5), datetime.date(2026, 11, 6)
CANCELLED = datetime.date(2026, 11, 10)
ROSTER = {
    "organisations": [{"id": "kj", "kind": "municipality", "name": "Kuusijoki", "timezone": "Europe/Helsinki", "languages": ["fi"]},
                      {"id": "kjk", "kind": "school", "parent": "kj", "name": "Kuusijoen koulu", "phone": "+358400000010"},
                      {"id": "kjk-a", "kind": "group", "parent": "kjk", "name": "JOPO A"}],
    "people": [{"id": "P1", "given": "Aino", "family": "Esimerkki"}, {"id": "S1", "given": "Sulo", "family": "Malli", "language": "fi"}],
    "roles": [{"person": "P1", "role": "pupil", "organisation": "kjk-a", "from": "2026-08-11"}],
    "workplaces": [{"id": "W1", "name": "Puutarha; Oy, Ab", "address": "Kuusitie 1", "organisation": "kj", "supervisors": ["S1"]}]}


def hours(day):
    return datetime.datetime.combine(day, datetime.time(8)), datetime.datetime.combine(day, datetime.time(14))


def fail(text):
    sys.exit("FAILED: " + text)


class Story:
    def __init__(self):
        folder = os.environ["TEST_DIR"]
        roster = os.path.join(folder, "roster.json")
        with open(roster, "w", encoding="utf-8") as file:
            json.dump(ROSTER, file)
        self.gateway = lib.Gateway(os.path.join(folder, "kapula.db"), os.path.join(folder, "gateway.log"))
        self.gateway.verb("import", "roster", roster, "--virtual-clock", NOW)
        self.gateway.start(NOW)
        made = json.loads(self.gateway.verb("feeds", "create", "--for", "S1", "--json", "--virtual-clock", NOW))
        self.id, self.url = made["id"], made["url"]
        self.token, self.count = self.gateway.token("events:write"), 0
        self.days = {day for day in (FIRST + datetime.timedelta(n) for n in range((LAST - FIRST).days + 1))
                     if day.isoweekday() in (2, 4) and day not in FREE}
        self.cancelled = set()
        self.post("placement.planned", {"placement": "J1", "pupil": "P1", "workplace": "W1", "supervisor": "S1", "model": "4+1",
                                        "weekdays": ["tue", "thu"], "from": str(FIRST), "until": str(LAST),
                                        "starts": "08:00", "ends": "14:00"})

    def post(self, kind, data):
        self.count += 1
        answer = self.gateway.post_events([{"specversion": "1.0", "id": str(self.count), "source": "urn:test", "type": "kapula." + kind,
                                            "subject": "J1", "time": NOW, "data": data}], self.token)
        if answer["accepted"] != 1:
            fail(f"{kind}: {answer}")

    def change(self, day, **data):
        self.post("placement.changed", {"placement": "J1", "day": str(day), **data})

    def expect(self, read, what):
        shown, wanted = set(read(self)), {hours(day) for day in self.days}
        if shown != wanted:
            fail(f"{what}: shown and not wanted {sorted(shown - wanted)[:5]}, wanted and not shown {sorted(wanted - shown)[:5]}")

    def play(self, read, revoked=None):
        """REVOKED(story), when given, looks at what the client does once the link is closed."""
        self.expect(read, "at first")
        self.change(MOVED, moved_to=str(MOVED_TO))
        self.days = self.days - {MOVED} | {MOVED_TO}
        self.expect(read, "a day moved")
        self.change(CANCELLED, cancelled=True)
        self.days, self.cancelled = self.days - {CANCELLED}, {CANCELLED}
        self.expect(read, "a day cancelled")
        self.change(CANCELLED, moved_to=str(CANCELLED))
        self.days, self.cancelled = self.days | {CANCELLED}, set()
        self.expect(read, "a day that came back")
        self.gateway.verb("feeds", "revoke", self.id)
        status, _ = self.gateway.request("GET", self.url[self.url.index("/calendar/"):])
        if status != 410:
            fail(f"a revoked link answers {status}")
        if revoked:
            revoked(self)
        self.gateway.stop()
