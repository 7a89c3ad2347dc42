"""counted: what the tests in crash/ share. A gateway gets events, a provider that takes messages badly notes what it took
(fsync) before it answers, and in the end both are held against one another:

- each event that was answered 200 is in the store, once;
- each alert and each note that should exist exists once per rule, key, person and channel;
- none is lost: who is not told is told of in the log as `may be lost`, and is not urgent;
- what is not urgent is never doubled, what is urgent only as often as the log said `may arrive twice`.

The files stand in the current folder."""
import collections
import http.client
import http.server
import json
import os
import random
import re
import socket
import sqlite3
import threading
import time

CONNECTIONS = 8
DAY = "2026-11-23"

RULE = """\
rule: crash-note
about: What is not urgent, told at once of each absence.
subject: pupil
values: {day: date}
select: |
  SELECT a.pupil AS subject, a.pupil, a.organisation, a.pupil || '/' || a.day AS key, a.day,
         min(a.starts) AS due, NULL AS expires, NULL AS suppressed
    FROM absence a WHERE a.day >= :recent GROUP BY a.pupil, a.organisation, a.day
notify:
  - {to: guardians, by: [email], template: crash-note}
"""
PROVIDER = f"""\
provider: crash
about: Takes messages badly.
channels: [sms, email]
request:
  url: "http://127.0.0.1:${{PORT}}/messages"
  format: json
  body: '{{"message":"{{{{id}}}}","recipient":"{{{{recipient}}}}","channel":"{{{{channel}}}}"}}'
connections: {CONNECTIONS}
answers:
  - {{status: 200, outcome: accepted, id: /id}}
  - {{status: 429, outcome: retry}}
receipts:
  signature: none
  id: /id
  status: /status
  delivered: [delivered]
"""


class Provider(http.server.ThreadingHTTPServer):
    """Its notes are lines `MESSAGE CHANNEL RECIPIENT`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path, seed):
        super().__init__(("127.0.0.1", 0), Far)
        self.notes = open(path, "a", encoding="ascii")
        self.lock = threading.Lock()
        self.random = random.Random(seed + 1)
        self.behaves = False
        self.receipts = None  # the gateway's port: it is told of some of what was taken, once to three times

    def take(self, message):
        with self.lock:
            self.notes.write(f"{message['message']} {message['channel']} {message['recipient']}\n")
            self.notes.flush()
            os.fsync(self.notes.fileno())
            if self.receipts and self.random.random() < 0.3:
                threading.Thread(target=self.tell, args=(message["message"], self.random.randint(1, 3)), daemon=True).start()

    def tell(self, message, times):
        """Receipts that nobody takes are sent no more: who keeps none has only the states it saw itself."""
        body = json.dumps({"id": "far-" + message, "status": "delivered"})
        for _ in range(times):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.receipts, timeout=10)
                connection.request("POST", "/v1/receipts/crash", body, {"Content-Type": "application/json"})
                connection.getresponse().read()
                connection.close()
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)

    def handle_error(self, request, client_address):
        """A gateway that was killed hangs up."""


class Far(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, cut=0):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) - cut])
        self.close_connection = self.close_connection or cut > 0

    def hang_up(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = json.dumps({"id": "far-" + message["message"]}).encode()
        with self.server.lock:
            lot = self.server.random.random()
            takes = self.server.random.random() < 0.5
            late = self.server.random.random() * 0.6
        if self.server.behaves or lot < 0.70:
            self.server.take(message)
            if not self.server.behaves and lot < 0.15:
                time.sleep(late)
            self.answer(200, good)
        elif lot < 0.78:
            self.answer(429, b"{}")  # surely not taken
        else:
            if takes:
                self.server.take(message)
            if lot < 0.84:
                self.answer(500, b"<html>oops")
            elif lot < 0.89:
                self.hang_up()
            elif lot < 0.95:
                self.answer(200, b"no JSON at all")
            else:
                self.answer(200, good, cut=len(good) // 2)


def make_roster(pupils):
    roster = {
        "organisations": [
            {"id": "kj", "kind": "municipality", "name": "Kuusijoki", "timezone": "Europe/Helsinki", "languages": ["fi"]},
            {"id": "kjk", "kind": "school", "parent": "kj", "name": "Kuusijoen koulu", "phone": "+358400000010"},
            {"id": "kjk-a", "kind": "group", "parent": "kjk", "name": "JOPO A"},
        ],
        "people": [], "roles": [], "guardians": [],
    }
    for i in range(pupils):
        roster["people"].append({"id": f"P{i}", "given": "Aino", "family": "Esimerkki", "language": "fi"})
        roster["roles"].append({"person": f"P{i}", "role": "pupil", "organisation": "kjk-a", "from": "2026-08-11"})
        for g in range(2):
            guardian = f"G{i}-{g}"
            roster["people"].append({
                "id": guardian, "given": "Veikko", "family": "Esimerkki", "language": "fi",
                "contacts": [{"channel": "sms", "value": f"+35840000{i * 2 + g:04}"},
                             {"channel": "email", "value": f"{guardian.lower()}@example.org"}]})
            roster["guardians"].append({"pupil": f"P{i}", "guardian": guardian, "rank": 1})
    return roster


def make_event(pupil, lesson):
    return {"specversion": "1.0", "source": "/register", "id": f"{pupil}-{lesson}", "type": "kapula.attendance.marked",
            "subject": pupil, "time": f"{DAY}T08:50:00+02:00",
            "data": {"pupil": pupil, "day": DAY, "lesson": lesson, "mark": "absent", "class": "unexplained",
                     "starts": f"{DAY}T{7 + lesson:02}:00", "ends": f"{DAY}T{7 + lesson:02}:45"}}


class Sender(threading.Thread):
    """Posts the events in their order, each until it is answered, as a school's register would."""

    def __init__(self, gateway, token, pupils, seed, pause):
        """PAUSE: seconds after each event, so that the kills fall among them."""
        super().__init__(daemon=True)
        self.gateway, self.token, self.pupils = gateway, token, pupils
        self.random = random.Random(seed + 2)
        self.waiting = [make_event(f"P{i}", 1) for i in range(pupils)]
        self.waiting += [make_event(f"P{i}", 2) for i in range(0, pupils, 3)]
        self.answered, self.repeated, self.faults = [], 0, []
        self.pause = pause
        self.posting = threading.Event()

    def run(self):
        while self.waiting:
            batch = self.waiting[: self.random.randint(1, 4)]
            self.posting.set()
            try:
                answer = self.gateway.post_events(batch, self.token)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
                continue
            if answer["rejected"] or answer["accepted"] + answer["duplicates"] != len(batch):
                self.faults.append(f"an answer to {len(batch)} events: {answer}")
            self.repeated += answer["duplicates"]
            self.answered += batch
            del self.waiting[: len(batch)]
            time.sleep(self.pause * len(batch) * 0.8)


def write_files(port, pupils):
    os.makedirs("rules", exist_ok=True)
    os.makedirs("templates/fi", exist_ok=True)
    files = {
        "rules/crash-note.yaml": RULE,
        "templates/fi/crash-note.email.txt": "Subject: Poissaolo\n\nPoissa {{day.short}}.\n",
        "crash.yaml": PROVIDER,
        "kapula.yaml": f"rules: {os.getcwd()}/rules\ntemplates: {os.getcwd()}/templates\nproviders:\n"
                       f"  - name: {os.getcwd()}/crash.yaml\n    settings: {{PORT: \"{port}\"}}\n",
    }
    for name, text in files.items():
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
    with open("roster.json", "w", encoding="utf-8") as file:
        json.dump(make_roster(pupils), file)


def read_notes(path):
    with open(path, encoding="ascii") as file:
        return collections.Counter(int(line.split()[0]) for line in file)


def count_log(path):
    """How often the log said of a message that it may arrive twice, and that it may be lost."""
    twice, lost = collections.Counter(), collections.Counter()
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            found = re.search(r"message (\d+): .*(may arrive twice|may be lost)", line)
            if found:
                (twice if "twice" in found[2] else lost)[int(found[1])] += 1
    return twice, lost


def check_doubts(path):
    """What a kill left in doubt was on its way, never only waiting for a free connection."""
    with open(path, encoding="utf-8", errors="replace") as file:
        for count in re.findall(r": (\d+) messages were under way when", file.read()):
            if int(count) > CONNECTIONS:
                yield f"{count} messages were in doubt after a kill, with {CONNECTIONS} connections"


def check_privacy(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if re.search(r"\+35840|example\.org|Aino|Veikko|Esimerkki|Poissa", line):
                yield f"the log tells of a person: {line}"


def check_events(db, sender):
    yield from sender.faults
    stored = collections.Counter(row[0] for row in db.execute("SELECT id FROM event"))
    for event in sender.answered:
        if stored[event["id"]] != 1:
            yield f"event {event['id']} was answered 200 and is in the store {stored[event['id']]} times"
    for row in db.execute("PRAGMA integrity_check"):
        if row[0] != "ok":
            yield f"integrity_check: {row[0]}"


def check_messages_exist(db, pupils):
    made = collections.Counter(db.execute(
        "SELECT m.rule, m.key, n.person, g.channel FROM rule_match m JOIN notice n ON n.match = m.id"
        "  JOIN message_notice x ON x.notice = n.id JOIN message g ON g.id = x.message"))
    by_pupil = collections.Counter((rule, key.split("/")[0], person) for rule, key, person, channel in made.elements())
    for what, times in made.items():
        if times != 1:
            yield f"{what}: {times} messages"
    for i in range(pupils):
        for g in range(2):
            for rule in ("absence-alert", "crash-note"):
                if by_pupil[rule, f"P{i}", f"G{i}-{g}"] != 1:
                    yield f"{rule} about P{i} to G{i}-{g}: {by_pupil[rule, f'P{i}', f'G{i}-{g}']} messages, not one"


def check_deliveries(db, taken, twice, lost):
    for message, urgent, state, reason in db.execute("SELECT id, urgent, state, reason FROM message"):
        times = taken.pop(message, 0)
        if state not in ("accepted", "delivered", "unknown", "cancelled"):
            yield f"message {message} ended as {state} ({reason})"
        elif state in ("accepted", "delivered") and not times:
            yield f"message {message} is {state} and the provider never took it"
        elif state == "unknown" and (urgent or not lost[message]):
            yield f"message {message} ({'urgent' if urgent else 'not urgent'}) is unknown and the log is silent"
        elif state == "cancelled" and times:
            yield f"message {message} is cancelled and was sent"
        if times > 1 and not urgent:
            yield f"message {message} is not urgent and arrived {times} times"
        elif times > 1 + twice[message]:
            yield f"message {message} arrived {times} times, the log said so {twice[message]} times"
    for message in taken:
        yield f"message {message} arrived and is not in the store"


def check(db, sender, taken, twice, lost):
    return [*check_events(db, sender), *check_messages_exist(db, sender.pupils), *check_deliveries(db, taken.copy(), twice, lost)]


def prove_checks(db, sender, taken, twice, lost):
    """What was counted, spoilt in each way: every one must be seen."""
    spoilt = sqlite3.connect(":memory:")
    db.backup(spoilt)
    other = spoilt.execute("SELECT id FROM message WHERE urgent = 0 AND state = 'accepted'").fetchone()[0]
    faults = {
        "a lost message": check(spoilt, sender, taken - collections.Counter({other: 9}), twice, lost),
        "a doubled message": check(spoilt, sender, taken + collections.Counter({other: 1}), twice, lost),
        "a silent log": check(spoilt, sender, taken, collections.Counter(), lost),
    }
    spoilt.execute("UPDATE message SET state = 'unknown' WHERE id = ?", (other,))
    faults["a silent loss"] = check(spoilt, sender, taken, twice, collections.Counter())
    spoilt.execute("PRAGMA foreign_keys = OFF")
    spoilt.execute("DELETE FROM event WHERE seq = (SELECT min(seq) FROM event)")
    faults["a lost event"] = check(spoilt, sender, taken, twice, lost)
    spoilt.execute("DELETE FROM message_notice WHERE message = ?", (other,))
    faults["a message that was never made"] = check(spoilt, sender, taken, twice, lost)[1:]
    for what, seen in faults.items():
        if not seen:
            yield f"this test does not see {what}"
