#!/usr/bin/env python3
"""consumer: a reference consumer of a tenant's events, which may be killed at any moment. Standard library and mosquitto_sub.

consumer.py FILE PORT URL TOKEN TENANT: FILE gets a line `SEQUENCE ID TYPE` for each event, each once and in order. An event
that is next is kept; one that is not newer is dropped; when one is missing, or the retained seq is ahead, GET /v1/events
fills the gap. What stands whole in FILE is what the consumer has: it starts from there.
"""
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

POLL_S = 1  # how often a gap is asked for while nobody answers


class Consumer:
    def __init__(self, path, port, url, token, tenant):
        self.port, self.url, self.token, self.tenant = port, url, token, tenant
        self.last = self.recover(path)
        self.file = open(path, "ab", buffering=0)
        self.lock = threading.Lock()
        self.ahead = self.last  # the highest number that anybody spoke of

    @staticmethod
    def recover(path):
        """Cuts a half line that a kill left, and tells the last sequence."""
        try:
            with open(path, "rb+") as file:
                data = file.read()
                end = data.rfind(b"\n") + 1
                file.truncate(end)
                return int(data[:end].splitlines()[-1].split()[0]) if end else 0
        except FileNotFoundError:
            return 0

    def take(self, event):
        """True when it was the next one."""
        if event["sequence"] != self.last + 1:
            return False
        self.file.write(f"{event['sequence']} {event['id']} {event['type']}\n".encode())
        self.last = event["sequence"]
        return True

    def catch_up(self):
        request = urllib.request.Request(f"{self.url}/v1/events?tenant={self.tenant}&after={self.last}&limit=100",
                                         headers={"Authorization": "Bearer " + self.token})
        with urllib.request.urlopen(request, timeout=10) as answer:
            for event in json.load(answer):
                self.take(event)

    def hear(self, topic, payload):
        with self.lock:
            if topic.endswith("/seq"):
                self.ahead = max(self.ahead, int(payload))
            else:
                event = json.loads(payload)
                self.take(event)
                self.ahead = max(self.ahead, event["sequence"])

    def listen(self):
        """Over MQTT, again and again."""
        while True:
            with subprocess.Popen(["mosquitto_sub", "-h", "127.0.0.1", "-p", self.port, "-V", "5", "-q", "1", "-F", "%t %p", "-t",
                                   f"kapula/v1/{self.tenant}/#"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as listener:
                for line in listener.stdout:
                    topic, payload = line.decode().rstrip("\n").split(" ", 1)
                    self.hear(topic, payload)
            time.sleep(0.1)

    def run(self):
        threading.Thread(target=self.listen, daemon=True).start()
        quiet_since = time.monotonic()
        while True:
            with self.lock:
                if self.ahead > self.last or time.monotonic() - quiet_since > POLL_S:
                    try:
                        self.catch_up()
                    except (OSError, ValueError, urllib.error.URLError):
                        pass  # the gateway is away: later
                    quiet_since = time.monotonic()
            time.sleep(0.05)


if __name__ == "__main__":
    os.environ["PATH"] += ":/usr/sbin"
    Consumer(*sys.argv[1:6]).run()
