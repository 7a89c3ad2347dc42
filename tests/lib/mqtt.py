"""mqtt: a Mosquitto of a test's own, a subscriber that notes what comes, and the schema of what is published."""
import json
import os
import signal
import subprocess
import sys

import gateway as lib

PATH = os.environ["PATH"] + ":/usr/sbin"  # where Debian keeps the broker
ENV = dict(os.environ, PATH=PATH)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


class Broker:
    """Keeps its port over restarts. CONFIG is added to the listener's own lines."""

    def __init__(self, config="allow_anonymous true", name="mosquitto"):
        self.port, self.name, self.config = lib.free_port(), name, config
        self.process = None

    def start(self):
        with open(f"{self.name}.conf", "w", encoding="ascii") as file:
            file.write(f"listener {self.port} 127.0.0.1\nuser root\nlog_dest stderr\nlog_type all\n{self.config}\n")
        return self.run(f"{self.name}.conf")

    def run(self, conf):
        with open(f"{self.name}.log", "wb") as log:
            self.process = subprocess.Popen(["mosquitto", "-c", conf], stderr=log, env=ENV)
        lib.atexit.register(self.kill)
        lib.wait_until(lambda: " running" in read(f"{self.name}.log"), what=f"{self.name} runs")
        return self

    def said(self, text):
        return text in read(f"{self.name}.log")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


class Subscriber:
    """mosquitto_sub into a file; lines are `TOPIC RETAINED PAYLOAD`."""

    def __init__(self, port, path, *more, topic="kapula/#"):
        self.path = path
        with open(path, "ab") as out:
            self.process = subprocess.Popen(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-V", "5", "-q", "1", "-F",
                                             "%t %r %p", "-t", topic, *more], stdout=out, stderr=subprocess.DEVNULL, env=ENV)
        lib.atexit.register(self.stop)

    def lines(self):
        return [line.split(" ", 2) for line in read(self.path).splitlines() if line.count(" ") >= 2]

    def events(self):
        """The CloudEvents among them."""
        return [(topic, json.loads(payload)) for topic, _, payload in self.lines()
                if topic.count("/") == 4 and payload.startswith("{")]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


def schema_checker(folder):
    """A function that gives the fault of an event, or None. FOLDER holds events.schema.json."""
    try:
        import jsonschema
    except ImportError:  # another Python than Debian's stands in front of it
        os.execv("/usr/bin/python3", ["python3", *sys.argv])
    with open(os.path.join(folder, "events.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    names = [name for name in schema["definitions"] if "." in name]
    checkers = {"kapula." + name: jsonschema.Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": schema["definitions"]})
                for name in names}

    def fault(event):
        checker = checkers.get(event.get("type"))
        if not checker:
            return f"{event.get('type')}: no such type in the schema"
        found = next(checker.iter_errors(event), None)
        return found and f"{event['type']}: {'/'.join(map(str, found.path))}: {found.message}"

    fault.types = set(checkers)
    return fault
